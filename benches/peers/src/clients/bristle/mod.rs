//! bristle, as plugins and hosts use it.

pub(super) mod crowd;
mod hooks;
mod outbound;

use super::Task;
use crate::tally::{self, Report, Stopwatch};
use crate::work::Work;
use bristle::prelude::*;
use bristle::{Compression, Registry, Runtime};
use hooks::{ENDED, LATENCIES};
use std::hint::black_box;
use std::mem;
use std::sync::OnceLock;

/// What the plugins' `#[init]` hooks read.
static TASK: OnceLock<Task> = OnceLock::new();

/// Does what the task says, the way that `variant` says.
pub(super) async fn run(variant: &str, task: Task) -> Report {
    match (task.work, variant) {
        (Work::Sink, _) => outbound::flood(variant, task).await,
        (_, "callback") => callback(task).await,
        _ => {
            let (slot, module, handlers) = plugin(variant);
            through_hooks(slot, module, handlers, task).await
        }
    }
}

/// A plugin's slot, its module, and how many handlers take each message.
fn plugin(variant: &str) -> (&'static OnceCell<WebSocketClient>, &'static str, u64) {
    macro_rules! plugins {
        ($($name:literal $module:ident $handlers:literal,)+) => {
            match variant {
                $($name => (&hooks::$module::CLIENT, stringify!($module), $handlers),)+
                _ => panic!("bristle has no variant `{variant}`"),
            }
        };
    }
    plugins! {
        "message" message 1,
        "message-3" message_3 3,
        "message-10" message_10 10,
        "message-30" message_30 30,
        "message-100" message_100 100,
        "json" json 1,
        "json-10" json_10 10,
        "shared" shared 1,
        "shared-10" shared_10 10,
        "shared-100" shared_100 100,
        "compressed" compressed 1,
        "echo" echo 1,
        "paced" paced 1,
    }
}

/// A launched runtime with the hooks of one module, whose client connects to the load generator.
async fn through_hooks(slot: &OnceCell<WebSocketClient>, module: &str, handlers: u64, task: Task) -> Report {
    TASK.set(task).expect("a process has one task");
    let registry = Registry::linked().in_module(&format!("{}::hooks::{module}", module_path!()));
    let runtime = Runtime::builder().registry(registry).build().expect("the hooks are right");
    let running = runtime.launch().await.expect("nothing stands in the way");
    let client = slot.get().expect("the init hook fills it");
    client.connect().await.expect("the load generator accepts");
    let watch = Stopwatch::start();
    if let Work::Echo { size } = task.work {
        client.send(Message::binary(vec![b'x'; size])).await.expect("the connection holds");
    }
    ENDED.notified().await;
    let report = watch.report(tally::counted() / handlers);
    let report = match task.work {
        Work::Paced { .. } => mem::take(&mut *LATENCIES.lock().expect("nobody panics")).into_report(report),
        _ => report,
    };
    running.stop().await.expect("everything stops");
    report
}

/// The client of a plugin. What ends is not opened again: a load generator serves once.
fn client(plugin: &Plugin) -> Result<WebSocketClient> {
    let task = TASK.get().expect("it is set before the launch");
    let builder = plugin.websocket_client(task.url()).without_reconnect();
    let compression = (task.work == Work::Compressed).then(Compression::default);
    Ok(builder.compression(compression).build()?)
}

/// No plugin and no runtime: a builder's callback.
async fn callback(task: Task) -> Report {
    let builder = WebSocketClient::builder(task.url()).without_reconnect();
    let builder = builder.on_message(|message: Message| {
        black_box(&message);
        tally::count();
        async {}
    });
    let client = builder.on_close(|_: Close| async { ENDED.notify_one() }).build().expect("a good client");
    client.connect().await.expect("the load generator accepts");
    let watch = Stopwatch::start();
    ENDED.notified().await;
    watch.report(tally::counted())
}
