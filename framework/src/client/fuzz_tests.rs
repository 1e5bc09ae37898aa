//! What fuzzing does with a client's parsers: URLs, proxies, a server's answer, the options of a configuration.

use super::address::Address;
use super::environment::ProxyEnvironment;
use super::handshake::handshake;
use super::proxy::Proxy;
use super::reach::ReachOptions;
use super::shared::Request;
use super::transport::redirected;
use super::{ClientOptions, ConnectError, Reconnect, Surroundings, WebSocketClient};
use crate::connection::{Compression, accept_key};
use crate::settings::Section;
use http::{HeaderMap, Uri};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A URL, and behind a line break a redirect from there.
pub(crate) fn address(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (url, location) = text.split_once('\n').unwrap_or((&text, "/"));
    let _ = WebSocketClient::builder(url).header("X-A", location).subprotocol(location).build();
    let parsed = match Address::parse(url) {
        Ok(parsed) => parsed,
        Err(error) => return keeps_the_password(url, &error.to_string()),
    };
    assert!(parsed.resource.starts_with('/') && parsed.resource.parse::<Uri>().is_ok(), "{}", parsed.resource);
    if parsed.unix.is_none() {
        let again = Address::parse(&parsed.full()).expect("a URL is one when it is written again");
        assert_eq!(Address { authorization: parsed.authorization.clone(), ..again }, parsed);
    }
    if let Ok(next) = redirected(&parsed, location) {
        assert!(next.resource.starts_with('/') && next.resource.parse::<Uri>().is_ok(), "{}", next.resource);
    }
}

/// A proxy's URL, and behind line breaks a `NO_PROXY` and the URL of a server.
pub(crate) fn proxy(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let (url, exempt, server) = (lines.next().unwrap_or_default(), lines.next(), lines.next());
    match Proxy::parse(url) {
        Ok(proxy) => {
            let again = Proxy::parse(&proxy.to_string()).expect("it is written as it is read");
            assert_eq!((again.kind, &again.host, again.port), (proxy.kind, &proxy.host, proxy.port));
        }
        Err(error) => keeps_the_password(url, &error.to_string()),
    }
    let variables = [("ALL_PROXY", Some(url)), ("NO_PROXY", exempt)];
    let variables = variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let environment = ProxyEnvironment::from_variables(variables);
    if let Ok(server) = Address::parse(server.unwrap_or("ws://example.com/")) {
        let _ = environment.proxy_for(&server);
    }
}

/// In the corpus passwords are `hunter2`; where one stands before an `@`, no error may show it.
fn keeps_the_password(url: &str, error: &str) {
    let is_one = url.matches("hunter2").count() == 1 && url.contains("hunter2@");
    assert!(!(is_one && error.contains("hunter2")), "a password is shown: {error}");
}

/// A server's answer to a handshake, in which `{accept}` stands for the proof that it is one.
pub(crate) fn answer(input: &[u8]) {
    let [flags, answer @ ..] = input else { return };
    let request = Request {
        address: Address::parse("ws://example.com/x").expect("a good URL"),
        headers: HeaderMap::new(),
        subprotocols: vec!["a".to_owned(), "b".to_owned()],
        require_subprotocol: flags & 1 != 0,
        compression: (flags & 2 != 0).then(Compression::default),
        timeout: Duration::ZERO,
        reach: ReachOptions::default().check(&Surroundings::default()).expect("nothing was said"),
        prepare: None,
    };
    let piece = usize::from(flags >> 2).max(1);
    let server = Answering { template: answer.to_vec(), request: Vec::new(), answer: None, at: 0, piece };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("it needs nothing");
    match runtime.block_on(handshake(server, &request)) {
        Ok((_, _, agreed)) => {
            assert!(answer.windows(8).any(|part| part == b"{accept}"), "an answer without a proof was taken");
            assert!(agreed.subprotocol.is_none_or(|name| request.subprotocols.contains(&name)), "it was not offered");
        }
        Err(error) => {
            let _ = error.to_string();
            let ConnectError::Status { status, .. } = &error else { return };
            assert_ne!(status.as_u16(), 101);
            let then = Reconnect::default().after_failure(&error, false, SystemTime::UNIX_EPOCH);
            assert!(then.after.is_none_or(|wait| wait <= Duration::from_secs(3600)), "{then:?}");
        }
    }
}

/// A plugin's section as the options of one of its clients.
pub(crate) fn configured(section: &Section) {
    if let Ok(options) = section.parse_strict::<ClientOptions>() {
        let _ = options.apply(WebSocketClient::builder("ws://example.com/")).build();
    }
}

/// Waits for a request, and answers by a template.
struct Answering {
    template: Vec<u8>,
    request: Vec<u8>,
    answer: Option<Vec<u8>>,
    at: usize,
    piece: usize,
}

impl AsyncRead for Answering {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(answer) = &self.answer else { return Poll::Pending };
        let rest = &answer[self.at..];
        let count = rest.len().min(self.piece).min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        self.at += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Answering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.request.extend_from_slice(bytes);
        let text = String::from_utf8_lossy(&self.request).into_owned();
        if text.ends_with("\r\n\r\n") && self.answer.is_none() {
            let key =
                text.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: ")).expect("every request has one");
            let accept = accept_key(key.as_bytes());
            let mut answer = Vec::new();
            let mut rest = self.template.as_slice();
            while let Some(at) = rest.windows(8).position(|part| part == b"{accept}") {
                answer.extend_from_slice(&rest[..at]);
                answer.extend_from_slice(accept.as_bytes());
                rest = &rest[at + 8..];
            }
            answer.extend_from_slice(rest);
            self.answer = Some(answer);
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
