//! What fuzzing does with a connection's parsers: frames beside tungstenite's own, deflated data beside zlib's.

use super::decoder::{Decoder, ReadError};
use super::deflate::{Agreed, Compression, accept, agreed, offer};
use super::wire::{Role, encode, encode_deflated};
use super::{Limits, deflate};
use crate::message::{Kind, Message};
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, header};
use std::io::{self, Read, Write};
use tokio_tungstenite::tungstenite::protocol::{Role as OtherRole, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as OtherError, Message as Other};

const LIMIT: usize = 5000;

/// A peer's bytes: in one piece and in many they say the same, and the same as to tungstenite.
pub(crate) fn frames(input: &[u8]) {
    let [flags, pieces, bytes @ ..] = input else { return };
    let role = if flags & 1 == 0 { Role::Client } else { Role::Server };
    let compression = (flags & 2 != 0).then(|| both(&options(*flags, *pieces)).0);
    let limits = Limits { max_message_size: LIMIT, max_frame_size: LIMIT / 2, max_fragments: 8, ..Limits::client() };
    let whole = decoded(bytes, usize::MAX, role, &limits, compression.as_ref());
    let pieces = decoded(bytes, usize::from(*pieces).max(1), role, &limits, compression.as_ref());
    assert!(whole.0.iter().all(|message| message.len() <= LIMIT), "a message over the limit");
    assert_eq!(whole.0, pieces.0, "other messages where the bytes came in pieces");
    assert_eq!(shown(&whole.1), shown(&pieces.1), "another end where the bytes came in pieces");
    if compression.is_none() {
        let limits = Limits { max_fragments: usize::MAX, ..limits };
        same_as_tungstenite(bytes, role, &limits);
    }
}

fn shown(error: &Option<ReadError>) -> Option<String> {
    error.as_ref().map(ToString::to_string)
}

/// The messages, and the error that ends them; nothing is read past a close frame, as by a link.
fn decoded(
    bytes: &[u8],
    piece: usize,
    role: Role,
    limits: &Limits,
    compression: Option<&Agreed>,
) -> (Vec<Message>, Option<ReadError>) {
    let mut decoder = Decoder::new(role, limits, compression);
    let (mut buffer, mut messages) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(message)) => {
                    let last = message.kind() == Kind::Close;
                    messages.push(message);
                    if last {
                        return (messages, None);
                    }
                }
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

fn same_as_tungstenite(bytes: &[u8], role: Role, limits: &Limits) {
    let (ours, error) = decoded(bytes, usize::MAX, role, limits, None);
    // We find an error before the end of its frame: tungstenite must find it at that end.
    let whole = if error.is_some() { [bytes, &[0; 2 * LIMIT]].concat() } else { bytes.to_vec() };
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits.max_message_size))
        .max_frame_size(Some(limits.max_frame_size));
    let other = if role == Role::Client { OtherRole::Client } else { OtherRole::Server };
    let mut socket = WebSocket::from_raw_socket(Bytes(&whole), other, Some(config));
    let mut ours = ours.into_iter();
    loop {
        match socket.read() {
            Ok(message) => {
                let wanted = match message {
                    Other::Text(text) => Message::text(text.as_str()),
                    Other::Binary(bytes) => Message::binary(bytes),
                    Other::Ping(bytes) => Message::ping(bytes),
                    Other::Pong(bytes) => Message::pong(bytes),
                    // tungstenite answers a code that may not be sent, where we find it a violation.
                    Other::Close(_) | Other::Frame(_) => return,
                };
                match ours.next() {
                    Some(message) => assert_eq!(message, wanted, "tungstenite reads something else"),
                    None => panic!("tungstenite reads {wanted:?}, and we find {error:?}"),
                }
            }
            Err(OtherError::Io(end)) if end.kind() == io::ErrorKind::WouldBlock => {
                // It looks at text when the last fragment has come.
                let early = matches!(error, None | Some(ReadError::Utf8));
                assert!(early && ours.next().is_none(), "tungstenite waits for more, and we find {error:?}");
                return;
            }
            Err(_) => {
                assert!(error.is_some() && ours.next().is_none(), "tungstenite finds an error and we none");
                return;
            }
        }
    }
}

