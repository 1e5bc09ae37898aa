//! What a plugin author relies on when messages come: who is called, with what, in which order, and what is sent.

use crate::support::{serve, within};
use bristle::Message;

mod row {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT, priority = -1)]
    async fn last() -> &'static str {
        "last"
    }

    #[on_message(CLIENT)]
    async fn second() -> &'static str {
        "second"
    }

    #[on_message(CLIENT)]
    async fn third(Text(text): Text) -> Option<Stop<&'static str>> {
        (text == "stop").then_some(Stop("stopped"))
    }

    #[on_message(CLIENT, priority = 10)]
    async fn first() -> &'static str {
        "first"
    }
}

#[tokio::test]
async fn handlers_run_by_priority_then_in_source_order_and_stop_ends_the_row() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::row"), "").await;
    server.send("stop").await.expect("open");
    server.send("go").await.expect("open");
    for expected in ["first", "second", "stopped", "first", "second", "last"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
}

mod arguments {
    use bristle::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Point {
        x: i64,
    }

    #[derive(Deserialize)]
    struct Settings {
        unit: String,
    }

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn text(Text(text): Text) -> String {
        format!("text {text}")
    }

    #[on_message(CLIENT)]
    async fn string(text: String) -> String {
        format!("string {text}")
    }

    #[on_message(CLIENT)]
    async fn binary(Binary(bytes): Binary) -> String {
        format!("binary {}", bytes.len())
    }

    #[on_message(CLIENT)]
    async fn bytes(bytes: Bytes) -> String {
        format!("bytes {}", bytes.len())
    }

    #[on_message(CLIENT)]
    async fn json(Json(Point { x }): Json<Point>) -> String {
        format!("json {x}")
    }

    #[on_message(CLIENT)]
    async fn option(point: Option<Json<Point>>) -> String {
        format!("option {:?}", point.map(|point| point.x))
    }

    #[on_message(CLIENT)]
    async fn result(binary: Result<Binary, Reject>) -> String {
        match binary {
            Ok(Binary(bytes)) => format!("result {}", bytes.len()),
            Err(reject) => format!("result {reject}"),
        }
    }

    #[on_message(CLIENT)]
    async fn around(
        plugin: Plugin,
        client: WebSocketClient,
        connection: Connection,
        Config(settings): Config<Settings>,
        message: Message,
    ) -> String {
        assert_eq!(Some(&client), CLIENT.get());
        assert_eq!(Some(&connection), client.connection().as_ref());
        format!("{} {} {} {}", plugin.name(), client.name(), settings.unit, message.len())
    }
}

#[tokio::test]
async fn every_argument_is_taken_from_the_message_and_a_handler_that_it_does_not_fit_is_skipped() {
    let module = concat!(module_path!(), "::arguments");
    let (_running, mut server, _peer) = serve(module, "plugins.bristle.unit = 'km'").await;
    let texts = ["text {\"x\":7}", "string {\"x\":7}", "bytes 7", "json 7", "option Some(7)"];
    let around = ["result not a binary message", "bristle bristle/CLIENT km 7"];
    server.send("{\"x\":7}").await.expect("open");
    for expected in texts.into_iter().chain(around) {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    server.send(vec![0, 255]).await.expect("open");
    for expected in ["binary 2", "bytes 2", "option None", "result 2", "bristle bristle/CLIENT km 2"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
    server.send(b"{\"x\":1}".to_vec()).await.expect("open");
    for expected in ["binary 7", "bytes 7", "json 1"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
}

mod returns {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn nothing() {}

    #[on_message(CLIENT)]
    async fn a_str() -> &'static str {
        "str"
    }

    #[on_message(CLIENT)]
    async fn a_string() -> String {
        "string".to_owned()
    }

    #[on_message(CLIENT)]
    async fn a_vec_of_bytes() -> Vec<u8> {
        vec![1]
    }

    #[on_message(CLIENT)]
    async fn bytes() -> Bytes {
        Bytes::from_static(&[2])
    }

    #[on_message(CLIENT)]
    async fn same(message: Message) -> Message {
        message
    }

    #[on_message(CLIENT)]
    async fn text_and_binary() -> Vec<Message> {
        vec![Text("text".to_owned()).into(), Binary(Bytes::from_static(&[3])).into()]
    }

    #[on_message(CLIENT)]
    async fn json() -> Json<Vec<u8>> {
        Json(vec![4])
    }

    #[on_message(CLIENT)]
    async fn none() -> Option<String> {
        None
    }

    #[on_message(CLIENT)]
    async fn some() -> Option<Json<bool>> {
        Some(Json(true))
    }

    #[on_message(CLIENT)]
    async fn no_messages() -> Vec<String> {
        Vec::new()
    }

    #[on_message(CLIENT)]
    async fn fine() -> Result<Option<&'static str>> {
        Ok(Some("fine"))
    }

    #[on_message(CLIENT)]
    async fn foreign_error() -> Result<u8_text::Digit, std::num::ParseIntError> {
        "5".parse().map(u8_text::Digit)
    }

    #[on_message(CLIENT)]
    async fn stop() -> Stop<Vec<&'static str>> {
        Stop(vec!["one", "two"])
    }

    #[on_message(CLIENT)]
    async fn never() -> &'static str {
        "never"
    }

    mod u8_text {
        pub(super) struct Digit(pub(super) u8);

        impl From<Digit> for bristle::Message {
            fn from(Digit(digit): Digit) -> Self {
                Self::text(digit.to_string())
            }
        }
    }
}

