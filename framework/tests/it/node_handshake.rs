//! Requests to an endpoint: which become connections, and what the others are told.

use crate::node_wire::{HANDSHAKE, Wire, frame};
use crate::support::{launch, within};
use tokio::io::AsyncReadExt;

mod echo {
    use bristle::prelude::*;

    #[endpoint("/echo/{room}", subprotocols = ["v2", "v1"])]
    static ECHO: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(ECHO)]
    async fn echo(message: Message) -> Message {
        message
    }
}

#[tokio::test]
async fn frames_that_come_with_the_handshake_are_handled() {
    let node = launch(concat!(module_path!(), "::echo"), "").await;
    let mut wire = Wire::connect(&node).await;
    let mut bytes = format!("GET /echo/a HTTP/1.1\r\n{HANDSHAKE}Sec-WebSocket-Protocol: v1, v2\r\n\r\n").into_bytes();
    bytes.extend(frame(1, b"early"));
    let (first, last) = bytes.split_at(150);
    // Byte by byte, as over a bad line.
    for byte in first {
        wire.send([*byte]).await;
    }
    wire.send(last).await;
    let head = wire.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(head.contains("sec-websocket-protocol: v2"), "our order counts: {head}");
    assert_eq!(wire.frame().await, (1, b"early".to_vec()));
    drop(wire);

    // The same node also tells everybody else what is wrong.
    let mut wire = Wire::connect(&node).await;
    let answer = wire.answer("GET /echo/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 426 ") && answer.contains("this is a WebSocket endpoint"), "{answer}");
    for (request, status) in [
        ("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "404"),
        ("POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".to_owned(), "405"),
        (format!("GET /echo/a HTTP/1.1\r\n{}\r\n", HANDSHAKE.replace("13", "8")), "426"),
        (format!("GET /echo/a HTTP/1.1\r\n{}\r\n", HANDSHAKE.replace("dGhl", "")), "400"),
        (format!("GET /echo/%FF HTTP/1.1\r\n{HANDSHAKE}\r\n"), "400"),
        (format!("GET /echo/a HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(70 * 1024)), "431"),
        (format!("GET /echo/a HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(129)), "431"),
    ] {
        let head = Wire::connect(&node).await.request(&request).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    within(node.stop()).await.expect("a clean stop");
}

mod guarded {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static SEEN: LazyLock<Seen<(String, u8, Connection)>> = LazyLock::new(Seen::new);

    #[endpoint("/chat/{room}/{seat}", max_connections = 1)]
    static CHAT: OnceCell<Endpoint> = OnceCell::new();

    #[on_open(CHAT)]
    async fn welcome(Path((room, seat)): Path<(String, u8)>, connection: Connection) -> &'static str {
        SEEN.put((room, seat, connection));
        "welcome"
    }
}

#[tokio::test]
async fn a_handler_sees_what_was_asked_for_and_an_endpoint_only_who_may() {
    let toml = "[plugins.bristle.endpoints.CHAT]\norigins = ['https://example.com']";
    let node = launch(concat!(module_path!(), "::guarded"), toml).await;
    let ask = |more: &str| format!("GET /chat/the%20lobby/7?x=1 HTTP/1.1\r\n{HANDSHAKE}{more}\r\n");

    let head = Wire::connect(&node).await.request(&ask("Origin: https://evil.example\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");

    let mut wire = Wire::connect(&node).await;
    let head = wire.request(&ask("Origin: https://example.com\r\nX-A: b\r\nCookie: c\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(wire.frame().await, (1, b"welcome".to_vec()));
    let (room, seat, connection) = guarded::SEEN.next().await;
    assert_eq!((room.as_str(), seat), ("the lobby", 7));
    let handshake = connection.handshake();
    assert_eq!(handshake.uri.to_string(), "/chat/the%20lobby/7?x=1");
    assert_eq!(handshake.headers["x-a"], "b");
    assert_eq!(handshake.peer, Some(wire.0.local_addr().expect("a local address")));
    assert_eq!(connection.parameter("room"), Some("the lobby"));

    let head = Wire::connect(&node).await.request(&ask("")).await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.to_lowercase().contains("retry-after: "), "{head}");

    // The place is free again once the connection is gone.
    drop(wire);
    within(connection.closed()).await;
    loop {
        let head = Wire::connect(&node).await.request(&ask("")).await;
        if head.starts_with("HTTP/1.1 101 ") {
            break;
        }
        tokio::task::yield_now().await;
    }
    within(node.stop()).await.expect("a clean stop");
}

mod patient {
    #[bristle::route(GET, "/")]
    async fn root() {}
}

#[tokio::test]
async fn a_request_that_never_ends_holds_its_connection_for_ten_seconds_and_no_more() {
    let node = launch(concat!(module_path!(), "::patient"), "").await;
    let mut wire = Wire::connect(&node).await;
    wire.send("GET / HTTP/1.1\r\nHost: ").await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let mut rest = Vec::new();
    wire.0.read_to_end(&mut rest).await.expect("the node closes in good order");
    assert_eq!(began.elapsed().as_secs(), 10);
    tokio::time::resume();
    within(node.stop()).await.expect("a clean stop");
}
