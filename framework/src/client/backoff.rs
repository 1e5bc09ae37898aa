//! How long to wait before the next attempt: pure, the randomness is handed in.

use super::policy::Table;
use crate::settings::duration;
use serde::Deserialize;
use std::time::Duration;

/// No wait is shorter, whatever the policy says: a typing error must not become a flood.
pub(super) const FLOOR: Duration = Duration::from_millis(100);

/// No wait is longer, whatever the policy says: to multiply `Duration::MAX` is a panic.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// When and how often a client connects again.
///
/// Full jitter: a wait is drawn evenly from zero to a bound that starts at `min` and doubles up to `max`, so that the
/// clients of a server that restarts do not come back all at once.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Reconnect {
    /// The first bound. 250 ms.
    #[serde(with = "duration")]
    pub min: Duration,
    /// The largest bound. 30 s.
    #[serde(with = "duration")]
    pub max: Duration,
    /// How long a connection must have lasted for the bound to start at `min` again. 60 s.
    #[serde(with = "duration")]
    pub reset_after: Duration,
    /// How many attempts may fail in a row; `None` for no limit, the default.
    pub max_attempts: Option<u32>,
    /// The bounds of the slow schedule, for peers that turned us away. 30 s to 5 min.
    #[serde(with = "duration")]
    pub slow_min: Duration,
    /// The largest bound of the slow schedule. 5 min.
    #[serde(with = "duration")]
    pub slow_max: Duration,
    /// What close codes and handshake statuses call for, where it is not what they call for by themselves.
    pub(super) on: Table,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            min: Duration::from_millis(250),
            max: Duration::from_secs(30),
            reset_after: Duration::from_secs(60),
            max_attempts: None,
            slow_min: Duration::from_secs(30),
            slow_max: Duration::from_secs(300),
            on: Table::default(),
        }
    }
}

/// Which schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Normal,
    /// The peer said that we are not welcome: as 4xx, or close codes 1002, 1003 and 1007 to 1010.
    Slow,
}

impl Reconnect {
    /// A wait of the normal schedule, with randomness of its own.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        self.delay(failures, Pace::Normal, rand::random())
    }

    /// The wait before the next attempt, after `failures` in a row; `random` is drawn evenly from 0 to 1.
    pub(crate) fn delay(&self, failures: u32, pace: Pace, random: f64) -> Duration {
        let doubled =
            |min: Duration, max: Duration| min.saturating_mul(2_u32.saturating_pow(failures)).min(max).min(LONGEST);
        match pace {
            Pace::Normal => doubled(self.min, self.max).mul_f64(random),
            // Evenly up to the bound, but never as soon as the normal schedule would.
            Pace::Slow => {
                let bound = doubled(self.slow_min, self.slow_max);
                self.slow_min.min(bound) + bound.saturating_sub(self.slow_min).mul_f64(random)
            }
        }
        .max(FLOOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_its_maximum() {
        let policy = Reconnect::default();
        let bounds: Vec<_> = (0..9).map(|failures| policy.delay(failures, Pace::Normal, 1.0).as_millis()).collect();
        assert_eq!(bounds, [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(policy.delay(u32::MAX, Pace::Normal, 1.0), policy.max);
    }

    #[test]
    fn the_wait_is_drawn_from_the_whole_range_but_never_below_the_floor() {
        let policy = Reconnect::default();
        assert_eq!(policy.delay(4, Pace::Normal, 0.5), Duration::from_secs(2));
        assert_eq!(policy.delay(9, Pace::Normal, 0.0), FLOOR);
        let hasty = Reconnect { min: Duration::ZERO, max: Duration::ZERO, ..policy };
        assert_eq!(hasty.delay(3, Pace::Normal, 1.0), FLOOR);
    }

    #[test]
    fn whoever_was_turned_away_waits_at_least_the_slow_minimum() {
        let policy = Reconnect::default();
        assert_eq!(policy.delay(0, Pace::Slow, 0.0), Duration::from_secs(30));
        assert_eq!(policy.delay(10, Pace::Slow, 1.0), Duration::from_secs(300));
    }
}
