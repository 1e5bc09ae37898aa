//! One request over hyper whose answer may hand the stream over: the WebSocket handshake, and a proxy's CONNECT.

use super::beginning::{Beginning, Watched};
use crate::settings::{MAX_HEAD_SIZE, MAX_HEADERS};
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response, StatusCode, Version};
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

/// How much of a refusal's body is kept. 64 KiB.
const MAX_BODY: usize = 64 * 1024;

/// How long a refusal's body is read: the status is what matters.
const BODY_TIME: Duration = Duration::from_secs(1);

/// How large an answer's head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadLimits {
    /// In bytes, from the status line to the empty line.
    pub(crate) max_size: usize,
    /// How many header lines.
    pub(crate) max_headers: usize,
}

/// What came of a request.
pub(super) enum Answer<S> {
    /// The stream is ours, with what was read past the answer.
    Switched { stream: S, read_ahead: Vec<u8>, version: Version, headers: HeaderMap },
    /// Another status, with the beginning of its body.
    Refused { status: StatusCode, headers: HeaderMap, body: Bytes },
}

/// Why there was no answer.
pub(super) enum ExchangeError {
    /// What came is none, as a sentence about it.
    Answer(String),
    /// What came is TLS.
    Tls,
    /// The stream broke.
    Io(io::Error),
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { max_size: MAX_HEAD_SIZE, max_headers: MAX_HEADERS }
    }
}

impl HeadLimits {
    fn exceeded(&self) -> String {
        let Self { max_size, max_headers } = self;
        format!("its head is over {max_headers} headers (`max_headers`) or {max_size} bytes (`max_head_size`)")
    }
}

/// Sends a request; an answer whose status `switches` gives the stream back.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
    limits: HeadLimits,
    switches: fn(StatusCode) -> bool,
) -> Result<Answer<S>, ExchangeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let beginning = Beginning::default();
    let stream = TokioIo::new(Watched::new(stream, &beginning));
    let explained = |error| explained(error, limits, &beginning);
    let mut builder = http1::Builder::new();
    builder.max_headers(limits.max_headers).max_buf_size(limits.max_size).title_case_headers(true);
    // RFC 9112 §5.2: a line that goes on in the next one is read as one.
    builder.allow_obsolete_multiline_headers_in_responses(true);
    let (mut sender, connection) = builder.handshake(stream).await.map_err(explained)?;
    let connection = pin!(connection.with_upgrades());
    let exchange = pin!(async {
        let mut response = sender.send_request(request).await?;
        if !switches(response.status()) {
            return Ok(Err(refusal(response).await));
        }
        let upgraded = hyper::upgrade::on(&mut response).await?;
        Ok::<_, hyper::Error>(Ok((upgraded, response)))
    });
    // Whoever asks needs the connection to be driven; the connection may end first, and the answer still be there.
    let outcome = match select(exchange, connection).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((_, exchange)) => exchange.await,
    };
    let (upgraded, response) = match outcome.map_err(explained)? {
        Ok(switched) => switched,
        Err((status, headers, body)) => return Ok(Answer::Refused { status, headers, body }),
    };
    let parts =
        upgraded.downcast::<TokioIo<Watched<S>>>().expect("the stream that was given is the one that comes back");
    // hyper looks at the size of what it has read before it reads on: the last read may lead past the limit.
    if beginning.len() - parts.read_buf.len() > limits.max_size {
        return Err(ExchangeError::Answer(limits.exceeded()));
    }
    let (head, _) = response.into_parts();
    Ok(Answer::Switched {
        stream: parts.io.into_inner().into_inner(),
        read_ahead: parts.read_buf.into(),
        version: head.version,
        headers: head.headers,
    })
}

async fn refusal(response: Response<Incoming>) -> (StatusCode, HeaderMap, Bytes) {
    let (head, mut body) = response.into_parts();
    let mut kept = BytesMut::new();
    let _ = timeout(BODY_TIME, async {
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            let room = MAX_BODY - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
            if kept.len() == MAX_BODY {
                break;
            }
        }
    })
    .await;
    (head.status, head.headers, kept.freeze())
}

/// What hyper says of an answer that is none.
fn explained(error: hyper::Error, limits: HeadLimits, beginning: &Beginning) -> ExchangeError {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return ExchangeError::Answer("it closed the connection before it had answered".to_owned());
    }
    if error.is_parse_too_large() {
        return ExchangeError::Answer(limits.exceeded());
    }
    if error.is_parse() && beginning.is_tls() {
        return ExchangeError::Tls;
    }
    if error.is_parse() {
        return ExchangeError::Answer(beginning.says_of_no_http(&error));
    }
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    ExchangeError::Io(source.map_or_else(|| io::Error::other(error.to_string()), copied))
}

/// hyper lends its error only: the copy keeps what TLS said.
fn copied(error: &io::Error) -> io::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<tokio_rustls::rustls::Error>()) {
        Some(tls) => io::Error::new(error.kind(), tls.clone()),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
