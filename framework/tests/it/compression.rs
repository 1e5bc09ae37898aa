//! permessage-deflate between real ends, and against peers that are nothing but bytes.

use crate::node_wire::{HANDSHAKE, Wire};
use crate::support::{Seen, launch, within};
use bristle::testing::{Peer, accept_key};
use bristle::{Close, Compression, Message, Running, WebSocketClient, WebSocketClientBuilder};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod echo {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static CLOSES: LazyLock<Seen<Close>> = LazyLock::new(Seen::new);

    #[endpoint("/echo", compression = true, max_message_size = 2_000_000, max_fragments = 3)]
    pub static ECHO: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(ECHO)]
    async fn echo(message: Message) -> Message {
        message
    }

    /// The configuration makes it thrifty.
    #[endpoint("/thrifty")]
    pub static THRIFTY: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(THRIFTY)]
    async fn echo_thriftily(message: Message) -> Message {
        message
    }

    /// The configuration switches it off.
    #[endpoint("/plain", compression = true)]
    pub static PLAIN: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(PLAIN)]
    async fn echo_plainly(message: Message) -> Message {
        message
    }

    #[on_close(ECHO)]
    async fn closed(close: Close) {
        CLOSES.put(close);
    }
}

/// "Hello", deflated (RFC 7692 §7.2.3.1), and again, with a reference to the first (§7.2.3.2).
const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const HELLO_AGAIN: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];

