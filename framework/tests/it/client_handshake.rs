//! Answers that real servers give and that RFC 6455 §4.1 takes or refuses: a user would lose whole servers.

use crate::support::within;
use bristle::testing::{Peer, accept_key};
use bristle::{ConnectError, WebSocketClient, WebSocketClientBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const ACCEPT: &str = "Sec-WebSocket-Accept: {accept}\r\n";

/// A server that answers these bytes, `{accept}` replaced by the right key, in pieces of so many bytes.
async fn answer(
    configure: fn(WebSocketClientBuilder) -> WebSocketClientBuilder,
    answer: String,
    piece: usize,
) -> Result<WebSocketClient, ConnectError> {
    let peer = Peer::bind().await.expect("a free port");
    let client = configure(WebSocketClient::builder(peer.url("/"))).build().expect("good");
    let serve = async {
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
        let answer = answer.replace("{accept}", &accept_key(key.expect("a key")));
        for bytes in answer.as_bytes().chunks(piece) {
            // A client that has refused the answer closes: the rest is not for it.
            if stream.write_all(bytes).await.is_err() {
                break;
            }
        }
        stream
    };
    let (outcome, _stream) = within(async { tokio::join!(client.connect(), serve) }).await;
    outcome.map(|()| client)
}

async fn lines(lines: &[&str]) -> Result<WebSocketClient, ConnectError> {
    answer(|builder| builder, format!("HTTP/1.1 101 Switching Protocols\r\n{}\r\n", lines.concat()), usize::MAX).await
}

async fn refused(parts: &[&str]) -> String {
    let error = lines(parts).await.expect_err("an invalid answer");
    assert!(matches!(error, ConnectError::Handshake(_)), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn connection_may_be_a_list_in_any_case_over_several_lines() {
    for connection in [
        "Connection: keep-alive, Upgrade\r\n",
        "connection: UPGRADE\r\n",
        "Connection: keep-alive\r\nConnection: upgrade\r\n",
    ] {
        lines(&[UPGRADE, connection, ACCEPT]).await.unwrap_or_else(|error| panic!("{connection:?}: {error}"));
    }
    lines(&["UPGRADE: WebSocket\r\n", CONNECTION, ACCEPT]).await.expect("names and tokens have no case");
}

#[tokio::test]
async fn what_rfc_6455_requires_is_required() {
    assert!(refused(&[CONNECTION, ACCEPT]).await.contains("`Upgrade` is missing"));
    assert!(refused(&["Upgrade: h2c\r\n", CONNECTION, ACCEPT]).await.contains("`Upgrade` is \"h2c\""));
    assert!(refused(&[UPGRADE, "Connection: close\r\n", ACCEPT]).await.contains("`Connection` is \"close\""));
    assert!(refused(&[UPGRADE, CONNECTION]).await.contains("`Sec-WebSocket-Accept` is missing"));
    assert!(refused(&[UPGRADE, CONNECTION, ACCEPT, ACCEPT]).await.contains("more than once"));
    assert!(
        refused(&[UPGRADE, CONNECTION, "Sec-WebSocket-Accept: {accept}x\r\n"])
            .await
            .contains("does not answer our key")
    );
}

#[tokio::test]
async fn an_extension_that_nobody_asked_for_fails_the_connection() {
    let error = refused(&[UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: permessage-deflate\r\n"]).await;
    assert!(error.contains("which was not asked for"), "{error}");
}

#[tokio::test]
async fn a_server_may_agree_to_no_subprotocol_but_not_to_a_foreign_one() {
    let offering: fn(WebSocketClientBuilder) -> WebSocketClientBuilder =
        |builder| builder.subprotocol("a").subprotocol("b");
    let head = |more: &str| format!("HTTP/1.1 101 Switching Protocols\r\n{UPGRADE}{CONNECTION}{ACCEPT}{more}\r\n");
    let none = answer(offering, head(""), usize::MAX).await.expect("RFC 6455 lets the client go on");
    assert_eq!(none.subprotocol(), None);
    let second = answer(offering, head("Sec-WebSocket-Protocol: b\r\n"), usize::MAX).await.expect("offered");
    assert_eq!(second.subprotocol().as_deref(), Some("b"));
    let foreign = answer(offering, head("Sec-WebSocket-Protocol: c\r\n"), usize::MAX).await.expect_err("not offered");
    assert!(foreign.to_string().contains("`c`, which was not offered"), "{foreign}");
    assert!(answer(|builder| builder, head("Sec-WebSocket-Protocol: c\r\n"), usize::MAX).await.is_err());
    let required = answer(|builder| builder.subprotocol("a").require_subprotocol(true), head(""), usize::MAX).await;
    assert!(required.expect_err("required").to_string().contains("none of the subprotocols offered (a)"));
}

#[tokio::test]
async fn an_answer_in_pieces_of_one_byte_or_without_a_reason_is_an_answer() {
    let head = format!("HTTP/1.1 101\r\n{UPGRADE}{CONNECTION}{ACCEPT}\r\n");
    answer(|builder| builder, head.clone(), usize::MAX).await.expect("a reason phrase may be absent");
    answer(|builder| builder, head, 1).await.expect("TCP keeps no boundaries");
}

#[tokio::test]
async fn an_answer_with_too_many_headers_names_the_limit() {
    let many: String = (0..200).map(|n| format!("X-{n}: x\r\n")).collect();
    let error = lines(&[UPGRADE, CONNECTION, ACCEPT, &many]).await.expect_err("over the limit").to_string();
    assert!(error.contains("128 headers"), "{error}");
    let few: String = (0..100).map(|n| format!("X-{n}: x\r\n")).collect();
    lines(&[UPGRADE, CONNECTION, ACCEPT, &few]).await.expect("below the limit");
}
