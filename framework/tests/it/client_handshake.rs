//! Odd answers to the opening handshake, as servers, proxies and things that are no servers give them: whoever is refused
//! wrongly loses a whole server, whoever is accepted wrongly talks to something that is none.

use crate::support::within;
use bristle::testing::{Peer, accept_key};
use bristle::{Compression, ConnectError, Message, WebSocketClient, WebSocketClientBuilder};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// What a good answer consists of; `{accept}` stands for the right key.
const START: &str = "HTTP/1.1 101 Switching Protocols\r\n";
const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const ACCEPT: &str = "Sec-WebSocket-Accept: {accept}\r\n";

/// A text frame that goes out with every answer that has to be accepted: none of its bytes may be lost.
const FRAME: &[u8] = b"\x81\x02hi";

/// What is cut short, since nothing comes.
const PATIENCE: Duration = Duration::from_millis(200);

type Configure = fn(WebSocketClientBuilder) -> WebSocketClientBuilder;

fn plain(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder
}

fn offering(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder.subprotocol("a").subprotocol("b")
}

fn requiring(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder.subprotocol("a").require_subprotocol(true)
}

fn compressing(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder.compression(Some(Compression::default()))
}

fn impatient(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder.connect_timeout(PATIENCE)
}

/// What a server does once it has read the request.
struct Server {
    answer: String,
    /// How many bytes go out at once.
    piece: usize,
    then: Then,
}

enum Then {
    Waits,
    Closes,
    Resets,
    /// Says this until the client has had enough.
    Repeats(&'static str),
}

fn says(answer: impl Into<String>) -> Server {
    Server { answer: answer.into(), piece: usize::MAX, then: Then::Waits }
}

/// An answer of 101 with these lines.
fn lines(lines: &[&str]) -> Server {
    says(format!("{START}{}\r\n", lines.concat()))
}

/// A good answer with more lines.
fn more(line: &str) -> Server {
    lines(&[UPGRADE, CONNECTION, ACCEPT, line])
}

/// A good answer behind another beginning.
fn begins(beginning: &str) -> Server {
    says(format!("{beginning}{UPGRADE}{CONNECTION}{ACCEPT}\r\n"))
}

fn headers(count: usize) -> String {
    (0..count).map(|n| format!("X-{n}: x\r\n")).collect()
}

impl Server {
    fn piecewise(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    /// Serves one client; the stream stays open as long as what comes back.
    async fn serve(&self, peer: &Peer, more: &[u8]) -> Option<TcpStream> {
        let mut stream = peer.accept_raw().await.expect("the client connects");
        stream.set_nodelay(true).expect("a socket");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.expect("a request"), 0);
        }
        let head = String::from_utf8(head).expect("text");
        let key = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-key").then_some(value)
        });
        let key = key.expect("a key");
        let answer = self.answer.replace("{accept}", &accept_key(key)).replace("{key}", key);
        for piece in [answer.as_bytes(), more].concat().chunks(self.piece) {
            // A client that has refused the answer closes: the rest is not for it.
            if stream.write_all(piece).await.is_err() {
                break;
            }
        }
        match self.then {
            Then::Waits => {}
            Then::Closes => stream.shutdown().await.expect("it is open"),
            Then::Resets => {
                stream.set_zero_linger().expect("a socket");
                return None;
            }
            Then::Repeats(text) => while stream.write_all(text.as_bytes()).await.is_ok() {},
        }
        Some(stream)
    }
}

