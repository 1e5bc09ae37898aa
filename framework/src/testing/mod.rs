//! For tests: a peer that the test plays, so that a client meets a real socket and a server that does what it is told;
//! and a world of the test's own, in which there is no socket and no chance.

mod peer;

pub use crate::client::{Dialling, Stream, World};
pub use peer::{Peer, PeerConnection};

/// The `Sec-WebSocket-Accept` that answers a key (RFC 6455 §1.3): for tests that write a handshake themselves.
pub fn accept_key(key: &str) -> String {
    crate::connection::accept_key(key.as_bytes())
}
