//! The one door to tungstenite: its frame layer, headers to bytes and back.
//!
//! Its layer above, `WebSocket`, is not used: it has no extensions, cannot say which message's bytes left, and finds bad text
//! only at the end of a frame (see ARCHITECTURE.md).

use super::decoder::ReadError;
use super::mask::apply_mask;
use crate::message::{Kind, Message};
use std::io::Cursor;

pub(super) use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
pub(super) use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Which side of a connection we are: clients mask what they send (RFC 6455 §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// The header that `bytes` begin with, its own length and the payload's (RFC 6455 §5.2); `None` where the end of it has
/// not come.
pub(super) fn parse_header(bytes: &[u8]) -> Result<Option<(FrameHeader, usize, u64)>, ReadError> {
    let mut cursor = Cursor::new(bytes);
    let parsed = FrameHeader::parse(&mut cursor);
    let parsed = parsed.map_err(|_| ReadError::Protocol("an opcode that means nothing"))?;
    Ok(parsed.map(|(header, length)| (header, cursor.position() as usize, length)))
}

/// Appends a message's frame to `buffer`.
pub(crate) fn encode(message: &Message, role: Role, buffer: &mut Vec<u8>) {
    encode_frame(message.kind(), message.as_bytes(), false, role, buffer);
}

/// Appends the frame of a message of this kind whose payload was deflated.
pub(crate) fn encode_deflated(kind: Kind, payload: &[u8], role: Role, buffer: &mut Vec<u8>) {
    encode_frame(kind, payload, true, role, buffer);
}

fn encode_frame(kind: Kind, payload: &[u8], deflated: bool, role: Role, buffer: &mut Vec<u8>) {
    let opcode = match kind {
        Kind::Text => OpCode::Data(Data::Text),
        Kind::Binary => OpCode::Data(Data::Binary),
        Kind::Ping => OpCode::Control(Control::Ping),
        Kind::Pong => OpCode::Control(Control::Pong),
        Kind::Close => OpCode::Control(Control::Close),
    };
    let mask = (role == Role::Client).then(rand::random);
    let header = FrameHeader { is_final: true, rsv1: deflated, opcode, mask, ..FrameHeader::default() };
    header.format(payload.len() as u64, buffer).expect("writing to a vector cannot fail");
    let start = buffer.len();
    buffer.extend_from_slice(payload);
    if let Some(mask) = mask {
        apply_mask(&mut buffer[start..], mask, 0);
    }
}
