//! What an endpoint can be told, in one shape for attributes and configuration.

use super::handshake::Terms;
use super::paths::PathError;
use crate::connection::Limits;
use crate::connection::deflate::CompressionOption;
use crate::settings::duration;
use crate::settings::range::{COUNT, OutOfRange, RangeCheck};
use serde::Deserialize;
use std::time::Duration;

/// How many connections an endpoint has at most. 10,000: what a machine with a gigabyte to spare can hold.
const MAX_CONNECTIONS: usize = 10_000;

/// The options of an `#[endpoint]` and of `[plugins.<plugin>.endpoints.<SLOT>]`. What is not there keeps its default.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct EndpointOptions {
    /// Replaces the attribute's path.
    pub(crate) path: Option<String>,
    /// The subprotocols that the endpoint speaks, the preferred one first.
    pub(crate) subprotocols: Option<Vec<String>>,
    /// The web pages that may connect, as `https://example.com`. Any by default. A client that is no browser sends no
    /// origin, and may connect.
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) compression: Option<CompressionOption>,
    pub(crate) control_frames: Option<bool>,
    pub(crate) keepalive: Option<bool>,
    #[serde(with = "duration::optional")]
    pub(crate) ping_after: Option<Duration>,
    #[serde(with = "duration::optional")]
    pub(crate) lost_after: Option<Duration>,
    #[serde(with = "duration::optional")]
    pub(crate) close_timeout: Option<Duration>,
    pub(crate) max_message_size: Option<usize>,
    pub(crate) max_frame_size: Option<usize>,
    pub(crate) max_fragments: Option<usize>,
    pub(crate) concurrent: Option<usize>,
    pub(crate) inbox_messages: Option<usize>,
    pub(crate) inbox_bytes: Option<usize>,
    pub(crate) outbox_messages: Option<usize>,
    pub(crate) outbox_bytes: Option<usize>,
}

/// What is wrong with what an endpoint was made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    /// The path cannot be served.
    #[error("the endpoint's path is wrong: {0}")]
    Path(String),
    /// A subprotocol is no token of RFC 9110 §5.6.2, or is there twice.
    #[error("the endpoint cannot speak the subprotocol `{name}`: {reason}")]
    Subprotocol {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An origin that no browser sends.
    #[error("`{0}` is no origin: write scheme, host and port without a path, as in `https://example.com`")]
    Origin(String),
    /// A number that makes no sense.
    #[error("`{option}` is {value}, which is out of range: write a value {range}")]
    OutOfRange {
        /// The option.
        option: &'static str,
        /// What it was given.
        value: String,
        /// What it may be.
        range: String,
    },
}

impl From<PathError> for EndpointError {
    fn from(error: PathError) -> Self {
        Self::Path(error.to_string())
    }
}

impl EndpointOptions {
    pub(super) fn terms(&self) -> Result<Terms, EndpointError> {
        let subprotocols = self.subprotocols.clone().unwrap_or_default();
        for (index, name) in subprotocols.iter().enumerate() {
            let wrong = |reason| Err(EndpointError::Subprotocol { name: name.clone(), reason });
            if name.is_empty() || !name.bytes().all(is_token) {
                return wrong("write letters, digits and `.`, `-`, `_` or `+`");
            }
            if subprotocols[..index].contains(name) {
                return wrong("it is there twice: leave one");
            }
        }
        if let Some(origin) = self.origins.iter().flatten().find(|origin| !is_origin(origin)) {
            return Err(EndpointError::Origin(origin.clone()));
        }
        let compression = self.compression.clone().and_then(|option| option.0);
        Ok(Terms { subprotocols, origins: self.origins.clone(), compression })
    }

    pub(super) fn max_connections(&self) -> usize {
        self.max_connections.unwrap_or(MAX_CONNECTIONS)
    }

