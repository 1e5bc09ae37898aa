//! The clients whose instructions are counted.

use crate::feed::Load;
use crate::socket::SIZE;
use bristle::prelude::*;
use bristle::{Registry, Runtime, WebSocketClientBuilder};
use serde::Deserialize;
use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// One kind of load, and a client under it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) load: Load,
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    /// A plugin's slot, its module, and how many handlers take each message.
    Hooks(&'static OnceCell<WebSocketClient>, &'static str, u64),
    Callback,
    /// So many tasks that send, or deliver.
    Tasks(u64, bool),
}

macro_rules! hooks {
    ($module:ident $handlers:literal) => {
        Run::Hooks(&$module::CLIENT, concat!("::", stringify!($module)), $handlers)
    };
}

pub(crate) const CASES: [Case; 9] = [
    Case { name: "message", title: "in, `Message`, 1 handler", load: Load::Flood, run: hooks!(message 1) },
    Case { name: "message-10", title: "in, `Message`, 10 handlers", load: Load::Flood, run: hooks!(message_10 10) },
    Case { name: "json", title: "in, `Json<T>`, 1 handler", load: Load::Flood, run: hooks!(json 1) },
    Case { name: "shared-10", title: "in, `SharedJson<T>`, 10 handlers", load: Load::Flood, run: hooks!(shared_10 10) },
    Case { name: "callback", title: "in, a builder's callback", load: Load::Flood, run: Run::Callback },
    Case { name: "echo", title: "in and out, a handler's reply, one at a time", load: Load::Echo, run: hooks!(echo 1) },
    Case { name: "send-1", title: "out, `send`, 1 task", load: Load::Sink, run: Run::Tasks(1, false) },
    Case { name: "send-16", title: "out, `send`, 16 tasks", load: Load::Sink, run: Run::Tasks(16, false) },
    Case { name: "deliver-16", title: "out, `deliver`, 16 tasks", load: Load::Sink, run: Run::Tasks(16, true) },
];

/// Where the feed listens; hooks read it.
static PORT: OnceLock<u16> = OnceLock::new();

static COUNTED: AtomicU64 = AtomicU64::new(0);

/// Told when the connection has ended and everything before was handled.
static ENDED: Notify = Notify::const_new();

impl Case {
    /// Connects to the feed, and handles or sends so many messages.
    pub(crate) fn run(&self, port: u16, messages: u64) {
        PORT.set(port).expect("a process runs one case");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        runtime.block_on(async {
            match self.run {
                Run::Hooks(slot, module, handlers) => through_hooks(slot, module, messages * handlers).await,
                Run::Callback => callback(messages).await,
                Run::Tasks(tasks, deliver) => outbound(messages, tasks, deliver).await,
            }
        });
    }
}

/// A launched runtime with the hooks of one module.
async fn through_hooks(slot: &OnceCell<WebSocketClient>, module: &str, handled: u64) {
    let registry = Registry::linked().in_module(&format!("{}{module}", module_path!()));
    let runtime = Runtime::builder().registry(registry).build().expect("the hooks are right");
    let running = runtime.launch().await.expect("nothing stands in the way");
    slot.get().expect("the init hook fills it").connect().await.expect("the feed accepts");
    ENDED.notified().await;
    assert_eq!(COUNTED.load(Relaxed), handled, "every handler takes every message");
    running.stop().await.expect("everything stops");
}

async fn callback(messages: u64) {
    let builder = prepared(WebSocketClient::builder(url())).on_message(|message: Message| {
        count(&message);
        async {}
    });
    let client = builder.on_close(|_: Close| async { ENDED.notify_one() }).build().expect("a good client");
    client.connect().await.expect("the feed accepts");
    ENDED.notified().await;
    assert_eq!(COUNTED.load(Relaxed), messages);
}

/// Sends; the feed closes when it has all.
async fn outbound(messages: u64, tasks: u64, deliver: bool) {
    let builder = prepared(WebSocketClient::builder(url()));
    let client = builder.on_close(|_: Close| async { ENDED.notify_one() }).build().expect("a good client");
    client.connect().await.expect("the feed accepts");
    let mut senders = JoinSet::new();
    for task in 0..tasks {
        let client = client.clone();
        senders.spawn(async move {
            let message = Message::text("x".repeat(SIZE));
            for _ in (task..messages).step_by(tasks as usize) {
                let message = message.clone();
                let sent = if deliver { client.deliver(message).await } else { client.send(message).await };
                sent.expect("the connection holds");
            }
        });
    }
    senders.join_all().await;
    ENDED.notified().await;
}

fn url() -> String {
    format!("ws://127.0.0.1:{}/", PORT.get().expect("it is set before"))
}

/// What ends is not opened again: a feed serves once.
fn prepared(builder: WebSocketClientBuilder) -> WebSocketClientBuilder {
    builder.without_reconnect()
}

fn count<T>(handled: &T) {
    black_box(handled);
    // One thread: no other one counts in between.
    COUNTED.store(COUNTED.load(Relaxed) + 1, Relaxed);
}

/// A trade, as an exchange's feed has it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what is decoded is looked at by nobody")]
struct Trade {
    id: u64,
    symbol: String,
    price: f64,
    amount: f64,
    buyer: bool,
}

/// A plugin with a slot and what else is given.
macro_rules! plugin {
    ($module:ident: $($items:item)+) => {
        mod $module {
            #[allow(unused_imports, reason = "each takes what it needs")]
            use super::*;

            pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

            #[init]
            async fn begin(plugin: Plugin) -> Result<()> {
                drop(CLIENT.set(prepared(plugin.websocket_client(url())).build()?));
                Ok(())
            }

            $($items)+

            #[on_close(CLIENT)]
            async fn closed(_close: Close) {
                ENDED.notify_one();
            }
        }
    };
}

/// One whose handlers take `$argument` and count.
macro_rules! counting {
    ($module:ident, $argument:ty: $($handler:ident)+) => {
        plugin! { $module:
            $(
                #[on_message(CLIENT)]
                async fn $handler(argument: $argument) {
                    count(&argument);
                }
            )+
        }
    };
}

counting!(message, Message: a);
counting!(message_10, Message: a b c d e f g h i j);
counting!(json, Json<Trade>: a);
counting!(shared_10, SharedJson<Trade>: a b c d e f g h i j);

plugin! { echo:
    #[on_message(CLIENT)]
    async fn back(message: Message) -> Message {
        count(&message);
        message
    }
}
