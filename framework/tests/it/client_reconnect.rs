//! What a developer relies on when a connection is lost or opened again: handlers stay, nothing is lost or doubled.

use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{Close, ConnectError, ConnectionState, Message, Reconnect, WebSocketClient};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn reconnect_keeps_callbacks_request_and_what_waits() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (client, mut first, peer) = connected(|builder| {
        builder.header("X-Token", "t").on_message(move |message: Message| {
            into.put(message);
            async {}
        })
    })
    .await;
    let again = async { tokio::join!(client.reconnect(), first.ended(), peer.accept()) };
    let (outcome, close, second) = within(again).await;
    outcome.expect("the peer accepts");
    assert_eq!(close.code, 1000);
    let mut second = second.expect("the client asks");
    assert_eq!(second.headers()["x-token"], "t");
    second.send("to the same callback").await.expect("open");
    assert_eq!(seen.next().await, Message::text("to the same callback"));
    assert_eq!(client.stats().reconnects, 1);
}

#[tokio::test]
async fn a_lost_connection_is_opened_again_by_itself_and_sends_what_was_held() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (client, server, peer) = connected(|builder| {
        builder.on_close(move |close: Close| {
            into.put(close);
            async {}
        })
    })
    .await;
    server.vanish();
    let close = seen.next().await;
    assert!(close.retry_in.is_some_and(|delay| delay >= Duration::from_millis(100)), "{close}");
    assert!(matches!(
        client.state(),
        ConnectionState::Waiting { attempt: 1, .. } | ConnectionState::Connecting | ConnectionState::Open
    ));
    client.send("held").await.expect("kept");
    let mut again = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(within(again.receive()).await, Some(Message::text("held")));
    within(client.ready()).await.expect("open");
}

