//! What plugin authors touch: events and what handlers take from them, replies, slots, hooks and their registry.

mod config;
mod event;
mod extract;
mod failure;
mod handle;
mod hook;
mod json;
mod ledger;
mod origin;
mod path;
mod registry;
mod reply;
mod slot;

pub use config::{Config, ConfigCheck, ConfigError, ConfigRejection, PluginConfig};
pub(crate) use event::Decoded;
pub use event::{CloseEvent, ConnectionEvent, ErrorEvent, Event, InitEvent, MessageEvent, OpenEvent, ShutdownEvent};
pub use extract::{Binary, FromEvent, Reject, Text};
pub use failure::{Failure, HandlerError};
pub use handle::Plugin;
pub(crate) use handle::PluginScope;
pub use hook::{
    ClientDeclaration, CloseHook, EndpointDeclaration, ErrorHook, Hook, HookFuture, HookId, InitHook, MessageHook,
    OnFailure, OpenHook, Route, ShutdownHook,
};
pub use json::{Json, SharedJson};
pub(crate) use ledger::{Ledger, Sum};
pub use origin::Origin;
pub use registry::{Registration, Registry};
pub(crate) use reply::Messages;
pub use reply::{IntoOutcome, IntoReply, Reply, Stop};
pub use slot::{AnySlot, Slot, SlotId, SlotKind, SlotRef, SlotValue};
