//! What must not hang, leak or be lost when calls, handlers and the connection's end meet in an unlucky order.

use crate::support::{Seen, connected, within};
use bristle::testing::Peer;
use bristle::{Close, ConnectionState, Error, Message, WebSocketClient};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test]
async fn on_open_can_send_though_the_outbox_is_full_of_what_waits_for_it() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .outbox(2, 1 << 20)
        .on_open(|client: WebSocketClient| async move {
            for n in 0..5 {
                client.send(format!("login {n}")).await?;
            }
            client.deliver("last login").await
        })
        .build()
        .expect("good");
    client.send("held 1").await.expect("kept");
    client.send("held 2").await.expect("kept");
    let waits = tokio::spawn({
        let client = client.clone();
        async move { client.send("held 3").await }
    });
    tokio::task::yield_now().await;
    client.start().await;
    let mut server = within(peer.accept()).await.expect("the client asks");
    let logins = (0..5).map(|n| format!("login {n}"));
    let held = ["last login", "held 1", "held 2", "held 3"].map(str::to_owned);
    for expected in logins.chain(held) {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    within(waits).await.expect("no panic").expect("open");
}

#[tokio::test]
async fn on_open_can_send_though_the_bytes_of_the_outbox_are_used_up() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/"))
        .outbox(1000, 10)
        .on_open(|client: WebSocketClient| async move {
            client.send("login login").await?;
            client.send("login again").await
        })
        .build()
        .expect("good");
    client.send("0123456789").await.expect("kept");
    client.start().await;
    let mut server = within(peer.accept()).await.expect("the client asks");
    for expected in ["login login", "login again", "0123456789"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
}

#[tokio::test]
async fn a_client_that_reconnects_in_its_on_close_is_still_closed_by_dropping_the_last_handle() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (client, mut server, peer) = connected(|builder| {
        builder.on_close(move |_: Close, client: WebSocketClient| {
            let into = into.clone();
            async move { into.put(client.reconnect().await.is_err()) }
        })
    })
    .await;
    drop(client);
    assert_eq!(within(server.ended()).await.code, 1000);
    tokio::select! {
        refused = seen.next() => assert!(refused, "nobody holds the client, and it is open"),
        _ = peer.accept() => panic!("it opened a connection that nobody can ever close"),
    }
}

#[tokio::test]
async fn close_returns_though_on_close_reconnects() {
    let (client, mut server, peer) = connected(|builder| {
        builder
            .on_close(|_: Close, client: WebSocketClient| async move { client.reconnect().await.map_err(Error::from) })
    })
    .await;
    let closing = async { tokio::join!(client.close(), server.ended(), peer.accept()) };
    let ((), _, second) = within(closing).await;
    drop(second.expect("the client comes back"));
}

#[tokio::test]
async fn on_close_may_send_and_the_next_connection_gets_it() {
    let (_client, server, peer) = connected(|builder| {
        builder.on_close(|close: Close, client: WebSocketClient| async move {
            client.send(format!("ended by {}", close.initiator)).await
        })
    })
    .await;
    server.vanish();
    let mut server = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(within(server.receive()).await, Some(Message::text("ended by transport")));
}

#[tokio::test]
async fn a_closed_client_that_never_was_open_takes_messages_again_after_reconnect() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    within(client.close()).await;
    assert_eq!(client.state(), ConnectionState::Closed);
    assert!(client.send("refused").await.is_err());
    assert!(within(client.connect()).await.is_err(), "it is closed: only `reconnect` opens it again");
    let hold = Arc::new(Notify::new());
    let again = tokio::spawn({
        let (client, hold) = (client.clone(), hold.clone());
        async move {
            let reconnect = client.reconnect();
            tokio::pin!(reconnect);
            hold.notify_one();
            reconnect.await
        }
    });
    hold.notified().await;
    while client.state() != ConnectionState::Connecting {
        tokio::task::yield_now().await;
    }
    client.send("while it connects").await.expect("kept");
    let mut server = within(peer.accept()).await.expect("the client asks");
    assert_eq!(within(server.receive()).await, Some(Message::text("while it connects")));
    within(again).await.expect("no panic").expect("open");
}

#[tokio::test]
async fn a_handler_that_drops_the_last_handle_goes_on_to_its_end_and_the_connection_closes() {
    let seen = Arc::new(Seen::new());
    let (into, slot) = (seen.clone(), Arc::new(std::sync::Mutex::new(None::<WebSocketClient>)));
    let held = slot.clone();
    let (client, mut server, _peer) = connected(|builder| {
        builder.on_message(move |message: Message, client: WebSocketClient| {
            let (into, held) = (into.clone(), held.clone());
            async move {
                drop(held.lock().expect("no panic").take());
                client.send("my last words").await?;
                drop(client);
                tokio::task::yield_now().await;
                into.put(message);
                Ok::<_, Error>(())
            }
        })
    })
    .await;
    *slot.lock().expect("no panic") = Some(client);
    server.send("drop it").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("my last words")));
    assert_eq!(within(server.ended()).await.code, 1000);
    assert_eq!(seen.next().await, Message::text("drop it"));
}