/// What must come of an answer.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// A connection without subprotocol, whose first message comes whole.
    Open,
    /// The same, with this subprotocol.
    Speaks(&'static str),
    /// An answer that is no handshake, and these words about it.
    Invalid(&'static str),
    /// This status, and these words about it.
    Status(u16, &'static str),
    /// A transport that broke.
    Broken,
    /// Nothing in time.
    Late,
}
use Expected::{Broken, Invalid, Late, Open, Speaks, Status};

/// What came of it instead, as a sentence.
async fn meets(configure: Configure, server: &Server, expected: Expected) -> Result<(), String> {
    let (client, outcome, message) = attempt(configure, server, matches!(expected, Open | Speaks(_))).await;
    let subprotocol = client.subprotocol();
    match (expected, outcome) {
        (Open, Ok(())) if subprotocol.is_none() => {}
        (Speaks(name), Ok(())) if subprotocol.as_deref() == Some(name) => {}
        (_, Ok(())) => return Err(format!("it connected, with the subprotocol {subprotocol:?}")),
        (Invalid(words), Err(error @ ConnectError::Handshake(_))) if error.to_string().contains(words) => return Ok(()),
        (Status(code, words), Err(ConnectError::Status { status, headers, body })) if status == code => {
            let error = ConnectError::Status { status, headers, body }.to_string();
            return if error.contains(words) { Ok(()) } else { Err(error) };
        }
        (Broken, Err(ConnectError::Io { .. })) | (Late, Err(ConnectError::Timeout(_))) => return Ok(()),
        (_, Err(error)) => return Err(format!("{error} ({error:?})")),
    }
    match message {
        Some(message) if message == Message::text("hi") => Ok(()),
        other => Err(format!("its first message arrived as {other:?}")),
    }
}

/// Connects to a server; to a good one so that its first message follows at once.
async fn attempt(
    configure: Configure,
    server: &Server,
    good: bool,
) -> (WebSocketClient, Result<(), ConnectError>, Option<Message>) {
    let peer = Peer::bind().await.expect("a free port");
    let (sender, mut messages) = mpsc::channel(1);
    let builder = configure(WebSocketClient::builder(peer.url("/"))).without_reconnect();
    let builder = builder.on_message(move |message: Message| {
        let sender = sender.clone();
        async move { sender.send(message).await }
    });
    let client = builder.build().expect("good");
    let frame = if good { FRAME } else { &[] };
    let (outcome, stream) = within(async { tokio::join!(client.connect(), server.serve(&peer, frame)) }).await;
    let message = if good && outcome.is_ok() { within(messages.recv()).await } else { None };
    drop(stream);
    (client, outcome, message)
}

/// Tries every row, and names those that ended otherwise than they must.
async fn table(rows: Vec<(&str, Configure, Server, Expected)>) {
    let mut wrong = Vec::new();
    for (what, configure, server, expected) in rows {
        if let Err(instead) = meets(configure, &server, expected).await {
            wrong.push(format!("{what}: {expected:?} must come of it, but {instead}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_rfc_6455_takes_is_taken_and_what_it_requires_is_required() {
    table(vec![
        ("a good answer", plain, more(""), Open),
        ("a list in `Connection`", plain, lines(&[UPGRADE, "Connection: keep-alive, Upgrade\r\n", ACCEPT]), Open),
        ("other case", plain, lines(&["UPGRADE: WebSocket\r\n", "connection: UPGRADE\r\n", ACCEPT]), Open),
        ("two lines", plain, lines(&[UPGRADE, "Connection: keep-alive\r\n", CONNECTION, ACCEPT]), Open),
        ("spaces, tabs", plain, lines(&["Upgrade:\t websocket \t\r\n", "Connection:Upgrade\r\n", ACCEPT]), Open),
        ("`close` beside `Upgrade`", plain, lines(&[UPGRADE, "Connection: Upgrade, close\r\n", ACCEPT]), Open),
        ("no `Upgrade`", plain, lines(&[CONNECTION, ACCEPT]), Invalid("`Upgrade` is missing")),
        ("another one", plain, lines(&["Upgrade: h2c\r\n", CONNECTION, ACCEPT]), Invalid("`Upgrade` is \"h2c\"")),
        (
            "one on top of another",
            plain,
            lines(&["Upgrade: h2c, websocket\r\n", CONNECTION, ACCEPT]),
            Invalid("h2c, w"),
        ),
        ("two `Upgrade` lines", plain, lines(&[UPGRADE, UPGRADE, CONNECTION, ACCEPT]), Invalid("\" and \"websocket")),
        ("no `Connection`", plain, lines(&[UPGRADE, ACCEPT]), Invalid("`Connection` is missing")),
        ("no token in it", plain, lines(&[UPGRADE, "Connection: close\r\n", ACCEPT]), Invalid("is \"close\", without")),
        ("half a token", plain, lines(&[UPGRADE, "Connection: upgraded\r\n", ACCEPT]), Invalid("without `Upgrade`")),
        ("no key", plain, lines(&[UPGRADE, CONNECTION]), Invalid("`Sec-WebSocket-Accept` is missing")),
        ("two keys", plain, lines(&[UPGRADE, CONNECTION, ACCEPT, ACCEPT]), Invalid("more than once")),
        (
            "a key and more",
            plain,
            lines(&[UPGRADE, CONNECTION, "Sec-WebSocket-Accept: {accept}x\r\n"]),
            Invalid("does not answer our key"),
        ),
        (
            "our own key",
            plain,
            lines(&[UPGRADE, CONNECTION, "Sec-WebSocket-Accept: {key}\r\n"]),
            Invalid("does not answer our key"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn only_what_was_offered_can_be_agreed() {
    let foreign = Invalid("it chose the subprotocol `c`, which was not offered");
    let unasked = Invalid("which was not asked for");
    table(vec![
        ("no subprotocol", offering, more(""), Open),
        ("the second one", offering, more("Sec-WebSocket-Protocol: b\r\n"), Speaks("b")),
        ("a foreign one", offering, more("Sec-WebSocket-Protocol: c\r\n"), foreign),
        ("one that nobody asked for", plain, more("Sec-WebSocket-Protocol: c\r\n"), foreign),
        ("other case", offering, more("Sec-WebSocket-Protocol: B\r\n"), Invalid("`B`, which was not offered")),
        ("both in a list", offering, more("Sec-WebSocket-Protocol: a, b\r\n"), Invalid("`a, b`, which was not")),
        ("an empty one", offering, more("Sec-WebSocket-Protocol: \r\n"), Invalid("``, which was not offered")),
        (
            "two lines",
            offering,
            more("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"),
            Invalid("more than once"),
        ),
        ("none where one is required", requiring, more(""), Invalid("none of the subprotocols offered (a)")),
        ("an extension", plain, more("Sec-WebSocket-Extensions: permessage-deflate\r\n"), unasked),
        ("another extension", compressing, more("Sec-WebSocket-Extensions: x-bzip2\r\n"), Invalid("was not asked for")),
        ("an empty list of them", plain, more("Sec-WebSocket-Extensions: \r\n"), Open),
        ("a list of nothing", plain, more("Sec-WebSocket-Extensions: , ,\r\n"), Open),
        ("an empty list where one was asked for", compressing, more("Sec-WebSocket-Extensions:\r\n"), Open),
    ])
    .await;
}

#[tokio::test]
async fn http_is_read_as_rfc_9112_says() {
    let bare = more("").answer.replace("\r\n", "\n");
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    table(vec![
        ("no reason phrase", plain, begins("HTTP/1.1 101 \r\n"), Open),
        ("not even the space before it", plain, begins("HTTP/1.1 101\r\n"), Open),
        ("another reason", plain, begins("HTTP/1.1 101 Web Socket Protocol Handshake\r\n"), Open),
        ("lines that end in LF alone", plain, says(bare), Open),
        ("an empty line before it", plain, begins(&format!("\r\n{START}")), Open),
        ("other answers before it", plain, begins(&format!("{interim}{START}")), Open),
        ("a byte in each segment", plain, more("").piecewise(1), Open),
        ("all that, a byte at a time", plain, begins(&format!("{interim}{START}")).piecewise(1), Open),
        ("letters that are not ASCII", plain, more("Server: Größe\r\n"), Open),
        ("a line that goes on in the next", plain, lines(&[UPGRADE, "Connection: x,\r\n Upgrade\r\n", ACCEPT]), Open),
        ("a length, though 101 has no body", plain, more("Content-Length: 5\r\n"), Open),
        ("chunks, though 101 has no body", plain, more("Transfer-Encoding: chunked\r\n"), Open),
        ("HTTP/1.0, which has no 101", plain, begins("HTTP/1.0 101 Switching Protocols\r\n"), Invalid("HTTP/1.0")),
        ("no such version", plain, begins("HTTP/2 101\r\n"), Invalid("begins with \"HTTP/2 101\\r\\n")),
        ("no such status", plain, begins("HTTP/1.1 10 Switching\r\n"), Invalid("no valid HTTP")),
        ("a header without a colon", plain, more("Nonsense\r\n"), Invalid("no valid HTTP")),
        ("a header without a name", plain, more(": x\r\n"), Invalid("no valid HTTP")),
        ("a space before the colon", plain, more("X-A : x\r\n"), Invalid("no valid HTTP")),
        ("a NUL in a value", plain, more("X-A: a\0b\r\n"), Invalid("no valid HTTP")),
    ])
    .await;
}

#[tokio::test]
async fn what_is_no_answer_at_all_is_named() {
    let half = || says(format!("{START}{UPGRADE}Connec"));
    let gone = Invalid("it closed the connection before it had answered");
    table(vec![
        (
            "a server of something else",
            plain,
            says("SSH-2.0-OpenSSH_9.2\r\n"),
            Invalid("with \"SSH-2.0-OpenSSH_9.2\\r\\n\""),
        ),
        (
            "a TLS alert",
            plain,
            says("\x15\x03\x03\0\x02\x02\x46"),
            Invalid("in TLS: write `wss://` instead of `ws://`"),
        ),
        ("HTTP/2", plain, says("\0\0\x06\x04\0\0\0\0\0\0\x04\0\x10\0\0"), Invalid("it is no HTTP, it begins with")),
        ("HTTP/2's preface", plain, says("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Invalid("\"PRI * HTTP/2.0\\r\\n")),
        ("nothing, and the end", plain, says("").then(Then::Closes), gone),
        ("half of it, and the end", plain, half().then(Then::Closes), gone),
        ("a reset", plain, says("").then(Then::Resets), Broken),
        ("nothing", impatient, says(""), Late),
        ("half of it", impatient, half(), Late),
        ("other answers without end", impatient, says("").then(Then::Repeats("HTTP/1.1 100 Continue\r\n\r\n")), Late),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_over_the_limits_names_them() {
    let limit = Invalid("over 128 headers (`max_headers`) or 65536 bytes (`max_head_size`)");
    let large = |size: usize| more(&format!("X-A: {}\r\n", "x".repeat(size)));
    table(vec![
        ("128 headers", plain, more(&headers(125)), Open),
        ("129 headers", plain, more(&headers(126)), limit),
        ("200 headers", plain, more(&headers(200)), limit),
        ("a head of nearly 64 KiB", plain, large(64 * 1024 - 200), Open),
        ("a head of 64 KiB and more", plain, large(64 * 1024), limit),
        ("a header without end", plain, lines(&["X-A: x"]).then(Then::Repeats("xxxxxxxxxxxxxxxx")), limit),
        ("more headers than by default", |builder| builder.max_headers(203), more(&headers(200)), Open),
        ("one more than allowed", |builder| builder.max_headers(202), more(&headers(200)), Invalid("over 202 headers")),
        ("a larger head than by default", |builder| builder.max_head_size(128 * 1024), large(100 * 1024), Open),
        (
            "more than the least",
            |builder| builder.max_head_size(8192),
            large(8192),
            Invalid("8192 bytes (`max_head_size`)"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status_and_its_words() {
    let refusal = |status: &str, rest: &str| says(format!("HTTP/1.1 {status}\r\n{rest}"));
    let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\nplans\r\n6\r\n ended\r\n0\r\n\r\n";
    let two_lengths = refusal("400 Bad Request", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!");
    table(vec![
        (
            "a web page",
            plain,
            refusal("200 OK", "Content-Length: 4\r\n\r\npage"),
            Status(200, "(a web page, not a WebSocket endpoint"),
        ),
        ("a page without a length", plain, refusal("200 OK", "\r\npage").then(Then::Closes), Status(200, "\"page\"")),
        ("nothing to say", plain, refusal("204 No Content", "\r\n"), Status(204, "No Content")),
        (
            "credentials missing",
            plain,
            refusal("401 Unauthorized", "WWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n"),
            Status(401, "set the `Authorization` header"),
        ),
        (
            "another version",
            plain,
            refusal("426 Upgrade Required", "Sec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n"),
            Status(426, "Upgrade Required"),
        ),
        ("chunks", plain, refusal("503 Service Unavailable", chunked), Status(503, "\"plans ended\"")),
        (
            "less than it says",
            plain,
            refusal("500 Oops", "Content-Length: 9\r\n\r\nhalf").then(Then::Closes),
            Status(500, "half"),
        ),
        ("less, and no end", plain, refusal("500 Oops", "Content-Length: 9\r\n\r\nhalf"), Status(500, "\"half\"")),
        ("HTTP/1.0", plain, says("HTTP/1.0 403 Forbidden\r\n\r\nno").then(Then::Closes), Status(403, "\"no\"")),
        ("two lengths", plain, two_lengths, Invalid("no valid HTTP")),
    ])
    .await;
}

#[tokio::test]
async fn a_refusal_without_end_is_cut_and_its_headers_are_there() {
    let server =
        says("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n").then(Then::Repeats("0123456789abcdef"));
    let (_, outcome, _) = attempt(plain, &server, false).await;
    let Err(ConnectError::Status { status, headers, body }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((status.as_u16(), headers["retry-after"].as_bytes(), body.len()), (503, &b"7"[..], 64 * 1024));
}
