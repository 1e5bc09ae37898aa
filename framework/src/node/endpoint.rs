//! `Endpoint`: the handle to a WebSocket endpoint of the node and to whoever is connected to it.

use super::handshake::Terms;
use super::member::{Admission, Members};
use super::paths::check_path;
use super::{EndpointError, EndpointOptions};
use crate::connection::{Connection, ConnectionId, Events, Key, Limits, OwnerId, SendError};
use crate::message::Message;
use crate::metrics::Meter;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// A WebSocket endpoint: a cheap, cloneable handle to it and to its connections.
///
/// ```
/// use bristle::prelude::*;
///
/// #[endpoint("/chat/{room}")]
/// static CHAT: OnceCell<Endpoint> = OnceCell::new();
///
/// #[on_message(CHAT)]
/// async fn said(message: Message, from: Connection) {
///     if let Some(chat) = CHAT.get() {
///         let room = from.parameter("room");
///         chat.broadcast_where(message, |other| other.parameter("room") == room);
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Endpoint(Arc<Shared>);

struct Shared {
    id: OwnerId,
    name: String,
    path: String,
    terms: Terms,
    limits: Limits,
    handlers: Arc<dyn Events>,
    /// Cancelled once the handlers may run.
    gate: CancellationToken,
    /// Which messages of a connection are handled one at a time, where several are.
    key: Option<Key>,
    members: Arc<Members>,
    refused: AtomicU64,
    skipped: AtomicU64,
    unhandled: AtomicU64,
    /// Records the latency of its connections, where somebody looks.
    latency: OnceLock<Meter>,
}

/// What became of a broadcast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "connections whose outbox was full did not get the message"]
#[non_exhaustive]
pub struct Broadcast {
    /// How many connections have the message in their outbox.
    pub sent: usize,
    /// How many were skipped, because their outbox was full or because the message may not be sent at all.
    pub skipped: usize,
}

/// The numbers of an endpoint, as [`Endpoint::stats`] found them.
///
/// What counts since the endpoint was made only grows. Bytes are those of payloads, without the frames around them and
/// before they are compressed. Pings, pongs and close frames of the connections' own are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStats {
    /// Connections that are open now, at most `max_connections`.
    pub connections: usize,
    /// Connections accepted.
    pub opened: u64,
    /// Requests that did not become connections: no WebSocket handshake, a foreign origin, no room, a stop.
    pub refused: u64,
    /// Messages received.
    pub received: u64,
    /// Bytes in them.
    pub received_bytes: u64,
    /// Messages that wait for their handlers now, of all connections.
    pub inbox: usize,
    /// Bytes in these.
    pub inbox_bytes: usize,
    /// Messages that no `#[on_message]` handler took. 0 without such handlers.
    pub unhandled: u64,
    /// Messages that wait to be written now, of all connections.
    pub queued: usize,
    /// Bytes in these.
    pub queued_bytes: usize,
    /// Messages written to a socket.
    pub written: u64,
    /// Bytes in these.
    pub written_bytes: u64,
    /// Messages that were lost: still in the outbox, or begun to be written, when their connection ended.
    pub lost: u64,
    /// Messages that a broadcast did not send, one for each connection that it skipped.
    pub skipped: u64,
}

impl Endpoint {
    pub(crate) fn new(
        name: String,
        path: &str,
        options: EndpointOptions,
        handlers: Arc<dyn Events>,
        gate: CancellationToken,
        key: Option<Key>,
    ) -> Result<Self, EndpointError> {
        check_path(path)?;
        options.in_range()?;
        Ok(Self(Arc::new(Shared {
            id: OwnerId::next(),
            name,
            path: path.to_owned(),
            terms: options.terms()?,
            limits: options.limits(),
            handlers,
            gate,
            key,
            members: Arc::new(Members::new(options.max_connections())),
            refused: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            unhandled: AtomicU64::new(0),
            latency: OnceLock::new(),
        })))
    }

    /// The endpoint that a connection belongs to, unless it is a client's.
    pub(crate) fn of(connection: &Connection) -> Option<Self> {
        connection.holder::<Self>().cloned()
    }

    /// Which endpoint it is. Unique in the process.
    pub fn id(&self) -> OwnerId {
        self.0.id
    }

    /// The path that it is served at, with its parameters in braces.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What logs call it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The connections that are open now, the oldest first.
    pub fn connections(&self) -> Vec<Connection> {
        self.0.members.open()
    }

    /// How many connections are open now.
    pub fn len(&self) -> usize {
        self.0.members.len()
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The connection with this id, while it is open.
    pub fn get(&self, id: ConnectionId) -> Option<Connection> {
        self.0.members.get(id)
    }

    /// Sends a message to every connection; never waits. A connection whose outbox is full is skipped and counted, so
    /// that a slow peer delays nobody. One whose `on_open` still runs gets the message after that.
    pub fn broadcast(&self, message: impl Into<Message>) -> Broadcast {
        self.broadcast_where(message, |_| true)
    }

    /// As [`broadcast`](Self::broadcast), to those connections for which `to` is true.
    pub fn broadcast_where(&self, message: impl Into<Message>, to: impl Fn(&Connection) -> bool) -> Broadcast {
        let message = message.into();
        let mut outcome = Broadcast::default();
        // A list of its own: `to` is the caller's code, and may use this endpoint.
        for connection in self.connections().iter().filter(|connection| to(connection)) {
            match connection.try_reply(message.clone()) {
                Ok(()) => outcome.sent += 1,
                // It has ended just now.
                Err(SendError::Closed | SendError::NotConnected) => {}
                Err(_) => outcome.skipped += 1,
            }
        }
        self.0.skipped.fetch_add(outcome.skipped as u64, Ordering::Relaxed);
        outcome
    }

    /// What it has done since it was made.
    pub fn stats(&self) -> EndpointStats {
        EndpointStats {
            refused: self.0.refused.load(Ordering::Relaxed),
            skipped: self.0.skipped.load(Ordering::Relaxed),
            unhandled: self.0.unhandled.load(Ordering::Relaxed),
            ..self.0.members.numbers()
        }
    }

    /// Records the latency of its connections from now on.
    pub(crate) fn observe_latency(&self, meter: Meter) {
        let _ = self.0.latency.set(meter);
    }

    pub(super) fn latency_meter(&self) -> Option<Meter> {
        self.0.latency.get().cloned()
    }

    /// No handler took a message, if it was an endpoint's.
    pub(crate) fn count_unhandled(connection: &Connection) {
        if let Some(endpoint) = connection.holder::<Self>() {
            endpoint.0.unhandled.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request did not become a connection.
    pub(super) fn count_refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives out a place for another connection, while there is one.
    pub(super) fn admit(&self) -> Option<Admission> {
        Members::admit(&self.0.members)
    }

    /// The connections whose task still runs, also of those that have ended and whose handlers go on.
    pub(super) fn running(&self) -> Vec<ConnectionId> {
        self.0.members.running()
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.0.terms
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn handlers(&self) -> &Arc<dyn Events> {
        &self.0.handlers
    }

    pub(super) fn key(&self) -> Option<&Key> {
        self.0.key.as_ref()
    }

    pub(super) fn gate(&self) -> &CancellationToken {
        &self.0.gate
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.0.id)
            .field("name", &self.0.name)
            .field("path", &self.0.path)
            .field("connections", &self.len())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Endpoint {}
