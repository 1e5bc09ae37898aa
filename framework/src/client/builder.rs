//! Builds a client: everything is checked here, so that a client that exists can only fail to connect.

use super::address::Address;
use super::callbacks::{Callbacks, CloseCallback, MessageCallback, OpenCallback};
use super::prepare::{ConnectRequest, Prepare, Prepared};
use super::reach::ReachOptions;
use super::shared::{Request, Shared};
use super::surroundings::Surroundings;
use super::{BuildError, Membership, Reconnect, WebSocketClient};
use crate::connection::{Compression, Events, Keepalive, Key, Limits, WhileDown};
use crate::error::Error;
use crate::message::Message;
use crate::settings::range::OutOfRange;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The whole of an attempt: name, TCP, TLS and handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Headers that the handshake itself sets (RFC 6455 §4.1).
const RESERVED: [&str; 6] = [
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

/// Builds a [`WebSocketClient`]. Made by [`WebSocketClient::builder`], or by a plugin's `websocket_client`.
///
/// ```
/// use bristle::{Close, Message, WebSocketClient};
///
/// let client = WebSocketClient::builder("ws://192.168.1.3:20001/")
///     .header("Authorization", "Bearer …")
///     .on_message(|message: Message, client: WebSocketClient| async move {
///         println!("received {message}");
///         client.send("thanks").await
///     })
///     .on_close(|close: Close| async move { println!("{close}") })
///     .build()?;
/// # Ok::<(), bristle::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct WebSocketClientBuilder {
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) require_subprotocol: bool,
    pub(crate) compression: Option<Compression>,
    pub(crate) connect_timeout: Duration,
    pub(crate) reconnect: Option<Reconnect>,
    pub(crate) while_down: WhileDown,
    pub(crate) limits: Limits,
    pub(crate) reach: ReachOptions,
    before_connect: Option<Box<dyn Fn(ConnectRequest) -> Prepared + Send + Sync>>,
    callbacks: Callbacks,
    pub(crate) binding: Binding,
}

/// What a runtime adds to the clients that it owns.
pub(crate) struct Binding {
    /// The plugins' handlers.
    pub(crate) handlers: Option<Arc<dyn Events>>,
    /// Cancelled once handlers may run.
    pub(crate) gate: CancellationToken,
    /// Which messages are handled one at a time, where several are.
    pub(crate) key: Option<Key>,
    /// Who joins the client's task.
    pub(crate) tracker: TaskTracker,
    /// What the process provides.
    pub(crate) surroundings: Surroundings,
    /// Adds what was configured for a client of this name.
    pub(crate) configure: Option<Box<Configure>>,
    /// Asked when the client is built; what it returns is told when the client has come to its end.
    pub(crate) admit: Option<Box<Admit>>,
}

type Configure = dyn FnOnce(Option<&str>, WebSocketClientBuilder) -> Result<WebSocketClientBuilder, BuildError> + Send;
type Admit = dyn FnOnce(&WebSocketClient) -> Result<Box<dyn Membership>, BuildError> + Send;

impl Default for Binding {
    fn default() -> Self {
        let gate = CancellationToken::new();
        gate.cancel();
        Self {
            handlers: None,
            gate,
            key: None,
            tracker: TaskTracker::new(),
            surroundings: Surroundings::default(),
            configure: None,
            admit: None,
        }
    }
}

