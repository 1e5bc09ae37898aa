//! What a plugin author relies on when the program stops: work in flight ends, hooks run, peers are told, nothing is left.

use crate::support::{Seen, at, launch, plugins, runtime, serve, within};
use bristle::testing::Peer;
use bristle::{Message, Runtime};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

mod in_flight {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;
    use tokio::sync::Semaphore;

    pub(super) static GO: Semaphore = Semaphore::const_new(0);
    pub(super) static SEEN: LazyLock<Seen<String>> = LazyLock::new(Seen::new);

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn slow(text: String) -> Result<String> {
        SEEN.put(format!("begins {text}"));
        GO.acquire().await?.forget();
        SEEN.put(format!("ends {text}"));
        Ok(format!("reply to {text}"))
    }

    #[on_close(CLIENT)]
    async fn closed(close: Close) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        SEEN.put(format!("closed {}", close.code));
    }

    #[shutdown]
    async fn end() -> Result<()> {
        SEEN.put("shutdown".to_owned());
        let client = CLIENT.get().ok_or(Error::msg("filled"))?;
        client.send("goodbye").await?;
        GO.acquire().await?.forget();
        Ok(())
    }
}

#[tokio::test]
async fn what_was_received_is_handled_then_hooks_run_then_the_outbox_is_drained_and_the_peer_told() {
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::in_flight"), "").await;
    for n in 0..3 {
        server.send(n.to_string()).await.expect("open");
    }
    let client = in_flight::CLIENT.get().expect("filled");
    while client.stats().received < 3 {
        tokio::task::yield_now().await;
    }
    let stop = tokio::spawn(running.stop());
    for n in 0..3 {
        assert_eq!(in_flight::SEEN.next().await, format!("begins {n}"));
        in_flight::GO.add_permits(1);
        assert_eq!(in_flight::SEEN.next().await, format!("ends {n}"));
    }
    assert_eq!(in_flight::SEEN.next().await, "shutdown");
    // A handler must not run any more: what it works with may have been taken down by a hook.
    server.send("too late").await.expect("open");
    in_flight::GO.add_permits(1);
    for expected in ["reply to 0", "reply to 1", "reply to 2", "goodbye"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    let close = within(server.ended()).await;
    assert_eq!((close.code, close.reason.as_str()), (1001, "shutting down"));
    within(stop).await.expect("no panic").expect("a clean stop");
    assert_eq!(in_flight::SEEN.rest().await, ["closed 1001"], "an on_close hook goes on to its end");
}

mod reconnects {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<bool>> = LazyLock::new(Seen::new);

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_close(CLIENT)]
    async fn closed(client: WebSocketClient) {
        SEEN.put(client.reconnect().await.is_ok());
    }
}

#[tokio::test]
async fn an_on_close_that_reconnects_does_not_hold_the_stop_up_nor_open_anything() {
    let (running, mut server, peer) = serve(concat!(module_path!(), "::reconnects"), "").await;
    within(reconnects::CLIENT.get().expect("filled").ready()).await.expect("open");
    let stop = async { tokio::join!(running.stop(), server.ended()) };
    let (stopped, close) = tokio::select! {
        both = within(stop) => both,
        _ = peer.accept() => panic!("it connected again while it stopped"),
    };
    stopped.expect("a clean stop");
    assert_eq!(close.code, 1001);
    assert!(!reconnects::SEEN.next().await);
}

/// Plugins that are initialised in the order b, c, a.
mod ordered {
    pub(super) static SEEN: std::sync::LazyLock<super::Seen<&'static str>> = std::sync::LazyLock::new(super::Seen::new);

    macro_rules! plugin {
        ($name:ident $(after $other:ident)?) => {
            pub(super) mod $name {
                use bristle::prelude::*;

                #[init(after = [$(super::$other::begin)?])]
                pub(in super::super) async fn begin() {}

                #[shutdown]
                async fn end() -> Result<()> {
                    super::SEEN.put(stringify!($name));
                    tokio::task::yield_now().await;
                    Ok(())
                }
            }
        };
    }
    plugin!(a after c);
    plugin!(b);
    plugin!(c after b);

