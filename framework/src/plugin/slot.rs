//! The global places that hold a plugin's clients and endpoints, and that attributes name.

use crate::client::WebSocketClient;
use crate::connection::OwnerId;
use crate::node::Endpoint;
use once_cell::sync::OnceCell;
use std::any::Any;
use std::sync::OnceLock;

/// A place that is set once: what an attribute may name.
///
/// ```
/// use bristle::{Slot, prelude::OnceCell};
///
/// static NAME: OnceCell<String> = OnceCell::new();
/// assert_eq!(Slot::put(&NAME, "first".to_owned()), Ok(()));
/// assert_eq!(Slot::put(&NAME, "second".to_owned()), Err("second".to_owned()));
/// assert_eq!(Slot::value(&NAME).map(String::as_str), Some("first"));
/// ```
pub trait Slot<T>: Sync {
    /// What is in it.
    fn value(&self) -> Option<&T>;

    /// Fills it.
    ///
    /// # Errors
    /// It is full already: the value comes back.
    fn put(&self, value: T) -> Result<(), T>;
}

impl<T: Send + Sync> Slot<T> for OnceCell<T> {
    fn value(&self) -> Option<&T> {
        self.get()
    }

    fn put(&self, value: T) -> Result<(), T> {
        self.set(value)
    }
}

impl<T: Send + Sync> Slot<T> for OnceLock<T> {
    fn value(&self) -> Option<&T> {
        self.get()
    }

    fn put(&self, value: T) -> Result<(), T> {
        self.set(value)
    }
}

/// What handlers can be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotKind {
    /// A [`WebSocketClient`].
    Client,
    /// An [`Endpoint`].
    Endpoint,
}

/// What a slot that handlers are bound to may hold: [`WebSocketClient`] or [`Endpoint`].
#[diagnostic::on_unimplemented(
    message = "handlers cannot be bound to a `{Self}`",
    label = "this slot holds no client and no endpoint",
    note = "write `static NAME: OnceCell<WebSocketClient> = OnceCell::new();` or `static NAME: OnceCell<Endpoint> = OnceCell::new();`"
)]
pub trait SlotValue: Any + Clone + Send + Sync {
    /// Which of the two it is.
    const KIND: SlotKind;

    /// Who owns the connections that the slot's handlers serve.
    fn owner(&self) -> OwnerId;
}

impl SlotValue for WebSocketClient {
    const KIND: SlotKind = SlotKind::Client;

    fn owner(&self) -> OwnerId {
        self.id()
    }
}

impl SlotValue for Endpoint {
    const KIND: SlotKind = SlotKind::Endpoint;

    fn owner(&self) -> OwnerId {
        self.id()
    }
}

/// Which static a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotId(usize);

/// A slot whose type is not known: what a registration carries.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no slot that handlers can be bound to",
    label = "not a slot",
    note = "name a static of type `OnceCell<WebSocketClient>`, `OnceCell<Endpoint>`, or the same with `std::sync::OnceLock`"
)]
pub trait AnySlot: Sync {
    /// Which static it is.
    fn id(&self) -> SlotId;

    /// What it may hold.
    fn kind(&self) -> SlotKind;

    /// Who owns the connections, once it is filled.
    fn owner(&self) -> Option<OwnerId>;

    /// What is in it.
    fn any(&self) -> Option<&dyn Any>;

    /// Fills it; `false` where it was full or the value is of another type.
    fn fill(&self, value: Box<dyn Any>) -> bool;
}

macro_rules! any_slot {
    ($($cell:ident),*) => {$(
        impl<T: SlotValue> AnySlot for $cell<T> {
            fn id(&self) -> SlotId {
                SlotId(std::ptr::from_ref(self).addr())
            }

            fn kind(&self) -> SlotKind {
                T::KIND
            }

            fn owner(&self) -> Option<OwnerId> {
                self.get().map(T::owner)
            }

            fn any(&self) -> Option<&dyn Any> {
                self.get().map(|value| value as &dyn Any)
            }

            fn fill(&self, value: Box<dyn Any>) -> bool {
                value.downcast::<T>().is_ok_and(|value| self.set(*value).is_ok())
            }
        }
    )*};
}
any_slot!(OnceCell, OnceLock);

/// A slot and the path by which an attribute names it.
#[derive(Clone, Copy)]
pub struct SlotRef {
    /// The path as it stands in the attribute.
    pub path: &'static str,
    /// The static.
    pub slot: &'static dyn AnySlot,
}

impl std::fmt::Debug for SlotRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path)
    }
}
