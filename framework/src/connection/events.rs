//! What a connection tells whoever it belongs to.

use super::{Connection, OwnerId};
use crate::error::Error;
use crate::message::{Close, Message};
use std::pin::Pin;

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

    /// A message arrived. `None` where nothing has to be waited for.
    fn message(&self, connection: &Connection, message: Message) -> Option<EventsFuture>;

    /// It ended, and every message before has been handled.
    fn close(&self, connection: &Connection, close: Close) -> EventsFuture;
}
