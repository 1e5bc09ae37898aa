//! The opening handshake (RFC 6455 §4.1), over hyper: the request, and the proof that the answer is one.

use super::ConnectError;
use super::http1::{Answer, ExchangeError, exchange};
use super::shared::Request;
use super::tls::TlsError;
use crate::connection::deflate;
use crate::connection::{Handshake, accept_key, has_token, new_key};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use http_body_util::Empty;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Does the handshake. Gives back the stream, what was read past the answer, and what was agreed.
pub(crate) async fn handshake<S>(stream: S, request: &Request) -> Result<(S, Vec<u8>, Handshake), ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let key = new_key();
    let switches = |status| status == StatusCode::SWITCHING_PROTOCOLS;
    match exchange(stream, http_request(request, &key), request.reach.head, switches).await {
        Ok(Answer::Switched { version: Version::HTTP_10, .. }) => {
            // RFC 9110 §7.8 and §15.2: that version has neither `Upgrade` nor 101.
            Err(ConnectError::Handshake("it is in HTTP/1.0, where nothing can be upgraded".to_owned()))
        }
        Ok(Answer::Switched { stream, read_ahead, headers, .. }) => {
            Ok((stream, read_ahead, agreed(&headers, request, &key)?))
        }
        Ok(Answer::Refused { status, headers, body }) => {
            Err(ConnectError::Status { status, headers: Box::new(headers), body })
        }
        Err(ExchangeError::Answer(reason)) => Err(ConnectError::Handshake(reason)),
        Err(ExchangeError::Tls) => {
            Err(ConnectError::Handshake("it answers in TLS: write `wss://` instead of `ws://`".to_owned()))
        }
        Err(ExchangeError::Io(error)) => Err(broken(request, error)),
    }
}

fn http_request(request: &Request, key: &str) -> http::Request<Empty<Bytes>> {
    let address = &request.address;
    let mut http = http::Request::new(Empty::new());
    *http.uri_mut() = address.resource.parse::<Uri>().expect("checked with the URL");
    let headers = http.headers_mut();
    let ascii = |text: &str| HeaderValue::from_str(text).expect("checked when the client was built");
    headers.insert(header::HOST, ascii(&address.authority));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("bristle/", env!("CARGO_PKG_VERSION"))));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(header::SEC_WEBSOCKET_KEY, ascii(key));
    if !request.subprotocols.is_empty() {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, ascii(&request.subprotocols.join(", ")));
    }
    if let Some(options) = &request.compression {
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, ascii(&deflate::offer(options)));
    }
    for name in request.headers.keys() {
        headers.remove(name);
    }
    for (name, value) in &request.headers {
        headers.append(name, value.clone());
    }
    http
}

/// Checks an answer of 101 as RFC 6455 §4.1 says.
fn agreed(headers: &HeaderMap, request: &Request, key: &str) -> Result<Handshake, ConnectError> {
    let invalid = |reason: String| Err(ConnectError::Handshake(reason));
    // The one protocol that was switched to: a list of two would be one on top of the other (RFC 9110 §7.8).
    let upgrades: Vec<_> = headers.get_all(header::UPGRADE).iter().collect();
    if !matches!(*upgrades, [one] if one.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket")) {
        return invalid(format!("`Upgrade` is {}, not `websocket`", shown(headers, header::UPGRADE)));
    }
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return invalid(format!("`Connection` is {}, without `Upgrade`", shown(headers, header::CONNECTION)));
    }
    let accepts: Vec<_> = headers.get_all(header::SEC_WEBSOCKET_ACCEPT).iter().collect();
    match accepts.as_slice() {
        [] => return invalid("`Sec-WebSocket-Accept` is missing".to_owned()),
        [accept] if accept.as_bytes().trim_ascii() == accept_key(key.as_bytes()).as_bytes() => {}
        [_] => return invalid("`Sec-WebSocket-Accept` does not answer our key".to_owned()),
        _ => return invalid("`Sec-WebSocket-Accept` is there more than once".to_owned()),
    }
    let deflate = match &request.compression {
        Some(options) => deflate::agreed(options, headers)
            .map_err(|reason| ConnectError::Handshake(format!("its `Sec-WebSocket-Extensions` is wrong: {reason}")))?,
        None if names_an_extension(headers) => {
            let extension = shown(headers, header::SEC_WEBSOCKET_EXTENSIONS);
            return invalid(format!("it uses the extension {extension}, which was not asked for"));
        }
        None => None,
    };
    Ok(Handshake {
        uri: request.address.full().parse().unwrap_or_default(),
        headers: headers.clone(),
        subprotocol: subprotocol(headers, request)?,
        deflate,
        ..Handshake::default()
    })
}

/// An empty list names none (RFC 9110 §5.6.1).
fn names_an_extension(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
    lines.flat_map(|line| line.as_bytes()).any(|byte| !byte.is_ascii_whitespace() && *byte != b',')
}

fn subprotocol(headers: &HeaderMap, request: &Request) -> Result<Option<String>, ConnectError> {
    let answers: Vec<_> = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().collect();
    match answers.as_slice() {
        [] if request.require_subprotocol && !request.subprotocols.is_empty() => Err(ConnectError::Handshake(format!(
            "it agrees to none of the subprotocols offered ({}), and one is required",
            request.subprotocols.join(", ")
        ))),
        [] => Ok(None),
        [answer] => {
            let name = String::from_utf8_lossy(answer.as_bytes().trim_ascii()).into_owned();
            if request.subprotocols.contains(&name) {
                Ok(Some(name))
            } else {
                Err(ConnectError::Handshake(format!("it chose the subprotocol `{name}`, which was not offered")))
            }
        }
        _ => Err(ConnectError::Handshake("`Sec-WebSocket-Protocol` is there more than once".to_owned())),
    }
}

/// A header as it came, all of its lines.
fn shown(headers: &HeaderMap, name: HeaderName) -> String {
    let lines = headers.get_all(name).iter().map(|value| format!("{:?}", String::from_utf8_lossy(value.as_bytes())));
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() { "missing".to_owned() } else { lines.join(" and ") }
}

fn broken(request: &Request, error: io::Error) -> ConnectError {
    // A server that misses our certificate says so only now: with TLS 1.3 our side of the handshake was done before.
    match TlsError::within(&error) {
        Some(source) => ConnectError::Tls { host: request.address.host.clone(), source: Arc::new(source) },
        None => ConnectError::Io { address: request.address.endpoint(), source: Arc::new(error) },
    }
}
