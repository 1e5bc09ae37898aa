//! The end of a node: nothing that was taken is dropped, and nothing waits for ever.

use crate::node_wire::{Wire, frame};
use crate::support::{launch, within};
use tokio::net::TcpStream;

mod work {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static STARTED: LazyLock<Seen<String>> = LazyLock::new(Seen::new);
    pub static GO_ON: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);

    #[endpoint("/work")]
    pub static WORK: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(WORK)]
    async fn work(text: String) -> Result<String> {
        STARTED.put(text.clone());
        GO_ON.acquire().await?.forget();
        Ok(format!("did {text}"))
    }

    #[route(GET, "/report")]
    async fn report() -> &'static str {
        STARTED.put("report".to_owned());
        if let Ok(permit) = GO_ON.acquire().await {
            permit.forget();
        }
        "all is done"
    }
}

#[tokio::test]
async fn what_was_read_is_handled_and_answered_before_the_close() {
    let node = launch(concat!(module_path!(), "::work"), "").await;
    let address = node.addresses()[0];
    let mut idle = Wire::connect(&node).await;
    let head = idle.request("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let mut http = Wire::connect(&node).await;
    http.send("GET /report HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(work::STARTED.next().await, "report");
    let mut wire = Wire::open(&node, "/work").await;
    wire.send([frame(1, b"one"), frame(1, b"two")].concat()).await;
    assert_eq!(work::STARTED.next().await, "one");
    while work::WORK.get().expect("filled at launch").stats().received < 2 {
        tokio::task::yield_now().await;
    }

    let stop = tokio::spawn(node.stop());
    assert_eq!(idle.rest().await, "", "a connection without a request ends at once");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    work::GO_ON.add_permits(3);
    let answer = http.rest().await;
    assert!(answer.ends_with("all is done"), "{answer}");
    assert_eq!(wire.frame().await, (1, b"did one".to_vec()));
    assert_eq!(wire.frame().await, (1, b"did two".to_vec()));
    let (opcode, payload) = wire.frame().await;
    assert_eq!((opcode, &payload[..2]), (8, &1001_u16.to_be_bytes()[..]));
    wire.send(frame(8, &payload)).await;
    assert_eq!(wire.rest().await, "");
    drop(wire);
    within(stop).await.expect("no panic").expect("a clean stop");
}

mod stuck {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static STARTED: LazyLock<Seen<u64>> = LazyLock::new(Seen::new);

    #[endpoint("/stuck")]
    static STUCK: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(STUCK)]
    async fn never(connection: Connection, _text: String) {
        STARTED.put(connection.id().get());
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_handler_that_never_returns_is_cut_and_named() {
    let node = launch(concat!(module_path!(), "::stuck"), "runtime.shutdown_grace = '50ms'").await;
    let mut wire = Wire::open(&node, "/stuck").await;
    wire.text("x").await;
    let id = stuck::STARTED.next().await;
    let error = within(node.stop()).await.expect_err("something was cut").to_string();
    assert!(error.contains(&format!("connection {id} of /stuck")), "{error}");
}

mod uploads {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static STARTED: LazyLock<Seen<()>> = LazyLock::new(Seen::new);

    #[route(POST, "/upload")]
    async fn upload(body: axum::body::Body) -> String {
        STARTED.put(());
        match axum::body::to_bytes(body, 1024).await {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => error.to_string(),
        }
    }
}

/// Without the limit the handler waits for the body as long as the stop does, and the stop counts as unclean.
#[tokio::test]
async fn an_upload_that_does_not_end_is_given_up_before_the_stop_is() {
    let node = launch(concat!(module_path!(), "::uploads"), "runtime.shutdown_grace = '1s'").await;
    let mut wire = Wire::connect(&node).await;
    wire.send("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello").await;
    uploads::STARTED.next().await;
    let (stopped, answer) = tokio::join!(within(node.stop()), wire.rest());
    stopped.expect("a peer that uploads for ever is no fault of ours");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("the server is stopping"), "{answer}");
}

mod floods {
    use bristle::prelude::*;

    #[endpoint("/large", outbox_messages = 1)]
    pub static LARGE: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(LARGE)]
    async fn answer(_text: String) -> Vec<u8> {
        vec![0; 1024 * 1024]
    }
}

/// Without the limit the handler waits for room in the outbox as long as the stop does.
#[tokio::test]
async fn a_peer_that_floods_and_never_reads_is_a_lost_connection_and_no_unclean_stop() {
    let node = launch(concat!(module_path!(), "::floods"), "runtime.shutdown_grace = '1s'").await;
    let mut wire = Wire::open(&node, "/large").await;
    for _ in 0..64 {
        wire.text("more").await;
    }
    let large = floods::LARGE.get().expect("filled at launch");
    while large.stats().written == 0 {
        tokio::task::yield_now().await;
    }
    within(node.stop()).await.expect("a peer that does not read is no fault of ours");
    assert!(large.is_empty(), "nobody is connected after the stop");
}

mod silent {
    use bristle::prelude::*;

    #[endpoint("/silent")]
    static SILENT: OnceCell<Endpoint> = OnceCell::new();
}

/// Without the limit the closing handshake outlasts a grace that is shorter than `close_timeout`.
#[tokio::test]
async fn a_peer_that_never_answers_the_close_is_given_up_before_the_stop_is() {
    let node = launch(concat!(module_path!(), "::silent"), "runtime.shutdown_grace = '1s'").await;
    let mut wire = Wire::open(&node, "/silent").await;
    within(node.stop()).await.expect("a peer that does not answer is no fault of ours");
    let (opcode, payload) = wire.frame().await;
    assert_eq!((opcode, &payload[..2]), (8, &1001_u16.to_be_bytes()[..]), "it was told all the same");
}

mod opens {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static SEEN: LazyLock<Seen<&'static str>> = LazyLock::new(Seen::new);
    pub static GO_ON: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);

    #[endpoint("/opens")]
    pub static OPENS: OnceCell<Endpoint> = OnceCell::new();

    #[on_open(OPENS)]
    async fn registers() -> Result<&'static str> {
        SEEN.put("begun");
        GO_ON.acquire().await?.forget();
        SEEN.put("done");
        Ok("too late")
    }

    #[on_close(OPENS)]
    async fn closed() {
        SEEN.put("closed");
    }
}

