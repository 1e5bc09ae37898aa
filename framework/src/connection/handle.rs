//! `Connection`: a handle to one connection, a client's or an endpoint's.

use super::deflate::Agreed;
use super::{ConnectionId, Lane, Outbox, OwnerId, SendError, Signal, Via, in_handler_of};
use crate::message::{Message, code};
use crate::metrics::Meter;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What the handshake of a connection agreed on.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Handshake {
    /// The URL that was asked for; of an endpoint's connection the request's path and query.
    pub uri: Uri,
    /// The other side's headers: the response's for a client, the request's for an endpoint.
    pub headers: HeaderMap,
    /// The subprotocol that was agreed, if any.
    pub subprotocol: Option<String>,
    /// The values of the endpoint's path parameters, in the order of the path. Empty for a client.
    pub parameters: Vec<(String, String)>,
    /// The peer's address, where there is one.
    pub peer: Option<SocketAddr>,
    /// What was agreed about compression, if any was.
    pub(crate) deflate: Option<Agreed>,
}

impl Handshake {
    /// Whether messages may come and go compressed (permessage-deflate, RFC 7692).
    pub fn compression(&self) -> bool {
        self.deflate.is_some()
    }

    /// The same in memory of its own: what hyper read is a window into its buffer of 8 KiB, which would stay as long as the
    /// connection.
    fn detached(mut self) -> Self {
        let copied = |(name, value): (&HeaderName, &HeaderValue)| {
            let mut value_copy = HeaderValue::from_bytes(value.as_bytes()).expect("it was one");
            value_copy.set_sensitive(value.is_sensitive());
            (HeaderName::from_bytes(name.as_str().as_bytes()).expect("it was one"), value_copy)
        };
        let mut headers = HeaderMap::with_capacity(self.headers.keys_len());
        for (name, value) in self.headers.iter().map(copied) {
            headers.append(name, value);
        }
        self.headers = headers;
        self.uri = self.uri.to_string().parse().unwrap_or_default();
        self
    }
}

/// One connection, a client's or an endpoint's. Cloning it is cheap; holding it keeps nothing open.
///
/// A client's next connection is another `Connection`. To send whatever connection there is, use
/// [`WebSocketClient`](crate::WebSocketClient).
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    id: ConnectionId,
    owner: OwnerId,
    /// The client or the endpoint: for whoever knows its type.
    holder: Box<dyn Any + Send + Sync>,
    outbox: Arc<Outbox>,
    /// Which of the outbox's connections it is.
    number: u64,
    handshake: Handshake,
    /// A close was ordered: the link must begin to count its time.
    closing: Signal,
    closed: CancellationToken,
    ready: AtomicBool,
    /// Whether the plugins' `on_open` hooks were started for it.
    announced: AtomicBool,
    /// Whether a hook that failed gave it up: the close that follows is nobody's wish.
    given_up: AtomicBool,
    probe: Mutex<Probe>,
}

/// The last ping of our own, and what its answer told.
#[derive(Default)]
struct Probe {
    number: u64,
    sent: Option<Instant>,
    latency: Option<Duration>,
    /// Told of every latency, where somebody looks.
    observer: Option<Meter>,
}

impl Connection {
    pub(crate) fn new(
        owner: OwnerId,
        holder: Box<dyn Any + Send + Sync>,
        outbox: Arc<Outbox>,
        handshake: Handshake,
    ) -> Self {
        Self(Arc::new(Shared {
            id: ConnectionId::next(),
            owner,
            holder,
            number: outbox.connections(),
            outbox,
            handshake: handshake.detached(),
            closing: Signal::default(),
            closed: CancellationToken::new(),
            ready: AtomicBool::new(false),
            announced: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            probe: Mutex::default(),
        }))
    }

    /// Which connection it is.
    pub fn id(&self) -> ConnectionId {
        self.0.id
    }

    /// The client or the endpoint that it belongs to.
    pub fn owner(&self) -> OwnerId {
        self.0.owner
    }

    /// What the handshake agreed on.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// The value of an endpoint's path parameter, as `room` of `/chat/{room}`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let parameters = &self.0.handshake.parameters;
        parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is still open.
    pub fn is_open(&self) -> bool {
        !self.0.closed.is_cancelled()
    }

