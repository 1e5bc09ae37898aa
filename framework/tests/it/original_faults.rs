//! The known faults of the framework whose documentation bristle follows: each has a test here, so that none comes back.

use crate::support::{Seen, connected, launch, launch_error, serve, within};
use bristle::testing::Peer;
use bristle::{Close, ConnectError, ConnectionState, Initiator, Message, WebSocketClient};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn path_and_query_reach_the_server() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/a%20b/c?x=1&y=%2F")).build().expect("good");
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    assert_eq!(server.expect("the client asks").resource(), "/a%20b/c?x=1&y=%2F");
}

#[tokio::test]
async fn wss_speaks_tls_and_never_falls_back_to_plain_text() {
    let peer = Peer::bind().await.expect("a free port");
    let url = format!("wss://{}/", peer.address());
    let client = WebSocketClient::builder(url).build().expect("good");
    let serve = async {
        let mut stream = peer.accept_raw().await.expect("the client connects");
        stream.read_u8().await.expect("a byte")
    };
    let (outcome, first) = within(async { tokio::join!(client.connect(), serve) }).await;
    assert_eq!(first, 0x16, "a TLS handshake");
    assert!(matches!(outcome, Err(ConnectError::Tls { .. })));
}

#[tokio::test]
async fn a_repeated_header_is_sent_twice() {
    let (_client, server, _peer) = connected(|builder| builder.header("X-Tag", "one").header("x-tag", "two")).await;
    assert_eq!(server.headers().get_all("x-tag").iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn binary_stays_binary() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (client, mut server, _peer) = connected(|builder| {
        builder.on_message(move |message: Message| {
            into.put(message);
            async {}
        })
    })
    .await;
    for message in [Message::binary(vec![0, 159, 146, 150]), Message::binary(b"text".to_vec()), Message::text("text")] {
        server.send(message.clone()).await.expect("open");
        assert_eq!(seen.next().await, message);
        client.send(message.clone()).await.expect("open");
        assert_eq!(within(server.receive()).await, Some(message));
    }
}

#[tokio::test]
async fn the_close_code_is_the_peers() {
    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (_client, mut server, _peer) = connected(|builder| {
        builder.without_reconnect().on_close(move |close: Close| {
            into.put(close);
            async {}
        })
    })
    .await;
    within(server.close(4999, "because")).await;
    let close = seen.next().await;
    assert_eq!((close.code, close.reason.as_str(), close.initiator), (4999, "because", Initiator::Remote));
}

#[tokio::test]
async fn connect_returns_only_after_the_handshake() {
    let peer = Peer::bind().await.expect("a free port");
    let client = WebSocketClient::builder(peer.url("/")).build().expect("good");
    let connect = tokio::spawn({
        let client = client.clone();
        async move { client.connect().await }
    });
    // The system accepts the TCP connection for a peer that does not look.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!((client.state(), connect.is_finished()), (ConnectionState::Connecting, false));
    let _server = within(peer.accept()).await.expect("the client asks");
    within(connect).await.expect("no panic").expect("the peer accepts");
    assert!(client.is_connected());
}

#[tokio::test]
async fn a_second_connect_is_an_error_and_reconnect_is_not() {
    let (client, mut server, peer) = connected(|builder| builder).await;
    assert!(matches!(client.connect().await, Err(ConnectError::AlreadyStarted)));
    assert!(client.is_connected());
    let (outcome, _, second) = within(async { tokio::join!(client.reconnect(), server.ended(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    drop(second);
}

#[tokio::test]
async fn is_connected_is_false_after_the_close_whoever_closed() {
    let (client, mut server, _peer) = connected(|builder| builder.without_reconnect()).await;
    assert!(client.is_connected());
    within(async { tokio::join!(client.close(), server.ended()) }).await;
    assert!(!client.is_connected());

    let seen = Arc::new(Seen::new());
    let into = seen.clone();
    let (_client, server, _peer) = connected(|builder| {
        builder.on_close(move |_: Close, client: WebSocketClient| {
            into.put(client.is_connected());
            async {}
        })
    })
    .await;
    server.vanish();
    assert!(!seen.next().await, "already while on_close runs");
}

mod awaited {
    use bristle::prelude::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    pub(super) static DONE: AtomicBool = AtomicBool::new(false);

    #[init]
    async fn takes_a_while() {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        DONE.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn init_hooks_are_awaited() {
    let _running = launch(concat!(module_path!(), "::awaited"), "").await;
    assert!(awaited::DONE.load(std::sync::atomic::Ordering::SeqCst));
}

mod failing {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

    #[init]
    async fn fails() -> Result<()> {
        Err(Error::msg("the first one"))
    }

    #[init]
    async fn runs() {
        tokio::task::yield_now().await;
        SEEN.put("runs");
    }

    #[init(order = 1)]
    async fn runs_later() {
        SEEN.put("runs later");
    }
}

#[tokio::test]
async fn one_failing_hook_does_not_keep_later_ones_from_running() {
    let error = launch_error(concat!(module_path!(), "::failing"), "").await;
    assert!(error.contains("the first one"), "{error}");
    assert_eq!(failing::SEEN.rest().await, ["runs", "runs later"]);
}

mod units {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
}

#[tokio::test]
async fn a_retry_interval_says_its_unit_and_is_waited_in_it() {
    let module = concat!(module_path!(), "::units");
    let error = launch_error(module, "plugins.bristle.clients.CLIENT.reconnect = { min = 100, mx = '1s' }").await;
    for says in [
        "test.toml:1: plugins.bristle.clients.CLIENT.reconnect.min: a duration needs a unit: write `\"100s\"` or `\"100ms\"`",
        "test.toml:1: plugins.bristle.clients.CLIENT.reconnect.mx: unknown key",
    ] {
        assert!(error.contains(says), "{error}");
    }

    let reconnect = "plugins.bristle.clients.CLIENT.reconnect = { min = '100ms', max = '100ms' }";
    let (running, server, peer) = serve(module, reconnect).await;
    let client = units::CLIENT.get().expect("filled");
    within(client.ready()).await.expect("open");
    let mut watch = client.watch();
    server.vanish();
    let waiting = loop {
        if let Some(ConnectionState::Waiting { retry_in, .. }) = within(watch.changed()).await {
            break retry_in;
        }
    };
    assert_eq!(waiting, Duration::from_millis(100));
    drop(within(peer.accept()).await.expect("the client comes back"));
    drop(running);
}

mod flooded {
    use bristle::prelude::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static AT_ONCE: AtomicUsize = AtomicUsize::new(0);

    #[client(url = "ws://127.0.0.1:1/", inbox_messages = 4)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn slow(text: String) -> String {
        assert_eq!(AT_ONCE.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
        tokio::task::yield_now().await;
        AT_ONCE.fetch_sub(1, Ordering::SeqCst);
        text
    }
}

#[tokio::test]
async fn messages_are_handled_in_order_one_at_a_time() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::flooded"), "").await;
    for n in 0..500 {
        server.send(n.to_string()).await.expect("open");
    }
    for n in 0..500 {
        assert_eq!(within(server.receive()).await, Some(Message::text(n.to_string())));
    }
}