/// Bytes to read; what is written goes nowhere.
struct Bytes<'a>(&'a [u8]);

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            outcome => outcome,
        }
    }
}

impl Write for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Options out of two bytes.
fn options(first: u8, second: u8) -> Compression {
    Compression {
        threshold: usize::from(first >> 6),
        level: second % 10,
        client_no_context_takeover: first & 4 != 0,
        server_no_context_takeover: first & 8 != 0,
        client_max_window_bits: 8 + (second >> 4) % 8,
        server_max_window_bits: 8 + (first >> 4) % 8,
    }
}

/// What a client and a server of ours agree on.
fn both(options: &Compression) -> (Agreed, Agreed) {
    let headers = extension(&offer(options)).expect("an offer is a header");
    let (server, answer) = accept(options, &headers).expect("our own offer fits us");
    let headers = extension(&answer).expect("an answer is a header");
    let client = agreed(options, &headers).expect("our own answer fits us").expect("it is there");
    assert_eq!(client, server, "both sides must agree on the same");
    (client, server)
}

fn extension(value: &str) -> Option<HeaderMap> {
    let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    Some(HeaderMap::from_iter([(header::SEC_WEBSOCKET_EXTENSIONS, value)]))
}

/// What was deflated is inflated to the same, message after message; what nobody deflated ends in an error or within
/// the limit.
pub(crate) fn deflate(input: &[u8]) {
    let [first, second, rest @ ..] = input else { return };
    let (client, server) = both(&options(*first, *second));
    let (mut deflater, mut inflater) = (client.deflater(Role::Client), server.inflater(Role::Server, LIMIT));
    let mut deflated = Vec::new();
    for message in rest.split(|byte| *byte == b'\n').filter(|message| message.len() <= LIMIT) {
        if deflater.deflate(message, &mut deflated) {
            assert!(deflated.len() < message.len(), "it grew");
            assert_eq!(inflater.inflate(&deflated).as_deref(), Ok(message), "it changed on the way");
        }
    }
    let mut inflater = client.inflater(Role::Client, LIMIT);
    for payload in rest.split(|byte| *byte == b'\n') {
        match inflater.inflate(payload) {
            Ok(out) => {
                assert!(out.len() <= LIMIT && out.capacity() <= LIMIT + 1, "{} bytes", out.capacity());
                let deflated_limit = deflate::deflated_limit(out.len());
                assert!(deflated_limit >= out.len());
            }
            Err(_) => return,
        }
    }
    let mut frame = Vec::new();
    encode_deflated(Kind::Binary, rest, Role::Server, &mut frame);
    encode(&Message::binary(rest.to_vec()), Role::Client, &mut frame);
}

/// The header that offers and answers: whatever it says, a server's answer fits the offer as a client reads it.
pub(crate) fn extensions(input: &[u8]) {
    let [first, second, value @ ..] = input else { return };
    let options = options(*first, *second);
    let mut headers = HeaderMap::new();
    for line in value.split(|byte| *byte == b'\n') {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(header::SEC_WEBSOCKET_EXTENSIONS, line);
        }
    }
    if let Some((server, answer)) = accept(&options, &headers) {
        let answer = extension(&answer).expect("an answer is a header");
        // A client that asked for nothing of its own takes every answer.
        let lenient = Compression { threshold: options.threshold, level: options.level, ..Compression::default() };
        let client = agreed(&lenient, &answer).expect("an answer of ours is a good one").expect("it is there");
        assert_eq!(client, server, "both sides must agree on the same");
    }
    let _ = agreed(&options, &headers);
}