    /// Everything that is wrong, each with the option that it is about.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems: Vec<_> = self.out_of_range().iter().map(|wrong| (wrong.option, wrong.reason())).collect();
        if let Err(error) = self.terms() {
            let option = if matches!(error, EndpointError::Origin(_)) { "origins" } else { "subprotocols" };
            problems.push((option, error.to_string()));
        }
        problems
    }

    fn out_of_range(&self) -> Vec<OutOfRange> {
        let mut check = RangeCheck::default();
        check.count("max_connections", self.max_connections(), COUNT);
        self.limits().check(&mut check);
        check.finish()
    }

    /// Whether every number is in its range.
    pub(super) fn in_range(&self) -> Result<(), EndpointError> {
        match self.out_of_range().into_iter().next() {
            Some(OutOfRange { option, value, range }) => Err(EndpointError::OutOfRange { option, value, range }),
            None => Ok(()),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::endpoint();
        if let Some(size) = self.max_message_size {
            limits.max_message_size = size;
            limits.max_frame_size = size;
        }
        set(&mut limits.max_frame_size, self.max_frame_size);
        set(&mut limits.max_fragments, self.max_fragments);
        set(&mut limits.concurrent, self.concurrent);
        set(&mut limits.inbox_messages, self.inbox_messages);
        set(&mut limits.inbox_bytes, self.inbox_bytes);
        set(&mut limits.outbox_messages, self.outbox_messages);
        set(&mut limits.outbox_bytes, self.outbox_bytes);
        set(&mut limits.close_timeout, self.close_timeout);
        set(&mut limits.control_frames, self.control_frames);
        limits.configure_keepalive(self.keepalive, self.ping_after, self.lost_after);
        limits
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 6454 §6.2; `null` is what a sandboxed page sends.
fn is_origin(text: &str) -> bool {
    let is_host = |host: &str| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    text == "null" || text.split_once("://").is_some_and(|(scheme, host)| !scheme.is_empty() && is_host(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(json: &str) -> EndpointOptions {
        serde_json::from_str(json).expect("options")
    }

    #[test]
    fn what_is_not_said_keeps_its_default() {
        let options = options("{}");
        assert_eq!(options.limits(), Limits::endpoint());
        assert_eq!(options.max_connections(), MAX_CONNECTIONS);
        assert_eq!(options.problems(), []);
        assert_eq!(options.terms(), Ok(Terms::default()));
    }

    #[test]
    fn a_message_size_is_a_frame_size_too_unless_that_is_said() {
        assert_eq!(options(r#"{"max_message_size": 7}"#).limits().max_frame_size, 7);
        assert_eq!(options(r#"{"max_message_size": 7, "max_frame_size": 5}"#).limits().max_frame_size, 5);
    }

    #[test]
    fn an_origin_that_no_browser_sends_is_refused_with_the_right_form() {
        for wrong in ["example.com", "https://example.com/", "https://", "://x", ""] {
            let options = EndpointOptions { origins: Some(vec![wrong.to_owned()]), ..Default::default() };
            assert_eq!(options.terms(), Err(EndpointError::Origin(wrong.to_owned())));
        }
        assert!(options(r#"{"origins": ["https://example.com:8443", "null"]}"#).terms().is_ok());
    }

    #[test]
    fn a_subprotocol_that_could_never_be_agreed_is_refused() {
        let error = options(r#"{"subprotocols": ["chat v2"]}"#).terms().expect_err("a space is in it");
        assert!(error.to_string().contains("`chat v2`"));
        let error = options(r#"{"subprotocols": ["a", "a"]}"#).terms().expect_err("it is there twice");
        assert!(error.to_string().contains("twice"));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_option() {
        let options = options(r#"{"max_connections": 0, "close_timeout": "0s", "origins": ["x"]}"#);
        let names: Vec<_> = options.problems().into_iter().map(|(option, _)| option).collect();
        assert_eq!(names, ["max_connections", "close_timeout", "origins"]);
        assert!(options.in_range().is_err());
    }
}
