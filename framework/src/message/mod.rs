//! What travels: messages and the end of a connection. Imports no other room.

mod close;
mod value;

pub use close::{Close, Initiator, code};
pub(crate) use value::{COPIED_PAYLOAD, copied};
pub use value::{Kind, MAX_CLOSE_REASON, MAX_CONTROL_PAYLOAD, Message};
