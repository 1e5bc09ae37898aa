//! One request over hyper whose answer may hand the stream over: the WebSocket handshake, and a proxy's CONNECT.

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::error::Error as _;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// How many headers an answer may have. 128.
const MAX_HEADERS: usize = 128;

/// How many bytes an answer's head may have, and how much of a refusal's body is kept. 64 KiB.
const MAX_HEAD: usize = 64 * 1024;

/// How long a refusal's body is read: the status is what matters.
const BODY_TIME: Duration = Duration::from_secs(1);

/// What came of a request.
pub(super) enum Answer<S> {
    /// The stream is ours, with what was read past the answer.
    Switched { stream: S, read_ahead: Vec<u8>, headers: HeaderMap },
    /// Another status, with the beginning of its body.
    Refused { status: StatusCode, headers: HeaderMap, body: Bytes },
}

/// Why there was no answer.
pub(super) enum ExchangeError {
    /// What came is none, as a sentence about it.
    Answer(String),
    /// The stream broke.
    Io(io::Error),
}

/// Sends a request; an answer whose status `switches` gives the stream back.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
    switches: fn(StatusCode) -> bool,
) -> Result<Answer<S>, ExchangeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD).title_case_headers(true);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let connection = pin!(connection.with_upgrades());
    let exchange = pin!(async {
        let mut response = sender.send_request(request).await?;
        if !switches(response.status()) {
            return Ok(Err(refusal(response).await));
        }
        let upgraded = hyper::upgrade::on(&mut response).await?;
        Ok::<_, ExchangeError>(Ok((upgraded, std::mem::take(response.headers_mut()))))
    });
    // Whoever asks needs the connection to be driven; the connection may end first, and the answer still be there.
    let outcome = match select(exchange, connection).await {
        Either::Left((outcome, _)) => outcome?,
        Either::Right((_, exchange)) => exchange.await?,
    };
    let (upgraded, headers) = match outcome {
        Ok(switched) => switched,
        Err((status, headers, body)) => return Ok(Answer::Refused { status, headers, body }),
    };
    let parts = upgraded.downcast::<TokioIo<S>>().expect("the stream that was given is the stream that comes back");
    Ok(Answer::Switched { stream: parts.io.into_inner(), read_ahead: parts.read_buf.into(), headers })
}

async fn refusal(response: Response<Incoming>) -> (StatusCode, HeaderMap, Bytes) {
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
    (head.status, head.headers, kept.freeze())
}

/// What hyper says of an answer that is none.
impl From<hyper::Error> for ExchangeError {
    fn from(error: hyper::Error) -> Self {
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            return Self::Answer("it closed the connection before it had answered".to_owned());
        }
        if error.is_parse_too_large() {
            return Self::Answer(format!("its head is over {MAX_HEADERS} headers or {MAX_HEAD} bytes"));
        }
        if error.is_parse() {
            return Self::Answer(format!("it is no HTTP: {error}"));
        }
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        Self::Io(source.map_or_else(|| io::Error::other(error.to_string()), copied))
    }
}

/// hyper lends its error only: the copy keeps what TLS said.
fn copied(error: &io::Error) -> io::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<tokio_rustls::rustls::Error>()) {
        Some(tls) => io::Error::new(error.kind(), tls.clone()),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
