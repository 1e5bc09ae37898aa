//! What a plugin author relies on while the program launches: which hooks run when, and what a failure does to the rest.

use crate::support::{Seen, at, launch, launch_error, runtime, serve, within};
use bristle::Message;
use bristle::testing::Peer;

mod order {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;
    use tokio::sync::Barrier;

    pub(super) static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

    #[init(order = 1)]
    async fn later_tier() {
        SEEN.put("later tier");
    }

    #[init(after = [left, right])]
    async fn last() {
        SEEN.put("last");
    }

    #[init(after = [first])]
    async fn left() {
        BOTH.wait().await;
        SEEN.put("left or right");
    }

    #[init(after = [self::first])]
    async fn right() {
        BOTH.wait().await;
        SEEN.put("left or right");
    }

    #[init]
    async fn first() {
        tokio::task::yield_now().await;
        SEEN.put("first");
    }

    #[init(order = -1)]
    async fn earlier_tier() {
        tokio::task::yield_now().await;
        SEEN.put("earlier tier");
    }

    #[shutdown]
    async fn end(plugin: Plugin) -> Result<()> {
        assert_eq!(plugin.name(), "bristle");
        SEEN.put("shutdown");
        Ok(())
    }
}

#[tokio::test]
async fn init_hooks_run_by_after_and_order_and_independent_ones_at_the_same_time() {
    let running = launch(concat!(module_path!(), "::order"), "").await;
    let expected = ["earlier tier", "first", "left or right", "left or right", "last", "later tier"];
    assert_eq!(order::SEEN.rest().await, expected);
    within(running.stop()).await.expect("a clean stop");
    assert_eq!(order::SEEN.rest().await, ["shutdown"]);
}

mod failures {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

    #[init(timeout = "50ms")]
    async fn hangs() {
        std::future::pending().await
    }

    #[init]
    async fn panics() {
        tokio::task::yield_now().await;
        panic!("out of cheese");
    }

    #[init]
    async fn fails() -> Result<()> {
        Err(std::io::Error::other("no disk"))?
    }

    #[init(after = [fails])]
    async fn waits_in_vain() {
        SEEN.put("waits in vain");
    }

    #[init(order = 5)]
    async fn runs_all_the_same() -> Result<()> {
        SEEN.put("runs all the same");
        Err(Error::msg("the fourth"))
    }
}

