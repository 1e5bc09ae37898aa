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
