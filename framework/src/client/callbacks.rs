//! The callbacks given to a builder: closures of several shapes behind one call.

use super::WebSocketClient;
use crate::connection::{Connection, Events, EventsFuture};
use crate::error::{Error, Result};
use crate::message::{Close, Message};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
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
    ($(#[$doc:meta])* $callback:ident($($argument:ident: $type:ty),*) { $($arity:tt => $($used:ident),*;)* }) => {
        $(#[$doc])*
        pub trait $callback<Arguments>: Send + Sync + 'static {
            #[doc(hidden)]
            fn call(&self, $($argument: $type),*) -> EventsFuture<Result<()>>;
        }
        callback!(@impls $callback($($argument: $type),*) { $($arity => $($used),*;)* });
    };
    (@impls $callback:ident $arguments:tt { $($arity:tt => $($used:ident),*;)* }) => {
        $(callback!(@one $callback $arguments $arity $($used),*);)*
    };
    (@one $callback:ident($($argument:ident: $type:ty),*) ($($bound:ty),*) $($used:ident),*) => {
        impl<F, Fut> $callback<($($bound,)*)> for F
        where
            F: Fn($($bound),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            Fut::Output: Outcome,
        {
            #[allow(unused_variables)]
            fn call(&self, $($argument: $type),*) -> EventsFuture<Result<()>> {
                let future = self($($used),*);
                Box::pin(async move { future.await.into_outcome() })
            }
        }
    };
}

callback! {
    /// An `on_open` callback: a closure of nothing, a `WebSocketClient`, or a `Connection`, that returns a future.
    OpenCallback(client: WebSocketClient, connection: Connection) {
        () => ;
        (WebSocketClient) => client;
        (Connection) => connection;
    }
}

callback! {
    /// An `on_message` callback: a closure of a `Message`, or of a `Message` and a `WebSocketClient`, that returns a
    /// future.
    MessageCallback(message: Message, client: WebSocketClient) {
        (Message) => message;
        (Message, WebSocketClient) => message, client;
    }
}

callback! {
    /// An `on_close` callback: a closure of a `Close`, or of a `Close` and a `WebSocketClient`, that returns a future.
    CloseCallback(close: Close, client: WebSocketClient) {
        (Close) => close;
        (Close, WebSocketClient) => close, client;
    }
}

type OpenFn = dyn Fn(WebSocketClient, Connection) -> EventsFuture<Result<()>> + Send + Sync;
type MessageFn = dyn Fn(Message, WebSocketClient) -> EventsFuture<Result<()>> + Send + Sync;
type CloseFn = dyn Fn(Close, WebSocketClient) -> EventsFuture<Result<()>> + Send + Sync;

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
}

impl Events for Callbacks {
    fn open(&self, connection: &Connection) -> EventsFuture<Result<()>> {
        let Some(client) = WebSocketClient::of(connection) else { return Box::pin(async { Ok(()) }) };
        let futures: Vec<_> =
            self.open.iter().map(|call| guarded(|| call(client.clone(), connection.clone()))).collect();
        Box::pin(async move {
            for future in futures {
                future.await?;
            }
            Ok(())
        })
    }

    fn message(&self, connection: &Connection, message: Message) -> Option<EventsFuture> {
        let client = WebSocketClient::of(connection)?;
        let futures = self.message.iter().map(|call| guarded(|| call(message.clone(), client.clone()))).collect();
        run(&self.name, "on_message", futures)
    }

    fn close(&self, connection: &Connection, close: Close) -> EventsFuture {
        let Some(client) = WebSocketClient::of(connection) else { return Box::pin(async {}) };
        let futures = self.close.iter().map(|call| guarded(|| call(close.clone(), client.clone()))).collect();
        run(&self.name, "on_close", futures).unwrap_or_else(|| Box::pin(async {}))
    }
}

/// Runs callbacks in order; an error or a panic of one does not keep the next from running.
fn run(name: &str, callback: &'static str, futures: Vec<EventsFuture<Result<()>>>) -> Option<EventsFuture> {
    if futures.is_empty() {
        return None;
    }
    let name = name.to_owned();
    Some(Box::pin(async move {
        for future in futures {
            if let Err(error) = future.await {
                error!(client = %name, callback, error = %error.chain(), "a callback failed");
            }
        }
    }))
}

/// The callback's future, a panic in it or in making it turned into an error.
fn guarded(call: impl FnOnce() -> EventsFuture<Result<()>>) -> EventsFuture<Result<()>> {
    match std::panic::catch_unwind(AssertUnwindSafe(call)) {
        Ok(future) => Box::pin(
            AssertUnwindSafe(future)
                .catch_unwind()
                .map(|outcome| outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))),
        ),
        Err(panic) => {
            let error = panicked(&*panic);
            Box::pin(async move { Err(error) })
        }
    }
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Error {
    Error::msg(format!("panicked: {}", crate::error::panic_message(payload)))
}
