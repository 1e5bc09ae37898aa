//! What a developer relies on at the end of a connection: code, reason, who began it, and that nothing hangs.

use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{
    Close, ConnectError, ConnectionState, Initiator, Message, SendError, WebSocketClient, WebSocketClientBuilder,
};
use futures_util::FutureExt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// A builder whose closes are seen.
fn watched(seen: &Arc<Seen<Close>>) -> impl FnOnce(WebSocketClientBuilder) -> WebSocketClientBuilder + use<> {
    let seen = seen.clone();
    move |builder| {
        builder.without_reconnect().on_close(move |close: Close| {
            seen.put(close);
            async {}
        })
    }
}

#[tokio::test]
async fn the_peers_code_and_reason_reach_on_close_and_are_answered() {
    let seen = Arc::new(Seen::new());
    let (client, mut server, _peer) = connected(watched(&seen)).await;
    within(client.ready()).await.expect("open");
    let answer = within(server.close(4321, "so long")).await;
    assert_eq!((answer.code, answer.reason.as_str()), (4321, "so long"));
    let close = seen.next().await;
    assert_eq!((close.code, close.reason.as_str(), close.initiator), (4321, "so long", Initiator::Remote));
    assert!(close.was_ready);
    assert_eq!(close.retry_in, None);
    assert!(!client.is_connected());
}

#[tokio::test]
async fn our_code_and_reason_reach_the_peer() {
    let seen = Arc::new(Seen::new());
    let (client, mut server, _peer) = connected(watched(&seen)).await;
    let (close, ()) = within(async { tokio::join!(server.ended(), client.close_with(3001, "done")) }).await;
    assert_eq!((close.code, close.reason.as_str(), close.initiator), (3001, "done", Initiator::Remote));
    assert_eq!(client.state(), ConnectionState::Closed);
    let close = seen.next().await;
    assert_eq!((close.code, close.initiator), (3001, Initiator::Local));
}

#[tokio::test]
async fn a_close_frame_can_be_sent_like_any_message() {
    let seen = Arc::new(Seen::new());
    let (client, mut server, _peer) = connected(watched(&seen)).await;
    client.send("before").await.expect("open");
    client.send(Message::close(1000, "by hand")).await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("before")));
    let close = within(server.ended()).await;
    assert_eq!((close.code, close.reason.as_str()), (1000, "by hand"));
    assert_eq!(seen.next().await.initiator, Initiator::Local);
    assert_eq!(client.send("after").await, Err(SendError::Closed));
}

#[tokio::test]
async fn close_sends_what_waits_first() {
    let (client, mut server, _peer) = connected(|builder| builder).await;
    for n in 0..500 {
        client.send(n.to_string()).await.expect("open");
    }
    let receive = async {
        let mut count = 0;
        while let Some(message) = server.receive().await {
            assert_eq!(message, Message::text(count.to_string()));
            count += 1;
        }
        count
    };
    let (count, ()) = within(async { tokio::join!(receive, client.close()) }).await;
    assert_eq!(count, 500);
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_transport_close_1006() {
    let seen = Arc::new(Seen::new());
    let (_client, server, _peer) = connected(watched(&seen)).await;
    server.vanish();
    let close = seen.next().await;
    assert_eq!((close.code, close.initiator), (1006, Initiator::Transport));
    assert!(close.reason.contains("without a close frame"), "{close}");
}

#[tokio::test]
async fn a_close_frame_without_a_code_is_1005() {
    use tokio::io::AsyncWriteExt;
    let seen = Arc::new(Seen::new());
    let peer = Peer::bind().await.expect("a free port");
    let client = watched(&seen)(WebSocketClient::builder(peer.url("/"))).build().expect("good");
    let (outcome, stream) = within(async { tokio::join!(client.connect(), crate::limits::raw_server(&peer)) }).await;
    outcome.expect("the peer accepts");
    let mut stream = stream;
    stream.write_all(&[0x88, 0]).await.expect("open");
    let close = seen.next().await;
    assert_eq!((close.code, close.initiator), (1005, Initiator::Remote));
}

#[tokio::test]
async fn a_peer_that_does_not_answer_the_close_is_given_up() {
    let seen = Arc::new(Seen::new());
    let peer = Peer::bind().await.expect("a free port");
    let client = watched(&seen)(WebSocketClient::builder(peer.url("/")))
        .close_timeout(Duration::from_secs(2))
        .build()
        .expect("good");
    let (outcome, _stream) = within(async { tokio::join!(client.connect(), crate::limits::raw_server(&peer)) }).await;
    outcome.expect("the peer accepts");
    tokio::time::pause();
    client.close().await;
    assert_eq!(client.state(), ConnectionState::Closed);
    assert_eq!(seen.next().await.initiator, Initiator::Local);
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let (client, mut server, _peer) = connected(|builder| builder).await;
    let other = client.clone();
    drop(client);
    other.send("still here").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("still here")));
    other.send("last words").await.expect("open");
    drop(other);
    assert_eq!(within(server.receive()).await, Some(Message::text("last words")));
    assert_eq!(within(server.ended()).await.code, 1000);
}

