//! One established WebSocket connection, whichever side opened it: queues, tasks, the wire.

mod accept;
pub(crate) mod awake;
#[cfg(feature = "testing")]
pub(crate) mod bench;
mod cell;
mod decoder;
pub(crate) mod deflate;
mod error;
mod events;
#[cfg(any(test, fuzzing))]
#[path = "fuzz_tests.rs"]
pub(crate) mod fuzz;
mod handle;
mod id;
mod inbox;
mod inflow;
mod keepalive;
mod limits;
mod link;
mod mask;
mod order;
mod outbox;
mod reader;
mod scope;
mod signal;
mod transport;
mod utf8;
mod wire;
mod writer;

pub(crate) use accept::{accept_key, has_token, new_key};
pub(crate) use cell::FutureCell;
pub use deflate::Compression;
pub use error::SendError;
pub(crate) use events::{Events, EventsFuture, Row};
pub use handle::{Connection, Handshake};
pub use id::{ConnectionId, OwnerId};
pub(crate) use inbox::{Inbox, Stages as InboxStages};
pub(crate) use inflow::Inflow;
pub use keepalive::Keepalive;
pub use limits::Limits;
pub(crate) use link::{Ended as LinkEnd, Link, LinkEvent};
pub use order::Key;
pub use outbox::WhileDown;
pub(crate) use outbox::{Outbox, Via};
pub(crate) use scope::{HandlerScope, HandlerWaits, Lane, handler_waits, in_handler_of};
pub(crate) use signal::Signal;
pub(crate) use transport::{Transport, TransportRead, TransportWrite};
pub(crate) use wire::Role;
