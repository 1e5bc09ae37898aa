//! What a developer reads when a program cannot be launched: every mistake at once, each with its place and its fix.

use crate::support::{at, launch_error, plugins, within};
use bristle::settings::Settings;
use bristle::testing::Peer;
use bristle::{Message, Registry, Runtime};

/// Builds a runtime of a registry that a test made.
fn build(registry: Registry, toml: &str) -> Result<Runtime, bristle::LaunchError> {
    let settings = Settings::new().toml("test.toml", toml).expect("good TOML");
    Runtime::builder().settings(settings).registry(registry).build()
}

fn says(error: &str, all: &[&str]) {
    for expected in all {
        assert!(error.contains(expected), "{expected}\n--- is not in ---\n{error}");
    }
}

mod graph {
    use bristle::prelude::*;

    #[init(after = [c])]
    async fn a() {}

    #[init(after = [a])]
    async fn b() {}

    #[init(after = [b])]
    async fn c() {}

    #[init(after = [itself])]
    async fn itself() {}

    #[init(order = 2)]
    async fn late() {}

    #[init(order = 1, after = [late])]
    async fn early() {}

    #[init(after = [plain])]
    async fn confused() {}

    async fn plain() {}

    #[init]
    async fn uses() {
        plain().await;
    }
}

#[tokio::test]
async fn every_mistake_in_the_graph_of_init_hooks_is_told_before_anything_runs() {
    let error = build(Registry::linked().in_module(concat!(module_path!(), "::graph")), "").expect_err("4 mistakes");
    assert_eq!(error.problems().len(), 4, "{error}");
    says(
        &error.to_string(),
        &[
            "wait for each other in a circle: a waits for c waits for b waits for a. Take one `after` away",
            "in a circle: itself waits for itself",
            "`#[init]` hook `early` has `order = 1` and waits for `late`, which comes later with `order = 2`",
            "`#[init]` hook `confused` waits for `",
            "::plain`, which is no `#[init]` hook: write `#[init]` over it",
            "at framework/tests/it/launch_problems.rs:",
        ],
    );
    assert!(error.problems().iter().all(|problem| problem.places().iter().all(|place| place.line > 0)));
}

mod nothing_fills {
    use bristle::prelude::*;

    static EMPTY: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(EMPTY)]
    async fn waits_for_ever() {}
}

mod no_url {
    use bristle::prelude::*;

    #[client]
    static BARE: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:1/")]
    static FEED: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn reads(Config(_): Config<Options>) {}

    #[derive(serde::Deserialize)]
    struct Options {
        #[serde(default, rename = "greeting")]
        _greeting: String,
        #[serde(rename = "token")]
        _token: String,
        #[serde(default, with = "bristle::settings::duration::optional", rename = "every")]
        _every: Option<std::time::Duration>,
    }
}

#[tokio::test]
async fn all_mistakes_of_source_and_configuration_are_told_at_once() {
    let toml = "[plugins.bristle]\ngreting = 'hi'\ngreeting = 5\nevery = 10\nclients.FEED = { url = 'http://me:pw@h/', headrs = 1 }\n\
                [plugins.bristle2]\nx = 1\n[runtime]\nmax_client = 3\n[node]\nlisten = '127.0.0.1:0'";
    let registry = Registry::linked().in_module(concat!(module_path!(), "::no_url"));
    let both = registry
        .items()
        .iter()
        .chain(Registry::linked().in_module(concat!(module_path!(), "::nothing_fills")).items())
        .copied()
        .collect();
    let error = build(both, toml).expect_err("many mistakes").to_string();
    says(
        &error,
        &[
            "test.toml:2: plugins.bristle.greting: unknown key, did you mean `greeting`?",
            "test.toml:3: plugins.bristle.greeting: the number 5 was found, a text was expected",
            "test.toml:4: plugins.bristle.every: ",
            "plugins.bristle.token: missing: write `token = …` below `[plugins.bristle]`",
            "test.toml:5: plugins.bristle.clients.FEED.headrs: unknown key, did you mean `headers`?",
            "no plugin `bristle2` is linked, did you mean `bristle`?",
            "runtime.max_client: unknown key, did you mean `max_clients`?",
            "the client `BARE` has no URL: write `#[client(url = \"ws://…\")]`, or `url = \"ws://…\"` below \
             `[plugins.bristle.clients.BARE]`",
        ],
    );
    assert!(!error.contains("pw"), "{error}");
}

#[tokio::test]
async fn a_handler_of_a_slot_that_nothing_can_fill_is_told_before_anything_runs() {
    let error = launch_error(concat!(module_path!(), "::nothing_fills"), "").await;
    says(&error, &["`waits_for_ever` handles `EMPTY`, which nothing fills", "launch_problems.rs:"]);
}

mod bad_url {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static FEED: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:0/")]
    static WEB: OnceCell<WebSocketClient> = OnceCell::new();
}

#[tokio::test]
async fn a_bad_url_is_told_with_key_origin_and_the_url_to_write_instead() {
    let module = concat!(module_path!(), "::bad_url");
    let error = launch_error(module, "[plugins.bristle.clients.FEED]\nurl = 'https://h/x'").await;
    says(
        &error,
        &[
            "with 2 problems",
            "`https://h/x` has the scheme `https`: write `wss://h/x`",
            "`ws://127.0.0.1:0/` is no WebSocket URL: `0` is no port",
            "launch_problems.rs:",
        ],
    );
    says(&error, &["plugins.bristle.clients.FEED.url", "test.toml:"]);
}

