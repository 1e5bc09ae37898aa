//! What a connection tells whoever it belongs to.

use super::{Connection, OwnerId};
use crate::error::Error;
use crate::message::{Close, Message};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

/// A future that a connection polls in place. It borrows nothing, so that it can outlive the connection.
pub(crate) type EventsFuture<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Whoever is told what happens on a connection: a client's callbacks, or the plugins' handlers.
///
/// None of these may panic: the implementor contains what it calls.
pub(crate) trait Events: Send + Sync {
    /// Whether anything of this owner may ever be handled here: what cannot does not wait for the gate.
    fn concerns(&self, _owner: OwnerId) -> bool {
        true
    }

    /// It opened. What is sent on the connection meanwhile goes out before everything that waits.
    fn open(&self, connection: &Connection) -> EventsFuture<Result<(), Error>>;

    /// What the messages of one client or connection pass through, one after the other.
    fn row(self: Arc<Self>) -> Box<dyn Row>;

    /// It ended, and every message before has been handled.
    fn close(self: Arc<Self>, connection: &Connection, close: Close) -> EventsFuture;
}

/// The handlers that a message passes through. A row is for one client or connection, and keeps what it can use again
/// for the next message.
pub(crate) trait Row: Send {
    /// A message arrived, and may be taken. Handlers that need not wait have run when this returns; else the rest, which
    /// goes on with the same waker.
    fn message(
        &mut self,
        connection: &Connection,
        message: &mut Message,
        context: &mut Context<'_>,
    ) -> Option<EventsFuture>;
}
