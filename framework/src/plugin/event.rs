//! What happens to a plugin, one type for each kind of hook: what [`FromEvent`](super::FromEvent) takes from.

use super::{HandlerError, Plugin, Reject};
use crate::connection::Connection;
use crate::message::{Close, Message};
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Anything that a hook is called for.
pub trait Event {
    /// The plugin whose hook is called.
    fn plugin(&self) -> &Plugin;
}

/// Anything that a hook is called for on a connection.
pub trait ConnectionEvent: Event {
    /// The connection that it happened on.
    fn connection(&self) -> &Connection;
}

/// The launch: what an `#[init]` hook is called for.
#[derive(Debug)]
pub struct InitEvent<'a> {
    pub(crate) plugin: &'a Plugin,
}

/// The end: what a `#[shutdown]` hook is called for.
#[derive(Debug)]
pub struct ShutdownEvent<'a> {
    pub(crate) plugin: &'a Plugin,
}

/// A connection opened: what an `#[on_open]` hook is called for.
#[derive(Debug)]
pub struct OpenEvent<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) connection: &'a Connection,
}

/// A message arrived: what an `#[on_message]` handler is called for.
#[derive(Debug)]
pub struct MessageEvent<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) connection: &'a Connection,
    pub(crate) message: &'a mut Message,
    /// Nobody looks at the message after this handler: it may be taken.
    pub(crate) last: bool,
    pub(crate) decoded: &'a mut Decoded,
}

impl MessageEvent<'_> {
    /// The message.
    pub fn message(&self) -> &Message {
        self.message
    }

    /// The message for a handler to keep, whose last argument this is.
    pub(crate) fn take(&mut self) -> Message {
        if self.last { self.message.take() } else { self.message.for_another() }
    }

    /// What `decode` makes of the message: called once for all handlers that ask for a `T`.
    pub(crate) fn decoded<T: Send + Sync + 'static>(
        &self,
        decode: impl FnOnce(&Message) -> Result<T, Reject>,
    ) -> Result<Arc<T>, Reject> {
        let mut places = self.decoded.0.borrow_mut();
        let known = places.iter().position(|place| (&**place as &dyn Any).is::<Option<Shared<T>>>());
        let index = known.unwrap_or_else(|| {
            places.push(Box::new(None::<Shared<T>>));
            places.len() - 1
        });
        let place: &mut dyn Any = &mut *places[index];
        let place = place.downcast_mut::<Option<Shared<T>>>().expect("it was found by its type");
        place.get_or_insert_with(|| decode(self.message).map(Arc::new)).clone()
    }
}

/// What messages were decoded to, by type: a place for each, which the next message takes over.
#[derive(Default)]
pub(crate) struct Decoded(RefCell<Vec<Box<dyn Place>>>);

/// What a message was decoded to, or why it was not.
type Shared<T> = Result<Arc<T>, Reject>;

/// An `Option<Shared<T>>` of any `T`.
trait Place: Any + Send {
    fn clear(&mut self);
}

impl<T: Send + 'static> Place for Option<T> {
    fn clear(&mut self) {
        *self = None;
    }
}

impl Decoded {
    /// Forgets the last message.
    pub(crate) fn clear(&mut self) {
        self.0.get_mut().iter_mut().for_each(|place| place.clear());
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoded")
    }
}

/// A connection ended: what an `#[on_close]` hook is called for.
#[derive(Debug)]
pub struct CloseEvent<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) connection: &'a Connection,
    pub(crate) close: &'a Close,
}

impl CloseEvent<'_> {
    /// How the connection ended.
    pub fn close(&self) -> &Close {
        self.close
    }
}

/// A handler failed: what an `#[on_error]` hook is called for.
#[derive(Debug)]
pub struct ErrorEvent<'a> {
    pub(crate) plugin: &'a Plugin,
    pub(crate) connection: &'a Connection,
    pub(crate) message: Option<&'a Message>,
    pub(crate) error: &'a HandlerError,
}

impl ErrorEvent<'_> {
    /// What went wrong, and where.
    pub fn error(&self) -> &HandlerError {
        self.error
    }

    /// The message that the handler was given, where it was a message handler.
    pub fn message(&self) -> Option<&Message> {
        self.message
    }
}

macro_rules! events {
    ($($event:ident),*) => {$(
        impl Event for $event<'_> {
            fn plugin(&self) -> &Plugin {
                self.plugin
            }
        }
    )*};
}
events!(InitEvent, ShutdownEvent, OpenEvent, MessageEvent, CloseEvent, ErrorEvent);

macro_rules! connection_events {
    ($($event:ident),*) => {$(
        impl ConnectionEvent for $event<'_> {
            fn connection(&self) -> &Connection {
                self.connection
            }
        }
    )*};
}
connection_events!(OpenEvent, MessageEvent, CloseEvent, ErrorEvent);
