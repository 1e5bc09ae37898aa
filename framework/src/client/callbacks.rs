//! The callbacks given to a builder: closures of several shapes behind one call.

use super::WebSocketClient;
use crate::connection::{Connection, Events, EventsFuture, FutureCell, Row};
use crate::error::{Error, Result};
use crate::message::{Close, Message};
use crate::target::CLIENT;
use futures_util::FutureExt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use tracing::error;

/// What a callback's future may yield: nothing, or a `Result` whose error is logged.
pub trait Outcome {
    /// Success, or the error.
    ///
    /// # Errors
    /// The callback failed.
    fn into_outcome(self) -> Result<()>;
}

impl Outcome for () {
    fn into_outcome(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<Error>> Outcome for Result<(), E> {
    fn into_outcome(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

macro_rules! callback {
    ($(#[$doc:meta])* $callback:ident $arguments:tt -> $called:ty { $begin:tt $($bounds:tt => $given:tt;)* }) => {
        callback!(@trait $(#[$doc])* $callback $arguments $called);
        $(callback!(@impl $callback $arguments $called { $begin } $bounds $given);)*
    };
    (@trait $(#[$doc:meta])* $callback:ident($($argument:ident: $type:ty),*) $called:ty) => {
        $(#[$doc])*
        pub trait $callback<Arguments>: Send + Sync + 'static {
            #[doc(hidden)]
            fn call(&self, $($argument: $type),*) -> $called;
        }
    };
    (@impl $callback:ident($($argument:ident: $type:ty),*) $called:ty { (|$future:ident| $begin:expr) }
        ($($bound:ty),*) ($($given:expr),*)) => {
        impl<F, Fut> $callback<($($bound,)*)> for F
        where
            F: Fn($($bound),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            Fut::Output: Outcome,
        {
            #[allow(unused_variables)]
            fn call(&self, $($argument: $type),*) -> $called {
                let $future = self($($given),*);
                $begin
            }
        }
    };
}

callback! {
    /// An `on_open` callback: a closure of nothing, a `WebSocketClient`, or a `Connection`, that returns a future.
    OpenCallback(connection: &Connection) -> EventsFuture<Result<()>> {
        (|future| Box::pin(async move { future.await.into_outcome() }))
        () => ();
        (WebSocketClient) => (client(connection));
        (Connection) => (connection.clone());
    }
}

callback! {
    /// An `on_message` callback: a closure of a `Message`, or of a `Message` and a `WebSocketClient`, that returns a
    /// future.
    MessageCallback(message: Message, connection: &Connection, cell: &mut Cell, context: &mut Context<'_>)
        -> Poll<Result<()>> {
        (|future| cell.begin(async move { future.await.into_outcome() }, |outcome| outcome, context))
        (Message) => (message);
        (Message, WebSocketClient) => (message, client(connection));
    }
}

callback! {
    /// An `on_close` callback: a closure of a `Close`, or of a `Close` and a `WebSocketClient`, that returns a future.
    CloseCallback(close: Close, connection: &Connection) -> EventsFuture<Result<()>> {
        (|future| Box::pin(async move { future.await.into_outcome() }))
        (Close) => (close);
        (Close, WebSocketClient) => (close, client(connection));
    }
}

fn client(connection: &Connection) -> WebSocketClient {
    WebSocketClient::of(connection).expect("only a client has callbacks")
}

type Cell = FutureCell<Result<()>>;
type OpenFn = dyn Fn(&Connection) -> EventsFuture<Result<()>> + Send + Sync;
type MessageFn = dyn Fn(Message, &Connection, &mut Cell, &mut Context<'_>) -> Poll<Result<()>> + Send + Sync;
type CloseFn = dyn Fn(Close, &Connection) -> EventsFuture<Result<()>> + Send + Sync;

/// A client's callbacks. A panic or an error in one is logged, and nothing else is lost.
#[derive(Default)]
pub(crate) struct Callbacks {
    pub(crate) name: String,
    pub(crate) open: Vec<Box<OpenFn>>,
    pub(crate) message: Vec<Box<MessageFn>>,
    pub(crate) close: Vec<Box<CloseFn>>,
}

impl Callbacks {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.message.is_empty() && self.close.is_empty()
    }

    /// An error or a panic of one callback does not keep the next from running.
    fn failed(&self, callback: &'static str, error: &Error) {
        error!(target: CLIENT, client = %self.name, callback, error = %error.chain(), "a callback failed");
    }
}

impl Events for Callbacks {
    fn open(&self, connection: &Connection) -> EventsFuture<Result<()>> {
        let calls: Vec<_> = self.open.iter().map(|call| begun(|| call(connection))).collect();
        Box::pin(async move {
            for call in calls {
                call.await?;
            }
            Ok(())
        })
    }

    fn row(self: Arc<Self>) -> Box<dyn Row> {
        let cells = self.message.iter().map(|_| Cell::default()).collect();
        Box::new(CallbackRow { callbacks: self, cells })
    }

    fn close(self: Arc<Self>, connection: &Connection, close: Close) -> EventsFuture {
        let calls: Vec<_> = self.close.iter().map(|call| begun(|| call(close.clone(), connection))).collect();
        Box::pin(async move {
            for call in calls {
                if let Err(error) = call.await {
                    self.failed("on_close", &error);
                }
            }
        })
    }
}

/// The `on_message` callbacks, each with the memory for its future.
struct CallbackRow {
    callbacks: Arc<Callbacks>,
    cells: Vec<Cell>,
}

impl Row for CallbackRow {
    fn message(
        &mut self,
        connection: &Connection,
        message: &mut Message,
        context: &mut Context<'_>,
    ) -> Option<EventsFuture> {
        let mut message = message.take();
        let calls = &self.callbacks.message;
        for (index, (call, cell)) in calls.iter().zip(&mut self.cells).enumerate() {
            // Without a copy for the last one, or the only one.
            let more = (index + 1 < calls.len()).then(|| message.for_another());
            match contained(|| call(message, connection, cell, context)) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.callbacks.failed("on_message", &error),
                Poll::Pending => {
                    let (waiting, callbacks) = (std::mem::take(cell), self.callbacks.clone());
                    return Some(Box::pin(rest(callbacks, index, waiting, more, connection.clone())));
                }
            }
            let Some(next) = more else { break };
            message = next;
        }
        None
    }
}

/// What is left of a row of which the callback at `index` has to wait.
async fn rest(
    callbacks: Arc<Callbacks>,
    index: usize,
    waiting: Cell,
    message: Option<Message>,
    connection: Connection,
) {
    if let Err(error) = settled(waiting).await {
        callbacks.failed("on_message", &error);
    }
    let Some(message) = message else { return };
    for call in &callbacks.message[index + 1..] {
        let mut cell = Cell::default();
        let begun =
            poll_fn(|context| Poll::Ready(contained(|| call(message.clone(), &connection, &mut cell, context))));
        let outcome = match begun.await {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => settled(cell).await,
        };
        if let Err(error) = outcome {
            callbacks.failed("on_message", &error);
        }
    }
}

/// The future that a callback made; a panic in either is an error.
fn begun(call: impl FnOnce() -> EventsFuture<Result<()>>) -> EventsFuture<Result<()>> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(future) => Box::pin(settled(future)),
        Err(panic) => Box::pin(std::future::ready(Err(panicked(&*panic)))),
    }
}

async fn settled(call: impl Future<Output = Result<()>>) -> Result<()> {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn contained(poll: impl FnOnce() -> Poll<Result<()>>) -> Poll<Result<()>> {
    catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Error {
    Error::msg(format!("panicked: {}", crate::error::panic_message(payload)))
}
