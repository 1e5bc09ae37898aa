//! What travels: messages and the end of a connection. Imports no other room.

mod close;
mod message;

pub use close::{Close, Initiator, code};
pub use message::{Kind, MAX_CLOSE_REASON, MAX_CONTROL_PAYLOAD, Message};