impl WebSocketClientBuilder {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: None,
            headers: Vec::new(),
            subprotocols: Vec::new(),
            require_subprotocol: false,
            compression: None,
            connect_timeout: CONNECT_TIMEOUT,
            reconnect: Some(Reconnect::default()),
            while_down: WhileDown::default(),
            limits: Limits::client(),
            reach: ReachOptions::default(),
            before_connect: None,
            callbacks: Callbacks::default(),
            binding: Binding::default(),
        }
    }

    /// What logs call the client. The URL's host by default.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a header to the handshake request. The same name twice sends two headers.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Offers a subprotocol; the first one offered is the one liked best (RFC 6455 §1.9).
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Whether a server that agrees to none of the offered subprotocols is refused. `false`: RFC 6455 lets the client
    /// decide, and servers in the field agree to none though they speak it.
    pub fn require_subprotocol(mut self, require: bool) -> Self {
        self.require_subprotocol = require;
        self
    }

    /// Offers to compress messages (permessage-deflate, RFC 7692). `None`, the default, offers nothing. A server that does
    /// not compress is connected to all the same; [`Handshake::compression`](crate::Handshake::compression) tells.
    pub fn compression(mut self, compression: Option<Compression>) -> Self {
        self.compression = compression;
        self
    }

    /// How long an attempt may take, from the name to the last byte of the handshake. 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Calls a function before each attempt, which may change URL and headers: for tokens that expire. Its time is part of
    /// `connect_timeout`; its error is that of the attempt, which is retried like any other.
    ///
    /// ```
    /// # async fn fresh_token() -> bristle::Result<String> { Ok(String::new()) }
    /// let client = bristle::WebSocketClient::builder("wss://example.com/feed")
    ///     .before_connect(|request| async move {
    ///         Ok(request.with_header("Authorization", format!("Bearer {}", fresh_token().await?)))
    ///     })
    ///     .build()?;
    /// # Ok::<(), bristle::BuildError>(())
    /// ```
    pub fn before_connect<F, Fut>(mut self, function: F) -> Self
    where
        F: Fn(ConnectRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<ConnectRequest, Error>> + Send + 'static,
    {
        self.before_connect = Some(Box::new(move |request| Box::pin(function(request))));
        self
    }

    /// When a lost connection is opened again. On by default.
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.reconnect = Some(policy);
        self
    }

    /// A lost connection is not opened again, unless by `reconnect()`.
    pub fn without_reconnect(mut self) -> Self {
        self.reconnect = None;
        self
    }

    /// What becomes of messages sent while there is no connection. They are kept by default.
    pub fn while_down(mut self, policy: WhileDown) -> Self {
        self.while_down = policy;
        self
    }

    /// The largest message taken, and with it the largest frame, in bytes. 64 MiB.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.limits.max_message_size = bytes;
        self.limits.max_frame_size = bytes;
        self
    }

    /// The largest frame taken, in bytes. As large as a message.
    pub fn max_frame_size(mut self, bytes: usize) -> Self {
        self.limits.max_frame_size = bytes;
        self
    }

    /// How many frames a message may come in. 16,384.
    pub fn max_fragments(mut self, frames: usize) -> Self {
        self.limits.max_fragments = frames;
        self
    }

    /// How many received messages, and how many bytes of them, may wait for their handler. 256 and 4 MiB.
    pub fn inbox(mut self, messages: usize, bytes: usize) -> Self {
        self.limits.inbox_messages = messages;
        self.limits.inbox_bytes = bytes;
        self
    }

    /// How many messages, and how many bytes of them, may wait to be written. 1,024 and 16 MiB.
    pub fn outbox(mut self, messages: usize, bytes: usize) -> Self {
        self.limits.outbox_messages = messages;
        self.limits.outbox_bytes = bytes;
        self
    }

    /// When a silent peer is asked and given up; `None` for never. 20 s and 20 s.
    pub fn keepalive(mut self, keepalive: Option<Keepalive>) -> Self {
        self.limits.keepalive = keepalive;
        self
    }

    /// How long `close` may take. 5 s.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.limits.close_timeout = timeout;
        self
    }

    /// Whether pings and pongs are handed to message callbacks and handlers too, after they were answered. `false`, or
    /// a handler that echoes would answer each ping twice.
    pub fn control_frames(mut self, deliver: bool) -> Self {
        self.limits.control_frames = deliver;
        self
    }

    /// How many messages are handled at a time. 1: in the order of arrival, each when the last one is done.
    ///
    /// With more, messages begin in the order of arrival and end as they do. Their handlers take turns on one task: what
    /// waits for a database or another server is done at the same time, what computes is not. `on_close` waits for all.
    pub fn concurrent(mut self, limit: usize) -> Self {
        self.limits.concurrent = limit;
        self
    }

    /// As [`concurrent`](Self::concurrent), but of the messages that `key` gives the same value one at a time, in the order
    /// of arrival: what belongs together stays in order, and what does not need not wait for it.
    ///
    /// ```
    /// use bristle::{Message, WebSocketClient};
    ///
    /// /// The symbol before the first space, as in `AAPL 189.95`.
    /// fn symbol(message: &Message) -> Option<String> {
    ///     Some(message.as_text()?.split_once(' ')?.0.to_owned())
    /// }
    ///
    /// let client = WebSocketClient::builder("wss://feed.example").keyed(symbol, 16).build()?;
    /// # Ok::<_, bristle::BuildError>(())
    /// ```
    pub fn keyed<K: Hash>(mut self, key: impl Fn(&Message) -> K + Send + Sync + 'static, limit: usize) -> Self {
        self.binding.key = Some(Key::new(key));
        self.concurrent(limit)
    }

    /// Adds a callback that runs on every connection, before anything that waits is sent. Its error gives the
    /// connection up.
    pub fn on_open<A>(mut self, callback: impl OpenCallback<A>) -> Self {
        self.callbacks.open.push(Box::new(move |connection| callback.call(connection)));
        self
    }

    /// Adds a callback for messages: in the order of arrival, one at a time.
    pub fn on_message<A>(mut self, callback: impl MessageCallback<A>) -> Self {
        self.callbacks.message.push(Box::new(move |message, connection, cell, context| {
            callback.call(message, connection, cell, context)
        }));
        self
    }

    /// Adds a callback for the end of a connection. It runs after the callbacks of every message before.
    pub fn on_close<A>(mut self, callback: impl CloseCallback<A>) -> Self {
        self.callbacks.close.push(Box::new(move |close, connection| callback.call(close, connection)));
        self
    }

    /// Checks everything and makes the client. Nothing connects yet.
    ///
    /// # Errors
    /// The URL, a header or a subprotocol is not valid, a number is out of its range ([`BuildError::OutOfRange`] names it: times
    /// go from 1 ms to a day, bytes from 1 to 4 GiB, messages and fragments from 1 to 16,777,216), or the plugin has too many clients.
    pub fn build(mut self) -> Result<WebSocketClient, BuildError> {
        if let Some(configure) = self.binding.configure.take() {
            let name = self.name.clone();
            self = configure(name.as_deref(), self)?;
        }
        if let Some(OutOfRange { option, value, range }) = self.out_of_range().into_iter().next() {
            return Err(BuildError::OutOfRange { option, value, range });
        }
        let address = Address::parse(&self.url)?;
        check_subprotocols(&self.subprotocols)?;
        if let Some(compression) = &self.compression {
            compression.check().map_err(|reason| BuildError::Compression(reason.to_string()))?;
        }
        let headers = checked_headers(&self.headers, &address)?;
        let name = self.name.take().unwrap_or_else(|| address.endpoint());
        self.callbacks.name.clone_from(&name);
        let reach = self.reach.check(&self.binding.surroundings)?;
        // A proxy of the environment that is none is found now, not when it is needed.
        reach.proxy_for(&address)?;
        let request = Request {
            reach,
            address,
            headers,
            subprotocols: self.subprotocols,
            require_subprotocol: self.require_subprotocol,
            compression: self.compression,
            timeout: self.connect_timeout,
            prepare: self.before_connect.map(|function| {
                Arc::new(Prepare { template: ConnectRequest { url: self.url, headers: self.headers }, function })
            }),
        };
        let admit = self.binding.admit.take();
        let shared =
            Shared::new(name, request, self.limits, self.while_down, self.reconnect, self.callbacks, self.binding);
        let client = WebSocketClient::new(Arc::new(shared));
        if let Some(admit) = admit {
            client.hold(admit(&client)?);
        }
        Ok(client)
    }
}