#[tokio::test]
async fn everything_that_a_handler_may_return_is_sent_in_order() {
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::returns"), "").await;
    server.send("go").await.expect("open");
    let binary = |byte: u8| Message::binary(vec![byte]);
    let expected = [
        "str".into(),
        "string".into(),
        binary(1),
        binary(2),
        "go".into(),
        "text".into(),
        binary(3),
        "[4]".into(),
        "true".into(),
        "fine".into(),
        "5".into(),
        "one".into(),
        "two".into(),
    ];
    for expected in expected {
        assert_eq!(within(server.receive()).await, Some(expected));
    }
    let (stopped, close) = within(async { tokio::join!(running.stop(), server.ended()) }).await;
    stopped.expect("a clean stop");
    assert_eq!(close.code, 1001);
}

mod custom {
    use bristle::plugin::{FromEvent, MessageEvent};
    use bristle::prelude::*;

    struct Verb(String);

    impl FromEvent<MessageEvent<'_>> for Verb {
        fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
            let text = event.message().as_text().ok_or(Reject::new("a verb stands in a text"))?;
            let verb = text.strip_prefix('/').ok_or(Reject::new("a verb begins with a slash"))?;
            Ok(Self(verb.to_owned()))
        }
    }

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn command(Verb(verb): Verb) -> String {
        format!("done: {verb}")
    }

    #[on_message(CLIENT)]
    async fn both(verb: Option<Verb>, why: Result<Verb, Reject>) -> String {
        format!("{} {:?}", verb.is_some(), why.err().map(|reject| reject.to_string()))
    }
}

#[tokio::test]
async fn an_extractor_of_ones_own_works_like_the_built_in_ones() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::custom"), "").await;
    server.send("/jump").await.expect("open");
    server.send("jump").await.expect("open");
    for expected in ["done: jump", "true None", "false Some(\"a verb begins with a slash\")"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
}

mod serial {
    use bristle::prelude::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static RUNNING: AtomicUsize = AtomicUsize::new(0);

    #[client(url = "ws://127.0.0.1:1/", inbox_messages = 8)]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn slow(Text(text): Text) -> String {
        let others = RUNNING.fetch_add(1, Ordering::SeqCst);
        // Later messages wait less: without order they would be first.
        for _ in 0..100_usize.saturating_sub(text.parse().unwrap_or(0)) {
            tokio::task::yield_now().await;
        }
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        format!("{text} {others}")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_handled_in_order_and_one_at_a_time_on_every_number_of_threads() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::serial"), "").await;
    for n in 0..100 {
        server.send(n.to_string()).await.expect("open");
    }
    for n in 0..100 {
        assert_eq!(within(server.receive()).await, Some(Message::text(format!("{n} 0"))));
    }
}

mod two_slots {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:1/")]
    static OTHER: std::sync::OnceLock<WebSocketClient> = std::sync::OnceLock::new();

    #[on_message(CLIENT)]
    #[on_message(OTHER)]
    async fn both(client: WebSocketClient) -> String {
        client.name().to_owned()
    }

    #[on_message(OTHER)]
    async fn other_only() -> &'static str {
        "other only"
    }
}

#[tokio::test]
async fn a_handler_serves_the_slots_that_it_names_and_no_other() {
    let module = concat!(module_path!(), "::two_slots");
    let other = bristle::testing::Peer::bind().await.expect("a free port");
    let toml = format!("plugins.bristle.clients.OTHER.url = '{}'", other.url("/"));
    let ((_running, mut first, _peer), second) =
        within(async { tokio::join!(serve(module, &toml), other.accept()) }).await;
    let mut second = second.expect("the client asks");
    for server in [&mut first, &mut second] {
        server.send("1").await.expect("open");
        server.send("2").await.expect("open");
    }
    for _ in 0..2 {
        assert_eq!(within(first.receive()).await, Some(Message::text("bristle/CLIENT")));
        assert_eq!(within(second.receive()).await, Some(Message::text("bristle/OTHER")));
        assert_eq!(within(second.receive()).await, Some(Message::text("other only")));
    }
}
