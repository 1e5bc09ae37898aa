//! Servers that are killed while messages are on their way, and come back: what is lost is what was on its way.

use crate::peers::Peer;
use crate::support::{connected, on_every_server, within};
use bristle::{SendError, WebSocketClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How large a message is: the system's buffers, which a killed server takes along, hold few of this size.
const SIZE: usize = 4_000;

/// How many messages a server receives before it is killed.
const LIFE: usize = 500;

/// How often it is killed.
const KILLS: u64 = 3;

/// More messages of that size than the client hands to the system at once.
const BATCH: u64 = 32;

/// More than the system's buffers hold between two programs.
const LARGE: usize = 32 * 1024 * 1024;

on_every_server!(
    a_killed_server_costs_what_was_on_its_way_and_nothing_is_doubled_or_out_of_order,
    what_had_left_with_a_message_that_was_cut_is_not_sent_again,
);

async fn a_killed_server_costs_what_was_on_its_way_and_nothing_is_doubled_or_out_of_order(mut peer: Peer) {
    let end = connected(&peer, "/log", |builder| builder).await;
    let (client, enough) = (end.client.clone(), Arc::new(AtomicBool::new(false)));
    let told = enough.clone();
    let sending = tokio::spawn(async move {
        let (mut sent, padding) = (0_u64, " ".repeat(SIZE));
        while !told.load(Ordering::Relaxed) {
            client.send(format!("{sent}{padding}")).await?;
            sent += 1;
        }
        Ok::<_, SendError>(sent)
    });

    let mut last = None;
    for _ in 0..KILLS {
        let mut received = receive(&mut peer, LIFE).await;
        peer.process.kill();
        received.extend(peer.process.end().await.0.iter().filter_map(|line| line.strip_prefix("got ").map(number)));
        last = Some(follow(last, &received));
        peer.restart().await;
    }
    let mut received = receive(&mut peer, LIFE).await;
    enough.store(true, Ordering::Relaxed);
    let sent = within(sending).await.expect("no panic").expect("messages are kept while there is no server");
    while received.last() != Some(&(sent - 1)) {
        received.extend(receive(&mut peer, 1).await);
    }
    follow(last, &received);

    end.client.close().await;
    let stats = end.client.stats();
    assert_eq!((stats.reconnects, stats.queued), (KILLS, 0));
    assert_eq!(stats.written + stats.lost, sent, "{stats:?}");
    assert!(stats.lost <= KILLS * BATCH, "{stats:?}");
}

async fn what_had_left_with_a_message_that_was_cut_is_not_sent_again(mut peer: Peer) {
    let builder = WebSocketClient::builder(peer.url("/first")).outbox(16, 2 * LARGE);
    let client = builder.build().expect("a good client");
    // What waits for the connection is handed to the system together: the server reads the first, and no more.
    client.send("first").await.expect("kept");
    client.send("x".repeat(LARGE)).await.expect("kept");
    within(client.connect()).await.expect("the server accepts");
    assert_eq!(peer.process.after("got ").await, "first");
    peer.process.kill();

    peer.restart().await;
    within(client.deliver("next")).await.expect("the client comes back");
    assert_eq!(peer.process.after("got ").await, "next");
    let stats = client.stats();
    assert_eq!((stats.written + stats.lost, stats.queued), (3, 0), "{stats:?}");
    assert!(stats.lost > 0, "{stats:?}");
}

async fn receive(peer: &mut Peer, count: usize) -> Vec<u64> {
    let mut received = Vec::new();
    while received.len() < count {
        received.push(number(&peer.process.after("got ").await));
    }
    received
}

/// Checks that one server saw every message from its first to its last, once, after those of the server before it.
fn follow(before: Option<u64>, received: &[u64]) -> u64 {
    let (first, last) = (received[0], received[received.len() - 1]);
    assert!(before.is_none_or(|before| before < first), "{first} came again, after {before:?}");
    assert_eq!(received, (first..=last).collect::<Vec<_>>());
    last
}

fn number(text: &str) -> u64 {
    text.trim().parse().expect("a number")
}