/// The headers of a request: each name a token, no line breaks, none that the handshake sets itself.
pub(super) fn checked_headers(given: &[(String, String)], address: &Address) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let refused = |reason: &str| BuildError::Header { name: name.clone(), reason: reason.to_owned() };
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refused("its name is no token of RFC 9110 §5.6.2: use letters, digits and `-`"))?;
        if RESERVED.contains(&parsed.as_str()) {
            return Err(refused(if parsed == header::SEC_WEBSOCKET_PROTOCOL {
                "the handshake sets it: use `subprotocol`"
            } else {
                "the handshake sets it itself: leave it out"
            }));
        }
        let mut value = HeaderValue::from_str(value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| refused("its value has a line break or another control character: remove it"))?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    if let (Some(basic), false) = (&address.authorization, headers.contains_key(header::AUTHORIZATION)) {
        let value = HeaderValue::from_str(basic).expect("base64 is a header value");
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

fn check_subprotocols(names: &[String]) -> Result<(), BuildError> {
    for (index, name) in names.iter().enumerate() {
        let refused = |reason: &str| BuildError::Subprotocol { name: name.clone(), reason: reason.to_owned() };
        // The grammar of a header's name is that of a token.
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(refused("it is no token of RFC 9110 §5.6.2: no spaces, commas or quotes"));
        }
        if names[..index].contains(name) {
            return Err(refused("it is offered twice (RFC 6455 §4.1)"));
        }
    }
    Ok(())
}

impl std::fmt::Debug for WebSocketClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocketClientBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
