//! The one door to tungstenite: its frame layer, headers to bytes and back.
//!
//! Its layer above, `WebSocket`, is not used: it has no extensions, cannot say which message's bytes left, and finds bad text
//! only at the end of a frame (see ARCHITECTURE.md).

use super::decoder::ReadError;
use super::mask::apply_mask;
use crate::message::{Kind, Message};

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
///
/// tungstenite's `FrameHeader::parse` does the same through a cursor, which costs a small message as much as all the rest
/// of its decoding.
#[inline]
pub(super) fn parse_header(bytes: &[u8]) -> Result<Option<(FrameHeader, usize, u64)>, ReadError> {
    let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
    let (length, size) = match second & 0x7f {
        126 => match rest.first_chunk() {
            Some(length) => (u16::from_be_bytes(*length).into(), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (u64::from_be_bytes(*length), 10),
            None => return Ok(None),
        },
        length => (length.into(), 2),
    };
    let (mask, size) = match second & 0x80 {
        0 => (None, size),
        _ => match bytes[size..].first_chunk() {
            Some(mask) => (Some(*mask), size + 4),
            None => return Ok(None),
        },
    };
    let opcode = match OpCode::from(first & 0x0f) {
        OpCode::Control(Control::Reserved(_)) | OpCode::Data(Data::Reserved(_)) => {
            return Err(ReadError::Protocol("an opcode that means nothing"));
        }
        opcode => opcode,
    };
    let [is_final, rsv1, rsv2, rsv3] = [0x80, 0x40, 0x20, 0x10].map(|bit| first & bit != 0);
    Ok(Some((FrameHeader { is_final, rsv1, rsv2, rsv3, opcode, mask }, size, length)))
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
