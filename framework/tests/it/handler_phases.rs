//! What a plugin author relies on about when handlers run: on_open first, on_message once the launch is done, nothing lost.

use crate::support::{Seen, at, launch, runtime, serve, within};
use bristle::testing::Peer;
use bristle::{ConnectionState, Message};

mod every_open {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_open(CLIENT)]
    async fn hello(client: WebSocketClient) -> Result<Vec<&'static str>> {
        tokio::task::yield_now().await;
        client.send("from inside").await?;
        Ok(vec!["hello", "again"])
    }

    #[on_open(CLIENT, priority = 1)]
    async fn before(connection: Connection) -> Result<()> {
        Ok(connection.send("before").await?)
    }
}

#[tokio::test]
async fn what_on_open_sends_comes_first_on_every_connection_and_then_what_was_held() {
    let (_running, mut server, peer) = serve(concat!(module_path!(), "::every_open"), "").await;
    let client = every_open::CLIENT.get().expect("filled");
    for held in ["", "held 1", "held 2"] {
        for expected in ["before", "from inside", "hello", "again", held].into_iter().filter(|text| !text.is_empty()) {
            assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
        }
        server.vanish();
        let mut watch = client.watch();
        while !matches!(watch.state(), ConnectionState::Waiting { .. }) {
            within(watch.changed()).await;
        }
        let next = if held.is_empty() { "held 1" } else { "held 2" };
        client.send(next).await.expect("kept");
        server = within(peer.accept()).await.expect("the client comes back");
    }
}

mod late {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<String>> = LazyLock::new(Seen::new);
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn connect_then_store(plugin: Plugin) -> Result<()> {
        let client = plugin.websocket_client("ws://127.0.0.1:1/").name("CLIENT").build()?;
        client.connect().await?;
        // Nothing that a hook awaits may wait for hooks of a slot that is still empty.
        client.ready().await?;
        client.send("from init").await?;
        CLIENT.set(client)?;
        Ok(())
    }

    #[on_open(CLIENT)]
    async fn hello() -> &'static str {
        SEEN.put("open".to_owned());
        "hello"
    }

    #[on_message(CLIENT)]
    async fn received(text: String) {
        SEEN.put(text);
    }
}

#[tokio::test]
async fn on_open_runs_once_for_a_client_that_was_stored_after_it_had_connected() {
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::late"), "").await;
    for expected in ["from init", "hello"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    server.send("a message").await.expect("open");
    assert_eq!([late::SEEN.next().await, late::SEEN.next().await], ["open", "a message"]);
    drop(running);
    assert_eq!(within(server.receive()).await, None);
    assert!(late::SEEN.rest().await.is_empty());
}

mod late_and_failing {
    use bristle::prelude::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    static FIRST: AtomicBool = AtomicBool::new(true);
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn connect_then_store(plugin: Plugin) -> Result<()> {
        let client = plugin.websocket_client("ws://127.0.0.1:1/").name("CLIENT").build()?;
        client.connect().await?;
        client.ready().await?;
        CLIENT.set(client)?;
        Ok(())
    }

    #[on_open(CLIENT)]
    async fn hello() -> Result<&'static str> {
        if FIRST.swap(false, Ordering::SeqCst) { Err(Error::msg("not yet")) } else { Ok("hello") }
    }
}

#[tokio::test]
async fn a_late_on_open_that_fails_is_tried_again_like_any_other() {
    let (_running, mut server, peer) = serve(concat!(module_path!(), "::late_and_failing"), "").await;
    let close = within(server.ended()).await;
    assert_eq!((close.code, close.reason.as_str()), (1011, "on_open failed"));
    let mut server = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(within(server.receive()).await, Some(Message::text("hello")));
}

mod late_and_waiting {
    use bristle::prelude::*;
    use tokio::sync::Notify;

    static ANSWERED: Notify = Notify::const_new();
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn connect_then_store(plugin: Plugin) -> Result<()> {
        let client = plugin.websocket_client("ws://127.0.0.1:1/").name("CLIENT").build()?;
        client.connect().await?;
        client.ready().await?;
        CLIENT.set(client)?;
        Ok(())
    }

    #[on_open(CLIENT)]
    async fn log_in(client: WebSocketClient) -> Result<&'static str> {
        client.send("login").await?;
        ANSWERED.notified().await;
        Ok("logged in")
    }

    #[on_message(CLIENT)]
    async fn answer() {
        ANSWERED.notify_one();
    }
}

#[tokio::test]
async fn a_late_on_open_that_waits_for_an_answer_does_not_hang_the_launch() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::late_and_waiting"), "").await;
    assert_eq!(within(server.receive()).await, Some(Message::text("login")));
    server.send("welcome").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("logged in")));
}

mod slow_callback {
    use bristle::prelude::*;
    use tokio::sync::Notify;

    pub(super) static GO: Notify = Notify::const_new();
    pub(super) static HANDLED: Notify = Notify::const_new();
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn start(plugin: Plugin) -> Result<()> {
        let open = |_: WebSocketClient| async { GO.notified().await };
        let client = plugin.websocket_client("ws://127.0.0.1:1/").name("CLIENT").on_open(open).build()?;
        client.send("held").await?;
        CLIENT.set(client)?;
        CLIENT.get().ok_or(Error::msg("just set"))?.connect().await?;
        Ok(())
    }

