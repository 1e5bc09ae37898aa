//! Servers under test: an endpoint of bristle's, and what one would write by hand.

mod bristle;
mod raw;

use crate::tally::{Report, Stopwatch, resident};
use crate::work::Swarm;
use std::time::Duration;

/// What a server under test is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) swarm: Swarm,
    pub(crate) connections: usize,
    /// How long to broadcast.
    pub(crate) seconds: f64,
}

impl Task {
    fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// Runs a server in this process, on a runtime of one thread.
pub(crate) fn run(subject: &str, task: Task) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        match subject {
            "bristle" => bristle::run(task).await,
            "raw" => raw::broadcast(task).await,
            "tungstenite" => raw::tungstenite(task).await,
            _ => panic!("there is no server `{subject}`"),
        }
    })
}

/// Memory since `before`, for each connection, and processor time for each.
fn crowded(watch: &Stopwatch, before: u64, connections: usize) -> Report {
    let bytes = resident().saturating_sub(before) as f64 / connections as f64;
    let report = watch.report(connections as u64);
    let cpu = report.cpu * 1e6 / connections as f64;
    report.with("bytes", bytes).with("cpu_us", cpu)
}
