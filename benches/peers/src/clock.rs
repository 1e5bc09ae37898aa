//! A clock that two processes share, and what came of many readings.

use crate::tally::{self, Report};
use nix::time::{ClockId, clock_gettime};

/// Nanoseconds of the machine's monotonic clock.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every machine has a monotonic clock");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

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

    /// Adds percentiles in microseconds.
    pub(crate) fn into_report(mut self, report: Report) -> Report {
        let shares = [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)];
        shares
            .into_iter()
            .fold(report, |report, (name, share)| report.with(name, percentile(&mut self.0, share) as f64 / 1e3))
    }
}
