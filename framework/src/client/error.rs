//! Why a client could not be built or could not connect.

use super::{ProxyError, TlsError};
use http::{HeaderMap, StatusCode};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What is wrong with what a client was built from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is none.
    #[error("`{url}` is no WebSocket URL: {reason}")]
    Url {
        /// What was given, without a password.
        url: String,
        /// What is wrong with it and what to write instead.
        reason: String,
    },
    /// The URL's scheme is neither `ws` nor `wss`.
    #[error("`{url}` has the scheme `{scheme}`: write `{instead}`")]
    Scheme {
        /// What was given, without a password.
        url: String,
        /// Its scheme.
        scheme: String,
        /// The same URL with a scheme that works.
        instead: String,
    },
    /// A header's name or value cannot stand in a request.
    #[error("the header `{name}` cannot be sent: {reason}")]
    Header {
        /// Its name.
        name: String,
        /// What is wrong with it. Never its value, which may be a secret.
        reason: String,
    },
    /// A subprotocol is no token of RFC 9110 §5.6.2, or is there twice.
    #[error("the subprotocol `{name}` cannot be offered: {reason}")]
    Subprotocol {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The compression has a level or a window that there is not.
    #[error("{0}")]
    Compression(String),
    /// A number that makes no sense.
    #[error("`{option}` is {value}, which is out of range: write a value {range}")]
    OutOfRange {
        /// The option, by its name in the configuration.
        option: &'static str,
        /// What it was given.
        value: String,
        /// What it may be, as in "from 1ms to 1d".
        range: String,
    },
    /// The TLS options do not fit together, or name what cannot be read.
    #[error("the TLS options cannot be used: {reason}")]
    Tls {
        /// What is wrong with them. Never a key.
        reason: String,
    },
    /// The proxy's URL is none.
    #[error("the proxy `{proxy}` cannot be used: {reason}")]
    Proxy {
        /// What was given, without credentials.
        proxy: String,
        /// What is wrong with it and what to write instead.
        reason: String,
    },
    /// What was configured for the client does not fit.
    #[error("the configuration of the client `{client}` is wrong: {problems}")]
    Config {
        /// Its name.
        client: String,
        /// All that is wrong, with the origins.
        problems: String,
    },
    /// The plugin has as many live clients as it may have.
    #[error(
        "plugin `{plugin}` has {limit} live clients, its limit: keep one in a slot instead of making one for each \
         event, or raise `max_clients` of `[plugins.{plugin}]`"
    )]
    TooManyClients {
        /// The plugin.
        plugin: String,
        /// How many it may have.
        limit: usize,
    },
}

/// Why there is no connection.
///
/// Display says what failed, `source()` why.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// `connect` or `start` was called before. `reconnect()` connects again.
    #[error("`connect` was called before: use `reconnect` to connect again")]
    AlreadyStarted,
    /// `reconnect` was called while the first `connect` is in flight: await that one first.
    #[error("the first `connect` is still in flight: await it before `reconnect`")]
    Connecting,
    /// The host's name has no address.
    #[error("the host `{host}` could not be resolved")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        source: Arc<io::Error>,
    },
    /// Nothing listens at the address.
    #[error("`{address}` refused the connection: is the server running?")]
    Refused {
        /// Host and port.
        address: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The transport failed before the handshake was done.
    #[error("the connection to `{address}` failed")]
    Io {
        /// Host and port.
        address: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// TLS failed: the certificate, the name, the protocol.
    #[error("TLS with `{host}` failed")]
    Tls {
        /// The host's name.
        host: String,
        /// What is wrong, and what to do.
        source: Arc<TlsError>,
    },
    /// A proxy did not connect us to the server.
    #[error("the proxy `{proxy}` did not connect to `{address}`")]
    Proxy {
        /// The proxy's URL, without credentials.
        proxy: String,
        /// The server's host and port.
        address: String,
        /// Why not.
        source: Arc<ProxyError>,
    },
    /// The server answered with another status than 101.
    #[error("the server answered {status}{} instead of switching to WebSocket{}", hint(*.status), excerpt(.body))]
    Status {
        /// The status.
        status: StatusCode,
        /// The response's headers.
        headers: Box<HeaderMap>,
        /// The response's body, cut after 64 KiB.
        body: bytes::Bytes,
    },
    /// The server sent us elsewhere, and we did not go.
    #[error("the redirect to `{location}` was not followed: {reason}")]
    Redirect {
        /// Where to, without secrets.
        location: String,
        /// Why not.
        reason: String,
    },
    /// The server's answer is no valid WebSocket handshake (RFC 6455 §4.1).
    #[error("the server's handshake is not valid: {0}")]
    Handshake(String),
    /// The whole attempt took longer than it may.
    #[error("no connection within {0:?} (`connect_timeout`)")]
    Timeout(Duration),
    /// The function given to `before_connect` failed.
    #[error("`before_connect` failed: {0}")]
    Prepare(String),
    /// An `on_open` hook failed, so the connection was given up.
    #[error("the connection opened, but `on_open` failed: {0}")]
    OnOpen(String),
    /// The client was closed before there was a connection.
    #[error("the client was closed")]
    Closed,
    /// The policy allows no further attempt.
    #[error("gave up after {attempts} attempts")]
    GaveUp {
        /// How many were made.
        attempts: u32,
        /// The last one's error.
        source: Arc<ConnectError>,
    },
}

impl ConnectError {
    /// Whether trying again is in vain. Before the first success nothing is retried after such an error; once a
    /// connection has been open, everything is.
    ///
    /// Fatal are the handshake statuses 400, 401, 403, 404 and 410, and calls that make no sense in the client's state.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::AlreadyStarted | Self::Closed | Self::GaveUp { .. } => true,
            Self::Status { status, .. } => matches!(status.as_u16(), 400 | 401 | 403 | 404 | 410),
            _ => false,
        }
    }
}

/// What such a status mostly means.
fn hint(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=299 => " (a web page, not a WebSocket endpoint: check the URL's path)",
        301 | 302 | 303 | 307 | 308 => " (redirects are not followed: use the URL it names, or set `max_redirects`)",
        401 => " (credentials missing or wrong: set the `Authorization` header)",
        404 => " (no such path: check the URL's path)",
        _ => "",
    }
}

/// The beginning of a body that is text, for the log.
pub(super) fn excerpt(body: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { String::new() } else { format!(": {line:?}") }
}

/// So that `SLOT.set(client)?` in a hook reports a slot that is filled twice.
impl From<super::WebSocketClient> for crate::Error {
    fn from(client: super::WebSocketClient) -> Self {
        Self::msg(format!(
            "the slot was full already, so the client `{}` was not stored: fill a slot once, and let `#[client]` fill \
             the slots that it stands over",
            client.name()
        ))
    }
}
