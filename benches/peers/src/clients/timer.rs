//! A timer on the thread that a flood keeps busy.

use crate::clock::percentile;
use crate::tally::Report;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

/// How often the timer is due.
const PERIOD: Duration = Duration::from_millis(1);

/// How many ticks tell where the runtime's own clock ticks, before the flood begins.
const QUIET: usize = 100;

const ALONE: &str = "nobody panics while they hold the list";

/// Runs `load` beside the timer and adds how late that was to the report, in microseconds.
pub(super) async fn beside(load: impl Future<Output = Report>) -> Report {
    let late = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now() + PERIOD;
    let ticking = {
        let late = late.clone();
        tokio::task::spawn(async move {
            let mut timer = interval_at(start, PERIOD);
            timer.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                let due = timer.tick().await;
                late.lock().expect(ALONE).push(due.elapsed().as_nanos() as u64);
            }
        })
    };
    sleep(PERIOD * QUIET as u32).await;
    // tokio's clock ticks once a millisecond: how far its ticks lie behind ours is nobody's delay.
    let phase = percentile(&mut mem::take(&mut *late.lock().expect(ALONE)), 0.5);
    let report = load.await;
    ticking.abort();
    let late = mem::take(&mut *late.lock().expect(ALONE));
    let mut late: Vec<_> = late.into_iter().map(|late| late.saturating_sub(phase)).collect();
    let share = |late: &mut Vec<u64>, share| percentile(late, share) as f64 / 1e3;
    report.with("late_p99", share(&mut late, 0.99)).with("late_p50", share(&mut late, 0.5))
}
