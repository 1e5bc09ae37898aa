//! Whether a peer that went silent is noticed, one that is only quiet is left alone, and nothing but that needs a keepalive.

use crate::limits::raw_server;
use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{Close, Initiator, Message, WebSocketClient};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

#[tokio::test]
async fn a_peer_that_vanished_without_a_word_is_asked_and_then_given_up() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .without_reconnect()
        .on_close(move |close: Close| {
            into.put(close);
            async {}
        })
        .build()
        .expect("good");
    let (outcome, mut stream) = within(async { tokio::join!(client.connect(), raw_server(&peer)) }).await;
    outcome.expect("the peer accepts");
    tokio::time::pause();
    let silent_since = Instant::now();
    let mut frame = [0; 2];
    stream.read_exact(&mut frame).await.expect("a ping");
    assert_eq!(frame, [0x89, 0x80 | 8], "a masked ping of 8 bytes");
    assert_eq!(silent_since.elapsed().as_secs(), 20);
    // Nothing is left but the timer: the guard of `Seen` is longer.
    let close = seen.next().await;
    assert_eq!((close.code, close.initiator), (1006, Initiator::Transport));
    assert!(close.reason.contains("did not answer a ping"), "{close}");
}

#[tokio::test]
async fn a_quiet_peer_that_answers_is_kept_and_its_latency_is_known() {
    let (_client, mut server, _peer) = connected(|builder| {
        builder.keepalive(Some(bristle::Keepalive::new(Duration::from_millis(20), Duration::from_secs(30)))).on_message(
            |_: Message, client: WebSocketClient| async move {
                let latency = client.connection().and_then(|connection| connection.latency());
                client.send(if latency.is_some() { "known" } else { "unknown" }).await
            },
        )
    })
    .await;
    let ping = within(server.receive()).await.expect("the connection is kept");
    assert!(ping.is_ping(), "{ping:?}");
    server.send("what is the latency?").await.expect("open");
    let answer = loop {
        match within(server.receive()).await.expect("the connection is kept") {
            message if message.is_text() => break message,
            _ => {}
        }
    };
    assert_eq!(answer, Message::text("known"));
}

/// A client that has just handled a message, without a keepalive, of a peer that says nothing more: what it is told then must
/// not wait for a look or for the peer.
async fn settled() -> (WebSocketClient, TcpStream, Peer) {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .keepalive(None)
        .on_message(|message: Message, client: WebSocketClient| async move { client.send(message).await })
        .build()
        .expect("good");
    let (outcome, mut stream) = within(async { tokio::join!(client.connect(), raw_server(&peer)) }).await;
    outcome.expect("the peer accepts");
    stream.write_all(&[0x81, 1, b'x']).await.expect("the connection holds");
    let mut answer = [0; 7];
    within(stream.read_exact(&mut answer)).await.expect("an answer");
    assert_eq!(answer[..2], [0x81, 0x81], "a masked text of one byte");
    (client, stream, peer)
}

/// Takes a close frame with code 1000, and answers it.
async fn closing(stream: &mut TcpStream) {
    let mut frame = [0; 8];
    within(stream.read_exact(&mut frame)).await.expect("a close frame");
    assert_eq!(frame[..2], [0x88, 0x82]);
    let code = u16::from_be_bytes([frame[6] ^ frame[2], frame[7] ^ frame[3]]);
    assert_eq!(code, 1000);
    stream.write_all(&[0x88, 2, 0x03, 0xe8]).await.expect("the connection holds");
}

#[tokio::test]
async fn a_client_that_has_just_answered_its_peer_closes_when_it_is_told() {
    let (client, mut stream, _peer) = settled().await;
    within(async { tokio::join!(client.close(), closing(&mut stream)) }).await;
}

#[tokio::test]
async fn a_client_that_has_just_answered_its_peer_connects_again_when_it_is_told() {
    let (client, mut stream, peer) = settled().await;
    let again = async {
        closing(&mut stream).await;
        drop(stream);
        peer.accept().await
    };
    let (outcome, again) = within(async { tokio::join!(client.reconnect(), again) }).await;
    outcome.expect("the peer accepts");
    again.expect("it came again");
}

#[tokio::test]
async fn a_client_that_has_just_answered_its_peer_closes_with_its_last_handle() {
    let (client, mut stream, _peer) = settled().await;
    drop(client);
    closing(&mut stream).await;
}
