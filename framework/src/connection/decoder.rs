//! Bytes to messages: frames, fragments, masks, compression, and every rule of RFC 6455 §5 about them.
//!
//! Pure: it is handed bytes and knows no socket, so that it can be tried with any bytes, split in any way.

use super::Limits;
use super::deflate::{Agreed, InflateError, Inflater, deflated_limit};
use super::mask::apply_mask;
use super::utf8::{NotUtf8, Utf8};
use super::wire::{Control, Data, FrameHeader, OpCode, Role, parse_header};
use crate::message::{COPIED_PAYLOAD, Kind, MAX_CONTROL_PAYLOAD, Message, code, copied};
use bytes::{Buf, Bytes, BytesMut};
use std::io;

/// Why nothing more can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the peer closed the transport without a close frame")]
    Ended,
    #[error("{0}")]
    Io(io::Error),
    #[error("a message of {size} bytes is over the limit of {limit} bytes (`max_message_size`, `max_frame_size`)")]
    TooBig { size: usize, limit: usize },
    #[error("a message of {size} compressed bytes is over the limit of {limit} bytes (`max_message_size`)")]
    InflatesTooBig { size: usize, limit: usize },
    #[error("a message of more than {limit} fragments, the limit (`max_fragments`)")]
    TooManyFragments { limit: usize },
    #[error("a text message that is no UTF-8")]
    Utf8,
    #[error("a compressed message that cannot be inflated")]
    Corrupt,
    #[error("protocol error: {0}")]
    Protocol(&'static str),
}

impl ReadError {
    /// The close code that tells the peer; `None` where there is nobody to tell.
    pub(crate) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Ended | Self::Io(_) => None,
            Self::TooBig { .. } | Self::InflatesTooBig { .. } | Self::TooManyFragments { .. } => Some(code::TOO_BIG),
            Self::Utf8 | Self::Corrupt => Some(code::INVALID_PAYLOAD),
            Self::Protocol(_) => Some(code::PROTOCOL_ERROR),
        }
    }
}

impl From<NotUtf8> for ReadError {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::Utf8
    }
}

/// A frame whose header was read.
struct Frame {
    header: FrameHeader,
    length: usize,
    /// How much of the payload was unmasked and checked before the whole of it was there.
    looked_at: usize,
}

/// A message whose last fragment has not come.
struct Partial {
    kind: Kind,
    compressed: bool,
    fragments: usize,
    payload: Vec<u8>,
}

/// Decodes what one peer sends.
pub(crate) struct Decoder {
    /// Ours: a server takes masked frames, a client unmasked ones (RFC 6455 §5.1).
    role: Role,
    max_message_size: usize,
    max_frame_size: usize,
    max_fragments: usize,
    /// Where compression was agreed.
    inflater: Option<Box<Inflater>>,
    frame: Option<Frame>,
    partial: Option<Partial>,
    /// Of a text that does not come in one piece.
    utf8: Utf8,
}

impl Decoder {
    pub(crate) fn new(role: Role, limits: &Limits, compression: Option<&Agreed>) -> Self {
        Self {
            role,
            max_message_size: limits.max_message_size,
            max_frame_size: limits.max_frame_size,
            max_fragments: limits.max_fragments,
            inflater: compression.map(|agreed| Box::new(agreed.inflater(role, limits.max_message_size))),
            frame: None,
            partial: None,
            utf8: Utf8::default(),
        }
    }

    /// Takes the next message out of `buffer`; `None` where its end has not come. After an error nothing that follows
    /// means anything.
    #[inline(always)]
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, ReadError> {
        match self.small(buffer) {
            Some((Kind::Text, payload)) => Message::text_from_utf8(payload).map(Some).map_err(|_| ReadError::Utf8),
            Some((_, payload)) => Ok(Some(Message::binary(payload))),
            // An empty message's frame is done with its header, so that nothing is whole without a byte.
            None if buffer.is_empty() => Ok(None),
            None => self.any(buffer),
        }
    }