#[tokio::test]
async fn reconnect_while_waiting_tries_at_once() {
    let (client, server, peer) = connected(|builder| builder.reconnect(slow())).await;
    server.vanish();
    let mut watch = client.watch();
    while !matches!(watch.state(), ConnectionState::Waiting { .. }) {
        within(watch.changed()).await.expect("the client lives");
    }
    // The policy would wait for an hour.
    let (outcome, server) = within(async { tokio::join!(client.reconnect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    server.expect("the client asks");
}

fn slow() -> Reconnect {
    let mut policy = Reconnect::default();
    policy.min = Duration::from_secs(3600);
    policy.max = Duration::from_secs(3600);
    policy
}

#[tokio::test]
async fn reconnect_is_refused_while_the_first_connect_is_in_flight() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    let other = client.clone();
    let connecting = tokio::spawn(async move { other.connect().await });
    let stream = within(peer.accept_raw()).await.expect("the client connects");
    assert!(matches!(within(client.reconnect()).await, Err(ConnectError::Connecting)));
    drop(stream);
    assert!(within(connecting).await.expect("no panic").is_err());
    let (outcome, _server) = within(async { tokio::join!(client.reconnect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
}

#[tokio::test]
async fn start_keeps_trying_until_the_server_is_there() {
    let address = Peer::bind().await.expect("a free port").address();
    let client = WebSocketClient::builder(format!("ws://{address}/")).build().expect("good");
    client.start().await;
    let mut watch = client.watch();
    while !matches!(watch.state(), ConnectionState::Waiting { .. }) {
        within(watch.changed()).await.expect("the client lives");
    }
    let peer = Peer::bind_at(address).await.expect("the port is free again");
    let (server, ready) = within(async { tokio::join!(peer.accept(), client.ready()) }).await;
    server.expect("the client comes");
    ready.expect("open");
}

#[tokio::test]
async fn a_refusal_ends_retrying_only_before_the_first_success() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    client.start().await;
    drop(within(peer.answer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")).await.expect("the client asks"));
    assert!(matches!(within(client.ready()).await, Err(ConnectError::Status { status, .. }) if status == 403));
    assert_eq!(client.state(), ConnectionState::Closed);

    let (client, server, peer) = connected(|builder| builder).await;
    server.vanish();
    drop(within(peer.answer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")).await.expect("the client asks"));
    let mut watch = client.watch();
    while !matches!(watch.state(), ConnectionState::Waiting { attempt: 2, .. }) {
        within(watch.changed()).await.expect("the client lives");
    }
}

#[tokio::test]
async fn a_failed_on_open_gives_the_connection_up_and_is_tried_again() {
    let tries = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = tries.clone();
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .on_open(move || {
            let first = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
            async move { if first { Err(bristle::Error::msg("not yet")) } else { Ok(()) } }
        })
        .build()
        .expect("good");
    client.send("held").await.expect("kept");
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the handshake is done");
    let close = within(server.expect("the client asks").ended()).await;
    assert_eq!((close.code, close.reason.as_str()), (1011, "on_open failed"));
    let mut second = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(within(second.receive()).await, Some(Message::text("held")));
}

#[tokio::test]
async fn a_handler_may_reconnect_and_deliver_on_its_own_connection() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (_client, mut first, peer) = connected(|builder| {
        builder.on_message(move |message: Message, client: WebSocketClient| {
            let into = into.clone();
            async move {
                if message.as_text() == Some("again") {
                    client.reconnect().await?;
                    client.ready().await?;
                    client.deliver("from the same handler").await?;
                }
                into.put(message);
                Ok::<_, bristle::Error>(())
            }
        })
    })
    .await;
    first.send("again").await.expect("open");
    let (_, second) = within(async { tokio::join!(first.ended(), peer.accept()) }).await;
    let mut second = second.expect("the client asks");
    assert_eq!(within(second.receive()).await, Some(Message::text("from the same handler")));
    second.send("later").await.expect("open");
    assert_eq!(seen.next().await, Message::text("again"));
    assert_eq!(seen.next().await, Message::text("later"));
}

#[tokio::test]
async fn a_handler_may_close_its_own_client() {
    let (client, mut server, _peer) = connected(|builder| {
        builder.on_message(|_: Message, client: WebSocketClient| async move { client.close().await })
    })
    .await;
    server.send("close").await.expect("open");
    assert_eq!(within(server.ended()).await.code, 1000);
    within(async {
        let mut watch = client.watch();
        while watch.state() != ConnectionState::Closed {
            watch.changed().await;
        }
    })
    .await;
}

#[tokio::test]
async fn on_close_comes_after_every_message_before_it_and_before_the_next_on_open() {
    let seen = Arc::new(Seen::new());
    let (opened, got, closed) = (seen.clone(), seen.clone(), seen.clone());
    let (_client, mut server, peer) = connected(|builder| {
        builder
            .on_open(move || {
                opened.put("open".to_owned());
                async {}
            })
            .on_message(move |message: Message| {
                let got = got.clone();
                async move {
                    tokio::task::yield_now().await;
                    got.put(message.to_string());
                }
            })
            .on_close(move |_: Close| {
                closed.put("close".to_owned());
                async {}
            })
    })
    .await;
    for n in 0..50 {
        server.send(n.to_string()).await.expect("open");
    }
    server.vanish();
    let _second = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(seen.next().await, "open");
    for n in 0..50 {
        assert_eq!(seen.next().await, n.to_string());
    }
    assert_eq!(seen.next().await, "close");
    assert_eq!(seen.next().await, "open");
}

#[tokio::test]
async fn each_attempt_asks_with_a_fresh_token() {
    let attempts = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/first"))
        .header("X-Fixed", "f")
        .before_connect(move |request| {
            let attempt = attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            async move {
                let url = request.url().replace("first", "fresh");
                Ok(request.with_url(url).with_header("Authorization", format!("Bearer {attempt}")))
            }
        })
        .build()
        .expect("good");
    client.start().await;
    for attempt in 1..3 {
        let server = within(peer.accept()).await.expect("the client asks");
        assert_eq!(server.resource(), "/fresh");
        assert_eq!(server.headers()["x-fixed"], "f");
        assert_eq!(server.headers()["authorization"], format!("Bearer {attempt}"));
        server.vanish();
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_had_is_the_attempts_error() {
    let build = |mistake: fn() -> bristle::Result<bristle::ConnectRequest>| {
        WebSocketClient::builder("ws://127.0.0.1:1/")
            .before_connect(move |_| async move { mistake() })
            .build()
            .expect("good")
    };
    let failed = within(build(|| Err(bristle::Error::msg("no token today"))).connect()).await.expect_err("no token");
    assert_eq!(failed.to_string(), "`before_connect` failed: no token today");
    assert!(!failed.is_fatal());
    let panicked = within(build(|| panic!("oh")).connect()).await.expect_err("a panic");
    assert!(panicked.to_string().contains("it panicked: oh"), "{panicked}");
}

#[tokio::test]
async fn a_busy_server_is_left_alone_as_long_as_it_asks() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    client.start().await;
    let busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 77\r\nContent-Length: 0\r\n\r\n";
    drop(within(peer.answer(busy)).await.expect("the client asks"));
    let mut watch = client.watch();
    let retry_in = loop {
        match watch.state() {
            ConnectionState::Waiting { retry_in, .. } => break retry_in,
            _ => within(watch.changed()).await.expect("the client lives"),
        };
    };
    assert_eq!(retry_in, Duration::from_secs(77));
}