    pub(super) mod d {
        use bristle::prelude::*;

        #[shutdown]
        async fn without_init() {
            super::SEEN.put("d");
        }
    }
}

#[tokio::test]
async fn shutdown_hooks_run_in_the_reverse_order_of_init() {
    let registry = plugins(concat!(module_path!(), "::ordered"));
    let runtime = Runtime::builder().registry(registry).build().expect("nothing wrong");
    let running = within(runtime.launch()).await.expect("it launches");
    within(running.stop()).await.expect("a clean stop");
    assert_eq!(ordered::SEEN.rest().await, ["a", "c", "b", "d"]);
}

mod goodbye {
    use bristle::prelude::*;

    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[shutdown]
    async fn say_goodbye(plugin: Plugin) -> Result<()> {
        let client = plugin.websocket_client("ws://127.0.0.1:1/").name("CLIENT").build()?;
        client.connect().await?;
        client.send("goodbye").await?;
        // Somebody still holds it: it is the stop that must close it.
        CLIENT.set(client)?;
        Ok(())
    }

    #[init]
    async fn names_its_clients() {}
}

#[tokio::test]
async fn a_client_that_a_shutdown_hook_makes_is_closed_like_all_others() {
    let peer = Peer::bind().await.expect("a free port");
    let running = launch(concat!(module_path!(), "::goodbye"), &at(&peer, "")).await;
    let play = async {
        let mut server = peer.accept().await.expect("the hook connects");
        (server.receive().await, server.ended().await.code)
    };
    let (stopped, told) = within(async { tokio::join!(running.stop(), play) }).await;
    stopped.expect("a clean stop");
    assert_eq!(told, (Some(Message::text("goodbye")), 1001));
}

mod stragglers {
    use bristle::prelude::*;

    pub(super) static STUCK: tokio::sync::Notify = tokio::sync::Notify::const_new();

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn never_returns() -> Message {
        STUCK.notify_one();
        std::future::pending().await
    }

    #[shutdown(timeout = "20ms")]
    async fn hangs() {
        std::future::pending().await
    }

    #[shutdown]
    async fn panics() {
        tokio::task::yield_now().await;
        panic!("on the way out");
    }

    #[shutdown]
    async fn fails() -> Result<()> {
        Err(Error::msg("no paper"))
    }
}

