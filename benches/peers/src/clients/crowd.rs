//! Many clients in one process.

use super::Task;
use super::bristle::crowd as ours;
use super::fastwebsockets::Fast;
use super::handshake;
use super::raw::Raw;
use super::sockudo::Sockudo;
use super::tokio_websockets::TokioWebsockets;
use super::tungstenite::Tungstenite;
use super::yawc::Yawc;
use crate::tally::{Report, Stopwatch, resident};
use crate::work::Work;
use futures_util::stream::{self, StreamExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio_tungstenite::WebSocketStream;

/// How many attempts are under way at a time: fewer than a listener's backlog takes.
const AT_ONCE: usize = 64;

/// Opens `connections` connections and does what the task says with them.
pub(crate) fn run(subject: &str, task: Task, connections: usize) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    LocalSet::new().block_on(&runtime, async {
        match (subject, task.work) {
            ("bristle", Work::Flood { .. }) => ours::flood(task, connections).await,
            ("bristle", Work::Open) => open(connections, || ours::connect(task)).await,
            ("bristle", Work::Idle) => idle(connections, || ours::connect(task)).await,
            ("tokio-tungstenite", Work::Open) => open(connections, || dial(task)).await,
            ("tokio-tungstenite", Work::Idle) => idle(connections, || reading::<Tungstenite>(task)).await,
            ("fastwebsockets", Work::Idle) => idle(connections, || reading::<Fast>(task)).await,
            ("tokio-websockets", Work::Idle) => idle(connections, || reading::<TokioWebsockets>(task)).await,
            ("yawc", Work::Idle) => idle(connections, || reading::<Yawc>(task)).await,
            ("sockudo-ws", Work::Idle) => idle(connections, || reading::<Sockudo>(task)).await,
            (_, work) => panic!("there is no crowd of `{subject}` for `{work}`"),
        }
    })
}

/// How long it takes to open all.
async fn open<C, F: Future<Output = C>>(connections: usize, connect: impl Fn() -> F) -> Report {
    let watch = Stopwatch::start();
    let opened: Vec<C> = stream::iter(0..connections).map(|_| connect()).buffer_unordered(AT_ONCE).collect().await;
    let report = watch.report(opened.len() as u64);
    let cpu = report.cpu * 1e6 / connections as f64;
    report.with("cpu_us", cpu)
}

/// How much memory each takes once all are open.
async fn idle<C, F: Future<Output = C>>(connections: usize, connect: impl Fn() -> F) -> Report {
    let (watch, before) = (Stopwatch::start(), resident());
    let mut opened = Vec::with_capacity(connections);
    for _ in 0..connections {
        opened.push(connect().await);
    }
    // Whatever the last connections still have to do.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let bytes = resident().saturating_sub(before) as f64 / connections as f64;
    watch.report(opened.len() as u64).with("bytes", bytes)
}

/// A connection of tokio-tungstenite, in the way that its own `connect_async` opens one.
async fn dial(task: Task) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(task.address).await.expect("the load generator listens");
    let (stream, _) = tokio_tungstenite::client_async(task.url(), stream).await.expect("the load generator accepts");
    stream
}

/// A connection with a task that reads from it: without one a library has no buffer yet, and nobody would notice an end.
async fn reading<R: Raw + 'static>(task: Task) {
    let stream = handshake::connect(task.address, task.work).expect("the load generator accepts");
    let mut client = R::open(stream, task.work);
    tokio::task::spawn_local(async move { client.receive(|_| ()).await });
    tokio::task::yield_now().await;
}
