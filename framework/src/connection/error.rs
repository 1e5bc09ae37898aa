//! Why a message could not be sent.

use crate::message::{Kind, Message};

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Nothing will be sent any more: the client or the connection was closed. `reconnect()` opens a client again.
    #[error("the connection is closed: call `reconnect()` before sending")]
    Closed,
    /// There is no connection, and the client was told to fail such messages (`while_down`).
    #[error("there is no connection at the moment, and `while_down` is `fail`")]
    NotConnected,
    /// `try_send` only: the outbox is full.
    #[error("the outbox is full with {messages} messages of {bytes} bytes: the peer reads more slowly than you send")]
    Full {
        /// How many messages wait.
        messages: usize,
        /// How many bytes they hold.
        bytes: usize,
    },
    /// `deliver` only: the connection broke or was closed before the message was written whole. It is not sent again.
    #[error("the message was lost: the connection ended before it had been written")]
    Lost,
    /// A control frame's payload is larger than RFC 6455 §5.5 allows.
    #[error("a {kind} frame carries at most {limit} bytes, not {size}")]
    ControlTooLarge {
        /// The frame.
        kind: Kind,
        /// What it may carry, in bytes.
        limit: usize,
        /// What it was to carry, in bytes.
        size: usize,
    },
    /// A close code that may not stand in a frame (RFC 6455 §7.4).
    #[error("{0} may not be sent as a close code: use 1000 to 1003, 1007 to 1014, or 3000 to 4999")]
    CloseCode(u16),
}

impl SendError {
    /// Whether trying again without a `reconnect()` is in vain.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Full { .. } | Self::NotConnected | Self::Lost)
    }

    /// Checks what may be said of a message before it is queued.
    pub(crate) fn check(message: &Message) -> Result<(), Self> {
        use crate::message::{MAX_CLOSE_REASON, MAX_CONTROL_PAYLOAD, code};
        let too_large = |limit, size| {
            if size > limit { Err(Self::ControlTooLarge { kind: message.kind(), limit, size }) } else { Ok(()) }
        };
        match message.kind() {
            Kind::Text | Kind::Binary => Ok(()),
            Kind::Ping | Kind::Pong => too_large(MAX_CONTROL_PAYLOAD, message.len()),
            Kind::Close => match message.as_close() {
                None => Ok(()),
                Some((code, _)) if !code::is_sendable(code) => Err(Self::CloseCode(code)),
                Some((_, reason)) => too_large(MAX_CLOSE_REASON, reason.len()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_frame_over_its_limit_is_refused_with_limit_and_size() {
        let error = SendError::check(&Message::ping(vec![0; 126])).expect_err("126 is over 125");
        assert_eq!(error.to_string(), "a ping frame carries at most 125 bytes, not 126");
        let error = SendError::check(&Message::close(1000, "x".repeat(124))).expect_err("124 is over 123");
        assert_eq!(error.to_string(), "a close frame carries at most 123 bytes, not 124");
        assert_eq!(SendError::check(&Message::pong(vec![0; 125])), Ok(()));
    }

    #[test]
    fn a_close_code_that_only_describes_an_end_is_refused() {
        assert_eq!(SendError::check(&Message::close(1006, "")), Err(SendError::CloseCode(1006)));
        assert_eq!(SendError::check(&Message::close(4000, "")), Ok(()));
    }
}
