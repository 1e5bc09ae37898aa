//! The states of a client, as its users see them.

use std::fmt;
use std::time::Duration;

/// Where a client is. Pushed by the connection itself, never guessed from the last call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Nothing was started yet.
    #[default]
    Idle,
    /// An attempt is under way.
    Connecting,
    /// The handshake is done.
    Open,
    /// The closing handshake is under way.
    Closing,
    /// There is no connection and none will be made until `reconnect`.
    Closed,
    /// There is no connection; the next attempt is made in a while.
    Waiting {
        /// How many attempts have failed in a row.
        attempt: u32,
        /// How long the wait was to be when it began.
        retry_in: Duration,
    },
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::Connecting => f.write_str("connecting"),
            Self::Open => f.write_str("open"),
            Self::Closing => f.write_str("closing"),
            Self::Closed => f.write_str("closed"),
            Self::Waiting { attempt, retry_in } => write!(f, "waiting {retry_in:.1?} before attempt {}", attempt + 1),
        }
    }
}
