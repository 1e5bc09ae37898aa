//! What an operator relies on when strangers connect: nobody holds more of a node than its limits say.

use crate::node_wire::{HANDSHAKE, Wire};
use crate::support::launch;

/// A slot is filled once in a process: each test has a node of its own.
macro_rules! node {
    ($name:ident) => {
        mod $name {
            use bristle::prelude::*;

            #[endpoint("/ws")]
            static SERVED: OnceCell<Endpoint> = OnceCell::new();

            #[on_message(SERVED)]
            async fn echo(message: Message) -> Message {
                message
            }

            #[route(POST, "/length")]
            async fn length(body: String) -> String {
                body.len().to_string()
            }
        }
    };
}

node!(crowded);
node!(idle);
node!(uploads);
node!(hurried);

#[tokio::test]
async fn connections_over_the_nodes_limit_are_told_and_a_websocket_counts_like_any_other() {
    let node = launch(concat!(module_path!(), "::crowded"), "node.max_connections = 2").await;
    let websocket = Wire::open(&node, "/ws").await;
    let mut http = Wire::connect(&node).await;
    let head = http.request("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");

    let refused = Wire::connect(&node).await.rest().await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "nobody may come in over the limit: {refused}");
    assert!(refused.contains("Retry-After: ") && refused.contains("as many connections as it may have"), "{refused}");

    drop(websocket);
    loop {
        // The place is free as soon as the node has seen the peer go.
        let mut next = Wire::connect(&node).await;
        let answer = next.answer("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if answer.starts_with("HTTP/1.1 404 ") {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn whoever_does_not_finish_a_head_or_only_idles_is_let_go() {
    let node = launch(concat!(module_path!(), "::idle"), "node.header_timeout = '50ms'").await;
    let mut slow = Wire::connect(&node).await;
    slow.send("GET /nowhere HTTP/1.1\r\nHost: x").await;
    let mut silent = Wire::connect(&node).await;
    let mut idle = Wire::connect(&node).await;
    let head = idle.request("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    // A node that has no limit would keep them, and the test's guard would end it.
    assert_eq!(silent.rest().await, "");
    assert_eq!(idle.rest().await, "");
    let answer = slow.rest().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let mut websocket = Wire::open(&node, "/ws").await;
    // Its time began after the WebSocket's: when it is over, so would the WebSocket's be.
    assert_eq!(Wire::connect(&node).await.rest().await, "");
    websocket.text("still there").await;
    assert_eq!(websocket.frame().await, (1, b"still there".to_vec()), "a WebSocket may be silent");
}

#[tokio::test]
async fn an_upload_that_never_ends_is_answered_and_one_that_is_too_large_too() {
    let node =
        launch(concat!(module_path!(), "::uploads"), "node = { body_timeout = '50ms', max_body_size = 8 }").await;
    let post = |length: usize, body: &str| {
        format!("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let slow = Wire::connect(&node).await.answer(&post(5, "12")).await;
    assert!(slow.starts_with("HTTP/1.1 408 ") && slow.contains("`node.body_timeout`"), "{slow}");
    let large = Wire::connect(&node).await.request(&post(9, "123456789")).await;
    assert!(large.starts_with("HTTP/1.1 413 "), "{large}");
    let mut fits = Wire::connect(&node).await;
    let head = fits.request(&post(8, "12345678")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[tokio::test]
async fn a_handshake_is_no_upload() {
    let node =
        launch(concat!(module_path!(), "::hurried"), "node = { body_timeout = '1ms', header_timeout = '1s' }").await;
    let mut wire = Wire::connect(&node).await;
    let head = wire.request(&format!("GET /ws HTTP/1.1\r\n{HANDSHAKE}\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    wire.text("hello").await;
    assert_eq!(wire.frame().await, (1, b"hello".to_vec()));
}
