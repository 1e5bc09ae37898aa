//! What a developer relies on when a client connects: typed errors, the right request, states that are true.

use crate::support::{connected, within};
use bristle::testing::{Peer, accept_key};
use bristle::{BuildError, ConnectError, ConnectionState, Message, WebSocketClient};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn client(url: &str) -> WebSocketClient {
    WebSocketClient::builder(url).build().expect("a good client")
}

async fn refused_with(answer: &[u8]) -> ConnectError {
    let peer = Peer::bind().await.expect("a free port");
    let client = client(&peer.url("/"));
    let (outcome, stream) = within(async {
        tokio::join!(client.connect(), async {
            let mut stream = peer.answer(answer).await.expect("the client asks");
            stream.shutdown().await.expect("it is open");
            stream
        })
    })
    .await;
    drop(stream);
    assert_eq!(client.state(), ConnectionState::Closed);
    outcome.expect_err("no valid answer")
}

#[tokio::test]
async fn a_client_that_connected_is_open_and_knows_what_was_agreed() {
    let peer = Peer::bind().await.expect("a free port");
    let client =
        WebSocketClient::builder(peer.url("/a/b?x=1")).subprotocol("one").subprotocol("two").build().expect("good");
    assert_eq!(client.state(), ConnectionState::Idle);
    let (outcome, server) = within(async {
        tokio::join!(client.connect(), peer.accept_with("Sec-WebSocket-Protocol: two\r\nX-Server: me\r\n"))
    })
    .await;
    outcome.expect("the peer accepts");
    let server = server.expect("the client asks");
    assert!(client.is_connected());
    assert_eq!(server.resource(), "/a/b?x=1");
    assert_eq!(server.headers()["sec-websocket-protocol"], "one, two");
    assert_eq!(client.subprotocol().as_deref(), Some("two"));
    let connection = client.connection().expect("it is open");
    assert_eq!(connection.handshake().headers["x-server"], "me");
    assert_eq!(connection.handshake().peer, Some(peer.address()));
}

#[tokio::test]
async fn a_message_that_comes_in_one_segment_with_the_handshake_is_not_lost() {
    let peer = Peer::bind().await.expect("a free port");
    let (sender, mut received) = tokio::sync::mpsc::channel(1);
    let client = WebSocketClient::builder(peer.url("/"))
        .on_message(move |message: Message| {
            let sender = sender.clone();
            async move { sender.send(message).await }
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
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-Websocket-Key: ").or(line.strip_prefix("Sec-WebSocket-Key: ")))
            .expect("a key");
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            accept_key(key)
        );
        let mut bytes = answer.into_bytes();
        bytes.extend_from_slice(&[0x81, 2, b'h', b'i']);
        stream.write_all(&bytes).await.expect("it is open");
        stream
    };
    let (outcome, _stream) = within(async { tokio::join!(client.connect(), serve) }).await;
    outcome.expect("a valid answer");
    assert_eq!(within(received.recv()).await, Some(Message::text("hi")));
}

#[tokio::test]
async fn connect_works_once_whatever_became_of_it() {
    let (client, _server, _peer) = connected(|builder| builder).await;
    assert!(matches!(client.connect().await, Err(ConnectError::AlreadyStarted)));

    let nobody = client_of_nobody().await;
    assert!(matches!(nobody.connect().await, Err(ConnectError::Refused { .. })));
    assert!(matches!(nobody.connect().await, Err(ConnectError::AlreadyStarted)));
}

async fn client_of_nobody() -> WebSocketClient {
    let url = Peer::bind().await.expect("a free port").url("/");
    client(&url)
}

