//! The opening handshake (RFC 6455 §4.1), over hyper: the request, and the proof that the answer is one.

use super::ConnectError;
use super::shared::Request;
use super::tls::TlsError;
use crate::connection::{Handshake, accept_key, has_token, new_key};
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::error::Error as _;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// How many headers an answer may have. 128.
const MAX_HEADERS: usize = 128;

/// How many bytes an answer's head may have, and how much of a refusal's body is kept. 64 KiB.
const MAX_HEAD: usize = 64 * 1024;

/// How long a refusal's body is read: the status is what matters.
const BODY_TIME: Duration = Duration::from_secs(1);

/// Does the handshake. Gives back the stream, what was read past the answer, and what was agreed.
pub(crate) async fn handshake<S>(stream: S, request: &Request) -> Result<(S, Vec<u8>, Handshake), ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error| answer_error(request, error);
    let key = new_key();
    let mut builder = http1::Builder::new();
    builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD).title_case_headers(true);
    let (mut sender, connection) = builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = pin!(connection.with_upgrades());
    let exchange = pin!(async {
        let mut response = sender.send_request(http_request(request, &key)).await.map_err(failed)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response).await);
        }
        let agreed = agreed(response.headers(), request, &key)?;
        let upgraded = hyper::upgrade::on(&mut response).await.map_err(failed)?;
        Ok((upgraded, agreed))
    });
    // Whoever asks needs the connection to be driven; the connection may end first, and the answer still be there.
    let (upgraded, agreed) = match select(exchange, connection).await {
        Either::Left((outcome, _)) => outcome?,
        Either::Right((_, exchange)) => exchange.await?,
    };
    let parts = upgraded.downcast::<TokioIo<S>>().expect("the stream that was given is the stream that comes back");
    Ok((parts.io.into_inner(), parts.read_buf.into(), agreed))
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
    if !has_token(headers, header::UPGRADE, "websocket") {
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
    if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        let extension = shown(headers, header::SEC_WEBSOCKET_EXTENSIONS);
        return invalid(format!("it uses the extension {extension}, which was not asked for"));
    }
    Ok(Handshake {
        uri: request.address.to_string().parse().unwrap_or_default(),
        headers: headers.clone(),
        subprotocol: subprotocol(headers, request)?,
        ..Handshake::default()
    })
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

fn shown(headers: &HeaderMap, name: HeaderName) -> String {
    match headers.get(name) {
        Some(value) => format!("{:?}", String::from_utf8_lossy(value.as_bytes())),
        None => "missing".to_owned(),
    }
}

/// An answer that is no 101, with the beginning of its body.
async fn refusal(response: http::Response<Incoming>) -> ConnectError {
    let (head, mut body) = response.into_parts();
    let mut kept = BytesMut::new();
    let _ = timeout(BODY_TIME, async {
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            let room = MAX_HEAD - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
            if kept.len() == MAX_HEAD {
                break;
            }
        }
    })
    .await;
    ConnectError::Status { status: head.status, headers: Box::new(head.headers), body: kept.freeze() }
}

/// What hyper says of an answer that is none.
fn answer_error(request: &Request, error: hyper::Error) -> ConnectError {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return ConnectError::Handshake("the server closed the connection before it had answered".to_owned());
    }
    if error.is_parse_too_large() {
        return ConnectError::Handshake(format!("its head is over {MAX_HEADERS} headers or {MAX_HEAD} bytes"));
    }
    if error.is_parse() {
        return ConnectError::Handshake(format!("it is no HTTP: {error}"));
    }
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    // A server that misses our certificate says so only now: with TLS 1.3 our side of the handshake was done before.
    if let Some(source) = source.and_then(TlsError::within) {
        return ConnectError::Tls { host: request.address.host.clone(), source: Arc::new(source) };
    }
    let source =
        source.map_or_else(|| io::Error::other(error.to_string()), |io| io::Error::new(io.kind(), io.to_string()));
    ConnectError::Io { address: request.address.endpoint(), source: Arc::new(source) }
}
