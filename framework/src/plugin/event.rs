//! What happens to a plugin, one type for each kind of hook: what [`FromEvent`](super::FromEvent) takes from.

use super::{HandlerError, Plugin, Reject};
use crate::connection::Connection;
use crate::message::{Close, Message};
use std::any::{Any, TypeId};
use std::cell::RefCell;
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
        let found =
            self.decoded.0.borrow().iter().find(|(id, _)| *id == TypeId::of::<T>()).map(|(_, value)| value.clone());
        let value = found.unwrap_or_else(|| {
            let value = decode(self.message).map(|value| Arc::new(value) as Arc<dyn Any + Send + Sync>);
            self.decoded.0.borrow_mut().push((TypeId::of::<T>(), value.clone()));
            value
        })?;
        Ok(value.downcast().expect("it stands there under its type"))
    }
}

/// What one message was decoded to, by type, or why it was not.
#[derive(Debug, Default)]
pub(crate) struct Decoded(RefCell<Vec<(TypeId, Outcome)>>);

type Outcome = Result<Arc<dyn Any + Send + Sync>, Reject>;

impl Decoded {
    /// Forgets the last message.
    pub(crate) fn clear(&mut self) {
        self.0.get_mut().clear();
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
