//! How much one connection may hold and how long it may take to close.

use super::Keepalive;
use crate::settings::range::{BYTES, COUNT, RangeCheck, TIME};
use std::time::Duration;

/// The limits of one connection. Sizes are in bytes.
///
/// What breaks a limit of the inbound side ends the connection with close code 1009 and an error that names limit
/// and size. A full inbox stops the reading, so that TCP slows the peer; a full outbox makes senders wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message taken, fragments joined. 64 MiB for a client, 16 MiB for an endpoint.
    pub max_message_size: usize,
    /// The largest frame taken. As large as a message by default: peers in the field send 20 MB in one frame.
    pub max_frame_size: usize,
    /// How many frames a message may come in. 16,384.
    pub max_fragments: usize,
    /// How many received messages may wait for their handler. 256.
    pub inbox_messages: usize,
    /// How many bytes they may hold. 4 MiB. One message always fits, or it could never be handled.
    pub inbox_bytes: usize,
    /// How many received messages are handled at a time. 1: in the order of arrival.
    pub concurrent: usize,
    /// How many messages may wait to be written. 1,024.
    pub outbox_messages: usize,
    /// How many bytes they may hold. 16 MiB. One message always fits, or it could never be sent.
    pub outbox_bytes: usize,
    /// How long a close may take, from `close()` to the peer's answer: outbox drained, close frames exchanged. 5 s.
    pub close_timeout: Duration,
    /// Whether pings and pongs are handed to message handlers too, after the connection has answered them. `false`.
    pub control_frames: bool,
    /// When a silent peer is asked and given up; `None` for never. 20 s and 20 s.
    pub keepalive: Option<Keepalive>,
}

const MIB: usize = 1024 * 1024;

impl Limits {
    /// The defaults of a client.
    pub const fn client() -> Self {
        Self::with_message_size(64 * MIB)
    }

    /// The defaults of an endpoint, whose peers are not trusted as far.
    pub const fn endpoint() -> Self {
        Self::with_message_size(16 * MIB)
    }

    /// Sets what was configured: `keepalive = false`, or other times.
    pub(crate) fn configure_keepalive(
        &mut self,
        enabled: Option<bool>,
        ping_after: Option<Duration>,
        lost_after: Option<Duration>,
    ) {
        let times = self.keepalive.unwrap_or_default();
        let ping_after = ping_after.unwrap_or(times.ping_after);
        let lost_after = lost_after.unwrap_or(times.lost_after);
        self.keepalive = enabled.unwrap_or(self.keepalive.is_some()).then_some(Keepalive { ping_after, lost_after });
    }

    /// Whether every number is one that a connection can live with.
    pub(crate) fn check(&self, check: &mut RangeCheck) {
        check.count("max_message_size", self.max_message_size, BYTES);
        check.count("max_frame_size", self.max_frame_size, BYTES);
        check.count("max_fragments", self.max_fragments, COUNT);
        check.count("inbox_messages", self.inbox_messages, COUNT);
        check.count("inbox_bytes", self.inbox_bytes, BYTES);
        check.count("concurrent", self.concurrent, COUNT);
        check.count("outbox_messages", self.outbox_messages, COUNT);
        check.count("outbox_bytes", self.outbox_bytes, BYTES);
        check.time("close_timeout", self.close_timeout, TIME);
        if let Some(Keepalive { ping_after, lost_after, .. }) = self.keepalive {
            check.time("ping_after", ping_after, TIME);
            check.time("lost_after", lost_after, TIME);
        }
    }

    const fn with_message_size(size: usize) -> Self {
        Self {
            max_message_size: size,
            max_frame_size: size,
            max_fragments: 16 * 1024,
            inbox_messages: 256,
            inbox_bytes: 4 * MIB,
            concurrent: 1,
            outbox_messages: 1024,
            outbox_bytes: 16 * MIB,
            close_timeout: Duration::from_secs(5),
            control_frames: false,
            keepalive: Some(Keepalive::DEFAULT),
        }
    }
}