#[tokio::test]
async fn every_init_hook_that_hangs_panics_or_fails_is_listed_with_its_place() {
    let error = launch_error(concat!(module_path!(), "::failures"), "").await;
    for expected in [
        "the launch failed with 4 problems",
        "`#[init]` hook `hangs` of plugin `bristle` failed: did not finish within 50ms",
        "`#[init]` hook `panics` of plugin `bristle` failed: panicked: out of cheese",
        "`#[init]` hook `fails` of plugin `bristle` failed: no disk",
        "`#[init]` hook `runs_all_the_same` of plugin `bristle` failed: the fourth",
        "at framework/tests/it/launch.rs:",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    assert_eq!(failures::SEEN.rest().await, ["runs all the same"]);
}

mod slots {
    use bristle::prelude::*;
    use std::sync::OnceLock;

    static TWICE: OnceCell<WebSocketClient> = OnceCell::new();
    static NEVER: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:1/")]
    static DECLARED: OnceLock<WebSocketClient> = OnceLock::new();

    #[init]
    async fn one(plugin: Plugin) -> Result<()> {
        TWICE.set(plugin.websocket_client("ws://127.0.0.1:1/").build()?)?;
        Ok(())
    }

    #[init(after = [one])]
    async fn two(plugin: Plugin) -> Result<()> {
        TWICE.set(plugin.websocket_client("ws://127.0.0.1:2/").build()?)?;
        Ok(())
    }

    #[init]
    async fn declared(plugin: Plugin) -> Result<()> {
        DECLARED.set(plugin.websocket_client("ws://127.0.0.1:3/").build()?)?;
        Ok(())
    }

    #[on_message(NEVER)]
    async fn waits_for_ever() {}
}

#[tokio::test]
async fn a_slot_that_is_filled_twice_is_an_error_of_the_second_hook() {
    let error = launch_error(concat!(module_path!(), "::slots"), "").await;
    for expected in [
        "the launch failed with 2 problems",
        "`#[init]` hook `two` of plugin `bristle` failed: the slot was full already, so the client `127.0.0.1:2`",
        "`#[init]` hook `declared` of plugin `bristle` failed: the slot was full already, so the client `127.0.0.1:3`",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

mod never_filled {
    use bristle::prelude::*;

    static NEVER: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn forgets() {}

    #[on_message(NEVER)]
    async fn waits_for_ever() {}

    #[on_close(NEVER)]
    async fn waits_too() {}
}

#[tokio::test]
async fn a_slot_that_no_init_hook_filled_is_an_error_that_names_slot_and_handlers() {
    let error = launch_error(concat!(module_path!(), "::never_filled"), "").await;
    for expected in [
        "with 2 problems",
        "`waits_for_ever` handles `NEVER`, which nothing fills: write `#[client(url = \"ws://…\")]`",
        "`waits_too` handles `NEVER`",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

mod retried {
    use bristle::prelude::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(super) static RUNS: AtomicU32 = AtomicU32::new(0);

    #[init(on_failure = "retry")]
    async fn third_time_lucky() -> Result<()> {
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::msg("not yet")),
            1 => panic!("not yet either"),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_hook_that_says_retry_is_run_again_also_after_a_panic() {
    let running = launch(concat!(module_path!(), "::retried"), "").await;
    assert_eq!(retried::RUNS.load(std::sync::atomic::Ordering::SeqCst), 3);
    within(running.stop()).await.expect("a clean stop");
}

mod required {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/", required = true)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:1/", required = true)]
    static OTHER: OnceCell<WebSocketClient> = OnceCell::new();
}

#[tokio::test]
async fn a_required_client_that_cannot_connect_fails_the_launch_with_the_reason_and_its_place() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = at(&peer, "");
    let module = concat!(module_path!(), "::required");
    let refuse = peer.answer(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    let (error, _) = within(async { tokio::join!(launch_error(module, &toml), refuse) }).await;
    for expected in [
        "with 2 problems",
        "the required client `bristle/CLIENT` cannot connect: the server answered 401 Unauthorized",
        "the required client `bristle/OTHER` cannot connect: `127.0.0.1:1` refused the connection",
        "at framework/tests/it/launch.rs:",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

mod required_and_connected {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/", required = true)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn early() -> Result<()> {
        Ok(CLIENT.get().ok_or(Error::msg("filled before"))?.connect().await?)
    }

    #[on_message(CLIENT)]
    async fn echo(message: Message) -> Message {
        message
    }
}

#[tokio::test]
async fn an_init_hook_may_connect_a_required_client_itself() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::required_and_connected"), "").await;
    server.send("hi").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("hi")));
}

mod optional {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_open(CLIENT)]
    async fn hello() -> &'static str {
        "hello"
    }
}

#[tokio::test]
async fn a_client_whose_server_is_not_there_yet_does_not_keep_the_program_from_launching() {
    let address = Peer::bind().await.expect("a free port").address();
    let toml = format!("plugins.bristle.clients.CLIENT.url = 'ws://{address}/'");
    let running = launch(concat!(module_path!(), "::optional"), &toml).await;
    let peer = Peer::bind_at(address).await.expect("the port is free again");
    let mut server = within(peer.accept()).await.expect("the client comes");
    assert_eq!(within(server.receive()).await, Some(Message::text("hello")));
    let (stopped, _) = within(async { tokio::join!(running.stop(), server.ended()) }).await;
    stopped.expect("a clean stop");

    let again = launch_error(concat!(module_path!(), "::optional"), &toml).await;
    assert!(again.contains("the slot `CLIENT` is full already"), "{again}");
}

mod config {
    use super::Seen;
    use bristle::prelude::*;
    use serde::Deserialize;
    use std::sync::LazyLock;

    #[derive(Deserialize)]
    struct Settings {
        name: String,
    }

    pub(super) static SEEN: LazyLock<Seen<String>> = LazyLock::new(Seen::new);

    #[init]
    async fn argument(Config(settings): Config<Settings>) {
        SEEN.put(settings.name.clone());
    }

    #[init(after = [argument])]
    async fn plugin(plugin: Plugin) -> Result<()> {
        let Settings { name } = plugin.config().map_err(|errors| Error::msg(format!("{errors:?}")))?;
        SEEN.put(name);
        Ok(())
    }
}

#[tokio::test]
async fn a_plugin_reads_its_section_as_argument_or_by_its_handle() {
    let module = concat!(module_path!(), "::config");
    let runtime = runtime(module, "plugins.bristle.name = 'ann'").expect("nothing wrong");
    let _running = within(runtime.launch()).await.expect("it launches");
    assert_eq!(config::SEEN.rest().await, ["ann", "ann"]);
}