/// A future that keeps what it was given after its end, as `poll_fn` does, must not keep the client open until the next message.
#[tokio::test]
async fn a_callback_that_is_done_holds_no_handle() {
    let (client, mut server, _peer) = connected(|builder| {
        builder.on_message(|_: Message, client: WebSocketClient| poll_fn(move |_| Poll::Ready(client.try_send("seen"))))
    })
    .await;
    server.send("look").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("seen")));
    drop(client);
    assert_eq!(within(server.ended()).await.code, 1000);
}

/// Callers that give up must not pile up orders, and those that wait behind them must get their turn.
#[tokio::test]
async fn more_calls_than_the_supervisor_has_room_for_wait_and_none_is_lost() {
    let (client, mut server, _peer) = connected(|builder| builder).await;
    for _ in 0..100 {
        assert!(client.reconnect().now_or_never().is_none(), "nobody has carried it out yet");
    }
    let calls: Vec<_> = (0..20).map(|_| client.close()).collect();
    let all = async { tokio::join!(futures_util::future::join_all(calls), server.ended()) };
    within(all).await;
    assert_eq!(client.state(), ConnectionState::Closed);
    within(client.close()).await;
}

#[tokio::test]
async fn close_takes_effect_at_once_while_connecting() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    let other = client.clone();
    let connecting = tokio::spawn(async move { other.connect().await });
    let _stream = within(peer.accept_raw()).await.expect("the client connects");
    within(client.close()).await;
    assert!(matches!(within(connecting).await.expect("no panic"), Err(ConnectError::Closed)));
}

#[tokio::test]
async fn a_closed_client_can_be_opened_again() {
    let (client, mut server, peer) = connected(|builder| builder).await;
    within(async { tokio::join!(server.ended(), client.close()) }).await;
    let (outcome, server) = within(async { tokio::join!(client.reconnect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    client.send("again").await.expect("open");
    assert_eq!(within(server.expect("the client asks").receive()).await, Some(Message::text("again")));
}

#[tokio::test]
async fn closing_what_was_never_opened_does_not_hang() {
    let client = WebSocketClient::builder("ws://127.0.0.1:1/").build().expect("good");
    within(client.close()).await;
    assert_eq!(client.state(), ConnectionState::Closed);
    assert!(within(client.ready()).await.is_err());
}

#[tokio::test]
async fn an_on_open_that_closes_its_own_client_goes_on_to_its_end() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (_client, mut server, _peer) = connected(|builder| {
        builder.on_open(move |client: WebSocketClient| {
            let into = into.clone();
            async move {
                client.close().await;
                into.put("to the end");
            }
        })
    })
    .await;
    assert_eq!(within(server.ended()).await.code, 1000);
    assert_eq!(seen.next().await, "to the end");
}
