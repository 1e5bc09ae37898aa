//! Whether the peer is still there: pure, the time is handed in.

use std::time::Duration;
use tokio::time::Instant;

/// When a silent peer is asked, and when it is given up.
///
/// Any inbound data counts as a sign of life, not only a pong: a peer that is busy sending is not asked. Time in which we
/// do not read, because our own handlers are behind, does not count against the peer.
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
    pub fn new(ping_after: Duration, lost_after: Duration) -> Self {
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
}

impl Liveness {
    pub(crate) fn new(times: Keepalive, now: Instant) -> Self {
        Self { times, asked: None, reading_since: now }
    }

    /// When to look for the first time.
    pub(crate) fn first_look(&self) -> Instant {
        after(self.reading_since, self.times.ping_after)
    }

    /// We read again, after a time in which we did not: the peer's time starts anew.
    pub(crate) fn resumed(&mut self, now: Instant) {
        self.reading_since = now;
        self.asked = None;
    }

    /// `heard` is when data came last.
    pub(crate) fn look(&mut self, now: Instant, heard: Instant) -> Verdict {
        let silent_since = heard.max(self.reading_since);
        match self.asked.filter(|asked| *asked >= silent_since) {
            Some(asked) => {
                let limit = after(asked, self.times.lost_after);
                if now >= limit { Verdict::Lost } else { Verdict::Wait(limit) }
            }
            None => {
                let due = after(silent_since, self.times.ping_after);
                if now < due {
                    return Verdict::Wait(due);
                }
                self.asked = Some(now);
                Verdict::Ping(after(now, self.times.lost_after))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched() -> (Liveness, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        (Liveness::new(Keepalive::default(), start), move |seconds| start + Duration::from_secs(seconds))
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_asked_after_20_s_and_lost_after_40_s() {
        let (mut liveness, at) = watched();
        assert_eq!(liveness.first_look(), at(20));
        assert_eq!(liveness.look(at(20), at(0)), Verdict::Ping(at(40)));
        assert_eq!(liveness.look(at(39), at(0)), Verdict::Wait(at(40)));
        assert_eq!(liveness.look(at(40), at(0)), Verdict::Lost);
    }

    #[tokio::test(start_paused = true)]
    async fn any_data_counts_before_and_after_the_ping() {
        let (mut liveness, at) = watched();
        assert_eq!(liveness.look(at(20), at(15)), Verdict::Wait(at(35)));
        assert_eq!(liveness.look(at(35), at(15)), Verdict::Ping(at(55)));
        assert_eq!(liveness.look(at(55), at(50)), Verdict::Wait(at(70)));
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_we_did_not_read_does_not_count() {
        let (mut liveness, at) = watched();
        assert_eq!(liveness.look(at(20), at(0)), Verdict::Ping(at(40)));
        liveness.resumed(at(500));
        assert_eq!(liveness.look(at(501), at(0)), Verdict::Wait(at(520)));
        assert_eq!(liveness.look(at(520), at(0)), Verdict::Ping(at(540)));
    }
}
