//! An endpoint of bristle's, launched as a host launches it.

use super::{Task, crowded};
use crate::clients::SIZE;
use crate::tally::{Report, Stopwatch, resident};
use crate::work::Swarm;
use bristle::prelude::*;
use bristle::settings::Settings;
use bristle::{Registry, Runtime};
use std::time::Instant;
use tokio::sync::Notify;

#[endpoint("/", max_connections = 20_000)]
static PLACE: OnceCell<Endpoint> = OnceCell::new();

/// Told when a client has said something: the load generator asks for more, or is ready.
static ASKED: Notify = Notify::const_new();

#[on_message(PLACE)]
async fn asked(_message: Message) {
    ASKED.notify_one();
}

pub(super) async fn run(task: Task) -> Report {
    let settings = Settings::new().toml("peers", "node.listen = \"127.0.0.1:0\"").expect("it is TOML");
    let registry = Registry::linked().in_module(module_path!());
    let runtime = Runtime::builder().settings(settings).registry(registry).build().expect("the hooks are right");
    let running = runtime.launch().await.expect("nothing stands in the way");
    let before = resident();
    let watch = Stopwatch::start();
    println!("{}", running.addresses()[0]);
    ASKED.notified().await;
    let endpoint = PLACE.get().expect("the launch fills it");
    match task.swarm {
        Swarm::Broadcast => broadcast(endpoint, task).await,
        // Without a stop: ten thousand closing handshakes are not what is measured.
        Swarm::Idle | Swarm::Accept => crowded(&watch, before, endpoint.len()),
    }
}

/// One message at a time: the next one when the last connection has this one.
async fn broadcast(endpoint: &Endpoint, task: Task) -> Report {
    let message = Message::text("x".repeat(SIZE));
    let (watch, start, mut sent) = (Stopwatch::start(), Instant::now(), 0);
    while start.elapsed() < task.duration() {
        let outcome = endpoint.broadcast(message.clone());
        assert_eq!((outcome.sent, outcome.skipped), (task.connections, 0), "everybody gets it");
        sent += outcome.sent as u64;
        ASKED.notified().await;
    }
    let report = watch.report(sent);
    let cpu = report.cpu * 1e6 / sent as f64;
    report.with("cpu_us", cpu)
}
