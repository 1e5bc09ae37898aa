//! What a developer relies on who asks a client for its numbers or follows its states in the log.

use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{ConnectionState, Message, WebSocketClient};
use std::time::Duration;

/// Waits until something is so.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Without it an operator could not tell a client that loses messages from one that has none to send.
#[tokio::test]
async fn a_clients_numbers_are_those_of_what_happened() {
    let (client, mut server, peer) = connected(|builder| builder.on_message(|_: Message| async {})).await;
    for text in ["a", "bb", "ccc"] {
        server.send(text).await.expect("open");
        client.deliver(text.repeat(2)).await.expect("open");
    }
    until(|| client.stats().received == 3).await;
    let stats = client.stats();
    assert_eq!((stats.received_bytes, stats.written, stats.written_bytes), (6, 3, 12));
    assert_eq!((stats.state, stats.connections, stats.reconnects), (ConnectionState::Open, 1, 0));
    assert_eq!((stats.down_for, stats.downtime), (None, Duration::ZERO));

    server.vanish();
    until(|| !client.is_connected()).await;
    let down = client.stats();
    assert!(down.down_for.is_some() && down.downtime >= down.down_for.expect("it is down"), "{down:?}");
    client.send("held").await.expect("kept");
    assert_eq!((client.stats().queued, client.stats().queued_bytes), (1, 4));
    let mut server = within(peer.accept()).await.expect("it comes back");
    assert_eq!(within(server.receive()).await, Some(Message::text("held")));
    until(|| client.stats().queued == 0).await;
    let stats = client.stats();
    assert_eq!((stats.connections, stats.reconnects, stats.failed_attempts), (2, 1, 0));
    assert_eq!((stats.written, stats.written_bytes, stats.lost, stats.dropped), (4, 16, 0, 0));
    assert!(stats.down_for.is_none() && stats.downtime >= Duration::from_millis(100), "{stats:?}");
    // Closed by its user, it is not down.
    tokio::join!(client.close(), server.ended());
    let closed = client.stats();
    assert_eq!((closed.state, closed.down_for, closed.downtime), (ConnectionState::Closed, None, stats.downtime));
}

/// Without it a client that never reached its server would look like one that did and came back.
#[tokio::test]
async fn attempts_in_vain_are_counted_and_are_no_reconnects() {
    let peer = Peer::bind().await.expect("a free port");
    let address = peer.address();
    drop(peer);
    let client = WebSocketClient::builder(format!("ws://{address}/")).build().expect("good");
    client.connect().await.expect_err("nobody is there");
    let stats = client.stats();
    assert_eq!((stats.failed_attempts, stats.connections, stats.down_for), (1, 0, None), "{stats:?}");
    let peer = Peer::bind_at(address).await.expect("the port is still free");
    let (outcome, _server) = within(async { tokio::join!(client.reconnect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    let stats = client.stats();
    assert_eq!((stats.failed_attempts, stats.connections, stats.reconnects), (1, 1, 0), "{stats:?}");
}

/// Without it a full inbox, the reason why a peer is slowed down, could not be seen.
#[tokio::test]
async fn what_waits_for_a_handler_is_seen_in_the_inbox() {
    let (go, wait) = tokio::sync::watch::channel(false);
    let handled = std::sync::Arc::new(Seen::new());
    let into = handled.clone();
    let (client, mut server, _peer) = connected(|builder| {
        builder.on_message(move |message: Message| {
            let (mut wait, into) = (wait.clone(), into.clone());
            async move {
                wait.wait_for(|go| *go).await.expect("the test holds the sender");
                into.put(message);
            }
        })
    })
    .await;
    for text in ["runs", "waits", "too"] {
        server.send(text).await.expect("open");
    }
    until(|| client.stats().inbox == 2).await;
    assert_eq!((client.stats().inbox_bytes, client.stats().received), (8, 3));
    go.send(true).expect("the handler waits");
    for text in ["runs", "waits", "too"] {
        assert_eq!(handled.next().await, Message::text(text));
    }
    until(|| client.stats().inbox == 0).await;
    assert_eq!(client.stats().inbox_bytes, 0);
}

/// Without it `RUST_LOG=bristle::client=debug` would show nothing, or stop to when a file moves.
#[tokio::test]
async fn every_state_of_a_client_is_logged_under_a_target_that_stays() {
    #[derive(Clone, Default)]
    struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let into = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter("bristle::client=debug")
        .with_writer(move || into.clone())
        .finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let (client, server, peer) = connected(|builder| builder.name("c")).await;
    server.vanish();
    let mut server = within(peer.accept()).await.expect("it comes back");
    within(client.ready()).await.expect("open");
    tokio::join!(client.close(), server.ended());
    let text = String::from_utf8(lines.0.lock().expect("unpoisoned").clone()).expect("text");
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(events.iter().all(|event| event["target"] == "bristle::client"), "{text}");
    assert!(events.iter().all(|event| event["fields"]["client"] == "c"), "{text}");
    let states = events.iter().filter(|event| event["fields"]["message"] == "state");
    let to: Vec<_> = states.map(|event| event["fields"]["to"].as_str().expect("a text").to_owned()).collect();
    let begins = ["connecting", "open", "waiting", "connecting", "open", "closing", "closed"];
    assert!(to.len() == begins.len() && to.iter().zip(begins).all(|(to, begin)| to.starts_with(begin)), "{to:?}");
    let lost = events.iter().filter(|event| event["level"] == "WARN").count();
    let again = events.iter().filter(|event| event["fields"]["message"] == "connected again").count();
    assert_eq!((lost, again), (1, 1), "one line down, one line up: {text}");
}
