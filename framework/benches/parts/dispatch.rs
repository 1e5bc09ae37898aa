//! Messages through a whole client: from a peer's socket through reader and decoder to the handlers.

use crate::socket::{accept, frame};
use bristle::prelude::*;
use bristle::{Registry, Runtime};
use divan::Bencher;
use divan::counter::ItemsCount;
use std::hint::black_box;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use tokio::sync::Notify;

/// As many as a socket takes at once.
const MESSAGES: u64 = 256;

/// How many were handled, and who waits for that.
static HANDLED: AtomicU64 = AtomicU64::new(0);
static WAITING_FOR: AtomicU64 = AtomicU64::new(u64::MAX);
static ENOUGH: Notify = Notify::const_new();

/// Where the peer listens; hooks read it.
static ADDRESS: Mutex<Option<SocketAddr>> = Mutex::new(None);

fn count(message: &Message) {
    black_box(message);
    // The runtime has one thread: no other one counts in between.
    let handled = HANDLED.load(Relaxed) + 1;
    HANDLED.store(handled, Relaxed);
    if handled == WAITING_FOR.load(Relaxed) {
        ENOUGH.notify_one();
    }
}

/// A plugin whose handlers take every message.
macro_rules! plugin {
    ($module:ident: $($handler:ident)+) => {
        mod $module {
            use super::*;

            pub(super) static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

            #[init]
            async fn begin(plugin: Plugin) -> Result<()> {
                let address = ADDRESS.lock().unwrap_or_else(PoisonError::into_inner).expect("it is set before");
                let client = plugin.websocket_client(format!("ws://{address}/")).without_reconnect().build()?;
                drop(CLIENT.set(client));
                Ok(())
            }

            $(
                #[on_message(CLIENT)]
                async fn $handler(message: Message) {
                    count(&message);
                }
            )+
        }
    };
}

plugin!(one: a);
plugin!(ten: a b c d e f g h i j);

#[divan::bench]
fn one_handler(bencher: Bencher<'_, '_>) {
    dispatch(bencher, &one::CLIENT, "one", 1);
}

#[divan::bench]
fn ten_handlers(bencher: Bencher<'_, '_>) {
    dispatch(bencher, &ten::CLIENT, "ten", 10);
}

fn dispatch(bencher: Bencher<'_, '_>, slot: &OnceCell<WebSocketClient>, module: &str, handlers: u64) {
    let (peer, writing) = peer();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let registry = Registry::linked().in_module(&format!("{}::{module}", module_path!()));
    let running = runtime.block_on(async {
        let runtime = Runtime::builder().registry(registry).build().expect("the hooks are right");
        let running = runtime.launch().await.expect("nothing stands in the way");
        slot.get().expect("the init hook fills it").connect().await.expect("the peer accepts");
        running
    });
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        WAITING_FOR.store(HANDLED.load(Relaxed) + MESSAGES * handlers, Relaxed);
        peer.send(()).expect("the peer listens");
        runtime.block_on(ENOUGH.notified());
    });
    // The peer leaves, and the client need not wait for it.
    drop(peer);
    writing.join().expect("the client has read everything");
    runtime.block_on(running.stop()).expect("everything stops");
}

/// A peer that writes [`MESSAGES`] whenever it is told.
fn peer() -> (SyncSender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    *ADDRESS.lock().unwrap_or_else(PoisonError::into_inner) = listener.local_addr().ok();
    let (order, orders) = sync_channel(1);
    let writing = thread::spawn(move || {
        let mut stream = accept(&listener);
        let bulk = frame().repeat(MESSAGES as usize);
        for () in orders {
            stream.write_all(&bulk).expect("the client reads");
        }
    });
    (order, writing)
}
