//! What many tests need: a guard against hanging, clients and peers that are connected.

use bristle::testing::{Peer, PeerConnection};
use bristle::{Registration, Registry, Running, Runtime, WebSocketClient, WebSocketClientBuilder, settings::Settings};
use std::time::Duration;

/// Long enough for any machine: it only keeps a broken test from hanging.
const GUARD: Duration = Duration::from_secs(30);

/// Waits for what must come.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(GUARD, future).await.expect("it did not come within 30 s")
}

/// Connects a client, changed by `configure`, to a peer.
pub async fn connected(
    configure: impl FnOnce(WebSocketClientBuilder) -> WebSocketClientBuilder,
) -> (WebSocketClient, PeerConnection, Peer) {
    let peer = Peer::bind().await.expect("a free port");
    let client = configure(WebSocketClient::builder(peer.url("/"))).build().expect("a good client");
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer accepts");
    (client, server.expect("the client asks"), peer)
}

/// A runtime of the hooks that stand in `module`, on a free port, with more settings in TOML.
pub fn runtime(module: &str, toml: &str) -> Result<Runtime, bristle::LaunchError> {
    let settings = Settings::new()
        .toml("defaults", "node.listen = '127.0.0.1:0'")
        .and_then(|settings| settings.toml("test.toml", toml))
        .expect("good TOML");
    Runtime::builder().settings(settings).registry(Registry::linked().in_module(module)).build()
}

/// Launches the hooks that stand in `module`.
pub async fn launch(module: &str, toml: &str) -> Running {
    within(runtime(module, toml).expect("nothing wrong").launch()).await.expect("it launches")
}

/// Launches the hooks that stand in `module`, and plays the peer of its client `CLIENT`.
pub async fn serve(module: &str, toml: &str) -> (Running, PeerConnection, Peer) {
    let peer = Peer::bind().await.expect("a free port");
    let toml = at(&peer, toml);
    let (running, server) = within(async { tokio::join!(launch(module, &toml), peer.accept()) }).await;
    (running, server.expect("the client asks"), peer)
}

/// The configuration `toml`, with the URL of a peer for the client `CLIENT`.
pub fn at(peer: &Peer, toml: &str) -> String {
    format!("{toml}\nplugins.bristle.clients.CLIENT.url = '{}'", peer.url("/"))
}

/// The hooks below `module`, each module of its own a plugin of its own.
pub fn plugins(module: &str) -> Registry {
    let with_plugin = |mut registration: Registration| {
        registration.origin.plugin = registration.origin.module.rsplit("::").next().expect("a module has a name");
        registration
    };
    Registry::linked().in_module(module).items().iter().copied().map(with_plugin).collect()
}

/// What a launch of the hooks in `module` says is wrong.
pub async fn launch_error(module: &str, toml: &str) -> String {
    match runtime(module, toml) {
        Err(error) => error.to_string(),
        Ok(runtime) => match within(runtime.launch()).await {
            Err(error) => error.to_string(),
            Ok(_) => panic!("the launch did not fail"),
        },
    }
}

/// A queue that tests read what handlers saw from.
pub struct Seen<T>(tokio::sync::mpsc::Sender<T>, tokio::sync::Mutex<tokio::sync::mpsc::Receiver<T>>);

impl<T> Seen<T> {
    pub fn new() -> Self {
        let (sender, receiver) = tokio::sync::mpsc::channel(10_000);
        Self(sender, tokio::sync::Mutex::new(receiver))
    }

    pub fn put(&self, value: T) {
        assert!(self.0.try_send(value).is_ok(), "a test looks at fewer than 10,000 things");
    }

    pub async fn next(&self) -> T {
        within(async { self.1.lock().await.recv().await }).await.expect("the sender is in here")
    }

    /// What was put and not yet read.
    pub async fn rest(&self) -> Vec<T> {
        let mut receiver = self.1.lock().await;
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }
}
