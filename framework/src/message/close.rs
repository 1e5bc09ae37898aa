//! How a connection ended: code, reason, who began it, what comes next.

use std::fmt;
use std::time::Duration;

/// Close codes by name (RFC 6455 §7.4.1 and its registry).
pub mod code {
    /// The purpose is fulfilled.
    pub const NORMAL: u16 = 1000;
    /// The peer is going away, as a server that stops.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer saw a protocol error.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// The peer got a kind of data that it cannot take.
    pub const UNSUPPORTED: u16 = 1003;
    /// The close frame had no code. Never on the wire.
    pub const NO_STATUS: u16 = 1005;
    /// The connection ended without a close frame. Never on the wire.
    pub const ABNORMAL: u16 = 1006;
    /// Text that is no UTF-8, and the like.
    pub const INVALID_PAYLOAD: u16 = 1007;
    /// A message against the peer's policy.
    pub const POLICY_VIOLATION: u16 = 1008;
    /// A message that is too big.
    pub const TOO_BIG: u16 = 1009;
    /// The server lacks an extension that the client needs.
    pub const MANDATORY_EXTENSION: u16 = 1010;
    /// The server met something unexpected.
    pub const INTERNAL_ERROR: u16 = 1011;
    /// The server restarts.
    pub const SERVICE_RESTART: u16 = 1012;
    /// The server is overloaded.
    pub const TRY_AGAIN_LATER: u16 = 1013;

    /// Whether `code` may stand in a close frame (RFC 6455 §7.4.2).
    pub fn is_sendable(code: u16) -> bool {
        matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

/// Who began to end a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// We did: `close()`, a close frame that we sent, a limit that the peer broke.
    Local,
    /// The peer did, with a close frame.
    Remote,
    /// Nobody: the transport broke, or the peer vanished, without a close frame.
    Transport,
}

impl fmt::Display for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Transport => "transport",
        })
    }
}

/// How a connection ended. What an `on_close` handler is given.
///
/// ```
/// # use bristle::{Close, Initiator};
/// fn log(close: Close) {
///     match close.initiator {
///         Initiator::Local => println!("we closed it"),
///         Initiator::Remote => println!("the peer closed it: {} {}", close.code, close.reason),
///         Initiator::Transport => println!("it broke: {}", close.reason),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Close {
    /// The close code: the peer's where it sent one, else ours; 1005 where a close frame had none, 1006 where
    /// no close frame came (RFC 6455 §7.4.1).
    pub code: u16,
    /// The close frame's reason, or what broke the transport. May be empty.
    pub reason: String,
    /// Who began it.
    pub initiator: Initiator,
    /// Whether every `on_open` of this connection had been done.
    pub was_ready: bool,
    /// In how long the next attempt is made; `None` where none will be.
    pub retry_in: Option<Duration>,
}

impl Close {
    pub(crate) fn new(initiator: Initiator, code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), initiator, was_ready: false, retry_in: None }
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.initiator {
            Initiator::Local => write!(f, "closed by us, code {}", self.code)?,
            Initiator::Remote => write!(f, "closed by the peer, code {}", self.code)?,
            Initiator::Transport => write!(f, "connection lost, code {}", self.code)?,
        }
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        if let Some(delay) = self.retry_in {
            write!(f, ", next attempt in {delay:.1?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_only_describe_an_end_may_not_be_sent() {
        assert!([1004, 1005, 1006, 1015, 999, 2999, 5000].iter().all(|&c| !code::is_sendable(c)));
        assert!([1000, 1001, 1011, 3000, 4999].iter().all(|&c| code::is_sendable(c)));
    }

    #[test]
    fn an_end_reads_as_a_sentence() {
        let mut close = Close::new(Initiator::Remote, 1012, "restart");
        close.retry_in = Some(Duration::from_millis(1500));
        assert_eq!(close.to_string(), "closed by the peer, code 1012: restart, next attempt in 1.5s");
    }
}