#[tokio::test]
async fn everything_that_does_not_stop_is_named() {
    let toml = "runtime.shutdown_grace = '50ms'";
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::stragglers"), toml).await;
    server.send("stuck").await.expect("open");
    stragglers::STUCK.notified().await;
    let (stopped, close) = within(async { tokio::join!(running.stop(), server.ended()) }).await;
    assert_eq!(close.code, 1001);
    let error = stopped.expect_err("four things did not stop").to_string();
    for expected in [
        "handlers of client `bristle/CLIENT` did not finish within 50ms",
        "`#[shutdown]` hook bristle::hangs (framework/tests/it/shutdown.rs:",
        "did not finish within 20ms",
        "`#[shutdown]` hook bristle::panics (framework/tests/it/shutdown.rs:",
        "panicked: on the way out",
        "`#[shutdown]` hook bristle::fails (framework/tests/it/shutdown.rs:",
        "no paper",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

mod forced {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_open(CLIENT)]
    async fn never_ready() {
        SEEN.put("open");
        std::future::pending().await
    }

    #[shutdown]
    async fn hangs() {
        SEEN.put("shutdown");
        std::future::pending().await
    }

    #[shutdown]
    async fn comes_too_late() {
        SEEN.put("too late");
    }
}

#[tokio::test]
async fn a_second_signal_skips_to_the_end() {
    let peer = Peer::bind().await.expect("a free port");
    let runtime = runtime(concat!(module_path!(), "::forced"), &at(&peer, "")).expect("nothing wrong");
    let ((stop, stopped), (force, forced)) = (oneshot::channel::<()>(), oneshot::channel::<()>());
    let run = tokio::spawn(runtime.run_with(async { drop(stopped.await) }, async { drop(forced.await) }));
    let mut server = within(peer.accept()).await.expect("the client asks");
    assert_eq!(forced::SEEN.next().await, "open");
    drop(stop);
    // Hooks of one plugin are shut down last to first.
    for expected in ["too late", "shutdown"] {
        assert_eq!(forced::SEEN.next().await, expected);
    }
    drop(force);
    let error = within(run).await.expect("no panic").expect_err("it was forced").to_string();
    assert!(error.contains("`#[shutdown]` hook bristle::hangs"), "{error}");
    within(server.ended()).await;
}

mod tasks {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    struct Dropped;

    impl Drop for Dropped {
        fn drop(&mut self) {
            SEEN.put("dropped");
        }
    }

    #[init]
    async fn begin(plugin: Plugin) {
        plugin.spawn(async { panic!("in the background") });
        plugin.spawn(async {
            let _held = Dropped;
            std::future::pending::<()>().await;
        });
        let orderly = plugin.clone();
        plugin.spawn(async move {
            orderly.stopping().await;
            SEEN.put("ended by itself");
        });
    }

    #[shutdown]
    async fn end() {
        SEEN.put("shutdown");
    }
}

#[tokio::test]
async fn tasks_of_a_plugin_end_with_it_and_none_is_left_of_anything() {
    let before = Handle::current().metrics().num_alive_tasks();
    let (running, mut server, peer) = serve(concat!(module_path!(), "::tasks"), "").await;
    assert!(Handle::current().metrics().num_alive_tasks() > before);
    let (stopped, _) = within(async { tokio::join!(running.stop(), server.ended()) }).await;
    stopped.expect("a clean stop");
    let mut seen = tasks::SEEN.rest().await;
    assert_eq!(seen.pop(), Some("dropped"), "a task that does not look is dropped after the hooks");
    seen.sort_unstable();
    assert_eq!(seen, ["ended by itself", "shutdown"]);
    drop((server, peer));
    assert_eq!(Handle::current().metrics().num_alive_tasks(), before);
}

mod dropped {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn never_returns() {
        std::future::pending().await
    }

    #[init]
    async fn begin(plugin: Plugin) {
        plugin.spawn(std::future::pending::<()>());
    }
}

#[tokio::test]
async fn a_runtime_that_is_dropped_leaves_nothing_connected_and_nothing_running() {
    let before = Handle::current().metrics().num_alive_tasks();
    let (running, mut server, peer) = serve(concat!(module_path!(), "::dropped"), "").await;
    server.send("stuck").await.expect("open");
    drop(running);
    assert_eq!(within(server.ended()).await.code, 1006);
    drop((server, peer));
    within(async {
        while Handle::current().metrics().num_alive_tasks() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let client = dropped::CLIENT.get().expect("filled");
    assert!(!client.is_connected());
    assert!(within(client.reconnect()).await.is_err());
    assert!(client.send("to nobody").await.is_err());
}

mod failed_launch {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn connects_and_fails(plugin: Plugin) -> Result<()> {
        plugin.spawn(std::future::pending::<()>());
        CLIENT.get().ok_or(Error::msg("filled before"))?.connect().await?;
        Err(Error::msg("after all"))
    }
}

#[tokio::test]
async fn a_launch_that_fails_closes_what_it_had_opened() {
    let before = Handle::current().metrics().num_alive_tasks();
    let peer = Peer::bind().await.expect("a free port");
    let runtime = runtime(concat!(module_path!(), "::failed_launch"), &at(&peer, "")).expect("nothing wrong");
    let play = async { peer.accept().await.expect("the hook connects").ended().await.code };
    let (launched, code) = within(async { tokio::join!(runtime.launch(), play) }).await;
    assert!(launched.err().expect("it fails").to_string().contains("after all"));
    assert_eq!(code, 1001);
    assert_eq!(Handle::current().metrics().num_alive_tasks(), before);
}
