//! What an operator relies on: numbers that are exact, a page that Prometheus can read, and no cost where nobody asked.

use crate::node_wire::Wire;
use crate::prometheus::Page;
use crate::stats::until;
use crate::support::{at, launch_error, within};
use bristle::testing::Peer;
use bristle::{LaunchError, Message, Registry, Running, Runtime, WebSocketClient, settings::Settings};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// A recorder for this thread, where everything of such a test runs: the process has one recorder, and many tests.
fn recorder() -> (PrometheusRecorder, PrometheusHandle) {
    let builder = PrometheusBuilder::new().set_buckets(&[0.1, 1.0, 10.0]).expect("buckets");
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    (recorder, handle)
}

fn runtime(module: &str, toml: &str, handle: &PrometheusHandle) -> Result<Runtime, LaunchError> {
    let settings = Settings::new()
        .toml("defaults", "node.listen = '127.0.0.1:0'")
        .and_then(|settings| settings.toml("test.toml", toml))
        .expect("good TOML");
    let (registry, handle) = (Registry::linked().in_module(module), handle.clone());
    Runtime::builder().settings(settings).registry(registry).metrics_page(move || handle.render()).build()
}

async fn launch(module: &str, toml: &str, handle: &PrometheusHandle) -> Running {
    within(runtime(module, toml, handle).expect("nothing wrong").launch()).await.expect("it launches")
}

mod measured {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static SEEN: LazyLock<Seen<String>> = LazyLock::new(Seen::new);

    #[client]
    pub static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn takes(text: String) -> Result<()> {
        SEEN.put(text.clone());
        if text == "fail" { Err(bristle::Error::msg("as it was told")) } else { Ok(()) }
    }

    #[endpoint("/feed")]
    pub static FEED: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(FEED)]
    async fn echo(message: Message) -> Message {
        message
    }
}

