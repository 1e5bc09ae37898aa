//! Whether the peer is still there: pure, the time is handed in.

use super::awake::{LOOK, Moment, SleepWatch};
use std::time::Duration;
use tokio::time::Instant;

/// When a silent peer is asked, and when it is given up.
///
/// Any inbound data counts as a sign of life, not only a pong: a peer that is busy sending is not asked. Time in which we
/// do not read, because our own handlers are behind, does not count against the peer. After the machine itself slept, for
/// 5 s or more, the peer is asked within 5 s of waking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// After how long without inbound data a ping is sent. 20 s.
    pub ping_after: Duration,
    /// How long after that the connection counts as lost, if still nothing came. 20 s.
    pub lost_after: Duration,
}

impl Keepalive {
    pub(crate) const DEFAULT: Self = Self { ping_after: Duration::from_secs(20), lost_after: Duration::from_secs(20) };

    /// Asks after `ping_after` without inbound data, and gives up `lost_after` later.
    pub const fn new(ping_after: Duration, lost_after: Duration) -> Self {
        Self { ping_after, lost_after }
    }
}

impl Default for Keepalive {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A moment that a `Duration::MAX` cannot push past what the clock can tell.
pub(crate) fn after(now: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    now.checked_add(time).unwrap_or_else(|| now + FAR)
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing: look again then.
    Wait(Instant),
    /// Send a ping, and look again then.
    Ping(Instant),
    /// The peer is gone.
    Lost,
}

/// Watches one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    times: Keepalive,
    /// When the ping was sent that nothing came after.
    asked: Option<Instant>,
    /// Since when we have read without a break.
    reading_since: Instant,
    sleep: SleepWatch,
}

impl Liveness {
    pub(crate) fn new(times: Keepalive, now: Moment) -> Self {
        Self { times, asked: None, reading_since: now.monotonic, sleep: SleepWatch::new(now) }
    }

    /// When to look for the first time.
    pub(crate) fn first_look(&self) -> Instant {
        after(self.reading_since, self.times.ping_after.min(LOOK))
    }

    /// We read again, after a time in which we did not: the peer's time starts anew.
    pub(crate) fn resumed(&mut self, now: Instant) {
        self.reading_since = now;
        self.asked = None;
    }

    /// `heard` is when data came last. While the machine slept the peer may have gone, or answered to nobody: it is asked,
    /// and has the whole of its time for the answer.
    pub(crate) fn look(&mut self, now: Moment, heard: Instant) -> Verdict {
        let slept = !self.sleep.slept(now).is_zero();
        let now = now.monotonic;
        let silent_since = heard.max(self.reading_since);
        match self.asked.filter(|asked| *asked >= silent_since && !slept) {
            Some(asked) => {
                let limit = after(asked, self.times.lost_after);
                if now >= limit { Verdict::Lost } else { Verdict::Wait(soon(now, limit)) }
            }
            None => {
                let due = after(silent_since, self.times.ping_after);
                if now < due && !slept {
                    return Verdict::Wait(soon(now, due));
                }
                self.asked = Some(now);
                Verdict::Ping(soon(now, after(now, self.times.lost_after)))
            }
        }
    }
}