/// Cut, it would leave half done whatever it began: an entry in a table, a row in a database.
#[tokio::test]
async fn an_on_open_goes_on_to_its_end_when_its_peer_leaves_and_the_stop_waits_for_it() {
    let node = launch(concat!(module_path!(), "::opens"), "").await;
    let wire = Wire::open(&node, "/opens").await;
    assert_eq!(opens::SEEN.next().await, "begun");
    drop(wire);
    assert_eq!(opens::SEEN.next().await, "closed");
    assert!(opens::OPENS.get().expect("filled at launch").is_empty());
    let stop = tokio::spawn(node.stop());
    opens::GO_ON.add_permits(1);
    assert_eq!(opens::SEEN.next().await, "done");
    within(stop).await.expect("no panic").expect("a clean stop");
}

mod talks {
    use bristle::prelude::*;

    /// Without a keepalive, whose looks would wake it sooner or later.
    #[endpoint("/talks", keepalive = false)]
    pub static TALKS: OnceCell<Endpoint> = OnceCell::new();

    #[on_message(TALKS)]
    async fn answer(text: String) -> String {
        text
    }
}

/// Else a stop, or whoever throws a peer out, waits for what the peer says next, or for the next look of the keepalive.
#[tokio::test]
async fn a_connection_that_has_just_answered_its_peer_hears_of_a_close_and_of_the_stop() {
    let node = launch(concat!(module_path!(), "::talks"), "").await;
    let mut thrown_out = Wire::open(&node, "/talks").await;
    answered(&mut thrown_out).await;
    let connection = talks::TALKS.get().expect("filled at launch").connections().remove(0);
    let closed = tokio::spawn(async move { connection.close_with(4000, "out").await });
    ends(thrown_out, 4000).await;
    within(closed).await.expect("no panic");

    let mut wire = Wire::open(&node, "/talks").await;
    answered(&mut wire).await;
    let stop = tokio::spawn(node.stop());
    ends(wire, 1001).await;
    within(stop).await.expect("no panic").expect("a clean stop");
}

async fn answered(wire: &mut Wire) {
    wire.text("x").await;
    assert_eq!(wire.frame().await, (1, b"x".to_vec()));
}

/// Takes a close frame with this code, and answers it.
async fn ends(mut wire: Wire, code: u16) {
    let (opcode, payload) = within(wire.frame()).await;
    assert_eq!((opcode, &payload[..2]), (8, &code.to_be_bytes()[..]));
    wire.send(frame(8, &payload)).await;
}
