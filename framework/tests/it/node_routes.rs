//! HTTP routes beside the endpoints.

use crate::node_wire::Wire;
use crate::support::{launch, launch_error, runtime, within};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

mod routes {
    use bristle::prelude::*;

    #[route(GET, "/hello/{name}")]
    async fn hello(Path(name): Path<String>) -> String {
        format!("hello {name}")
    }

    #[route(POST, "/hello/{name}")]
    async fn told(Path(name): Path<String>, body: String) -> String {
        format!("{name} says {body}")
    }

    #[route(GET, "/number/{number}")]
    async fn number(Path(number): Path<u8>) -> String {
        number.to_string()
    }

    #[route(GET, "/panic")]
    async fn panics() -> &'static str {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn one_path_has_several_methods_and_a_panic_is_one_clients_500() {
    let node = launch(concat!(module_path!(), "::routes"), "").await;
    let close = "Host: x\r\nConnection: close\r\n";
    for (request, status, body) in [
        (format!("GET /hello/ann HTTP/1.1\r\n{close}\r\n"), 200, "hello ann"),
        (format!("POST /hello/ann HTTP/1.1\r\n{close}Content-Length: 2\r\n\r\nhi"), 200, "ann says hi"),
        (format!("PUT /hello/ann HTTP/1.1\r\n{close}\r\n"), 405, ""),
        (format!("GET /number/300 HTTP/1.1\r\n{close}\r\n"), 400, "300"),
        (format!("GET /panic HTTP/1.1\r\n{close}\r\n"), 500, "internal error"),
        (format!("GET /number/7 HTTP/1.1\r\n{close}\r\n"), 200, "7"),
        (format!("GET /nowhere HTTP/1.1\r\n{close}\r\n"), 404, ""),
    ] {
        let answer = Wire::connect(&node).await.answer(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{answer}");
        assert!(answer.contains(body), "{answer}");
    }
    within(node.stop()).await.expect("a clean stop");
}

mod twice {
    use bristle::prelude::*;

    #[endpoint("/a/{x}")]
    static ENDPOINT: OnceCell<Endpoint> = OnceCell::new();

    #[route(GET, "/a/{x}")]
    async fn same() {}

    #[route(POST, "/a/{y}")]
    async fn other_name() {}
}

#[tokio::test]
async fn paths_in_each_others_way_are_found_before_anything_listens() {
    let error = launch_error(concat!(module_path!(), "::twice"), "").await;
    assert!(error.contains("GET `/a/{x}` is served twice"), "{error}");
    assert!(error.contains("name their parameters alike"), "{error}");
}

mod early {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static STARTED: LazyLock<Seen<()>> = LazyLock::new(Seen::new);
    pub static GO_ON: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);
    pub static READY: OnceCell<()> = OnceCell::new();

    #[init]
    async fn slow() -> Result<()> {
        STARTED.put(());
        let _ = GO_ON.acquire().await?;
        let _ = READY.set(());
        Ok(())
    }

    #[route(GET, "/ready")]
    async fn ready() -> String {
        READY.get().is_some().to_string()
    }
}

/// Begins a launch at a port that is known before it is done.
async fn begin_launch(module: &'static str) -> (u16, JoinHandle<Result<bristle::Running, bristle::LaunchError>>) {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let runtime = runtime(module, &format!("node.listen = '127.0.0.1:{port}'")).expect("nothing wrong");
    (port, tokio::spawn(runtime.launch()))
}

#[tokio::test]
async fn a_request_during_the_launch_waits_for_its_end() {
    let (port, launch) = begin_launch(concat!(module_path!(), "::early")).await;
    early::STARTED.next().await;
    let mut wire = Wire(TcpStream::connect(("127.0.0.1", port)).await.expect("it listens already"));
    wire.send("GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    // What is no route needs no launch.
    let mut other = Wire(TcpStream::connect(("127.0.0.1", port)).await.expect("it listens already"));
    let answer = other.answer("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    early::GO_ON.add_permits(1);
    let node = within(launch).await.expect("no panic").expect("it launches");
    let answer = wire.rest().await;
    assert!(answer.ends_with("true"), "{answer}");
    within(node.stop()).await.expect("a clean stop");
}

mod broken {
    use crate::support::Seen;
    use bristle::prelude::*;
    use std::sync::LazyLock;

    pub static STARTED: LazyLock<Seen<()>> = LazyLock::new(Seen::new);
    pub static FAIL: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);

    #[init]
    async fn fails() -> Result<()> {
        STARTED.put(());
        let _ = FAIL.acquire().await?;
        Err(Error::msg("no database"))
    }

    #[route(GET, "/ready")]
    async fn ready() {}
}

#[tokio::test]
async fn a_request_during_a_launch_that_fails_gets_503() {
    let (port, launch) = begin_launch(concat!(module_path!(), "::broken")).await;
    broken::STARTED.next().await;
    let mut wire = Wire(TcpStream::connect(("127.0.0.1", port)).await.expect("it listens already"));
    wire.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").await;
    broken::FAIL.add_permits(1);
    assert!(within(launch).await.expect("no panic").is_err());
    let answer = wire.rest().await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}