#[tokio::test]
async fn an_on_open_that_never_returns_keeps_nobody_from_closing_or_reconnecting() {
    let (client, mut server, peer) = connected(|builder| {
        builder.close_timeout(Duration::from_millis(50)).on_open(|client: WebSocketClient| async move {
            client.deliver("begun").await?;
            std::future::pending::<Result<(), bristle::SendError>>().await
        })
    })
    .await;
    client.send("held for ever").await.expect("kept");
    assert_eq!(within(server.receive()).await, Some(Message::text("begun")));
    let again = async { tokio::join!(client.reconnect(), server.ended(), peer.accept()) };
    let (outcome, _, second) = within(again).await;
    outcome.expect("the peer accepts");
    let mut second = second.expect("the client asks");
    assert_eq!(within(second.receive()).await, Some(Message::text("begun")));
    let ((), close) = within(async { tokio::join!(client.close(), second.ended()) }).await;
    assert_eq!(close.code, 1000);
    assert_eq!(client.stats().lost, 1, "`held for ever` was never sent");
}

#[tokio::test]
async fn an_on_open_may_close_its_own_client() {
    let (client, mut server, _peer) =
        connected(|builder| builder.on_open(|client: WebSocketClient| async move { client.close().await })).await;
    assert_eq!(within(server.ended()).await.code, 1000);
    let mut watch = client.watch();
    while watch.state() != ConnectionState::Closed {
        within(watch.changed()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_quick_reconnects_leave_one_connection_and_lose_no_message() {
    const TIMES: usize = 300;
    let opened = Arc::new(AtomicUsize::new(0));
    let closed = Arc::new(AtomicUsize::new(0));
    let (opens, closes) = (opened.clone(), closed.clone());
    let (client, server, peer) = connected(|builder| {
        builder
            .on_open(move || {
                opens.fetch_add(1, Ordering::SeqCst);
                async {}
            })
            .on_close(move |_: Close| {
                closes.fetch_add(1, Ordering::SeqCst);
                async {}
            })
    })
    .await;
    let serve = tokio::spawn(async move {
        let (mut server, mut got) = (server, 0);
        loop {
            while let Some(message) = server.receive().await {
                if message.as_text() == Some("end") {
                    return got;
                }
                got += 1;
            }
            server = peer.accept().await.expect("the client comes back");
        }
    });
    within(async {
        for n in 0..TIMES {
            client.deliver(n.to_string()).await.expect("open");
            client.reconnect().await.expect("the peer accepts");
        }
    })
    .await;
    within(client.ready()).await.expect("open");
    within(client.deliver("end")).await.expect("open");
    assert_eq!(within(serve).await.expect("no panic"), TIMES);
    assert_eq!(client.stats().reconnects as usize, TIMES);
    within(client.close()).await;
    while closed.load(Ordering::SeqCst) <= TIMES {
        tokio::task::yield_now().await;
    }
    assert_eq!((opened.load(Ordering::SeqCst), closed.load(Ordering::SeqCst)), (TIMES + 1, TIMES + 1));
}

#[tokio::test]
async fn calls_that_are_cancelled_leave_a_client_that_works() {
    let (client, mut first, peer) = connected(|builder| builder).await;
    for _ in 0..50 {
        // Polled once, then dropped: the attempt goes on.
        let mut reconnect = Box::pin(client.reconnect());
        assert!(futures_util::poll!(&mut reconnect).is_pending());
    }
    let (_, mut second) = within(async { tokio::join!(first.ended(), peer.accept()) }).await;
    let second = second.as_mut().expect("the client asks");
    within(client.ready()).await.expect("open");
    {
        let mut close = Box::pin(client.close());
        assert!(futures_util::poll!(&mut close).is_pending());
    }
    assert_eq!(within(second.ended()).await.code, 1000);
    within(async {
        while client.state() != ConnectionState::Closed {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn a_client_that_outlives_its_tokio_runtime_says_that_it_is_closed() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime();
    let (client, server, _peer) = first.block_on(connected(|builder| builder));
    assert!(client.is_connected());
    drop(first);
    assert_eq!(client.state(), ConnectionState::Closed);
    runtime().block_on(within(async {
        assert!(client.send("to nobody").await.is_err());
        assert!(client.ready().await.is_err());
        assert!(client.reconnect().await.is_err());
        client.close().await;
    }));
    drop(server);
}

#[tokio::test]
async fn a_close_right_after_a_send_waits_for_on_open_and_loses_nothing() {
    let go = Arc::new(Notify::new());
    let gone = go.clone();
    let (client, mut server, _peer) = connected(|builder| {
        builder.on_open(move |client: WebSocketClient| {
            let gone = gone.clone();
            async move {
                gone.notified().await;
                client.send("login").await
            }
        })
    })
    .await;
    client.send("last words").await.expect("kept");
    let mut close = Box::pin(client.close());
    while client.state() != ConnectionState::Closing {
        assert!(futures_util::poll!(&mut close).is_pending());
        tokio::task::yield_now().await;
    }
    go.notify_one();
    for expected in ["login", "last words"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    let ((), ended) = within(async { tokio::join!(close, server.ended()) }).await;
    assert_eq!(ended.code, 1000);
}
