//! Lets a call know that it is made from a handler of its own client or connection.
//!
//! A handler that waits for its own connection must not be waited for by it. The connection marks the futures that
//! it polls, and a waiting call looks for its own mark.

use super::{Connection, OwnerId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

tokio::task_local! {
    static SCOPE: HandlerScope;
}

/// Which kind of handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// `on_open`: what it sends goes before everything that waits.
    Open,
    /// `on_message` and `on_close`.
    Message,
}

/// Whose handler runs.
#[derive(Debug, Clone)]
pub(crate) struct HandlerScope {
    owner: OwnerId,
    lane: Lane,
    waits: Arc<HandlerWaits>,
}

/// The calls from handlers of one client that wait for a connection, its own or another: such a handler must not be
/// waited for, since two that wait for each other's connections would wait for ever.
#[derive(Debug, Default)]
pub(crate) struct HandlerWaits {
    calls: AtomicUsize,
    began: Notify,
}

impl HandlerWaits {
    /// Whether a handler waits.
    pub(crate) fn any(&self) -> bool {
        self.calls.load(Ordering::Acquire) > 0
    }

    /// Waits until one does. Cancel-safe; may wake for one that does no longer.
    pub(crate) async fn began(&self) {
        self.began.notified().await;
    }
}

/// To be held while a call waits for a connection; does something where the caller is a handler.
pub(crate) fn handler_waits() -> Option<HandlerCall> {
    let waits = SCOPE.try_with(|scope| scope.waits.clone()).ok()?;
    waits.calls.fetch_add(1, Ordering::AcqRel);
    waits.began.notify_one();
    Some(HandlerCall(waits))
}

/// A call from a handler that waits for a connection.
pub(crate) struct HandlerCall(Arc<HandlerWaits>);

impl Drop for HandlerCall {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::AcqRel);
    }
}

impl HandlerScope {
    pub(crate) fn new(connection: &Connection, lane: Lane) -> Self {
        Self { owner: connection.owner(), lane, waits: connection.outbox().handler_waits().clone() }
    }

    /// Runs what handlers do at once.
    pub(crate) fn run<T>(self, handlers: impl FnOnce() -> T) -> T {
        SCOPE.sync_scope(self, handlers)
    }

    /// Marks a handler's future.
    pub(crate) fn mark<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        SCOPE.scope(self, future)
    }
}

/// The handler of `owner` that this code runs in, if any. Tasks that a handler spawned are not in it.
pub(crate) fn in_handler_of(owner: OwnerId) -> Option<Lane> {
    SCOPE.try_with(|scope| (scope.owner == owner).then_some(scope.lane)).ok().flatten()
}
