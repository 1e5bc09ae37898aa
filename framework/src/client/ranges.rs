//! Which numbers a client can be told.

use super::{Reconnect, WebSocketClientBuilder};
use crate::settings::duration;
use crate::settings::range::{BYTES, HEAD, HEADERS, OutOfRange, RangeCheck, TCP_IDLE, TIME};
use std::time::Duration;

impl WebSocketClientBuilder {
    /// Every number that makes no sense.
    pub(crate) fn out_of_range(&self) -> Vec<OutOfRange> {
        let mut check = RangeCheck::default();
        check.time("connect_timeout", self.connect_timeout, TIME);
        if let Some(idle) = self.reach.tcp_keepalive {
            check.time("tcp_keepalive", idle, TCP_IDLE);
        }
        check.count("max_head_size", self.reach.head.max_size, HEAD);
        check.count("max_headers", self.reach.head.max_headers, HEADERS);
        self.limits.check(&mut check);
        if let Some(policy) = &self.reconnect {
            policy.check(&mut check);
        }
        check.finish()
    }
}

impl Reconnect {
    /// Whether every number makes sense.
    fn check(&self, check: &mut RangeCheck) {
        for (names, min, max) in [
            (["reconnect.min", "reconnect.max"], self.min, self.max),
            (["reconnect.slow_min", "reconnect.slow_max"], self.slow_min, self.slow_max),
        ] {
            check.time(names[0], min, TIME);
            check.time(names[1], max, TIME);
            if min > max {
                let range = format!("of at most `{}`, which is {}", names[1], duration::format(max));
                check.refuse(names[0], duration::format(min), range);
            }
        }
        check.time("reconnect.reset_after", self.reset_after, (Duration::ZERO, TIME.1));
        if let Some(attempts) = self.max_attempts {
            check.count("reconnect.max_attempts", usize::try_from(attempts).unwrap_or(usize::MAX), BYTES);
        }
    }
}