    #[on_open(CLIENT)]
    async fn hello() -> Result<&'static str> {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        Ok("hello")
    }

    #[on_message(CLIENT)]
    async fn received() {
        HANDLED.notify_one();
    }
}

#[tokio::test]
async fn a_message_that_comes_while_an_on_open_callback_runs_lets_nothing_pass_on_open() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::slow_callback"), "").await;
    server.send("early").await.expect("open");
    within(slow_callback::HANDLED.notified()).await;
    slow_callback::GO.notify_one();
    for expected in ["hello", "held"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
}

mod gate {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;
    use tokio::sync::Semaphore;

    pub(super) static LAUNCHED: Semaphore = Semaphore::const_new(0);
    pub(super) static CALLED: LazyLock<Seen<String>> = LazyLock::new(Seen::new);
    pub(super) static HANDLED: LazyLock<Seen<String>> = LazyLock::new(Seen::new);
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn talk_to_the_peer(plugin: Plugin) -> Result<()> {
        let client = plugin
            .websocket_client("ws://127.0.0.1:1/")
            .name("CLIENT")
            .on_message(|message: Message| async move { CALLED.put(message.to_string()) })
            .on_close(|close: Close| async move { CALLED.put(format!("closed {}", close.code)) })
            .build()?;
        CLIENT.set(client)?;
        CLIENT.get().ok_or(Error::msg("just set"))?.connect().await?;
        LAUNCHED.acquire().await?.forget();
        Ok(())
    }

    #[on_message(CLIENT)]
    async fn received(text: String) {
        tokio::task::yield_now().await;
        HANDLED.put(text);
    }

    #[on_close(CLIENT)]
    async fn closed(close: Close) {
        HANDLED.put(format!("closed {}", close.code));
    }
}

#[tokio::test]
async fn handlers_wait_for_the_launch_and_get_everything_in_order_while_callbacks_run_at_once() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = at(&peer, "");
    let play = async {
        let mut server = peer.accept().await.expect("the client asks");
        for n in 0..20 {
            server.send(n.to_string()).await.expect("open");
        }
        server.close(4000, "").await;
        let mut second = peer.accept().await.expect("the client comes back");
        second.send("20").await.expect("open");
        for expected in (0..20).map(|n| n.to_string()).chain(["closed 4000".into(), "20".into()]) {
            assert_eq!(gate::CALLED.next().await, expected);
        }
        assert!(gate::HANDLED.rest().await.is_empty(), "a handler ran before the launch was done");
        gate::LAUNCHED.add_permits(1);
        second
    };
    let (running, mut server) =
        within(async { tokio::join!(launch(concat!(module_path!(), "::gate"), &toml), play) }).await;
    server.send("21").await.expect("open");
    for expected in (0..20).map(|n| n.to_string()).chain(["closed 4000".into(), "20".into(), "21".into()]) {
        assert_eq!(gate::HANDLED.next().await, expected);
    }
    let (stopped, _) = within(async { tokio::join!(running.stop(), server.ended()) }).await;
    stopped.expect("a clean stop");
}

mod stopped_in_init {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn hangs() -> Result<()> {
        CLIENT.get().ok_or(Error::msg("filled before"))?.connect().await?;
        SEEN.put("init");
        std::future::pending().await
    }

    #[on_message(CLIENT)]
    async fn received() {
        SEEN.put("message");
    }

    #[shutdown]
    async fn ends() {
        SEEN.put("shutdown");
    }
}

#[tokio::test]
async fn a_stop_in_the_middle_of_the_launch_closes_what_is_open_and_delivers_nothing() {
    let peer = Peer::bind().await.expect("a free port");
    let runtime = runtime(concat!(module_path!(), "::stopped_in_init"), &at(&peer, "")).expect("nothing wrong");
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let run = tokio::spawn(runtime.run(async { drop(stopped.await) }));
    let mut server = within(peer.accept()).await.expect("the client asks");
    server.send("early").await.expect("open");
    assert_eq!(stopped_in_init::SEEN.next().await, "init");
    stop.send(()).expect("it runs");
    assert_eq!(within(server.ended()).await.code, 1001);
    within(run).await.expect("no panic").expect("a clean stop");
    assert!(!stopped_in_init::SEEN.rest().await.contains(&"message"));
}

mod callbacks_only {
    use bristle::prelude::*;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    #[init]
    async fn read_a_long_list(plugin: Plugin) -> Result<()> {
        let count = Arc::new(Semaphore::new(0));
        let counted = count.clone();
        let client = plugin
            .websocket_client("ws://127.0.0.1:1/")
            .name("CLIENT")
            .inbox(4, 1 << 20)
            .on_message(move |_: Message| {
                counted.add_permits(1);
                async {}
            })
            .build()?;
        client.connect().await?;
        drop(count.acquire_many(1000).await?);
        Ok(())
    }
}

#[tokio::test]
async fn an_init_hook_may_wait_for_more_messages_than_the_inbox_holds() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = at(&peer, "");
    let play = async {
        let mut server = peer.accept().await.expect("the client asks");
        for n in 0..1000 {
            server.send(n.to_string()).await.expect("open");
        }
        server
    };
    let (running, _server) =
        within(async { tokio::join!(launch(concat!(module_path!(), "::callbacks_only"), &toml), play) }).await;
    drop(running);
}