/// A thousand zeros, deflated.
const ZEROS: &[u8] = &[0x62, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff];

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// A client of the node that offers compression with its bytes; the answer's head, too.
async fn wire(node: &Running) -> (Wire, String) {
    let mut wire = Wire::connect(node).await;
    let head = wire.request(&format!("GET /echo HTTP/1.1\r\n{HANDSHAKE}{OFFER}\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    (wire, head.to_ascii_lowercase())
}

/// A frame masked with zeros, its first byte as given.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126);
    let head = match length {
        Some(length) => vec![first, 0x80 | length],
        None => [&[first, 0x80 | 127][..], &(payload.len() as u64).to_be_bytes()].concat(),
    };
    [&head, &[0; 4][..], payload].concat()
}

/// Sends every message over a connection to a path of the node, and checks that it comes back as it was.
async fn round_trips(node: &Running, path: &str, options: Compression, compressed: bool) {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let client = WebSocketClient::builder(format!("ws://{}{path}", node.addresses()[0]))
        .compression(Some(options))
        .on_message(move |message: Message| {
            into.put(message);
            async {}
        })
        .build()
        .expect("good");
    within(client.connect()).await.expect("the node accepts");
    assert_eq!(client.connection().expect("open").handshake().compression(), compressed);
    let json = r#"{"symbol":"BTC-USD","price":1234.5,"größe":7}"#;
    let random: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for message in [
        Message::text(""),
        Message::text("small"),
        Message::text(json.repeat(10)),
        Message::text(json.repeat(10)),
        Message::binary(random),
        Message::binary(vec![0; 1_500_000]),
        Message::binary(vec![]),
        Message::text(json.repeat(11)),
    ] {
        within(client.send(message.clone())).await.expect("open");
        assert_eq!(seen.next().await, message);
    }
    client.close().await;
}

/// One node for all of it: a static's endpoint is served once in a process.
#[tokio::test]
async fn an_endpoint_compresses_as_it_was_told_and_as_the_peer_can() {
    let options = "[plugins.bristle.endpoints]\n\
                   ECHO.compression = { threshold = 5 }\n\
                   THRIFTY.compression = { server_no_context_takeover = true, server_max_window_bits = 9, level = 9 }\n\
                   PLAIN.compression = false";
    let node = launch(concat!(module_path!(), "::echo"), options).await;
    for (path, compressed) in [("/echo", true), ("/thrifty", true), ("/plain", false)] {
        round_trips(&node, path, Compression::default(), compressed).await;
        let mut thrifty = Compression::default();
        (thrifty.threshold, thrifty.level) = (0, 1);
        (thrifty.client_no_context_takeover, thrifty.client_max_window_bits) = (true, 8);
        round_trips(&node, path, thrifty, compressed).await;
    }
    while !echo::CLOSES.rest().await.is_empty() {}
    bytes_in_and_out(&node).await;
    violations(&node).await;
    within(node.stop()).await.expect("a clean stop");
}

async fn bytes_in_and_out(node: &Running) {
    let (mut wire, head) = wire(node).await;
    assert!(head.contains("\r\nsec-websocket-extensions: permessage-deflate\r\n"), "{head}");
    // A text in one frame, one that refers to it in three with a ping between them, one as it is.
    let (a, b) = HELLO_AGAIN.split_at(2);
    let fragments = [frame(0x41, a), frame(0x89, b"?"), frame(0x00, b""), frame(0x80, b)].concat();
    for byte in [frame(0xc1, HELLO), fragments, frame(0x81, b"Hell")].concat() {
        wire.send([byte]).await;
    }
    let mut frames = Vec::new();
    for _ in 0..4 {
        let first = within(wire.0.read_u8()).await.expect("open");
        let mut payload = vec![0; within(wire.0.read_u8()).await.expect("open").into()];
        within(wire.0.read_exact(&mut payload)).await.expect("open");
        frames.push((first, payload));
    }
    let pong = frames.iter().position(|frame| *frame == (0x8a, b"?".to_vec())).expect("a pong, as it was");
    frames.remove(pong);
    assert_eq!(frames[0].0, 0x81, "`Hello` does not become smaller: it is sent as it is");
    assert_eq!(frames[2], (0x81, b"Hell".to_vec()), "below the threshold");
    drop(wire);
    echo::CLOSES.next().await;
}

async fn violations(node: &Running) {
    for (bytes, code, reason) in [
        (frame(0xc1, &[0xff; 20]), 1007, "cannot be inflated"),
        (frame(0xc1, &[0x00, 0x02, 0x00, 0xfd, 0xff, 0xc3, 0x28, 0x00]), 1007, "no UTF-8"),
        (frame(0xc9, b""), 1002, "protocol error"),
        ([frame(0x01, b"a"), frame(0xc0, b"b")].concat(), 1002, "protocol error"),
        (frame(0xe1, HELLO), 1002, "protocol error"),
        ([frame(0x01, b"a"), frame(0x00, b"b").repeat(2), frame(0x80, b"c")].concat(), 1009, "more than 3 fragments"),
        (frame(0xc2, &ZEROS.repeat(100_000)), 1009, "over the limit of 2000000 bytes"),
        (frame(0x82, &vec![0; 2_000_001]), 1009, "2000001 bytes is over the limit of 2000000 bytes"),
    ] {
        let (mut wire, _) = wire(node).await;
        wire.send(&bytes).await;
        let (opcode, payload) = wire.frame().await;
        assert_eq!((opcode, &payload[..2]), (8, &u16::to_be_bytes(code)[..]), "{reason}");
        drop(wire);
        let close = echo::CLOSES.next().await;
        assert!(close.code == code && close.reason.contains(reason), "{close:?}");
    }
}

/// What a client with these options makes of a server that answers its offer with this header and then sends these bytes.
async fn client(
    configure: impl FnOnce(WebSocketClientBuilder) -> WebSocketClientBuilder,
    extensions: &str,
    bytes: &[u8],
) -> (Result<(), String>, Arc<Seen<Message>>, Arc<Seen<Close>>, TcpStream, WebSocketClient) {
    let (seen, closes) = (Arc::new(Seen::new()), Arc::new(Seen::new()));
    let (into, ended) = (seen.clone(), closes.clone());
    let peer = Peer::bind().await.expect("a free port");
    let client = configure(WebSocketClient::builder(peer.url("/")))
        .without_reconnect()
        .on_message(move |message: Message| {
            into.put(message);
            async {}
        })
        .on_close(move |close: Close| {
            ended.put(close);
            async {}
        })
        .build()
        .expect("good");
    let serve = async {
        let mut stream = peer.accept_raw().await.expect("the client connects");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.expect("a request"), 0);
        }
        let head = String::from_utf8(head).expect("text");
        let header = |name: &str| {
            head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)))
        };
        assert_eq!(
            header("sec-websocket-extensions").map(|(_, value)| value),
            Some("permessage-deflate; client_max_window_bits")
        );
        let accept = accept_key(header("sec-websocket-key").expect("a key").1);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
        );
        // In one piece: what follows the head is filtered, too.
        stream.write_all(&[answer.as_bytes(), bytes].concat()).await.expect("open");
        stream
    };
    let (outcome, stream) = within(async { tokio::join!(client.connect(), serve) }).await;
    (outcome.map_err(|error| error.to_string()), seen, closes, stream, client)
}