    /// The payload of the commonest frame, decoded by itself: a whole message of less than 64 KiB, uncompressed, that stands
    /// in the buffer to its end. The general way costs a small message as much as all the rest that is done with it.
    #[inline(always)]
    fn small(&mut self, buffer: &mut BytesMut) -> Option<(Kind, Bytes)> {
        if self.frame.is_some() || self.partial.is_some() {
            return None;
        }
        let &[first, second, ref rest @ ..] = &buffer[..] else { return None };
        let kind = match first {
            0x81 => Kind::Text,
            0x82 => Kind::Binary,
            _ => return None,
        };
        let (length, size) = match second & 0x7f {
            126 => (u16::from_be_bytes(*rest.first_chunk()?).into(), 4),
            127 => return None,
            length => (length.into(), 2),
        };
        let masked = second & 0x80 != 0;
        let start = if masked { size + 4 } else { size };
        let allowed = length <= self.max_frame_size.min(self.max_message_size);
        if masked != (self.role == Role::Server) || !allowed || buffer.len() < start + length {
            return None;
        }
        if masked {
            let mask = *buffer[size..].first_chunk()?;
            apply_mask(&mut buffer[start..start + length], mask, 0);
        }
        Some((kind, take(buffer, start, length)))
    }

    /// As `decode`, whatever the frames are.
    #[inline(never)]
    fn any(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, ReadError> {
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => {
                    let Some((header, size, length)) = parse_header(buffer)? else { return Ok(None) };
                    let length = self.check(&header, length)?;
                    buffer.advance(size);
                    Frame { header, length, looked_at: 0 }
                }
            };
            if buffer.len() < frame.length {
                self.frame = Some(frame);
                self.look_at(buffer)?;
                return Ok(None);
            }
            if let Some(mask) = frame.header.mask {
                apply_mask(&mut buffer[frame.looked_at..frame.length], mask, frame.looked_at);
            }
            let payload = take(buffer, 0, frame.length);
            if let Some(message) = self.complete(&frame, payload)? {
                return Ok(Some(message));
            }
        }
    }

    /// How many bytes the frame that has begun still lacks beside those in the buffer.
    pub(crate) fn lacks(&self, buffer: &BytesMut) -> usize {
        self.frame.as_ref().map_or(0, |frame| frame.length.saturating_sub(buffer.len()))
    }

    /// Checks all that a header can break. The payload's length.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<usize, ReadError> {
        let starts = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary));
        if header.rsv2 || header.rsv3 || (header.rsv1 && !(starts && self.inflater.is_some())) {
            return Err(ReadError::Protocol("reserved bits are set that nobody agreed on"));
        }
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(ReadError::Protocol("a client must mask its frames")),
            (Role::Client, Some(_)) => return Err(ReadError::Protocol("a server must not mask its frames")),
            _ => {}
        }
        let before = match (header.opcode, &self.partial) {
            (OpCode::Control(_), _) if !header.is_final => {
                return Err(ReadError::Protocol("a control frame must not be fragmented"));
            }
            (OpCode::Control(_), _) if length > MAX_CONTROL_PAYLOAD as u64 => {
                return Err(ReadError::Protocol("a control frame has at most 125 bytes"));
            }
            (OpCode::Control(_), _) => return Ok(length as usize),
            (OpCode::Data(Data::Continue), None) => {
                return Err(ReadError::Protocol("a continuation of nothing"));
            }
            (OpCode::Data(Data::Continue), Some(partial)) if partial.fragments >= self.max_fragments => {
                return Err(ReadError::TooManyFragments { limit: self.max_fragments });
            }
            (OpCode::Data(Data::Continue), Some(partial)) => partial.payload.len(),
            (_, Some(_)) => {
                return Err(ReadError::Protocol("a new message before the end of the last one"));
            }
            (_, None) => 0,
        };
        let compressed = header.rsv1 || self.partial.as_ref().is_some_and(|partial| partial.compressed);
        let allowed = |limit| if compressed { deflated_limit(limit) } else { limit };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let size = before.saturating_add(length);
        for (size, limit) in [(length, allowed(self.max_frame_size)), (size, allowed(self.max_message_size))] {
            if size > limit {
                return Err(ReadError::TooBig { size, limit });
            }
        }
        Ok(length)
    }

    /// Looks at text that has come before the end of its frame: a byte that cannot be UTF-8 ends the connection now, and
    /// not when the peer has sent the rest.
    fn look_at(&mut self, buffer: &mut [u8]) -> Result<(), ReadError> {
        let Some(frame) = &mut self.frame else { return Ok(()) };
        let text = match frame.header.opcode {
            OpCode::Data(Data::Text) => !frame.header.rsv1,
            OpCode::Data(Data::Continue) => self.partial.as_ref().is_some_and(Partial::is_text),
            _ => false,
        };
        if text && frame.looked_at < buffer.len() {
            let new = &mut buffer[frame.looked_at..];
            if let Some(mask) = frame.header.mask {
                apply_mask(new, mask, frame.looked_at);
            }
            self.utf8.check(new)?;
            frame.looked_at = buffer.len();
        }
        Ok(())
    }

    /// Takes a whole frame. The message that it completes, if it does.
    fn complete(&mut self, frame: &Frame, payload: Bytes) -> Result<Option<Message>, ReadError> {
        let Frame { header, looked_at, .. } = frame;
        let kind = match header.opcode {
            OpCode::Control(opcode) => return control(opcode, &payload).map(Some),
            OpCode::Data(Data::Text) => Kind::Text,
            OpCode::Data(Data::Binary) => Kind::Binary,
            OpCode::Data(_) => return self.continued(header.is_final, *looked_at, &payload),
        };
        if header.is_final && *looked_at == 0 {
            return self.message(kind, header.rsv1, payload).map(Some);
        }
        let partial = Partial { kind, compressed: header.rsv1, fragments: 1, payload: Vec::new() };
        if partial.is_text() {
            self.utf8.check(&payload[*looked_at..])?;
        }
        if header.is_final {
            return self.checked(partial.is_text(), kind, partial.compressed, payload).map(Some);
        }
        self.partial = Some(Partial { payload: payload.to_vec(), ..partial });
        Ok(None)
    }

    fn continued(&mut self, last: bool, looked_at: usize, payload: &[u8]) -> Result<Option<Message>, ReadError> {
        let partial = self.partial.as_mut().expect("a continuation of nothing was refused by its header");
        partial.fragments += 1;
        partial.payload.extend_from_slice(payload);
        if partial.is_text() {
            self.utf8.check(&payload[looked_at..])?;
        }
        if !last {
            return Ok(None);
        }
        let whole = self.partial.take().expect("there was one");
        self.checked(whole.is_text(), whole.kind, whole.compressed, whole.payload.into()).map(Some)
    }

    /// A message that came in pieces, of which each was checked where it is text.
    fn checked(&mut self, text: bool, kind: Kind, compressed: bool, payload: Bytes) -> Result<Message, ReadError> {
        if !text {
            return self.message(kind, compressed, payload);
        }
        std::mem::take(&mut self.utf8).finish()?;
        Ok(Message::checked_text(payload))
    }

    /// A message as the peer meant it, of a payload of which nothing was checked.
    fn message(&mut self, kind: Kind, compressed: bool, payload: Bytes) -> Result<Message, ReadError> {
        let payload = match &mut self.inflater {
            Some(inflater) if compressed => {
                let (size, limit) = (payload.len(), inflater.limit());
                let inflated = inflater.inflate(&payload).map_err(|error| match error {
                    InflateError::TooBig => ReadError::InflatesTooBig { size, limit },
                    InflateError::Corrupt => ReadError::Corrupt,
                })?;
                inflated.into()
            }
            _ => payload,
        };
        match kind {
            Kind::Text => Message::text_from_utf8(payload).map_err(|_| ReadError::Utf8),
            _ => Ok(Message::binary(payload)),
        }
    }
}

