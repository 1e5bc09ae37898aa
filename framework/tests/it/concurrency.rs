//! How many of a connection's messages are handled at a time: `concurrent` and `keyed`, of builders and attributes.

use crate::support::{Seen, connected, serve, within};
use bristle::prelude::*;
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// What begins and ends, and what lets a handler end: one permit for each.
struct Stage {
    seen: Seen<String>,
    go: Semaphore,
}

impl Stage {
    fn new() -> Self {
        Self { seen: Seen::new(), go: Semaphore::new(0) }
    }

    async fn handle(&self, text: &str) {
        self.seen.put(format!("begin {text}"));
        self.go.acquire().await.expect("never closed").forget();
        self.seen.put(format!("end {text}"));
    }

    /// What is seen next, in the order of letters where several come at the same time.
    async fn next<const N: usize>(&self) -> [String; N] {
        let mut seen = Vec::new();
        for _ in 0..N {
            seen.push(self.seen.next().await);
        }
        seen.sort();
        seen.try_into().expect("as many as were asked for")
    }
}

/// The word before the first space.
fn first_word(message: &Message) -> Option<String> {
    Some(message.as_text()?.split(' ').next()?.to_owned())
}

async fn text(stage: &Stage, message: &Message) {
    stage.handle(message.as_text().expect("text")).await;
}

/// Without it, a handler that waits for a database keeps every message behind it waiting, though the user said that three
/// may wait at a time; with no limit, a flood would begin a thousand.
#[tokio::test]
async fn as_many_messages_as_were_asked_for_are_handled_at_a_time_and_begin_in_order() {
    let stage = Arc::new(Stage::new());
    let (handled, closed) = (stage.clone(), stage.clone());
    let (_client, mut server, _peer) = connected(|builder| {
        builder
            .without_reconnect()
            .concurrent(3)
            .on_message(move |message: Message| {
                let stage = handled.clone();
                async move { text(&stage, &message).await }
            })
            .on_close(move |_: Close| {
                closed.seen.put("closed".to_owned());
                async {}
            })
    })
    .await;
    for text in ["a", "b", "c", "d"] {
        server.send(text).await.expect("open");
    }
    assert_eq!(stage.next().await, ["begin a", "begin b", "begin c"], "and no more");
    server.close(1000, "bye").await;
    stage.go.add_permits(1);
    assert_eq!(stage.next().await, ["begin d", "end a"], "a place is free: the next one begins");
    stage.go.add_permits(3);
    assert_eq!(stage.next().await, ["end b", "end c", "end d"], "on_close waits for every message before it");
    assert_eq!(stage.next().await, ["closed"]);
}

/// Without it, two trades of one symbol would be handled out of order, or all symbols wait for the slowest.
#[tokio::test]
async fn messages_of_one_key_stay_in_order_while_others_go_on() {
    let stage = Arc::new(Stage::new());
    let handled = stage.clone();
    let (_client, mut server, _peer) = connected(|builder| {
        builder.keyed(first_word, 3).on_message(move |message: Message| {
            let stage = handled.clone();
            async move { text(&stage, &message).await }
        })
    })
    .await;
    for text in ["x 1", "x 2", "y 1", "x 3", "z 1"] {
        server.send(text).await.expect("open");
    }
    assert_eq!(stage.next().await, ["begin x 1", "begin y 1", "begin z 1"], "one of each key");
    stage.go.add_permits(1);
    assert_eq!(stage.next().await, ["begin x 2", "end x 1"]);
    stage.go.add_permits(4);
    assert_eq!(stage.next().await, ["begin x 3", "end x 2", "end x 3", "end y 1", "end z 1"]);
}

mod declared {
    use super::*;

    pub(super) static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

    #[client(url = "ws://127.0.0.1:1/", concurrent = 2, keyed = first_word)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn handle(message: Message) {
        text(&STAGE, &message).await;
    }
}

/// Without it, the attribute takes the options and the plugin's handlers run one at a time all the same.
#[tokio::test]
async fn an_attribute_says_the_same_of_plugins_handlers_and_the_configuration_changes_the_number() {
    let toml = "plugins.bristle.clients.CLIENT.concurrent = 3";
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::declared"), toml).await;
    for text in ["x 1", "x 2", "y 1", "z 1", "v 1"] {
        server.send(text).await.expect("open");
    }
    let stage = &declared::STAGE;
    assert_eq!(stage.next().await, ["begin x 1", "begin y 1", "begin z 1"], "three at a time, one of each key");
    stage.go.add_permits(5);
    stage.next::<7>().await;
    drop(server);
    within(running.stop()).await.expect("nothing is left");
}

mod endpoint {
    use super::*;

    pub(super) static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

    #[endpoint("/work", concurrent = 2)]
    static WORK: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(WORK)]
    async fn handle(message: Message) {
        text(&STAGE, &message).await;
    }
}

/// Without it, an endpoint's connections would be handled one message at a time though the attribute says two.
#[tokio::test]
async fn an_endpoint_handles_as_many_of_each_connection() {
    let running = crate::support::launch(concat!(module_path!(), "::endpoint"), "").await;
    let client = WebSocketClient::builder(format!("ws://{}/work", running.addresses()[0])).build().expect("good");
    within(client.connect()).await.expect("the node listens");
    for text in ["a", "b", "c"] {
        client.send(text).await.expect("open");
    }
    let stage = &endpoint::STAGE;
    assert_eq!(stage.next().await, ["begin a", "begin b"], "and no more");
    stage.go.add_permits(3);
    stage.next::<4>().await;
    within(running.stop()).await.expect("nothing is left");
}

mod shared_json {
    use super::*;
    use serde::Deserialize;
    use std::sync::atomic::{AtomicUsize, Ordering};

    pub(super) static SEEN: LazyLock<Seen<usize>> = LazyLock::new(Seen::new);
    pub(super) static DECODED: AtomicUsize = AtomicUsize::new(0);

    /// Counts how often it is decoded.
    #[derive(Deserialize)]
    #[serde(from = "usize")]
    pub(super) struct Number(usize);

    impl From<usize> for Number {
        fn from(number: usize) -> Self {
            DECODED.fetch_add(1, Ordering::SeqCst);
            Self(number)
        }
    }

    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn open(plugin: Plugin) -> Result<()> {
        let client = plugin.websocket_client("ws://127.0.0.1:1/").name("CLIENT").build()?;
        let _ = CLIENT.set(client.clone());
        client.connect().await?;
        Ok(())
    }

    #[on_message(CLIENT)]
    async fn first(number: SharedJson<Number>) {
        SEEN.put(number.0.0);
    }

    #[on_message(CLIENT)]
    async fn slow(number: SharedJson<Number>) {
        tokio::task::yield_now().await;
        SEEN.put(number.0.0);
    }

    #[on_message(CLIENT)]
    async fn last(number: SharedJson<Number>) {
        SEEN.put(number.0.0);
    }
}

/// Without it, each handler of a feed pays for decoding the same message, or gets the one before it.
#[tokio::test]
async fn shared_json_is_decoded_once_for_all_handlers_and_anew_for_each_message() {
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::shared_json"), "").await;
    for number in ["7", "8"] {
        server.send(number).await.expect("open");
    }
    for wanted in [7, 7, 7, 8, 8, 8] {
        assert_eq!(shared_json::SEEN.next().await, wanted);
    }
    assert_eq!(shared_json::DECODED.load(std::sync::atomic::Ordering::SeqCst), 2);
    drop(server);
    within(running.stop()).await.expect("nothing is left");
}