#[tokio::test]
async fn a_refused_port_says_that_nobody_listens() {
    let error = within(client_of_nobody().await.connect()).await.expect_err("nobody listens");
    assert!(error.to_string().contains("refused the connection: is the server running?"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    let error = within(client("ws://no-such-host.invalid/").connect()).await.expect_err("no address");
    assert!(matches!(&error, ConnectError::Dns { host, .. } if host == "no-such-host.invalid"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_answers_with_a_page_or_a_refusal_is_quoted() {
    for (status, hint) in
        [("200 OK", "a web page"), ("401 Unauthorized", "credentials"), ("404 Not Found", "path"), ("500 Oops", "")]
    {
        let answer = format!("HTTP/1.1 {status}\r\nX-Why: because\r\nContent-Length: 9\r\n\r\ngo away!\n");
        let error = refused_with(answer.as_bytes()).await;
        let text = error.to_string();
        assert!(text.contains(&status[..3]) && text.contains(hint) && text.contains("go away!"), "{text}");
        let ConnectError::Status { headers, body, .. } = error else { panic!("{text}") };
        assert_eq!(headers["x-why"], "because");
        assert_eq!(&body[..], b"go away!\n");
    }
}

#[tokio::test]
async fn garbage_and_silence_are_told_apart() {
    let garbage = refused_with(b"\x00\x01\x02 what?\r\n\r\n").await.to_string();
    assert!(garbage.contains("no HTTP"), "{garbage}");
    let nothing = refused_with(b"").await.to_string();
    assert!(nothing.contains("before it had answered"), "{nothing}");
    let half = refused_with(b"HTTP/1.1 101 Switching Protocols\r\nUpgr").await.to_string();
    assert!(half.contains("before it had answered"), "{half}");
}

#[tokio::test]
async fn a_wrong_accept_key_fails_the_connection() {
    let error = refused_with(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
    )
    .await;
    assert_eq!(
        error.to_string(),
        "the server's handshake is not valid: `Sec-WebSocket-Accept` does not answer our key"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_the_timeout() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).connect_timeout(Duration::from_secs(3)).build().expect("good");
    let serve = async {
        let stream = peer.accept_raw().await;
        tokio::time::pause();
        stream
    };
    let (outcome, _stream) = tokio::join!(client.connect(), serve);
    assert!(matches!(outcome, Err(ConnectError::Timeout(limit)) if limit == Duration::from_secs(3)), "{outcome:?}");
}

#[tokio::test]
async fn what_cannot_be_built_says_what_to_write() {
    let build = |url: &str| WebSocketClient::builder(url).build().expect_err("bad").to_string();
    assert!(build("http://localhost/").contains("write `ws://localhost/`"));
    assert!(build("localhost").contains("write `ws://localhost`"));
    let builder = || WebSocketClient::builder("ws://localhost/");
    let newline = builder().header("X-A", "a\r\nX-B: b").build().expect_err("a line break");
    assert!(matches!(&newline, BuildError::Header { name, .. } if name == "X-A"), "{newline}");
    assert!(builder().header("X A", "a").build().expect_err("a space").to_string().contains("no token"));
    let reserved = builder().header("Sec-WebSocket-Protocol", "a").build().expect_err("reserved").to_string();
    assert!(reserved.contains("use `subprotocol`"), "{reserved}");
    assert!(builder().subprotocol("a b").build().expect_err("a space").to_string().contains("`a b`"));
    assert!(builder().subprotocol("a").subprotocol("a").build().is_err());
}

#[tokio::test]
async fn wss_speaks_tls_and_a_peer_that_does_not_is_a_tls_error() {
    let peer = Peer::bind().await.expect("a free port");
    let client = client(&peer.url("/").replace("ws://", "wss://"));
    let serve = async {
        let mut stream = peer.accept_raw().await.expect("the client connects");
        let mut first = [0; 3];
        stream.read_exact(&mut first).await.expect("a ClientHello");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it is open");
        first
    };
    let (outcome, first) = within(async { tokio::join!(client.connect(), serve) }).await;
    // RFC 8446 §5.1: a record of type handshake.
    assert_eq!(first[..2], [0x16, 0x03]);
    assert!(matches!(outcome, Err(ConnectError::Tls { .. })), "{outcome:?}");
}

#[tokio::test]
async fn states_are_pushed_in_order() {
    let peer = Peer::bind().await.expect("a free port");
    let client = client(&peer.url("/"));
    let mut watch = client.watch();
    let follow = tokio::spawn(async move {
        let mut states = vec![watch.state()];
        while states.last() != Some(&ConnectionState::Closed) {
            states.extend(watch.changed().await);
        }
        states
    });
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    let mut server = server.expect("the client asks");
    within(client.ready()).await.expect("nothing to wait for");
    let (close, ()) = within(async { tokio::join!(server.ended(), client.close()) }).await;
    assert_eq!(close.code, 1000);
    let mut states = within(follow).await.expect("no panic");
    states.dedup();
    let order = [
        ConnectionState::Idle,
        ConnectionState::Connecting,
        ConnectionState::Open,
        ConnectionState::Closing,
        ConnectionState::Closed,
    ];
    // A watcher may miss a state that passes quickly, but never sees one out of order.
    let places: Vec<_> = states.iter().map(|state| order.iter().position(|known| known == state)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{states:?}");
}