impl Partial {
    /// Whether its payload is checked as it comes: compressed text is no UTF-8 before it is inflated.
    fn is_text(&self) -> bool {
        self.kind == Kind::Text && !self.compressed
    }
}

/// Takes so many bytes out of the buffer, and throws away what is before `start`. Few are copied: that costs less than to
/// count the owners of the buffer, and what is kept of them does not keep the buffer.
#[inline]
fn take(buffer: &mut BytesMut, start: usize, length: usize) -> Bytes {
    if length > COPIED_PAYLOAD {
        buffer.advance(start);
        return buffer.split_to(length).freeze();
    }
    let payload = copied(&buffer[start..start + length]);
    buffer.advance(start + length);
    payload
}

/// A control frame, in memory of its own: it may wait while the buffer goes.
fn control(opcode: Control, payload: &[u8]) -> Result<Message, ReadError> {
    let bytes = Bytes::copy_from_slice(payload);
    match opcode {
        Control::Ping => Ok(Message::ping(bytes)),
        Control::Pong => Ok(Message::pong(bytes)),
        _ => close(payload),
    }
}

fn close(payload: &[u8]) -> Result<Message, ReadError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        let empty = payload.is_empty().then(Message::close_without_code);
        return empty.ok_or(ReadError::Protocol("a close frame with half a code"));
    };
    let code = u16::from_be_bytes(*code);
    if !code::is_sendable(code) {
        return Err(ReadError::Protocol("a close code that must not be sent"));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| ReadError::Utf8)?;
    Ok(Message::close(code, reason))
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
