//! `WebSocketClient`: the handle to a supervised connection.

use super::shared::{Alive, Membership, Shared, Supervision, UNPOISONED};
use super::status::Status;
use super::supervisor::Command;
use super::{ConnectError, ConnectionState, Stats, WebSocketClientBuilder};
use crate::connection::{Connection, OwnerId, SendError, Via, handler_waits};
use crate::message::{Message, code};
use crate::metrics::ClientMeters;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use tokio::sync::{oneshot, watch};

/// A WebSocket client: a cheap, cloneable handle to a supervised connection.
///
/// Set once, it stays valid across reconnects. When the last handle is dropped the connection is closed in the
/// background, as [`close`](Self::close) does it. It works without a runtime of plugins, as a plain library:
///
/// ```no_run
/// use bristle::{Message, WebSocketClient};
///
/// # #[tokio::main]
/// # async fn main() -> bristle::Result<()> {
/// let client = WebSocketClient::builder("ws://127.0.0.1:20001/echo")
///     .on_message(|message: Message| async move { println!("received {message}") })
///     .build()?;
/// client.connect().await?;
/// client.send("hello").await?;
/// client.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WebSocketClient {
    shared: Arc<Shared>,
    /// `None` in a handle that was made after the last one was dropped, for a handler that still runs.
    #[allow(dead_code, reason = "it is there to be dropped")]
    alive: Option<Arc<Alive>>,
}

impl WebSocketClient {
    /// Begins to build a client of `url`, `ws://…` or `wss://…`. Everything is checked by `build`.
    pub fn builder(url: impl Into<String>) -> WebSocketClientBuilder {
        WebSocketClientBuilder::new(url)
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let alive = Arc::new(Alive(Arc::downgrade(&shared)));
        *shared.alive.lock().expect(UNPOISONED) = Arc::downgrade(&alive);
        Self { shared, alive: Some(alive) }
    }

    /// The client that a connection belongs to, unless it is an endpoint's.
    pub(crate) fn of(connection: &Connection) -> Option<Self> {
        connection.holder::<Arc<Shared>>().map(|shared| Self::from_shared(shared.clone()))
    }

    pub(crate) fn from_shared(shared: Arc<Shared>) -> Self {
        let alive = shared.alive.lock().expect(UNPOISONED).upgrade();
        Self { shared, alive }
    }

