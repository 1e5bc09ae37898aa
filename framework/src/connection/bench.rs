//! The doors through which benchmarks reach the two directions of a connection without a socket.

use super::decoder::Decoder;
use super::wire::{Role, encode};
use super::{Limits, deflate};
use crate::message::Message;
use bytes::BytesMut;

/// What a client does with the bytes that it reads.
pub struct Decoding(Decoder);

impl Decoding {
    /// With a client's limits, and without compression.
    #[expect(clippy::new_without_default, reason = "only benchmarks make one")]
    pub fn new() -> Self {
        Self(Decoder::new(Role::Client, &Limits::client(), None::<&deflate::Agreed>))
    }

    /// Takes the next message out of what was read.
    pub fn next(&mut self, read: &mut BytesMut) -> Option<Message> {
        self.0.decode(read).expect("benchmarks send what is right")
    }
}

/// Appends the frame of a message, as a client sends it where `masked`, else as an endpoint does.
pub fn frame(message: &Message, masked: bool, frames: &mut Vec<u8>) {
    encode(message, if masked { Role::Client } else { Role::Server }, frames);
}
