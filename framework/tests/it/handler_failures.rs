//! What a plugin author relies on when a handler fails: it is named, told, and nothing else is lost.

use crate::support::{Seen, serve, within};
use bristle::Message;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Everything that this thread logs while it lives.
struct Log(Arc<Mutex<Vec<u8>>>, #[allow(dead_code, reason = "held")] tracing::subscriber::DefaultGuard);

struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> Self {
        let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
        let into = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Lines(into.clone())).finish();
        Self(lines, tracing::subscriber::set_default(subscriber))
    }

    /// A line of code that first logged on another thread while this began may have been told that nobody listens.
    fn settle(&self) {
        tracing::callsite::rebuild_interest_cache();
    }

    fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).lines().filter(|line| line.contains(text)).count()
    }
}

mod unhandled {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn number(Json(number): Json<u8>) -> String {
        format!("number {number}")
    }
}

#[tokio::test]
async fn messages_that_no_handler_takes_are_counted_and_logged_once_for_each_kind() {
    let log = Log::begin();
    let (running, mut server, _peer) = serve(concat!(module_path!(), "::unhandled"), "").await;
    log.settle();
    for message in [Message::text("x"), "300".into(), Message::binary(vec![0]), "y".into(), Message::binary(vec![1])] {
        server.send(message).await.expect("open");
    }
    server.send("7").await.expect("open");
    assert_eq!(within(server.receive()).await, Some(Message::text("number 7")));
    assert_eq!(running.unhandled().into_iter().collect::<Vec<_>>(), [("CLIENT", 5)]);
    let first_of_a_kind = "handler took this message; later ones are only counted";
    assert_eq!(log.count(first_of_a_kind), 2);
    assert_eq!(log.count("number: no JSON of type `u8`"), log.count("handler took this message"), "each says why");
}

mod at_once {
    use bristle::plugin::{FromEvent, MessageEvent};
    use bristle::prelude::*;

    struct Bomb;

    impl FromEvent<MessageEvent<'_>> for Bomb {
        fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
            assert_ne!(event.message().as_text(), Some("take"), "boom");
            Ok(Self)
        }
    }

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn fine(_text: String) {}

    #[on_message(CLIENT)]
    async fn runs_into_it(text: String) {
        assert_ne!(text, "run", "boom");
    }

    #[on_message(CLIENT)]
    async fn takes_it(_: Bomb) {}

    #[on_message(CLIENT)]
    async fn goes_on(text: String) -> String {
        format!("went on: {text}")
    }

    #[on_error(CLIENT)]
    async fn told(error: HandlerError) -> String {
        format!("sorry: {}", error.handler())
    }
}

/// None of these handlers waits, so that they are run in one go: whoever reads the log must be sent to the one that panicked.
#[tokio::test]
async fn a_panic_between_handlers_that_do_not_wait_is_its_own_handlers_and_the_next_one_runs() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::at_once"), "").await;
    for (text, failed) in
        [("run", Some("runs_into_it")), ("take", Some("takes_it")), ("on", None), ("run", Some("runs_into_it"))]
    {
        server.send(text).await.expect("open");
        if let Some(handler) = failed {
            assert_eq!(within(server.receive()).await, Some(Message::text(format!("sorry: {handler}"))));
        }
        assert_eq!(within(server.receive()).await, Some(Message::text(format!("went on: {text}"))));
    }
}

mod failing {
    use crate::support::Seen;
    use bristle::plugin::{FromEvent, MessageEvent};
    use bristle::prelude::*;
    use std::sync::LazyLock;

    /// The handler, its line, whether it panicked, the text and the message.
    type Told = (&'static str, u32, bool, String, Option<String>);
    pub(super) static TOLD: LazyLock<Seen<Told>> = LazyLock::new(Seen::new);
    pub(super) static TOLD_OF_ANY: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);

    pub(super) const FAILS_AT: u32 = line!() + 24;

    struct Bomb;