/// The whole of it, with a real peer whose connection is cut: what the page says is exactly what happened.
#[tokio::test]
async fn the_page_says_exactly_what_happened() {
    let ((recorder, handle), peer) = (recorder(), Peer::bind().await.expect("a free port"));
    let _here = metrics::set_default_local_recorder(&recorder);
    let toml = "metrics.prometheus = '/metrics'\nplugins.bristle.clients.CLIENT.ping_after = '50ms'";
    let module = concat!(module_path!(), "::measured");
    let (toml, connect) = (at(&peer, toml), peer.accept());
    let (running, server) = within(async { tokio::join!(launch(module, &toml, &handle), connect) }).await;
    let mut server = server.expect("the client asks");
    let client = measured::CLIENT.get().expect("filled");

    for message in [Message::text("one"), Message::text("fail"), Message::binary(vec![0; 7]), Message::text("two")] {
        server.send(message).await.expect("open");
    }
    for expected in ["one", "fail", "two"] {
        assert_eq!(measured::SEEN.next().await, expected);
    }
    client.deliver("0123456789").await.expect("open");
    server.vanish();
    let mut server = within(peer.accept()).await.expect("it comes back");
    // The peer answers pings while it waits for a message.
    tokio::select! {
        () = async { while server.receive().await.is_some() {} } => panic!("the client has left"),
        () = until(|| client.stats().latency.is_some()) => {}
    }

    let feed = format!("ws://{}/feed", running.addresses()[0]);
    let visitor = WebSocketClient::builder(feed).build().expect("good");
    visitor.connect().await.expect("the node listens");
    for _ in 0..3 {
        visitor.send("ab").await.expect("open");
    }
    until(|| visitor.stats().received == 3).await;
    let refused = Wire::connect(&running).await.request("GET /feed HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 426 "), "{refused}");

    let page = Page::of(&running, "/metrics").await;
    let of_client =
        |name: &str| page.value(&format!("bristle_client_{name}"), &[("plugin", "bristle"), ("client", "CLIENT")]);
    for (name, expected) in [
        ("instances", 1.0),
        ("open_connections", 1.0),
        ("connections_total", 2.0),
        ("reconnects_total", 1.0),
        ("failed_attempts_total", 0.0),
        ("down_seconds", 0.0),
        ("downtime_seconds_count", 1.0),
        ("received_messages_total", 4.0),
        ("received_bytes_total", 17.0),
        ("inbox_messages", 0.0),
        ("unhandled_messages_total", 1.0),
        ("outbox_messages", 0.0),
        ("outbox_bytes", 0.0),
        ("written_messages_total", 1.0),
        ("written_bytes_total", 10.0),
        ("lost_messages_total", 0.0),
        ("dropped_messages_total", 0.0),
    ] {
        assert_eq!(of_client(name), Some(expected), "{name}");
    }
    assert!(of_client("latency_seconds_count").is_some_and(|count| count >= 1.0));
    assert!(of_client("downtime_seconds_sum").is_some_and(|sum| (0.1..30.0).contains(&sum)));
    let of_feed =
        |name: &str| page.value(&format!("bristle_endpoint_{name}"), &[("plugin", "bristle"), ("endpoint", "FEED")]);
    for (name, expected) in [
        ("open_connections", 1.0),
        ("connections_total", 1.0),
        ("refused_handshakes_total", 1.0),
        ("received_messages_total", 3.0),
        ("received_bytes_total", 6.0),
        ("written_messages_total", 3.0),
        ("written_bytes_total", 6.0),
        ("lost_messages_total", 0.0),
    ] {
        assert_eq!(of_feed(name), Some(expected), "{name}");
    }
    let takes = [("plugin", "bristle"), ("hook", "on_message"), ("handler", "takes"), ("client", "CLIENT")];
    assert_eq!(
        page.value("bristle_handler_duration_seconds_count", &takes),
        Some(3.0),
        "the binary message was skipped"
    );
    assert_eq!(page.value("bristle_handler_failures_total", &takes), Some(1.0));

    // What is documented is what there is, and of the kind that is documented.
    let documented = include_str!("../../../docs/METRICS.md");
    let listed = documented.lines().filter_map(|line| line.strip_prefix("| `bristle_")?.split_once("` | "));
    let listed: std::collections::BTreeMap<_, _> = listed
        .map(|(name, rest)| (format!("bristle_{name}"), rest.split(' ').next().unwrap_or_default().to_owned()))
        .collect();
    assert!(page.kinds.iter().all(|(name, kind)| listed.get(name) == Some(kind)), "{:?}", page.kinds);
    let absent: Vec<_> = listed.keys().filter(|name| !page.kinds.contains_key(*name)).collect();
    assert!(absent.is_empty(), "documented, and not on the page: {absent:?}");

    tokio::join!(visitor.close(), async { within(running.stop()).await.expect("a clean stop") }, server.ended());
    // What ended with the connections was handed on, too.
    let page = Page::parse(&handle.render());
    assert_eq!(page.value("bristle_client_open_connections", &[("client", "CLIENT")]), Some(0.0));
    assert_eq!(page.value("bristle_endpoint_open_connections", &[]), Some(0.0));
}

mod many {
    use bristle::prelude::*;

    #[init]
    async fn makes_clients() {}
}

/// Without it a plugin that makes clients all the time would fill the memory with series, and a counter would go back
/// when a client is dropped.
#[tokio::test]
async fn series_are_bounded_by_the_number_of_clients_and_totals_outlive_them() {
    let ((recorder, handle), peer) = (recorder(), Peer::bind().await.expect("a free port"));
    let _here = metrics::set_default_local_recorder(&recorder);
    let toml = "metrics.prometheus = '/metrics'\nplugins.bristle.max_clients = 2";
    let running = launch(concat!(module_path!(), "::many"), toml, &handle).await;
    let plugin = running.plugins().next().expect("there is one").clone();
    for name in [Some("a"), Some("b"), Some("c"), Some("d"), Some("a"), None, None] {
        let builder = plugin.websocket_client(peer.url("/"));
        let client = match name {
            Some(name) => builder.name(name),
            None => builder,
        };
        let client = client.build().expect("below the limit");
        let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
        outcome.expect("the peer accepts");
        client.deliver("x").await.expect("open");
        drop(client);
        within(server.expect("the client asks").ended()).await;
        until(|| plugin.live_clients() == 0).await;
    }
    let page = Page::of(&running, "/metrics").await;
    let written = |client| page.value("bristle_client_written_messages_total", &[("client", client)]);
    let found = ["a", "b", "c", "d", "other", "unnamed"].map(written);
    assert_eq!(found, [Some(2.0), Some(1.0), None, None, Some(2.0), Some(2.0)]);
    assert_eq!(page.value("bristle_client_instances", &[("client", "a")]), Some(0.0));
    within(running.stop()).await.expect("a clean stop");
}

