//! What is sent while one connection closes is for the next one: nothing is refused, nothing waits in a circle.

use crate::limits::raw_server;
use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{ConnectionState, Message, Reconnect, SendError, WebSocketClient, WhileDown};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

#[tokio::test]
async fn what_is_sent_after_the_peers_close_frame_goes_over_the_next_connection() {
    let peer = Peer::bind().await.expect("a free port");
    let gate = Arc::new(Semaphore::new(0));
    let (pass, seen) = (gate.clone(), Arc::new(Seen::new()));
    let into = seen.clone();
    let client = WebSocketClient::builder(peer.url("/"))
        .on_message(move |message: Message, client: WebSocketClient| {
            let (pass, into) = (pass.clone(), into.clone());
            async move {
                into.put(message);
                pass.acquire().await.expect("open").forget();
                client.send("an answer").await
            }
        })
        .build()
        .expect("good");
    let (outcome, mut stream) = within(async { tokio::join!(client.connect(), raw_server(&peer)) }).await;
    outcome.expect("the peer accepts");
    within(client.ready()).await.expect("open");
    // A message, and a close frame with code 1001 behind it; the transport stays open.
    stream.write_all(&[0x81, 1, b'a', 0x88, 2, 0x03, 0xe9]).await.expect("open");
    seen.next().await;
    gate.add_permits(1);
    let mut next = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(within(next.receive()).await, Some(Message::text("an answer")));
}

#[tokio::test]
async fn what_is_sent_during_a_reconnect_is_held_or_fails_as_while_down_says() {
    for (policy, expected) in [(WhileDown::Hold, Ok(())), (WhileDown::Fail, Err(SendError::NotConnected))] {
        let peer = Peer::bind().await.expect("a free port");
        let client = WebSocketClient::builder(peer.url("/")).while_down(policy).build().expect("good");
        // This server answers no close frame, so that the closing lasts.
        let (outcome, _stream) = within(async { tokio::join!(client.connect(), raw_server(&peer)) }).await;
        outcome.expect("the peer accepts");
        let again = client.clone();
        let reconnecting = tokio::spawn(async move { again.reconnect().await });
        let mut watch = client.watch();
        while watch.state() != ConnectionState::Closing {
            within(watch.changed()).await.expect("the client lives");
        }
        assert_eq!(client.send("meanwhile").await, expected);
        reconnecting.abort();
    }
}

#[tokio::test]
async fn two_clients_that_relay_to_each_other_come_back_after_both_were_lost() {
    static A: OnceLock<WebSocketClient> = OnceLock::new();
    static B: OnceLock<WebSocketClient> = OnceLock::new();
    let gate = Arc::new(Semaphore::new(0));
    let hasty = |builder: bristle::WebSocketClientBuilder, other: &'static OnceLock<WebSocketClient>| {
        let pass = gate.clone();
        let mut policy = Reconnect::default();
        policy.min = Duration::from_millis(100);
        builder.reconnect(policy).outbox(1, 100).on_message(move |message: Message| {
            let pass = pass.clone();
            async move {
                pass.acquire().await.expect("open").forget();
                for _ in 0..3 {
                    other.get().expect("set below").send(message.clone()).await?;
                }
                Ok::<_, SendError>(())
            }
        })
    };
    let (a, mut server_a, peer_a) = connected(|builder| hasty(builder, &B)).await;
    let (b, mut server_b, peer_b) = connected(|builder| hasty(builder, &A)).await;
    assert!(A.set(a.clone()).is_ok() && B.set(b.clone()).is_ok());
    server_a.send("x").await.expect("open");
    server_b.send("y").await.expect("open");
    server_a.vanish();
    server_b.vanish();
    for client in [&a, &b] {
        let mut watch = client.watch();
        while watch.state() == ConnectionState::Open {
            within(watch.changed()).await.expect("the client lives");
        }
    }
    // Each handler fills the other's outbox while there is no connection, and waits for room in it.
    gate.add_permits(2);
    let (next_a, next_b) = within(async { tokio::join!(peer_a.accept(), peer_b.accept()) }).await;
    let (mut next_a, mut next_b) = (next_a.expect("a comes back"), next_b.expect("b comes back"));
    for _ in 0..3 {
        assert_eq!(within(next_b.receive()).await, Some(Message::text("x")));
        assert_eq!(within(next_a.receive()).await, Some(Message::text("y")));
    }
}
