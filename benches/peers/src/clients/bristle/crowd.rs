//! Many supervised clients, each with a callback.

use super::super::Task;
use crate::tally::{self, Report, Stopwatch};
use bristle::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;

/// How many connections have ended.
static CLOSED: AtomicUsize = AtomicUsize::new(0);

/// Told when one has.
static ENDED: Notify = Notify::const_new();

/// A client that is connected.
pub(crate) async fn connect(task: Task) -> WebSocketClient {
    let builder = WebSocketClient::builder(task.url()).without_reconnect();
    let builder = builder.on_message(|_: Message| {
        tally::count();
        async {}
    });
    let builder = builder.on_close(|_: Close| {
        CLOSED.fetch_add(1, Relaxed);
        ENDED.notify_one();
        async {}
    });
    let client = builder.build().expect("a good client");
    client.connect().await.expect("the load generator accepts");
    client
}

/// Takes what comes on all of them until the last one has ended. The load generator begins when all are there.
pub(crate) async fn flood(task: Task, connections: usize) -> Report {
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(connect(task).await);
    }
    let watch = Stopwatch::start();
    while CLOSED.load(Relaxed) < connections {
        ENDED.notified().await;
    }
    watch.report(tally::counted())
}