mod handed_on {
    use bristle::prelude::*;

    #[client]
    pub static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn takes(_: Message) {}
}

/// Without it the numbers would reach no recorder but ours.
#[tokio::test]
async fn a_recorder_of_somebody_elses_is_told_at_intervals() {
    let ((recorder, handle), peer) = (recorder(), Peer::bind().await.expect("a free port"));
    let _here = metrics::set_default_local_recorder(&recorder);
    let toml = at(&peer, "metrics.interval = '100ms'");
    let module = concat!(module_path!(), "::handed_on");
    let (running, server) = within(async { tokio::join!(launch(module, &toml, &handle), peer.accept()) }).await;
    let mut server = server.expect("the client asks");
    server.send("x").await.expect("open");
    let received =
        || Page::parse(&handle.render()).value("bristle_client_received_messages_total", &[("client", "CLIENT")]);
    until(|| received() == Some(1.0)).await;
    tokio::join!(async { within(running.stop()).await.expect("a clean stop") }, server.ended());
}

mod unmeasured {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static SEEN: LazyLock<Seen<String>> = LazyLock::new(Seen::new);

    #[client]
    pub static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn takes(text: String) {
        SEEN.put(text);
    }
}

/// Without it everybody would pay for metrics: two readings of the clock for each message.
#[tokio::test]
async fn where_nobody_asked_nothing_is_recorded() {
    let ((recorder, handle), peer) = (recorder(), Peer::bind().await.expect("a free port"));
    let _here = metrics::set_default_local_recorder(&recorder);
    let (toml, module) = (at(&peer, ""), concat!(module_path!(), "::unmeasured"));
    let (running, server) = within(async { tokio::join!(launch(module, &toml, &handle), peer.accept()) }).await;
    let mut server = server.expect("the client asks");
    server.send("x").await.expect("open");
    assert_eq!(unmeasured::SEEN.next().await, "x");
    tokio::join!(async { within(running.stop()).await.expect("a clean stop") }, server.ended());
    assert_eq!(handle.render(), "");
}

mod in_the_way {
    use bristle::prelude::*;

    #[route(GET, "/metrics")]
    async fn metrics() -> &'static str {
        "mine"
    }
}

/// Without it the page would silently not be there, or a launch would panic in the router.
#[tokio::test]
async fn what_keeps_the_page_from_being_served_is_an_error_with_the_fix() {
    let (_, handle) = recorder();
    let module = concat!(module_path!(), "::in_the_way");
    let says = |toml: &str| runtime(module, toml, &handle).expect_err("it is wrong").to_string();
    let clash = says("metrics.prometheus = '/metrics'");
    assert!(clash.contains("test.toml:1: metrics.prometheus: GET `/metrics` is served twice"), "{clash}");
    assert!(clash.contains("(`metrics` of plugin `bristle`)"), "{clash}");
    assert!(runtime(module, "metrics.prometheus = '/numbers'", &handle).is_ok());
    let off = says("metrics.prometheus = '/numbers'\nnode.listen = []");
    assert!(off.contains("`node.listen` is empty: write an address there"), "{off}");
    assert!(says("metrics.prometheus = 'numbers'").contains("write `/numbers`"));
    assert!(says("metrics.prometheus = true").contains("write a path, as in `\"/metrics\"`, or `false` for none"));
    assert!(says("metrics.interval = '99ms'").contains("`99ms` is too often: write at least `\"100ms\"`"));
    assert!(says("metrics.interval = 5").contains("a duration needs a unit"));
    assert!(says("metrics.prometeus = '/m'").contains("did you mean `prometheus`?"));
    assert!(runtime(module, "metrics = { prometheus = false, interval = false }", &handle).is_ok());
    // A program that says nothing of a recorder.
    let nobody = launch_error(module, "metrics.prometheus = '/numbers'").await;
    assert!(nobody.contains("call `RuntimeBuilder::install_recorder`"), "{nobody}");
}
