//! The opening handshake as a server does it (RFC 6455 §4.2), from a request's head to the answer's.

use crate::connection::deflate::{self, Agreed as Deflate};
use crate::connection::{Compression, accept_key, has_token};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};

/// When a client that found the endpoint full should come again, in seconds.
const RETRY_AFTER: &str = "10";

/// The one version of the protocol there is.
const VERSION: &str = "13";

/// What an endpoint agrees to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// In the order of preference.
    pub(super) subprotocols: Vec<String>,
    /// `None` for any.
    pub(super) origins: Option<Vec<String>>,
    /// `None` for no compression, whoever asks.
    pub(super) compression: Option<Compression>,
}

/// What was agreed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) subprotocol: Option<String>,
    /// With the header's value that says so.
    pub(super) compression: Option<(Deflate, String)>,
    accept: String,
}

/// Why a request does not become a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("this is a WebSocket endpoint: connect with a WebSocket client, with `ws://` instead of `http://`")]
    NotWebSocket,
    #[error("a WebSocket handshake is a GET request, not {0}")]
    Method(Method),
    #[error("a WebSocket handshake needs HTTP/1.1, not {0:?}")]
    HttpVersion(Version),
    #[error("the request has no `Host` header")]
    NoHost,
    #[error("`Connection` must have `Upgrade` in it: a proxy in between must pass it on")]
    NoUpgrade,
    #[error("`Sec-WebSocket-Version` must be {VERSION}")]
    ProtocolVersion,
    #[error("`Sec-WebSocket-Key` must be there once, with 16 bytes in base64")]
    Key,
    #[error("a WebSocket handshake has no body")]
    Body,
    #[error("pages of this origin may not connect to this endpoint")]
    Origin,
    #[error("the endpoint has as many connections as it may have: try again later")]
    Full,
    #[error("the server is stopping: try again later")]
    Stopping,
    #[error("this connection cannot be upgraded")]
    NotUpgradable,
}

/// Checks a request's head.
pub(super) fn check(head: &Parts, terms: &Terms) -> Result<Agreed, Refusal> {
    let headers = &head.headers;
    if head.method != Method::GET {
        return Err(Refusal::Method(head.method.clone()));
    }
    if !has_token(headers, header::UPGRADE, "websocket") {
        return Err(Refusal::NotWebSocket);
    }
    if head.version != Version::HTTP_11 {
        return Err(Refusal::HttpVersion(head.version));
    }
    if !headers.contains_key(header::HOST) {
        return Err(Refusal::NoHost);
    }
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(Refusal::NoUpgrade);
    }
    if only(headers, header::SEC_WEBSOCKET_VERSION) != Some(VERSION.as_bytes()) {
        return Err(Refusal::ProtocolVersion);
    }
    // What follows the head belongs to the WebSocket: a body would be read as frames.
    if headers.contains_key(header::TRANSFER_ENCODING)
        || !matches!(only(headers, header::CONTENT_LENGTH), None | Some(b"0"))
    {
        return Err(Refusal::Body);
    }
    let key = only(headers, header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).ok_or(Refusal::Key)?;
    if !origin_may(headers, terms) {
        return Err(Refusal::Origin);
    }
    let compression = terms.compression.as_ref().and_then(|options| deflate::accept(options, headers));
    Ok(Agreed { subprotocol: subprotocol(headers, terms), compression, accept: accept_key(key) })
}

/// The value of a header that is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}

fn is_key(key: &[u8]) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// Whether the page that asks may. Only browsers send an origin, and a page cannot change it.
fn origin_may(headers: &HeaderMap, terms: &Terms) -> bool {
    let Some(allowed) = &terms.origins else { return true };
    let is_allowed = |origin: &[u8]| allowed.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(origin));
    headers.get_all(header::ORIGIN).iter().all(|origin| is_allowed(origin.as_bytes().trim_ascii()))
}

/// The first of ours that the client offers. Where there is none the connection goes on without (RFC 6455 §4.2.2).
fn subprotocol(headers: &HeaderMap, terms: &Terms) -> Option<String> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let offered: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    terms.subprotocols.iter().find(|name| offered.contains(&name.as_str())).cloned()
}

impl IntoResponse for Agreed {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        let ascii = |text: &str| HeaderValue::from_str(text).expect("base64 and tokens may stand in a header");
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, ascii(&self.accept));
        if let Some(subprotocol) = &self.subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, ascii(subprotocol));
        }
        if let Some((_, extension)) = &self.compression {
            headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, ascii(extension));
        }
        response
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotWebSocket | Self::ProtocolVersion => StatusCode::UPGRADE_REQUIRED,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::HttpVersion(_) => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::NoHost | Self::NoUpgrade | Self::Key | Self::Body => StatusCode::BAD_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Full | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::NotWebSocket => Some((header::UPGRADE, "websocket")),
            Self::ProtocolVersion => Some((header::SEC_WEBSOCKET_VERSION, VERSION)),
            Self::Method(_) => Some((header::ALLOW, "GET")),
            Self::Full | Self::Stopping => Some((header::RETRY_AFTER, RETRY_AFTER)),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        let headers = response.headers_mut();
        if let Some((name, value)) = self.header() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self == Self::NotWebSocket {
            // RFC 9110 §7.8: `Upgrade` is listed in `Connection`.
            headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        }
        response
    }
}

#[cfg(test)]
#[path = "handshake_tests.rs"]
mod tests;
