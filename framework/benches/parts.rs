//! What the parts of a message's way cost, one by one: `cargo bench -p bristle --bench parts`.

#[path = "parts/dispatch.rs"]
mod dispatch;
#[path = "shared/socket.rs"]
mod socket;

use bristle::__private::bench::{Decoding, delay, frame};
use bristle::prelude::*;
use bristle::{Reconnect, Registration, Registry, Runtime};
use bytes::BytesMut;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use std::hint::black_box;

/// As many messages as a busy connection reads at once.
const MESSAGES: usize = 256;

/// A small message, one whose length takes two bytes, and a large one.
const SIZES: [usize; 3] = [32, 128, 16 * 1024];

fn main() {
    divan::main();
}

fn messages(size: usize) -> Vec<Message> {
    vec![Message::text("x".repeat(size)); MESSAGES]
}

fn frames(size: usize, masked: bool) -> Vec<u8> {
    let mut frames = Vec::new();
    messages(size).iter().for_each(|message| frame(message, masked, &mut frames));
    frames
}

#[divan::bench(args = SIZES)]
fn decode(bencher: Bencher<'_, '_>, size: usize) {
    let frames = frames(size, false);
    let read = || BytesMut::from(&frames[..]);
    let counted = bencher.counter(ItemsCount::new(MESSAGES)).counter(BytesCount::new(frames.len()));
    counted.with_inputs(read).bench_values(|mut read| {
        let mut decoding = Decoding::new();
        let count = std::iter::from_fn(|| decoding.next(&mut read)).map(black_box).count();
        assert_eq!(count, MESSAGES);
        // Given back, so that freeing it is not measured.
        read
    });
}

#[divan::bench(args = SIZES)]
fn encode_masked(bencher: Bencher<'_, '_>, size: usize) {
    encode(bencher, size, true);
}

#[divan::bench(args = SIZES)]
fn encode_unmasked(bencher: Bencher<'_, '_>, size: usize) {
    encode(bencher, size, false);
}

fn encode(bencher: Bencher<'_, '_>, size: usize, masked: bool) {
    let messages = messages(size);
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        out.clear();
        messages.iter().for_each(|message| frame(message, masked, &mut out));
        assert!(out.len() > MESSAGES * size);
    });
}

#[divan::bench]
fn backoff(bencher: Bencher<'_, '_>) {
    let policy = Reconnect::default();
    bencher.counter(ItemsCount::new(32u32)).bench(|| (0..32).map(|failures| delay(&policy, failures, 0.5)).max());
}

/// The module of the hooks below.
const HOOKS: &str = concat!(module_path!(), "::hooks");

/// A plugin's hooks, for the registry.
mod hooks {
    use bristle::prelude::*;

    #[endpoint("/bench")]
    static PLACE: OnceCell<Endpoint> = OnceCell::new();

    #[init]
    async fn begin() {}

    #[on_message(PLACE)]
    async fn back(message: Message) -> Message {
        message
    }
}

/// So many plugins with these hooks.
fn registrations(plugins: usize) -> Vec<Registration> {
    let linked = Registry::linked().in_module(HOOKS);
    let of = |number: usize| {
        let name: &'static str = format!("plugin_{number}").leak();
        linked.items().iter().map(move |item| {
            let mut item = *item;
            item.origin.plugin = name;
            item
        })
    };
    (0..plugins).rev().flat_map(of).collect()
}

#[divan::bench(args = [1, 200])]
fn registry(bencher: Bencher<'_, '_>, plugins: usize) {
    let registrations = registrations(plugins);
    bencher.counter(ItemsCount::new(registrations.len())).bench(|| registrations.iter().copied().collect::<Registry>());
}

/// Everything that is checked before a launch.
#[divan::bench]
fn check(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        Runtime::builder().registry(Registry::linked().in_module(HOOKS)).build().expect("the hooks are right")
    });
}
