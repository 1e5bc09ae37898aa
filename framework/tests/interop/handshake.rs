//! The opening handshake: headers, subprotocols and refusals of real servers.

use crate::peers::Peer;
use crate::support::{connected, on_every_server, within};
use bristle::{ConnectError, Message, WebSocketClient};

on_every_server!(
    repeated_headers_arrive_in_order,
    repeated_headers_of_the_answer_can_be_read,
    a_subprotocol_is_agreed,
    a_server_may_agree_to_no_subprotocol,
    a_refusal_says_status_and_body,
);

async fn repeated_headers_arrive_in_order(peer: Peer) {
    let configure = |builder: bristle::WebSocketClientBuilder| builder.header("X-Tag", "one").header("X-Tag", "two");
    let mut end = connected(&peer, "/headers", configure).await;
    assert_eq!(end.receive().await, Message::text("one|two"));
}

async fn repeated_headers_of_the_answer_can_be_read(peer: Peer) {
    let end = connected(&peer, "/echo", |builder| builder).await;
    let connection = end.client.connection().expect("open");
    let values: Vec<_> = connection.handshake().headers.get_all("x-answer").iter().collect();
    assert_eq!(values, ["one", "two"]);
}

async fn a_subprotocol_is_agreed(peer: Peer) {
    let end = connected(&peer, "/echo", |builder| builder.subprotocol("chat.v3").subprotocol("chat.v2")).await;
    assert_eq!(end.client.subprotocol().as_deref(), Some("chat.v2"));
}

async fn a_server_may_agree_to_no_subprotocol(peer: Peer) {
    let client = WebSocketClient::builder(peer.url("/echo")).subprotocol("chat.v1").build().expect("good");
    within(client.connect()).await.expect("the server goes on without");
    assert_eq!(client.subprotocol(), None);
    let strict = WebSocketClient::builder(peer.url("/echo")).subprotocol("chat.v1").require_subprotocol(true);
    let error = within(strict.build().expect("good").connect()).await.expect_err("none was agreed");
    assert!(error.to_string().contains("subprotocol"), "{error}");
}

async fn a_refusal_says_status_and_body(peer: Peer) {
    let client = WebSocketClient::builder(peer.url("/forbidden")).build().expect("good");
    let error = within(client.connect()).await.expect_err("403");
    let ConnectError::Status { status, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*status, 403);
    assert!(format!("{error:?}").contains("not you"), "{error:?}");
}