/// When to look next: never so late that sleep would go unnoticed for long.
fn soon(now: Instant, due: Instant) -> Instant {
    due.min(now + LOOK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of a day on which the machine sleeps `asleep` seconds beforehand.
    struct Day {
        begun: Moment,
        asleep: u64,
    }

    impl Day {
        fn at(&self, second: u64) -> Moment {
            let Moment { monotonic, wall } = self.begun;
            let passed = Duration::from_secs(second);
            Moment { monotonic: monotonic + passed, wall: wall + passed + Duration::from_secs(self.asleep) }
        }

        fn clock(&self, second: u64) -> Instant {
            self.at(second).monotonic
        }
    }

    fn watched() -> (Liveness, Day) {
        let begun = Moment::now();
        (Liveness::new(Keepalive::default(), begun), Day { begun, asleep: 0 })
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_asked_after_20_s_and_lost_after_40_s() {
        let (mut liveness, day) = watched();
        let mut next = liveness.first_look();
        let mut told = Vec::new();
        for second in 1..=40 {
            if day.clock(second) < next {
                continue;
            }
            let verdict = liveness.look(day.at(second), day.clock(0));
            match &verdict {
                Verdict::Wait(then) => next = *then,
                Verdict::Ping(then) => {
                    next = *then;
                    told.push((second, "asked"));
                }
                Verdict::Lost => told.push((second, "lost")),
            }
        }
        assert_eq!(told, [(20, "asked"), (40, "lost")]);
    }

    #[tokio::test(start_paused = true)]
    async fn any_data_counts_before_and_after_the_ping() {
        let (mut liveness, day) = watched();
        assert_eq!(liveness.look(day.at(20), day.clock(15)), Verdict::Wait(day.clock(25)));
        assert_eq!(liveness.look(day.at(35), day.clock(15)), Verdict::Ping(day.clock(40)));
        assert_eq!(liveness.look(day.at(55), day.clock(50)), Verdict::Wait(day.clock(60)));
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_we_did_not_read_does_not_count() {
        let (mut liveness, day) = watched();
        assert_eq!(liveness.look(day.at(20), day.clock(0)), Verdict::Ping(day.clock(25)));
        liveness.resumed(day.clock(500));
        assert_eq!(liveness.look(day.at(501), day.clock(0)), Verdict::Wait(day.clock(506)));
        assert_eq!(liveness.look(day.at(519), day.clock(0)), Verdict::Wait(day.clock(520)));
        assert_eq!(liveness.look(day.at(520), day.clock(0)), Verdict::Ping(day.clock(525)));
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_machine_slept_the_peer_is_asked_at_the_next_look_and_has_its_whole_time() {
        let (mut liveness, mut day) = watched();
        assert_eq!(liveness.look(day.at(5), day.clock(4)), Verdict::Wait(day.clock(10)));
        day.asleep = 3600;
        assert_eq!(liveness.look(day.at(10), day.clock(4)), Verdict::Ping(day.clock(15)));
        assert_eq!(liveness.look(day.at(15), day.clock(4)), Verdict::Wait(day.clock(20)), "it is asked once");
        assert_eq!(liveness.look(day.at(29), day.clock(4)), Verdict::Wait(day.clock(30)));
        assert_eq!(liveness.look(day.at(30), day.clock(4)), Verdict::Lost);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_was_asked_before_the_machine_slept_is_asked_again_and_not_given_up() {
        let (mut liveness, mut day) = watched();
        assert_eq!(liveness.look(day.at(20), day.clock(0)), Verdict::Ping(day.clock(25)));
        day.asleep = 28_800;
        assert_eq!(
            liveness.look(day.at(40), day.clock(0)),
            Verdict::Ping(day.clock(45)),
            "not lost: the answer may wait"
        );
        assert_eq!(liveness.look(day.at(45), day.clock(41)), Verdict::Wait(day.clock(50)), "it is there");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_put_right_costs_nothing_and_one_that_is_set_forward_a_ping() {
        let (mut liveness, mut day) = watched();
        day.asleep = 4;
        assert_eq!(liveness.look(day.at(5), day.clock(4)), Verdict::Wait(day.clock(10)));
        day.asleep = 0;
        assert_eq!(liveness.look(day.at(10), day.clock(9)), Verdict::Wait(day.clock(15)));
        day.asleep = 60;
        assert_eq!(liveness.look(day.at(15), day.clock(14)), Verdict::Ping(day.clock(20)));
        assert_eq!(liveness.look(day.at(20), day.clock(16)), Verdict::Wait(day.clock(25)));
    }
}
