//! What the tests here share: a guard against hanging, a connected client, each test once for each server.

use crate::peers::Peer;
use bristle::{Close, Message, WebSocketClient, WebSocketClientBuilder};
use std::time::Duration;
use tokio::sync::mpsc;

/// Long enough for any machine: it only keeps a broken test from hanging.
const GUARD: Duration = Duration::from_secs(60);

/// How many messages may wait for the test.
const SEEN: usize = 64;

/// Waits for what must come.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(GUARD, future).await.expect("it did not come within 60 s")
}

/// A client, what it received, and how its connections ended.
pub(crate) struct Connected {
    pub(crate) client: WebSocketClient,
    messages: mpsc::Receiver<Message>,
    closes: mpsc::Receiver<Close>,
}

/// Connects a client, changed by `configure`, to a path of a server.
pub(crate) async fn connected(
    peer: &Peer,
    path: &str,
    configure: impl FnOnce(WebSocketClientBuilder) -> WebSocketClientBuilder,
) -> Connected {
    let (seen, messages) = mpsc::channel(SEEN);
    let (ended, closes) = mpsc::channel(SEEN);
    let builder = WebSocketClient::builder(peer.url(path))
        .on_message(move |message: Message| {
            let seen = seen.clone();
            // A test that has seen enough is no error.
            async move { drop(seen.send(message).await) }
        })
        .on_close(move |close: Close| {
            let ended = ended.clone();
            async move { drop(ended.send(close).await) }
        });
    let client = configure(builder).build().expect("a good client");
    within(client.connect()).await.expect("the server accepts");
    Connected { client, messages, closes }
}

impl Connected {
    /// The next message.
    pub(crate) async fn receive(&mut self) -> Message {
        within(self.messages.recv()).await.expect("the client holds the sender")
    }

    /// How the connection ended.
    pub(crate) async fn ended(&mut self) -> Close {
        within(self.closes.recv()).await.expect("the client holds the sender")
    }
}

/// Makes of functions `async fn(Peer)` a test each for a server, in a module named after it.
macro_rules! on_server {
    ($module:ident, $server:ident: $($test:ident),+ $(,)?) => {
        mod $module {
            $(
                // The test reads while tasks of the client are busy.
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    if let Some(peer) = crate::peers::Server::$server.start().await {
                        super::$test(peer).await;
                    }
                }
            )+
        }
    };
}

/// As `on_server`, for each of the servers.
macro_rules! on_every_server {
    ($($test:ident),+ $(,)?) => {
        crate::support::on_server!(websockets, Websockets: $($test),+);
        crate::support::on_server!(aiohttp, Aiohttp: $($test),+);
        crate::support::on_server!(ws, Ws: $($test),+);
    };
}

pub(crate) use {on_every_server, on_server};
