//! The door through which benchmarks reach what decides about reconnecting.

use super::Reconnect;
use super::backoff::Pace;
use std::time::Duration;

/// The wait before the next attempt after so many failures in a row; `random` lies between 0 and 1.
pub fn delay(policy: &Reconnect, failures: u32, random: f64) -> Duration {
    policy.delay(failures, Pace::Normal, random)
}
