//! What a plugin author relies on who makes clients by hand: they are counted, bounded, configured, and never leak.

use crate::node_wire::Wire;
use crate::support::{launch, within};
use bristle::testing::Peer;
use bristle::{BuildError, Message, Plugin, Running, WebSocketClient};

/// The only plugin that is on.
fn plugin(running: &Running) -> Plugin {
    running.plugins().next().expect("there is one").clone()
}

fn build(plugin: &Plugin, peer: &Peer) -> Result<WebSocketClient, BuildError> {
    plugin.websocket_client(peer.url("/")).build()
}

mod bounded {
    use bristle::prelude::*;

    #[init]
    async fn makes_clients() {}
}

#[tokio::test]
async fn a_plugin_has_no_more_clients_than_its_limit_and_dropped_ones_do_not_count() {
    let running = launch(concat!(module_path!(), "::bounded"), "plugins.bristle.max_clients = 3").await;
    let (plugin, peer) = (plugin(&running), Peer::bind().await.expect("a free port"));
    let mut clients: Vec<_> = (0..3).map(|_| build(&plugin, &peer).expect("below the limit")).collect();
    let error = build(&plugin, &peer).expect_err("one too many");
    assert!(matches!(&error, BuildError::TooManyClients { plugin, limit: 3 } if plugin == "bristle"));
    assert!(error.to_string().starts_with("plugin `bristle` has 3 live clients, its limit"), "{error}");

    // Never started.
    drop(clients.pop());
    assert_eq!(plugin.live_clients(), 2);
    // Not even built.
    assert!(plugin.websocket_client("http://h/").build().is_err());
    assert_eq!(plugin.live_clients(), 2);

    // Connected: it counts until it is closed, and the peer is told.
    let connected = clients.pop().expect("two are left");
    let (outcome, server) = within(async { tokio::join!(connected.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    connected.send("last words").await.expect("open");
    drop(connected);
    let mut server = server.expect("the client asks");
    assert_eq!(within(server.receive()).await, Some(Message::text("last words")));
    assert_eq!(within(server.ended()).await.code, 1000);
    until(&plugin, 1).await;

    // Waiting for a server that is not there.
    let waiting = plugin.websocket_client("ws://127.0.0.1:1/").build().expect("below the limit");
    waiting.start().await;
    drop((waiting, clients));
    until(&plugin, 0).await;
    within(running.stop()).await.expect("a clean stop");
}

async fn until(plugin: &Plugin, live: usize) {
    within(async {
        while plugin.live_clients() != live {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

mod by_default {
    use bristle::prelude::*;

    #[init]
    async fn makes_clients() {}
}

#[tokio::test]
async fn a_plugin_that_nobody_configured_may_have_1024_clients() {
    let running = launch(concat!(module_path!(), "::by_default"), "").await;
    let (plugin, peer) = (plugin(&running), Peer::bind().await.expect("a free port"));
    let clients: Vec<_> = (0..1024).map(|_| build(&plugin, &peer).expect("below the limit")).collect();
    assert!(matches!(build(&plugin, &peer), Err(BuildError::TooManyClients { limit: 1024, .. })));
    drop(clients);
    assert_eq!(plugin.live_clients(), 0);
}

mod raced {
    use bristle::prelude::*;

    #[init]
    async fn makes_clients() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limit_holds_however_many_threads_make_clients() {
    let running = launch(concat!(module_path!(), "::raced"), "runtime.max_clients = 10").await;
    let plugin = plugin(&running);
    let made: Vec<_> = (0..8)
        .map(|_| {
            let plugin = plugin.clone();
            tokio::task::spawn_blocking(move || {
                let build = || plugin.websocket_client("ws://127.0.0.1:1/").build().ok();
                for _ in 0..200 {
                    drop(build());
                }
                (0..100).filter_map(|_| build()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut clients = Vec::new();
    for made in made {
        clients.extend(within(made).await.expect("no panic"));
    }
    assert!(clients.len() <= 10);
    assert_eq!(plugin.live_clients(), clients.len());
}

mod route {
    use bristle::prelude::*;

    #[route(GET, "/ask")]
    async fn ask(plugin: Plugin, Config(settings): Config<Upstream>) -> String {
        let answer = async {
            let client = plugin.websocket_client(&settings.upstream).build()?;
            client.connect().await?;
            client.deliver("question").await?;
            Ok::<_, Error>("asked".to_owned())
        };
        answer.await.unwrap_or_else(|error| error.chain())
    }

    #[derive(serde::Deserialize)]
    struct Upstream {
        upstream: String,
    }
}

#[tokio::test]
async fn a_route_that_makes_a_client_for_each_request_leaks_none() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = format!("plugins.bristle = {{ max_clients = 1, upstream = '{}' }}", peer.url("/"));
    let running = launch(concat!(module_path!(), "::route"), &toml).await;
    let plugin = plugin(&running);
    let request = "GET /ask HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for _ in 0..20 {
        let mut wire = Wire::connect(&running).await;
        let upstream = async {
            let mut server = peer.accept().await.expect("the client asks");
            assert_eq!(server.receive().await, Some(Message::text("question")));
            server.ended().await.code
        };
        let (answer, code) = within(async { tokio::join!(wire.answer(request), upstream) }).await;
        assert!(answer.ends_with("asked"), "{answer}");
        assert_eq!(code, 1000);
        until(&plugin, 0).await;
    }
    let held = build(&plugin, &peer).expect("below the limit");
    let answer = Wire::connect(&running).await.answer(request).await;
    assert!(answer.contains("plugin `bristle` has 1 live clients, its limit"), "{answer}");
    drop(held);
    within(running.stop()).await.expect("a clean stop");
}

mod configured {
    use bristle::prelude::*;

    #[init]
    async fn makes_clients() {}
}

#[tokio::test]
async fn the_configuration_of_a_client_by_name_overrides_what_its_builder_says() {
    let peer = Peer::bind().await.expect("a free port");
    let toml = format!(
        "[plugins.bristle.clients.NAMED]\nurl = '{}'\nheaders = {{ X-Token = ['c', 'd'] }}\nsubprotocols = ['v2']\n\
         [plugins.bristle.clients.BAD]\nurl = 'http://h/'\n[plugins.bristle.clients.WORSE]\nurll = 1",
        peer.url("/configured")
    );
    let running = launch(concat!(module_path!(), "::configured"), &toml).await;
    let plugin = plugin(&running);
    let client = |name: &str| plugin.websocket_client("ws://127.0.0.1:1/builder").name(name).header("x-token", "b");
    let named = client("NAMED").header("X-Other", "o").subprotocol("v1").build().expect("good");
    assert_eq!(named.name(), "bristle/NAMED");
    let (outcome, server) =
        within(async { tokio::join!(named.connect(), peer.accept_with("Sec-WebSocket-Protocol: v2\r\n")) }).await;
    outcome.expect("the peer accepts");
    let server = server.expect("the client asks");
    assert_eq!(server.resource(), "/configured");
    assert_eq!(server.headers().get_all("x-token").iter().collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(server.headers()["x-other"], "o");
    assert_eq!(named.subprotocol().as_deref(), Some("v2"));

    for (name, says) in [
        ("BAD", "test.toml:6: plugins.bristle.clients.BAD.url: `http://h/` has the scheme `http`: write `ws://h/`"),
        ("WORSE", "test.toml:8: plugins.bristle.clients.WORSE.urll: unknown key, did you mean `url`?"),
    ] {
        let error = client(name).build().expect_err("the configuration is wrong").to_string();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(client("UNCONFIGURED").build().expect("good").url(), "ws://127.0.0.1:1/builder");
}
