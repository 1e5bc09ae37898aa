//! What a developer relies on when a client sends: order, nothing lost, nothing twice, no waiting without a reason.

use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{Connection, Message, SendError, WebSocketClient, WhileDown};
use std::sync::Arc;

#[tokio::test]
async fn every_kind_of_message_arrives_as_what_it_was() {
    let (client, mut server, _peer) = connected(|builder| builder).await;
    let sent = [
        Message::text("grüße"),
        Message::binary(vec![0, 159, 146, 150]),
        Message::text(""),
        Message::binary(vec![]),
        Message::ping("are you there"),
        Message::pong("unasked"),
        Message::binary(vec![7; 70_000]),
    ];
    for message in &sent {
        client.send(message.clone()).await.expect("open");
        assert_eq!(within(server.receive()).await.as_ref(), Some(message));
        if message.is_ping() {
            // The peer's link has answered it.
        }
    }
}

#[tokio::test]
async fn messages_sent_before_the_connection_are_kept_in_order() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    for n in 0..100 {
        client.send(format!("{n}")).await.expect("kept");
    }
    assert_eq!(client.stats().queued, 100);
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    let mut server = server.expect("the client asks");
    for n in 0..100 {
        assert_eq!(within(server.receive()).await, Some(Message::text(n.to_string())));
    }
    client.deliver("last").await.expect("open");
    assert_eq!(client.stats().written, 101);
}

#[tokio::test]
async fn what_on_open_sends_goes_before_everything_that_waits() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .on_open(|client: WebSocketClient| async move {
            client.send("login").await?;
            client.deliver("subscribe").await
        })
        .on_open(|connection: Connection| async move { connection.send("third").await })
        .build()
        .expect("good");
    client.send("held").await.expect("kept");
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    let mut server = server.expect("the client asks");
    for expected in ["login", "subscribe", "third", "held"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    within(client.ready()).await.expect("open");
}

#[tokio::test]
async fn while_down_decides_what_becomes_of_a_message() {
    let build = |policy| WebSocketClient::builder("ws://127.0.0.1:1/").while_down(policy).build().expect("good");
    assert_eq!(build(WhileDown::Fail).send("x").await, Err(SendError::NotConnected));
    let dropping = build(WhileDown::Drop);
    assert_eq!(dropping.send("x").await, Ok(()));
    assert_eq!((dropping.stats().queued, dropping.stats().lost, dropping.stats().dropped), (0, 0, 1));
    let holding = build(WhileDown::Hold);
    assert_eq!(holding.send("x").await, Ok(()));
    assert_eq!((holding.stats().queued, holding.stats().lost), (1, 0));
}

#[tokio::test]
async fn a_full_outbox_makes_senders_wait_in_their_order_and_try_send_say_so() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).outbox(2, 1 << 20).build().expect("good");
    client.try_send("0").expect("room");
    client.try_send("1").expect("room");
    let full = client.try_send("x").expect_err("full");
    assert_eq!(full, SendError::Full { messages: 2, bytes: 2 });
    assert!(full.to_string().contains("full with 2 messages"), "{full}");

    let tasks: Vec<_> = (2..6)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.send(n.to_string()).await })
        })
        .collect();
    // Each task runs up to where it waits, in the order of their spawning.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.stats().queued, 2);
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    let mut server = server.expect("the client asks");
    for n in 0..6 {
        assert_eq!(within(server.receive()).await, Some(Message::text(n.to_string())));
    }
    for task in tasks {
        assert_eq!(within(task).await.expect("no panic"), Ok(()));
    }
}

#[tokio::test]
async fn a_cancelled_send_has_queued_nothing_and_blocks_nobody() {
    let client = WebSocketClient::builder("ws://127.0.0.1:1/").outbox(1, 1 << 20).build().expect("good");
    client.try_send("0").expect("room");
    {
        let waiting = client.send("cancelled");
        tokio::pin!(waiting);
        assert!(futures_poll(&mut waiting).await.is_none());
    }
    assert_eq!(client.stats().queued, 1);
    // Nobody waits any more, so this says Full for want of room, not for somebody's turn.
    assert_eq!(client.try_send("x"), Err(SendError::Full { messages: 1, bytes: 1 }));
    client.close().await;
    assert_eq!(client.send("late").await, Err(SendError::Closed));
}

async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = std::future::ready(()) => None,
    }
}

#[tokio::test]
async fn a_message_larger_than_the_outbox_goes_alone() {
    let (client, mut server, _peer) = connected(|builder| builder.outbox(4, 10)).await;
    let large = Message::binary(vec![1; 1000]);
    let (sent, received) = within(async { tokio::join!(client.deliver(large.clone()), server.receive()) }).await;
    sent.expect("it fits alone");
    assert_eq!(received, Some(large));
}

#[tokio::test]
async fn many_tasks_send_and_each_keeps_its_own_order() {
    let (client, mut server, _peer) = connected(|builder| builder.outbox(8, 1 << 20)).await;
    for task in 0..8 {
        let client = client.clone();
        tokio::spawn(async move {
            for n in 0..200 {
                client.send(format!("{task} {n}")).await.expect("open");
            }
        });
    }
    let mut next = [0; 8];
    for _ in 0..1600 {
        let message = within(server.receive()).await.expect("open").into_text().expect("text");
        let (task, n) = message.split_once(' ').expect("two numbers");
        let task: usize = task.parse().expect("a number");
        assert_eq!(n, next[task].to_string());
        next[task] += 1;
    }
}

#[tokio::test]
async fn control_frames_over_their_limits_are_refused_when_they_are_sent() {
    let (client, _server, _peer) = connected(|builder| builder).await;
    assert!(matches!(
        client.send(Message::ping(vec![0; 126])).await,
        Err(SendError::ControlTooLarge { limit: 125, size: 126, .. })
    ));
    assert!(matches!(client.send(Message::close(1005, "")).await, Err(SendError::CloseCode(1005))));
}

#[tokio::test]
async fn pings_are_answered_and_pongs_readable_for_whoever_asks() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (client, mut server, _peer) = connected(|builder| {
        builder.control_frames(true).on_message(move |message: Message| {
            into.put(message);
            async {}
        })
    })
    .await;
    server.send(Message::ping("1")).await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::pong("1")));
    assert_eq!(seen.next().await, Message::ping("1"));
    client.send(Message::ping("2")).await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::ping("2")));
    let pong = tokio::select! {
        _ = server.receive() => None,
        message = seen.next() => Some(message),
    };
    assert_eq!(pong, Some(Message::pong("2")));
}

#[tokio::test]
async fn an_echo_is_not_given_pings_unless_it_asks() {
    let (_client, mut server, _peer) = connected(|builder| {
        builder.on_message(|message: Message, client: WebSocketClient| async move { client.send(message).await })
    })
    .await;
    server.send(Message::ping("p")).await.expect("open");
    server.send("text").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::pong("p")));
    assert_eq!(within(server.receive()).await, Some(Message::text("text")));
}