    /// Queues a message, in order, waiting while the outbox is full. From an `on_open` hook it goes out before
    /// everything that waits.
    ///
    /// Cancel-safe: a call that is cancelled has queued nothing.
    ///
    /// # Errors
    /// [`SendError::Closed`] once this connection has ended, also where the client has opened another one; a control
    /// frame over its limits.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.check_open()?;
        self.0.outbox.send(message.into(), self.via()).await
    }

    /// Queues a message if there is room; never waits.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::Full`].
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.check_open()?;
        self.0.outbox.try_send(message.into(), self.via())
    }

    /// Sends a message and waits until it was written to the socket.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::Lost`] where the connection ended before.
    pub async fn deliver(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.check_open()?;
        self.0.outbox.deliver(message.into(), self.via()).await
    }

    /// Closes this connection with code 1000: what was sent goes out first, then the closing handshake is done. A
    /// client does not connect again by itself.
    ///
    /// Returns when it is closed, at the latest after the close timeout. Cancelled, the closing goes on.
    pub async fn close(&self) {
        self.close_with(code::NORMAL, "").await;
    }

    /// Closes this connection with a code and a reason. A code that may not be sent becomes 1000, a reason that is too
    /// long is cut.
    pub async fn close_with(&self, code: u16, reason: &str) {
        self.begin_close(code, reason, true);
        self.closed().await;
    }

    /// Waits until the connection has ended. Cancel-safe.
    pub async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    /// Which of its outbox's connections it is.
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// How long the answer to the last keepalive ping took; `None` before the first one. An idle connection is asked once
    /// in a while, a busy one is not.
    pub fn latency(&self) -> Option<Duration> {
        self.probe().latency
    }

    /// Records each latency from now on.
    pub(crate) fn observe_latency(&self, meter: Option<Meter>) {
        self.probe().observer = meter;
    }

    /// Sends a ping of the link's own.
    pub(crate) fn send_probe(&self) {
        let mut probe = self.probe();
        probe.number += 1;
        probe.sent = Some(Instant::now());
        self.0.outbox.probe(Bytes::copy_from_slice(&probe.number.to_be_bytes()));
    }

    /// Takes a pong's payload; whether it answers the link's own ping.
    pub(crate) fn probe_answered(&self, payload: &[u8]) -> bool {
        let mut probe = self.probe();
        if probe.sent.is_none() || payload != probe.number.to_be_bytes() {
            return false;
        }
        probe.latency = probe.sent.take().map(|sent| sent.elapsed());
        if let (Some(latency), Some(observer)) = (probe.latency, &probe.observer) {
            observer.record(latency);
        }
        true
    }

    fn probe(&self) -> MutexGuard<'_, Probe> {
        self.0.probe.lock().expect("nothing panics while it holds the probe")
    }

    /// Orders the closing handshake and returns at once.
    pub(crate) fn begin_close(&self, code: u16, reason: &str, drain: bool) {
        // Whoever has time to drain is not coming back.
        self.0.outbox.order_close(close_frame(code, reason), drain, drain);
        self.0.closing.give();
    }

    /// Sends what a handler returned: to the next connection, where this one is gone and the client keeps messages.
    pub(crate) async fn reply(&self, message: Message) -> Result<(), SendError> {
        {
            let opening = in_handler_of(self.owner()) == Some(Lane::Open);
            let via = if opening { self.via() } else { Via::any(false) };
            self.0.outbox.send(message, via).await
        }
    }

    /// As `reply` of an `on_message` handler, but hands the message back where it would have to wait.
    pub(crate) fn reply_at_once(&self, message: Message) -> Result<Result<(), SendError>, Message> {
        self.0.outbox.send_at_once(message, Via::any(false))
    }

    /// As `reply`, but an error instead of waiting.
    pub(crate) fn try_reply(&self, message: Message) -> Result<(), SendError> {
        self.0.outbox.try_send(message, Via::any(false))
    }

    pub(crate) fn close_ordered(&self) -> impl Future<Output = ()> {
        self.0.closing.taken()
    }

    pub(crate) fn mark_closed(&self) {
        self.0.closed.cancel();
    }

    pub(crate) fn mark_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    pub(crate) fn was_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Whether the caller is the one to run the plugins' `on_open` hooks: the first who asks is.
    pub(crate) fn announce(&self) -> bool {
        !self.0.announced.swap(true, Ordering::AcqRel)
    }

    /// Ends it because an `on_open` hook failed; a client tries again by its policy.
    pub(crate) fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Release);
        self.begin_close(code::INTERNAL_ERROR, "on_open failed", false);
    }

    pub(crate) fn was_given_up(&self) -> bool {
        self.0.given_up.load(Ordering::Acquire)
    }

    pub(crate) fn was_announced(&self) -> bool {
        self.0.announced.load(Ordering::Acquire)
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.0.outbox
    }

    /// The client or the endpoint, for whoever knows its type.
    pub(crate) fn holder<T: Any>(&self) -> Option<&T> {
        self.0.holder.downcast_ref()
    }

    /// For this connection only, and from an `on_open` before everything that waits.
    fn via(&self) -> Via {
        Via::only(self.0.number)
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.is_open() { Ok(()) } else { Err(SendError::Closed) }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.0.id)
            .field("uri", &self.0.handshake.uri)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Connection {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Connection {}

/// A close frame that may be sent, whatever is asked for.
pub(crate) fn close_frame(code: u16, reason: &str) -> Message {
    let code = if code::is_sendable(code) { code } else { code::NORMAL };
    let end = reason.floor_char_boundary(crate::message::MAX_CLOSE_REASON);
    Message::close(code, &reason[..end])
}