fn on(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder.compression(Some(Compression::default()))
}

#[tokio::test]
async fn a_client_reads_compressed_messages_that_come_with_the_handshake() {
    let bytes = [&[0xc1, 7][..], HELLO, &[0xc1, 5], HELLO_AGAIN, &[0x82, 1, 9]].concat();
    let extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let (outcome, seen, _, _stream, client) = client(on, extensions, &bytes).await;
    outcome.expect("a good answer");
    for message in [Message::text("Hello"), Message::text("Hello"), Message::binary(vec![9])] {
        assert_eq!(seen.next().await, message);
    }
    assert!(client.connection().expect("open").handshake().compression());
}

#[tokio::test]
async fn a_server_that_does_not_compress_is_connected_to_and_must_not_compress() {
    let bytes = [&[0x81, 2, b'h', b'i', 0xc1, 7][..], HELLO].concat();
    let (outcome, seen, closes, _stream, client) = client(on, "", &bytes).await;
    outcome.expect("a good answer");
    assert_eq!(seen.next().await, Message::text("hi"));
    assert_eq!(closes.next().await.code, 1002);
    assert!(client.connection().is_none_or(|connection| !connection.handshake().compression()));
}

#[tokio::test]
async fn an_answer_that_does_not_answer_the_offer_fails_the_connection() {
    for (answer, reason) in [
        ("permessage-deflate; unknown", "`unknown` is no parameter"),
        ("permessage-deflate; server_max_window_bits=99", "not 8 to 15"),
        ("permessage-bzip2", "was not asked for"),
    ] {
        let (outcome, ..) = client(on, &format!("Sec-WebSocket-Extensions: {answer}\r\n"), b"").await;
        let error = outcome.expect_err("an invalid answer");
        assert!(error.contains("Sec-WebSocket-Extensions") && error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_bomb_ends_in_1009_and_names_limit_and_size() {
    let bytes = [&[0xc2, 126, 0, 150][..], &ZEROS.repeat(10)].concat();
    let extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let limited = |builder| on(builder).max_message_size(1000);
    let (outcome, _, closes, _stream, _client) = client(limited, extensions, &bytes).await;
    outcome.expect("a good answer");
    let close = closes.next().await;
    assert_eq!(close.code, 1009);
    assert!(close.reason.contains("150 compressed bytes") && close.reason.contains("1000 bytes"), "{}", close.reason);
}

#[test]
fn a_level_or_window_that_there_is_not_is_refused_when_the_client_is_built() {
    let mut compression = Compression::default();
    compression.server_max_window_bits = 7;
    let error = WebSocketClient::builder("ws://x/").compression(Some(compression)).build().expect_err("no such window");
    assert!(error.to_string().contains("`server_max_window_bits` of the compression is 7: write 8 to 15"), "{error}");
}