    impl FromEvent<MessageEvent<'_>> for Bomb {
        fn from_event(event: &MessageEvent<'_>) -> Result<Self, Reject> {
            assert_ne!(event.message().as_text(), Some("extract"), "boom");
            Ok(Self)
        }
    }

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    /// Nothing of it is bound to `CLIENT`.
    #[client(url = "ws://127.0.0.1:1/")]
    static OTHER: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_error(OTHER)]
    async fn of_another_slot() -> &'static str {
        "never"
    }

    #[on_message(CLIENT)]
    async fn fails(text: String) -> Result<Option<u8_reply::Number>> {
        if text == "fail" { Ok(Some(u8_reply::Number("x".parse::<u8>()?))) } else { Ok(None) }
    }

    #[on_message(CLIENT)]
    async fn panics(text: String) {
        tokio::task::yield_now().await;
        assert_ne!(text, "panic", "no panic wanted");
    }

    #[on_message(CLIENT)]
    async fn cannot_be_encoded(text: String) -> Option<Json<std::collections::BTreeMap<Vec<u8>, u8>>> {
        (text == "encode").then(|| Json([(vec![1], 1)].into()))
    }

    #[on_message(CLIENT)]
    async fn extracts(_: Bomb, text: String) -> String {
        format!("went on: {text}")
    }

    #[on_error(CLIENT)]
    async fn told(error: HandlerError, message: Option<Message>) -> Result<String> {
        assert!(error.file().ends_with("handler_failures.rs"), "{}", error.file());
        assert_eq!(error.plugin(), "bristle");
        let message = message.and_then(|message| message.into_text().ok());
        TOLD.put((error.handler(), error.line(), error.is_panic(), error.failure().to_string(), message));
        Ok(format!("sorry: {}", error.handler()))
    }

    #[on_error(CLIENT)]
    async fn fails_too() {
        panic!("also in here");
    }

    #[on_error]
    async fn of_any(error: HandlerError) {
        TOLD_OF_ANY.put(error.handler());
    }

    mod u8_reply {
        pub(super) struct Number(pub(super) u8);

        impl From<Number> for bristle::Message {
            fn from(Number(number): Number) -> Self {
                Self::binary(vec![number])
            }
        }
    }
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_is_named_to_on_error_and_the_next_one_runs() {
    let log = Log::begin();
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::failing"), "").await;
    log.settle();
    for (text, handler, panics, says) in [
        ("fail", "fails", false, "invalid digit found in string"),
        ("panic", "panics", true, "no panic wanted"),
        ("encode", "cannot_be_encoded", false, "key must be a string"),
        ("extract", "extracts", true, "boom"),
        ("fail", "fails", false, "invalid digit found in string"),
    ] {
        server.send(text).await.expect("open");
        assert_eq!(within(server.receive()).await, Some(Message::text(format!("sorry: {handler}"))));
        if text != "extract" {
            assert_eq!(within(server.receive()).await, Some(Message::text(format!("went on: {text}"))));
        }
        let (name, line, is_panic, failure, message) = failing::TOLD.next().await;
        assert_eq!((name, is_panic, message.as_deref()), (handler, panics, Some(text)));
        assert!(failure.contains(says), "{failure}");
        assert_eq!(failing::TOLD_OF_ANY.next().await, handler);
        if handler == "fails" {
            assert_eq!(line, failing::FAILS_AT);
        }
    }
    let named = format!("handler=\"fails\" file=\"framework/tests/it/handler_failures.rs\" line={}", failing::FAILS_AT);
    assert_eq!(log.count(&named), 2, "{}", String::from_utf8_lossy(&log.0.lock().expect("no panic")));
    assert_eq!(log.count("handler=\"fails_too\""), 5);
}

