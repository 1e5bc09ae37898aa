//! A clock that two processes share, and what came of many readings.

use crate::tally::{self, Report};
use nix::time::{ClockId, clock_gettime};

/// Nanoseconds of the machine's monotonic clock.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every machine has a monotonic clock");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// The messages of a window: 20 ms of the feed, and the fewest of which a 99th percentile says something.
const WINDOW: usize = 1_000;

/// The value below which a share of all values lies. Sorts them; 0 where there are none.
pub(crate) fn percentile(values: &mut [u64], share: f64) -> u64 {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}

/// How late the messages of a paced feed were.
#[derive(Default)]
pub(crate) struct Latencies(Vec<u64>);

impl Latencies {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A message has come; it begins with the time at which it was due.
    pub(crate) fn add(&mut self, payload: &[u8]) {
        let due = payload.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)).expect("the feed has times in it");
        self.0.push(now().saturating_sub(due));
        tally::count();
    }

    /// Adds percentiles in microseconds: of all messages, and what the median of the windows has as its 99th. A machine that
    /// stands still for some milliseconds in a second makes the 99th percentile of all, but only that of a few windows.
    pub(crate) fn into_report(mut self, report: Report) -> Report {
        let mut windows: Vec<_> = self.0.chunks_mut(WINDOW).map(|window| percentile(window, 0.99)).collect();
        let windows = percentile(&mut windows, 0.5);
        let shares = [("p50", 0.5), ("p99_of_all", 0.99), ("p999", 0.999)];
        shares
            .into_iter()
            .fold(report, |report, (name, share)| report.with(name, percentile(&mut self.0, share) as f64 / 1e3))
            .with("p99", windows as f64 / 1e3)
    }
}
