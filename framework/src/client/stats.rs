//! `Stats`: the numbers of one client.

use super::ConnectionState;
use super::shared::{Shared, UNPOISONED};
use crate::connection::{Connection, Inflow};
use crate::metrics::ClientMeters;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The numbers of a client, as [`WebSocketClient::stats`](crate::WebSocketClient::stats) found them.
///
/// What counts since the client was made only grows, across reconnects. Bytes are those of payloads, without the frames
/// around them and before they are compressed. Pings, pongs and close frames of the connection's own are not counted.
/// `written + lost + queued` is what was taken to be sent; what was `dropped` was not taken.
///
/// ```
/// # let client = bristle::WebSocketClient::builder("ws://192.168.1.3:20001/").build()?;
/// let stats = client.stats();
/// println!("{} for {:?}, down for {:?} in all", stats.state, stats.in_state, stats.downtime);
/// println!("{} messages in, {} out, {} lost", stats.received, stats.written, stats.lost);
/// # Ok::<(), bristle::BuildError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Where the client is now.
    pub state: ConnectionState,
    /// How long it has been there.
    pub in_state: Duration,
    /// Connections opened: handshakes that were done.
    pub connections: u64,
    /// Of these, all but the first.
    pub reconnects: u64,
    /// Attempts that did not lead to a connection, and connections whose `on_open` failed.
    pub failed_attempts: u64,
    /// How long there has been no connection, where there should be one: since it was lost, or since the first attempt
    /// failed. `None` while it is open, and where its user closed it; a client that gave up stays down.
    pub down_for: Option<Duration>,
    /// The same added up since the client was made, `down_for` included.
    pub downtime: Duration,
    /// How long the answer to the last keepalive ping took. `None` without a connection, and before the first ping, which
    /// only an idle connection is sent.
    pub latency: Option<Duration>,
    /// Messages received.
    pub received: u64,
    /// Bytes in them.
    pub received_bytes: u64,
    /// Messages that wait for their handlers now, at most `inbox_messages`. The one that is handled is none of them.
    pub inbox: usize,
    /// Bytes in these.
    pub inbox_bytes: usize,
    /// Messages that none of the `#[on_message]` handlers of the client's slot took. 0 without such handlers.
    pub unhandled: u64,
    /// Messages that wait to be written now.
    pub queued: usize,
    /// Bytes in these.
    pub queued_bytes: usize,
    /// Messages written to a socket.
    pub written: u64,
    /// Bytes in these.
    pub written_bytes: u64,
    /// Messages that were taken and not written: cut when a connection broke, or still waiting when the client was closed.
    pub lost: u64,
    /// Messages that were not taken, since there was no connection and `while_down` is `Drop`.
    pub dropped: u64,
}

/// What a client counts that neither its outbox nor its status does.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) inflow: Inflow,
    pub(super) connections: AtomicU64,
    pub(super) failed_attempts: AtomicU64,
    pub(crate) unhandled: AtomicU64,
    /// What is recorded as it happens, where somebody looks.
    pub(crate) meters: OnceLock<ClientMeters>,
}

impl Shared {
    pub(crate) fn stats(&self) -> Stats {
        let (outbox, inflow) = (self.outbox.counts(), self.counters.inflow.numbers());
        let (state, in_state, down_for, downtime) = {
            let status = self.status.borrow();
            (status.state, status.in_state(), status.down_for(), status.downtime())
        };
        let connections = self.counters.connections.load(Ordering::Relaxed);
        Stats {
            state,
            in_state,
            connections,
            reconnects: connections.saturating_sub(1),
            failed_attempts: self.counters.failed_attempts.load(Ordering::Relaxed),
            down_for,
            downtime,
            latency: self.current.lock().expect(UNPOISONED).as_ref().and_then(Connection::latency),
            received: inflow.messages,
            received_bytes: inflow.bytes,
            inbox: inflow.waiting_messages,
            inbox_bytes: inflow.waiting_bytes,
            unhandled: self.counters.unhandled.load(Ordering::Relaxed),
            queued: outbox.queued,
            queued_bytes: outbox.queued_bytes,
            written: outbox.written,
            written_bytes: outbox.written_bytes,
            lost: outbox.lost,
            dropped: outbox.dropped,
        }
    }
}