#[tokio::test]
async fn two_plugins_of_one_name_are_told_with_both_places() {
    let registry = Registry::linked().in_module(concat!(module_path!(), "::bad_url"));
    let mut moved = registry.items().to_vec();
    moved[0].origin.manifest_dir = "/somewhere/else";
    let error = build(moved.into_iter().collect(), "").expect_err("two of one name").to_string();
    says(&error, &["two plugins are called `bristle`: rename the package of one in its Cargo.toml"]);
}

/// Plugins that depend on each other: `feed` fails, `reader` waits for it, `other` does not.
mod disabled {
    pub(super) static TASK_ENDED: tokio::sync::Notify = tokio::sync::Notify::const_new();

    pub(super) mod feed {
        use bristle::prelude::*;

        #[client(url = "ws://127.0.0.1:1/")]
        pub(super) static FEED: OnceCell<WebSocketClient> = OnceCell::new();

        struct Ends;

        impl Drop for Ends {
            fn drop(&mut self) {
                super::TASK_ENDED.notify_one();
            }
        }

        #[init(on_failure = "disable")]
        pub(super) async fn fails(plugin: Plugin) -> Result<()> {
            plugin.spawn(async {
                let _held = Ends;
                std::future::pending::<()>().await;
            });
            FEED.get().ok_or(Error::msg("filled before"))?.connect().await?;
            Err(Error::msg("not today"))
        }

        #[shutdown]
        async fn end() -> Result<()> {
            Err(Error::msg("a plugin that is off is not shut down"))
        }
    }

    pub(super) mod reader {
        use super::feed::{FEED, fails};
        use bristle::prelude::*;

        pub(in super::super) static EMPTY: OnceCell<WebSocketClient> = OnceCell::new();

        #[init(after = [fails])]
        async fn never() -> Result<()> {
            Err(Error::msg("it must not run"))
        }

        #[on_message(FEED)]
        async fn read() -> &'static str {
            "never"
        }

        #[on_message(EMPTY)]
        async fn never_bound() {}
    }

    pub(super) mod other {
        use bristle::prelude::*;

        #[client(url = "ws://127.0.0.1:1/")]
        static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

        #[on_message(CLIENT)]
        async fn echo(message: Message) -> Message {
            message
        }
    }
}

#[tokio::test]
async fn a_plugin_that_may_fail_is_switched_off_with_its_dependents_and_the_rest_runs() {
    let (feed, other) = (Peer::bind().await.expect("a port"), Peer::bind().await.expect("a port"));
    let toml = format!(
        "plugins.feed.clients.FEED.url = '{}'\nplugins.other.clients.CLIENT.url = '{}'",
        feed.url("/"),
        other.url("/")
    );
    let runtime = build(plugins(concat!(module_path!(), "::disabled")), &toml).expect("nothing wrong");
    let off = async { feed.accept().await.expect("the hook connects").ended().await };
    let (running, closed, server) = within(async { tokio::join!(runtime.launch(), off, other.accept()) }).await;
    let (running, mut server) = (running.expect("it launches"), server.expect("the client asks"));
    assert_eq!(closed.code, 1000, "what the hook had opened is closed");
    within(disabled::TASK_ENDED.notified()).await;
    assert_eq!(running.plugins().map(|plugin| plugin.name().to_owned()).collect::<Vec<_>>(), ["other"]);
    server.send("still here").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("still here")));
    let (stopped, _) = within(async { tokio::join!(running.stop(), server.ended()) }).await;
    stopped.expect("a clean stop");
}

mod switched_off {
    pub(super) mod absent {
        use bristle::prelude::*;

        #[client(url = "ws://127.0.0.1:1/", required = true)]
        pub(super) static FEED: OnceCell<WebSocketClient> = OnceCell::new();

        #[init]
        async fn fails() -> Result<()> {
            Err(Error::msg("it is off"))
        }

        #[on_message(FEED)]
        async fn never() {}
    }

    pub(super) mod present {
        use super::absent::FEED;
        use bristle::prelude::*;

        #[client(url = "ws://127.0.0.1:1/")]
        static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

        #[on_message(FEED)]
        async fn of_the_other() {}

        #[on_message(CLIENT)]
        async fn echo(message: Message) -> Message {
            message
        }
    }
}

#[tokio::test]
async fn a_plugin_that_is_switched_off_by_configuration_does_nothing_and_keeps_nobody_from_running() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = at(&peer, "plugins.absent = { enabled = false }").replace("plugins.bristle", "plugins.present");
    let runtime = build(plugins(concat!(module_path!(), "::switched_off")), &toml).expect("nothing wrong");
    let (running, server) = within(async { tokio::join!(runtime.launch(), peer.accept()) }).await;
    let (running, mut server) = (running.expect("it launches"), server.expect("the client asks"));
    assert_eq!(running.plugins().map(|plugin| plugin.name().to_owned()).collect::<Vec<_>>(), ["present"]);
    server.send("here").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("here")));
}

mod filled_by_init {
    pub(super) mod filler {
        use bristle::prelude::*;

        pub(super) static FEED: OnceCell<WebSocketClient> = OnceCell::new();

        #[init]
        async fn fill(plugin: Plugin) -> Result<()> {
            FEED.set(plugin.websocket_client("ws://127.0.0.1:1/").build()?)?;
            Ok(())
        }
    }

    pub(super) mod user {
        use super::filler::FEED;
        use bristle::prelude::*;

        #[on_message(FEED)]
        async fn read() {}
    }
}

#[tokio::test]
async fn a_handler_of_a_slot_that_a_switched_off_plugin_fills_in_its_init_hook_is_just_not_bound() {
    let registry = plugins(concat!(module_path!(), "::filled_by_init"));
    let runtime = build(registry, "plugins.filler.enabled = false").expect("nothing wrong");
    drop(within(runtime.launch()).await.expect("it launches"));
}
