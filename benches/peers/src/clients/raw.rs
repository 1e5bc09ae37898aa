//! What a user would write by hand around a library, the same loops for each.

use super::{Task, handshake};
use crate::tally::{Report, Stopwatch};
use crate::trade::Trade;
use crate::work::Work;
use crate::{clock, tally};
use std::hint::black_box;
use tokio::net::TcpStream;

/// How many messages are fed before a flush, unless a subject says otherwise.
pub(super) const BATCH: usize = 256;

/// The size of messages in the outbound flood.
pub(crate) const SIZE: usize = 128;

/// A library, as its own documentation says that it is used.
pub(super) trait Raw: Sized {
    /// Takes over a stream on which the opening handshake for this work is done.
    fn open(stream: TcpStream, work: Work) -> Self;

    /// Gives each message to `each` until the server closes.
    async fn receive(&mut self, each: impl FnMut(&[u8]));

    /// Sends `first`, and then each message that comes, until the server closes.
    async fn echo(&mut self, first: &[u8], each: impl FnMut());

    /// Sends `message`, flushed after each `batch` of it, while `more` says so; then closes and waits for the answer.
    async fn send(&mut self, message: &[u8], batch: usize, more: impl FnMut() -> bool);
}

/// Connects and does what the task says; `variant` is the number of messages between two flushes, where it is another one.
pub(super) async fn run<R: Raw>(variant: &str, task: Task) -> Report {
    let batch = if variant.is_empty() { BATCH } else { variant.parse().expect("a number of messages") };
    let stream = handshake::connect(task.address, task.work).expect("the load generator accepts");
    let mut client = R::open(stream, task.work);
    let watch = Stopwatch::start();
    match task.work {
        Work::Echo { size } => client.echo(&vec![b'x'; size], tally::count).await,
        Work::Flood { .. } => client.receive(|_| tally::count()).await,
        Work::Json => {
            let decode = |text: &[u8]| {
                black_box(serde_json::from_slice::<Trade>(text).expect("the feed is JSON"));
                tally::count();
            };
            client.receive(decode).await;
        }
        Work::Compressed => {
            let decode = |text: &[u8]| {
                black_box(serde_json::from_slice::<Vec<Trade>>(text).expect("the feed is JSON"));
                tally::count();
            };
            client.receive(decode).await;
        }
        Work::Paced { .. } => {
            let mut latencies = clock::Latencies::default();
            client.receive(|payload| latencies.add(payload)).await;
            return latencies.into_report(watch.report(tally::counted()));
        }
        Work::Sink => {
            let mut sent = 0;
            let more = || {
                let more = watch.seconds() < task.seconds;
                sent += if more { batch as u64 } else { 0 };
                more
            };
            client.send(&[b'x'; SIZE], batch, more).await;
            return watch.report(sent);
        }
        Work::Idle | Work::Open => {}
    }
    watch.report(tally::counted())
}
