//! What a process under test counts: messages, the time since the first one could come, processor time.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The size of a page of memory.
const PAGE: u64 = 4096;

/// Messages counted by handlers, which have no place of their own to count in.
static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// Counts one message. A load and a store, since every process under test has one thread: it costs handlers what a local
/// variable costs a loop.
pub(crate) fn count() {
    add(1);
}

/// Counts some.
pub(crate) fn add(messages: u64) {
    MESSAGES.store(MESSAGES.load(Relaxed) + messages, Relaxed);
}

/// How many messages were counted.
pub(crate) fn counted() -> u64 {
    MESSAGES.load(Relaxed)
}

/// What a process under test, or its load generator, says at its end: one line of JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Messages that came, went or went round.
    pub(crate) messages: u64,
    /// From the opened connection to the last message.
    #[serde(default)]
    pub(crate) seconds: f64,
    /// Processor seconds in that time, user and system.
    #[serde(default)]
    pub(crate) cpu: f64,
    /// What only some workloads measure, by name.
    #[serde(default)]
    pub(crate) more: BTreeMap<String, f64>,
}

impl Report {
    /// Adds a figure that only some workloads have.
    pub(crate) fn with(mut self, name: &str, value: f64) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }
}

/// A measurement that has begun.
pub(crate) struct Stopwatch {
    start: Instant,
    cpu: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), cpu: cpu() }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    pub(crate) fn report(&self, messages: u64) -> Report {
        Report { messages, seconds: self.seconds(), cpu: cpu() - self.cpu, more: BTreeMap::new() }
    }
}

/// Bytes of this process that are in memory.
pub(crate) fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("the second field is a number");
    pages * PAGE
}

/// Processor seconds of this process so far.
fn cpu() -> f64 {
    let usage: Usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask for its own usage");
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}
