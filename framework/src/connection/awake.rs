//! Notices that the machine slept: tokio's clock stands still meanwhile, and every timer with it.

use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep};

/// How often a watcher looks at the clocks: so soon after the machine woke it is noticed. Short enough for whoever opens
/// a laptop, and long enough that ten thousand idle connections cost two thousand looks a second.
pub(crate) const LOOK: Duration = Duration::from_secs(5);

/// What the wall clock may run ahead of the monotonic one between two looks before it counts as sleep: more than a clock
/// is ever slewed, and less than matters to a peer.
const NOISE: Duration = Duration::from_secs(5);

/// What both clocks say at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) monotonic: Instant,
    pub(crate) wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }
}

/// Compares the clocks from look to look.
///
/// A wall clock that is set forward looks like sleep: what is done about that must be harmless. One that is set back looks
/// like nothing.
#[derive(Debug)]
pub(crate) struct SleepWatch {
    last: Moment,
}

impl SleepWatch {
    pub(crate) fn new(now: Moment) -> Self {
        Self { last: now }
    }

    /// How long the machine slept since the last look.
    pub(crate) fn slept(&mut self, now: Moment) -> Duration {
        let awake = now.monotonic.saturating_duration_since(self.last.monotonic);
        let passed = now.wall.duration_since(self.last.wall).unwrap_or_default();
        self.last = now;
        let missed = passed.saturating_sub(awake);
        if missed < NOISE { Duration::ZERO } else { missed }
    }
}

/// Waits for `time`; the time in which the machine slept counts. Cancel-safe.
pub(crate) async fn wait(time: Duration) {
    wait_by(time, Moment::now).await;
}

async fn wait_by(time: Duration, clock: impl Fn() -> Moment) {
    let begun = clock();
    let mut watch = SleepWatch::new(begun);
    let mut slept = Duration::ZERO;
    loop {
        let now = clock();
        slept = slept.saturating_add(watch.slept(now));
        let waited = now.monotonic.saturating_duration_since(begun.monotonic).saturating_add(slept);
        let left = time.saturating_sub(waited);
        if left.is_zero() {
            return;
        }
        sleep(left.min(LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const SECOND: Duration = Duration::from_secs(1);

    /// A wall clock beside tokio's, that is set by `moved` seconds.
    fn clock(moved: &Cell<i64>) -> impl Fn() -> Moment {
        let begun = Moment::now();
        move || {
            let monotonic = Instant::now();
            let wall = begun.wall + (monotonic - begun.monotonic);
            let by = Duration::from_secs(moved.get().unsigned_abs());
            Moment { monotonic, wall: if moved.get() < 0 { wall - by } else { wall + by } }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_wall_clock_that_ran_ahead_tells_of_sleep_and_only_once() {
        let moved = Cell::new(0);
        let clock = clock(&moved);
        let mut watch = SleepWatch::new(clock());
        tokio::time::advance(SECOND * 3600).await;
        assert_eq!(watch.slept(clock()), Duration::ZERO, "an hour in which both clocks ran");
        moved.set(28_800);
        tokio::time::advance(SECOND * 2).await;
        assert_eq!(watch.slept(clock()), SECOND * 28_800, "a night");
        assert_eq!(watch.slept(clock()), Duration::ZERO, "the same night again");
        moved.set(28_804);
        assert_eq!(watch.slept(clock()), Duration::ZERO, "a clock that was put right by 4 s");
        moved.set(-28_804);
        assert_eq!(watch.slept(clock()), Duration::ZERO, "a clock that was set back");
        moved.set(-28_799);
        assert_eq!(watch.slept(clock()), SECOND * 5, "sleep after that is seen all the same");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_soon_after_the_machine_woke_and_not_before_its_time_otherwise() {
        for (slept, expected) in [(0, 300), (100, 200), (3600, 15), (-3600, 300)] {
            let moved = Cell::new(0);
            let begun = Instant::now();
            // Begun after 10 s of the wait: noticed at the next look.
            let sleeping = async {
                sleep(SECOND * 12).await;
                moved.set(slept);
                std::future::pending::<()>().await;
            };
            tokio::select! {
                biased;
                () = wait_by(SECOND * 300, clock(&moved)) => {}
                () = sleeping => {}
            }
            assert_eq!(begun.elapsed(), SECOND * expected, "after {slept} s of sleep");
        }
    }
}
