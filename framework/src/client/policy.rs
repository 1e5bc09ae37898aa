//! What an attempt's failure or a connection's end calls for: pure, a table that users may override.

use super::backoff::Pace;
use super::{ConnectError, Reconnect};
use crate::message::{Close, code};
use crate::settings::duration;
use http::{HeaderMap, header};
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// However long a server asks to be left alone, it is asked again after this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// What to do after a close code or a handshake status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    /// Try again by the normal schedule.
    Retry,
    /// Try again by the slow schedule.
    Slow,
    /// Don't try again.
    Stop,
}

/// An entry of a [`Reconnect`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    then: Reaction,
    /// Instead of what the schedule says.
    after: Option<Duration>,
}

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judgement {
    /// Whether there is another attempt at all.
    pub(crate) retry: bool,
    pub(crate) pace: Pace,
    /// The wait, where somebody named one.
    pub(crate) after: Option<Duration>,
}

/// The rules of one client, by close code (1000 and up) or handshake status (below).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table(BTreeMap<u16, Rule>);

impl Reconnect {
    /// After this close code or handshake status, react so. Later calls win.
    ///
    /// ```
    /// use bristle::{Reaction, Reconnect};
    /// use std::time::Duration;
    ///
    /// let policy = Reconnect::default()
    ///     .on(401, Reaction::Slow, None) // the token is renewed elsewhere
    ///     .on(4004, Reaction::Stop, None)
    ///     .on(1013, Reaction::Retry, Some(Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub fn on(mut self, code: u16, then: Reaction, after: Option<Duration>) -> Self {
        self.on.0.insert(code, Rule { then, after });
        self
    }

    /// What a failed attempt calls for. `ever_open`: once a connection has been open, nothing is fatal by itself.
    pub(crate) fn after_failure(&self, error: &ConnectError, ever_open: bool, now: SystemTime) -> Judgement {
        let ConnectError::Status { status, headers, .. } = error else {
            return Judgement { retry: ever_open || !error.is_fatal(), pace: Pace::Normal, after: None };
        };
        if let Some(rule) = self.on.0.get(&status.as_u16()) {
            return rule.judgement();
        }
        let busy = matches!(status.as_u16(), 429 | 503);
        let pace = if status.is_client_error() && !busy { Pace::Slow } else { Pace::Normal };
        let after = busy.then(|| retry_after(headers, now)).flatten();
        Judgement { retry: ever_open || !error.is_fatal(), pace, after }
    }

    /// What the end of a connection calls for.
    pub(crate) fn after_close(&self, close: &Close) -> Judgement {
        if let Some(rule) = self.on.0.get(&close.code) {
            return rule.judgement();
        }
        let pace = match close.code {
            code::PROTOCOL_ERROR | code::UNSUPPORTED | code::INVALID_PAYLOAD..=code::MANDATORY_EXTENSION => Pace::Slow,
            _ => Pace::Normal,
        };
        Judgement { retry: true, pace, after: None }
    }
}

impl Rule {
    fn judgement(self) -> Judgement {
        let pace = if self.then == Reaction::Slow { Pace::Slow } else { Pace::Normal };
        Judgement { retry: self.then != Reaction::Stop, pace, after: self.after }
    }
}

/// RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => LONGEST_RETRY_AFTER,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// `{ 1008 = "stop", 503 = { then = "retry", after = "60s" } }`; a table's keys are text.
impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rules = BTreeMap::<String, Rule>::deserialize(deserializer)?;
        let rule = |(code, rule): (String, Rule)| match code.parse() {
            Ok(number @ (100..=599 | 1000..=4999)) => Ok((number, rule)),
            _ => Err(D::Error::custom(format_args!(
                "`{code}` is neither a handshake status (100 to 599) nor a close code (1000 to 4999)"
            ))),
        };
        rules.into_iter().map(rule).collect::<Result<_, _>>().map(Self)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    then: Reaction,
    #[serde(default, with = "duration::optional")]
    after: Option<Duration>,
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`\"retry\"`, `\"slow\"`, `\"stop\"` or `{ then = \"retry\", after = \"60s\" }`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Rule, E> {
        let then = Reaction::deserialize(serde::de::value::StrDeserializer::new(text))?;
        Ok(Rule { then, after: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
        let RuleTable { then, after } = RuleTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Rule { then, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Initiator;
    use bytes::Bytes;
    use http::StatusCode;

    fn refused(status: u16, retry_after: Option<&str>) -> ConnectError {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(header::RETRY_AFTER, value.parse().expect("a value"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        ConnectError::Status { status, headers: Box::new(headers), body: Bytes::new() }
    }

    fn judged(policy: &Reconnect, status: u16, retry_after: Option<&str>, ever_open: bool) -> Judgement {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        policy.after_failure(&refused(status, retry_after), ever_open, now)
    }

    #[test]
    fn a_refusal_is_final_before_the_first_success_and_slow_after_it() {
        let policy = Reconnect::default();
        for status in [400, 401, 403, 404, 410] {
            assert!(!judged(&policy, status, None, false).retry, "{status}");
            assert_eq!(judged(&policy, status, None, true), Judgement { retry: true, pace: Pace::Slow, after: None });
        }
        assert_eq!(judged(&policy, 502, None, false), Judgement { retry: true, pace: Pace::Normal, after: None });
    }

    #[test]
    fn a_busy_server_is_left_alone_for_as_long_as_it_asks_within_reason() {
        let policy = Reconnect::default();
        let after = |status, value| judged(&policy, status, Some(value), false).after.map(|wait| wait.as_secs());
        assert_eq!(after(429, "120"), Some(120));
        assert_eq!(after(503, "Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(after(503, "Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(after(503, "999999999"), Some(3600));
        assert_eq!(after(503, "soon"), None);
        assert_eq!(after(500, "120"), None);
    }

    #[test]
    fn the_users_table_wins() {
        let table = r#"{ "on": { "401": "slow", "1008": "stop", "1013": { "then": "retry", "after": "60s" } } }"#;
        let policy: Reconnect = serde_json::from_str(table).expect("a table");
        assert_eq!(judged(&policy, 401, None, false), Judgement { retry: true, pace: Pace::Slow, after: None });
        let close = |code| policy.after_close(&Close::new(Initiator::Remote, code, ""));
        assert!(!close(1008).retry);
        assert_eq!(close(1013).after, Some(Duration::from_secs(60)));
        assert_eq!(close(1009).pace, Pace::Slow);
        assert_eq!(close(1012).pace, Pace::Normal);
    }

    #[test]
    fn a_table_with_a_mistake_says_what_to_write() {
        let error = |json| serde_json::from_str::<Reconnect>(json).expect_err("a mistake").to_string();
        assert!(error(r#"{ "on": { "42": "stop" } }"#).contains("`42` is neither a handshake status"));
        assert!(error(r#"{ "on": { "1008": "halt" } }"#).contains("expected one of `retry`, `slow`, `stop`"));
        assert!(error(r#"{ "on": { "1008": 5 } }"#).contains("`\"retry\"`, `\"slow\"`"));
    }
}