    pub(crate) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.shared)
    }

    /// Keeps `place` as long as the client lives.
    pub(crate) fn hold(&self, place: Box<dyn Membership>) {
        *self.shared.place.lock().expect(UNPOISONED) = Some(place);
    }

    /// Connects: one attempt, which ends when the server's handshake was verified (RFC 6455 §4.1). Once it has
    /// succeeded the connection is kept open by the reconnect policy.
    ///
    /// Legal once, as `start` is: call [`reconnect`](Self::reconnect) after that. Cancelled, the attempt goes on.
    ///
    /// # Errors
    /// What kept it from connecting; [`ConnectError::AlreadyStarted`] for a second call.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect(&self) -> Result<(), ConnectError> {
        self.ask(|reply| Command::Start { keep_trying: false, reply }).await
    }

    /// Begins to connect, returns at once, and keeps trying by the reconnect policy.
    ///
    /// A call after `connect` or another `start` does nothing, unless that `connect` failed: then the trying goes on.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn start(&self) {
        if let Some(commands) = self.shared.commands() {
            let (reply, _) = oneshot::channel();
            self.shared.order(&commands, Command::Start { keep_trying: true, reply }).await;
        }
    }

    /// Connects again with the same request; callbacks and handlers stay. An open connection is closed first; a wait
    /// is cut short; what waits in the outbox is sent over the new connection.
    ///
    /// Legal in every state but while the first `connect` is in flight. Cancelled, the attempt goes on.
    ///
    /// # Errors
    /// What kept it from connecting. A client that was connected before goes on trying by its policy.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn reconnect(&self) -> Result<(), ConnectError> {
        let _waits = handler_waits();
        self.ask(|reply| Command::Reconnect { reply }).await
    }

    /// Waits until the client is open and every `on_open` is done; called by an `on_open` of its own it returns at once.
    /// Cancel-safe.
    ///
    /// # Errors
    /// The client is closed, or gave up.
    pub async fn ready(&self) -> Result<(), ConnectError> {
        if self.shared.outbox.called_by_on_open() {
            // It would wait for itself.
            return Ok(());
        }
        let _waits = handler_waits();
        let mut status = self.shared.status.subscribe();
        let status = status
            .wait_for(|status| status.ready || status.state == ConnectionState::Closed)
            .await
            .expect("the client itself holds the sender");
        if status.ready { Ok(()) } else { Err(status.failure.clone().unwrap_or(ConnectError::Closed)) }
    }

    /// How the attempt that is under way ends, or how the last one did.
    pub(crate) async fn attempted(&self) -> Result<(), ConnectError> {
        let mut status = self.shared.status.subscribe();
        let status = status
            .wait_for(|status| status.state != ConnectionState::Connecting)
            .await
            .expect("the client itself holds the sender");
        let open = status.state == ConnectionState::Open;
        if open { Ok(()) } else { Err(status.failure.clone().unwrap_or(ConnectError::Closed)) }
    }

    /// Queues a message, in order, and returns; waits while the outbox is full. Strings become text messages.
    ///
    /// While there is no connection `while_down` decides; by default the message is kept and sent after the next
    /// `on_open`. Cancel-safe: a call that is cancelled has queued nothing.
    ///
    /// # Errors
    /// [`SendError::Closed`] after `close` or where nothing tries to connect any more; a control frame over its limits.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.shared.outbox.send(message.into(), self.via()).await
    }

    /// Queues a message if there is room; never waits.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::Full`].
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.shared.outbox.try_send(message.into(), self.via())
    }

    /// Sends a message and waits until it was written to the socket, however long there is no connection.
    ///
    /// Cancelled while the outbox is full it has queued nothing; cancelled later the message goes out all the same.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::Lost`] where the connection broke while it was being written.
    pub async fn deliver(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.shared.outbox.deliver(message.into(), self.via()).await
    }

    /// Closes with code 1000: what waits is sent, the closing handshake is done, and after `close_timeout` it is given
    /// up. Takes effect at once where the client is connecting or waiting. Cancelled, the closing goes on.
    pub async fn close(&self) {
        self.close_with(code::NORMAL, "").await;
    }

    /// Closes with a code and a reason. A code that may not be sent becomes 1000, a reason that is too long is cut.
    pub async fn close_with(&self, code: u16, reason: &str) {
        let commands = {
            let supervision = self.shared.supervision();
            let Supervision::Started(commands) = &*supervision else {
                // Under the lock, so that nobody starts it meanwhile: it will begin as a client that is closed.
                self.shared.outbox.shut();
                self.shared.enter(ConnectionState::Closed, false);
                return;
            };
            commands.clone()
        };
        let (reply, done) = oneshot::channel();
        if self.shared.order(&commands, Command::Close { code, reason: reason.to_owned(), reply }).await {
            // It is dropped once the client is closed.
            let _ = done.await;
        }
    }

    /// Whether the connection is open. Pushed by the connection itself.
    pub fn is_connected(&self) -> bool {
        self.state() == ConnectionState::Open
    }

    /// Where the client is.
    pub fn state(&self) -> ConnectionState {
        self.shared.status.borrow().state
    }

    /// Follows the state from now on.
    pub fn watch(&self) -> StateWatch {
        StateWatch(self.shared.status.subscribe())
    }

    /// Which client it is. Unique in the process.
    pub fn id(&self) -> OwnerId {
        self.shared.id
    }

    /// What logs call it.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Where it connects, without a password.
    pub fn url(&self) -> String {
        self.shared.request.address.to_string()
    }

    /// The connection there is now: its handshake, its id.
    pub fn connection(&self) -> Option<Connection> {
        self.shared.current.lock().expect(UNPOISONED).clone()
    }

    /// The subprotocol that was agreed with the connection there is now.
    pub fn subprotocol(&self) -> Option<String> {
        self.connection()?.handshake().subprotocol.clone()
    }

    /// Its numbers: where it is, what it has done since it was made, what waits.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Records from now on what is recorded as it happens.
    pub(crate) fn record(&self, meters: ClientMeters) {
        let _ = self.shared.counters.meters.set(meters);
    }

    /// None of the handlers of its slot took a message, if it was a client's.
    pub(crate) fn count_unhandled(connection: &Connection) {
        if let Some(shared) = connection.holder::<Arc<Shared>>() {
            shared.counters.unhandled.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Stops reading and waits until every message that was read has been handled.
    pub(crate) async fn quiesce(&self) {
        let commands = match &*self.shared.supervision() {
            Supervision::Started(commands) => commands.clone(),
            _ => return,
        };
        let (reply, done) = oneshot::channel();
        if self.shared.order(&commands, Command::Quiesce { reply }).await {
            let _ = done.await;
        }
    }

    /// Ends everything at once, without a closing handshake.
    pub(crate) fn abort(&self) {
        self.shared.ending.abort();
    }

    fn via(&self) -> Via {
        Via::any(self.shared.outbox.called_by_on_open())
    }

    async fn ask(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), ConnectError>>) -> Command,
    ) -> Result<(), ConnectError> {
        let (reply, answer) = oneshot::channel();
        let commands = self.shared.commands().ok_or(ConnectError::Closed)?;
        if !self.shared.order(&commands, command(reply)).await {
            return Err(ConnectError::Closed);
        }
        answer.await.unwrap_or(Err(ConnectError::Closed))
    }
}

/// Follows a client's state. Made by [`WebSocketClient::watch`].
#[derive(Debug, Clone)]
pub struct StateWatch(watch::Receiver<Status>);

impl StateWatch {
    /// The state now.
    pub fn state(&self) -> ConnectionState {
        self.0.borrow().state
    }

    /// Waits for the next change and returns the state then; states that pass quickly may be missed. `None` once the
    /// client is gone. Cancel-safe.
    pub async fn changed(&mut self) -> Option<ConnectionState> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().state)
    }
}

impl fmt::Debug for WebSocketClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketClient")
            .field("id", &self.shared.id)
            .field("name", &self.shared.name)
            .field("url", &self.url())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl PartialEq for WebSocketClient {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for WebSocketClient {}
