//! The limits of a handshake's head as options: whoever needs larger heads can have them, and nobody needs to take them.

use crate::node_wire::{HANDSHAKE, Wire};
use crate::support::{at, launch, launch_error, runtime, within};
use bristle::testing::Peer;
use bristle::{BuildError, WebSocketClient};

mod small {
    use bristle::prelude::*;

    #[client(url = "ws://localhost/", required = true, reconnect = false, max_headers = 4, max_head_size = 16_384)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
}

mod overridden {
    use bristle::prelude::*;

    #[client(url = "ws://localhost/", required = true, max_headers = 4)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
}

/// How a launch ends whose required client is answered with the three headers of a handshake and two more.
async fn answered_with_five_headers(module: &str, toml: &str) -> Result<(), String> {
    let peer = Peer::bind().await.expect("a free port");
    let runtime = runtime(module, &at(&peer, toml)).expect("nothing wrong");
    let (launched, server) =
        within(async { tokio::join!(runtime.launch(), peer.accept_with("X-A: 1\r\nX-B: 2\r\n")) }).await;
    drop(server);
    launched.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn attribute_and_configuration_say_how_many_headers_an_answer_may_have() {
    let launched = answered_with_five_headers("it::head_limits::small", "").await;
    let error = launched.expect_err("one header more than the attribute allows");
    assert!(error.contains("over 4 headers (`max_headers`) or 16384 bytes (`max_head_size`)"), "{error}");
    let toml = "plugins.bristle.clients.CLIENT.max_headers = 5";
    answered_with_five_headers("it::head_limits::overridden", toml).await.expect("as many as configured");
}

#[tokio::test]
async fn limits_that_no_answer_could_meet_are_refused_with_the_fix() {
    let builder = || WebSocketClient::builder("ws://localhost/");
    for (builder, fix) in [
        (builder().max_head_size(8191), "`max_head_size` is 8191, which is out of range: write a value from 8192 to "),
        (builder().max_headers(0), "`max_headers` is 0, which is out of range: write a value from 1 to 16384"),
        (builder().max_headers(16_385), "write a value from 1 to 16384"),
    ] {
        let error = builder.build().expect_err("out of range");
        assert!(matches!(error, BuildError::OutOfRange { .. }) && error.to_string().contains(fix), "{error}");
    }
    builder().max_head_size(8192).max_headers(16_384).build().expect("the ends of the ranges");
    for (toml, problem) in [
        ("plugins.bristle.clients.CLIENT.max_head_size = 100", "write a value from 8192 to "),
        ("plugins.bristle.clients.CLIENT.max_headers = -1", "max_headers"),
        (
            "node.max_head_size = 100",
            "test.toml:1: node.max_head_size: `100` is out of range: write a value from 8192 to ",
        ),
        ("node.max_headers = 0", "test.toml:1: node.max_headers: `0` is out of range: write a value from 1 to 16384"),
    ] {
        let error = launch_error("it::head_limits::small", toml).await;
        assert!(error.contains(problem), "{toml}: {error}");
    }
}

mod served {
    use bristle::prelude::*;

    #[endpoint("/echo")]
    static ECHO: OnceCell<Endpoint> = OnceCell::new();
}

#[tokio::test]
async fn a_node_takes_heads_as_large_as_it_was_told_and_no_larger() {
    let toml = "node.max_headers = 8\nnode.max_head_size = 10_000";
    let node = launch("it::head_limits::served", toml).await;
    for (more, status) in [
        ("X: x\r\n".repeat(3), "101"),
        ("X: x\r\n".repeat(4), "431"),
        (format!("X: {}\r\n", "x".repeat(9_000)), "101"),
        (format!("X: {}\r\n", "x".repeat(10_000)), "431"),
    ] {
        let mut wire = Wire::connect(&node).await;
        let head = wire.request(&format!("GET /echo HTTP/1.1\r\n{HANDSHAKE}{more}\r\n")).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{} more bytes: {head}", more.len());
    }
    within(node.stop()).await.expect("a clean stop");
}