mod open_and_close {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    pub(super) static TOLD: LazyLock<Seen<(&'static str, bool)>> = LazyLock::new(Seen::new);
    pub(super) static CLOSED: LazyLock<Seen<bool>> = LazyLock::new(Seen::new);
    static FIRST: AtomicBool = AtomicBool::new(true);

    #[client(url = "ws://127.0.0.1:1/")]
    pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_open(CLIENT)]
    async fn opens() -> &'static str {
        assert!(!FIRST.swap(false, Ordering::SeqCst), "not yet");
        "hello"
    }

    #[on_close(CLIENT)]
    async fn closes() -> Result<()> {
        Err(Error::msg("not now"))
    }

    #[on_close(CLIENT)]
    async fn closes_too(close: Close) {
        CLOSED.put(close.was_ready);
    }

    #[on_error]
    async fn told(error: HandlerError, message: Option<Message>) {
        TOLD.put((error.handler(), message.is_some()));
    }
}

#[tokio::test]
async fn an_on_open_that_panics_gives_the_connection_up_and_is_tried_again() {
    let (_running, mut server, peer) = serve(concat!(module_path!(), "::open_and_close"), "").await;
    let close = within(server.ended()).await;
    assert_eq!((close.code, close.reason.as_str()), (1011, "on_open failed"));
    let mut server = within(peer.accept()).await.expect("the client comes back");
    assert_eq!(within(server.receive()).await, Some(Message::text("hello")));
    assert_eq!(open_and_close::TOLD.next().await, ("opens", false));
    assert_eq!(open_and_close::TOLD.next().await, ("closes", false));
    assert!(!open_and_close::CLOSED.next().await);
    within(open_and_close::CLIENT.get().expect("filled").ready()).await.expect("open");
    server.vanish();
    assert!(open_and_close::CLOSED.next().await);
}

#[tokio::test]
async fn a_callback_that_fails_keeps_neither_the_next_callback_nor_the_handlers_from_running() {
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::callbacks"), "").await;
    server.send("x").await.expect("open");
    assert_eq!(callbacks::SEEN.next().await, "callback x");
    assert_eq!(callbacks::SEEN.next().await, "handler x");
}

mod callbacks {
    use super::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub(super) static SEEN: LazyLock<Seen<String>> = LazyLock::new(Seen::new);
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[init]
    async fn connect(plugin: Plugin) -> Result<()> {
        let client = plugin
            .websocket_client("ws://127.0.0.1:1/")
            .name("CLIENT")
            .on_message(|message: Message| {
                assert!(message.is_binary(), "before there is a future");
                async {}
            })
            .on_message(|_: Message| async { assert!(CLIENT.get().is_none(), "in the future") })
            .on_message(|_: Message| async { Err(Error::msg("an error")) })
            .on_message(|message: Message| async move { SEEN.put(format!("callback {message}")) })
            .build()?;
        CLIENT.set(client)?;
        CLIENT.get().ok_or(Error::msg("just set"))?.connect().await?;
        Ok(())
    }

    #[on_message(CLIENT)]
    async fn handle(message: Message) {
        SEEN.put(format!("handler {message}"));
    }
}

mod unspeakable {
    use bristle::prelude::*;
    use std::fmt;

    #[derive(Debug)]
    struct Unspeakable;

    impl fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("it cannot even be said")
        }
    }

    impl std::error::Error for Unspeakable {}

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[on_message(CLIENT)]
    async fn fails(text: String) -> Result<String> {
        if text == "fail" { Err(Unspeakable)? } else { Ok(text) }
    }

    #[on_error(CLIENT)]
    async fn told(error: HandlerError) -> String {
        error.failure().to_string()
    }
}

#[tokio::test]
async fn an_error_whose_text_panics_is_contained_like_any_other() {
    let _log = Log::begin();
    let (_running, mut server, _peer) = serve(concat!(module_path!(), "::unspeakable"), "").await;
    server.send("fail").await.expect("open");
    server.send("go on").await.expect("open");
    for expected in ["an error whose text panicked: it cannot even be said", "go on"] {
        assert_eq!(within(server.receive()).await, Some(Message::text(expected)));
    }
}
