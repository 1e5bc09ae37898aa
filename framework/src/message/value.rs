//! One WebSocket message: its kind and its payload.

use bytes::Bytes;
use std::fmt;

/// The largest payload of a ping or a pong, in bytes (RFC 6455 §5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The longest reason of a close frame, in bytes of UTF-8: a control payload less the code (RFC 6455 §5.5.1).
pub const MAX_CLOSE_REASON: usize = MAX_CONTROL_PAYLOAD - 2;

/// Payloads up to this size, in bytes, are copied out of the buffer that they were read into, and for one more handler, rather
/// than shared. Measured: to count the owners of shared memory costs as much as to copy some 700 bytes of it; and what a
/// handler keeps does not hold the large buffer that it came in.
pub(crate) const COPIED_PAYLOAD: usize = 512;

/// What a [`Message`] is (RFC 6455 §11.8).
// As wide as what stands beside it in a message: one that was just made is moved in whole words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// A ping; the connection answers it by itself.
    Ping,
    /// A pong.
    Pong,
    /// The start of a closing handshake.
    Close,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Close => "close",
        })
    }
}

/// A WebSocket message. Cloning it copies no payload.
///
/// Strings become text messages, bytes become binary ones.
///
/// ```
/// use bristle::Message;
///
/// let hello = Message::from("hello");
/// assert!(hello.is_text());
/// assert_eq!(hello.as_text(), Some("hello"));
///
/// let raw = Message::from(vec![1, 2, 3]);
/// assert!(raw.is_binary());
/// assert_eq!(raw.as_bytes(), [1, 2, 3]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Message {
    kind: Kind,
    /// For `Text` always valid UTF-8. For `Close` the payload as RFC 6455 §5.5.1 lays it out:
    /// nothing, or a code in network byte order with a UTF-8 reason behind it.
    payload: Bytes,
}

impl Message {
    /// A text message.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: Kind::Text, payload: Bytes::from(text.into()) }
    }

    /// A text message from bytes that are UTF-8 already.
    ///
    /// # Errors
    /// The bytes are no UTF-8.
    pub fn text_from_utf8(bytes: impl Into<Bytes>) -> Result<Self, std::str::Utf8Error> {
        let payload = bytes.into();
        if simdutf8::basic::from_utf8(&payload).is_err() {
            // It only says that there is a mistake; the standard library says where.
            std::str::from_utf8(&payload)?;
        }
        Ok(Self { kind: Kind::Text, payload })
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self { kind: Kind::Binary, payload: bytes.into() }
    }

    /// A ping. Sending one whose payload is larger than [`MAX_CONTROL_PAYLOAD`] is an error.
    pub fn ping(payload: impl Into<Bytes>) -> Self {
        Self { kind: Kind::Ping, payload: payload.into() }
    }

    /// A pong that nobody asked for (RFC 6455 §5.5.3). Pings are answered without it.
    pub fn pong(payload: impl Into<Bytes>) -> Self {
        Self { kind: Kind::Pong, payload: payload.into() }
    }

    /// A close frame: sending it starts the closing handshake with this code and reason.
    ///
    /// Sending a code that may not stand in a frame (RFC 6455 §7.4), or a reason longer than
    /// [`MAX_CLOSE_REASON`], is an error.
    ///
    /// ```
    /// let bye = bristle::Message::close(1000, "bye");
    /// assert_eq!(bye.as_close(), Some((1000, "bye")));
    /// ```
    pub fn close(code: u16, reason: impl AsRef<str>) -> Self {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(reason.as_ref().as_bytes());
        Self { kind: Kind::Close, payload: payload.into() }
    }

    /// What this message is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether this is a text message.
    pub fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// Whether this is a binary message.
    pub fn is_binary(&self) -> bool {
        self.kind == Kind::Binary
    }

    /// Whether this is a ping.
    pub fn is_ping(&self) -> bool {
        self.kind == Kind::Ping
    }

    /// Whether this is a pong.
    pub fn is_pong(&self) -> bool {
        self.kind == Kind::Pong
    }

    /// Whether this is a close frame.
    pub fn is_close(&self) -> bool {
        self.kind == Kind::Close
    }

    /// The text of a text message, `None` for every other kind.
    pub fn as_text(&self) -> Option<&str> {
        self.is_text().then(|| text_of(&self.payload))
    }

    /// The payload, whatever the kind. Of a close frame: the code's two bytes, then the reason.
    pub fn as_bytes(&self) -> &[u8] {
        &self.payload
    }

    /// Code and reason of a close frame; `None` for every other kind and for a close frame without a code.
    pub fn as_close(&self) -> Option<(u16, &str)> {
        if !self.is_close() {
            return None;
        }
        let (code, reason) = self.payload.split_first_chunk::<2>()?;
        Some((u16::from_be_bytes(*code), std::str::from_utf8(reason).unwrap_or_default()))
    }

    /// The payload's length in bytes.
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }

    /// The payload, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.payload
    }

    /// The text of a text message as a `String`, or the message back.
    ///
    /// # Errors
    /// The message itself, where it is no text.
    pub fn into_text(self) -> Result<String, Self> {
        if !self.is_text() {
            return Err(self);
        }
        Ok(text_of(&self.payload).to_owned())
    }

    /// The same message in memory of its own.
    ///
    /// A received payload of more than 512 bytes may be a window into the buffer that it was read into, of up to 64 KiB, and
    /// keeps the whole buffer alive: detach what you keep for long.
    #[must_use]
    pub fn detach(self) -> Self {
        Self { kind: self.kind, payload: Bytes::copy_from_slice(&self.payload) }
    }

    /// The same message for one more owner: as `clone`, in the cheaper way for its size.
    pub(crate) fn for_another(&self) -> Self {
        let few = self.len() <= COPIED_PAYLOAD;
        let payload = if few { Bytes::copy_from_slice(&self.payload) } else { self.payload.clone() };
        Self { kind: self.kind, payload }
    }

    /// Takes the message out of its place, and leaves one of no use there.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self { kind: Kind::Binary, payload: Bytes::new() })
    }

    /// A close frame without a code.
    pub(crate) fn close_without_code() -> Self {
        Self { kind: Kind::Close, payload: Bytes::new() }
    }

    /// A text message whose bytes the protocol library has checked already.
    pub(crate) fn checked_text(payload: Bytes) -> Self {
        debug_assert!(std::str::from_utf8(&payload).is_ok());
        Self { kind: Kind::Text, payload }
    }
}

/// As `Bytes::copy_from_slice`, in code that the compiler makes one piece with what is around it.
#[inline(always)]
pub(crate) fn copied(bytes: &[u8]) -> Bytes {
    Bytes::from(Box::<[u8]>::from(bytes))
}

/// The text in bytes that a text message's constructor has checked.
fn text_of(payload: &[u8]) -> &str {
    simdutf8::basic::from_utf8(payload).expect("a text message holds UTF-8: each constructor checks it")
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Message {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::binary(bytes)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::binary(Bytes::copy_from_slice(bytes))
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::binary(bytes)
    }
}

/// Text as it is; of everything else kind and size, so that a log line stays readable.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_text(), self.as_close()) {
            (Some(text), _) => f.write_str(text),
            (_, Some((code, reason))) => write!(f, "[close {code} {reason:?}]"),
            _ => write!(f, "[{}, {} bytes]", self.kind, self.len()),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_text() {
            Some(text) => f.debug_tuple("Text").field(&text).finish(),
            None => write!(f, "{:?}({:?})", self.kind, self.payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_become_text_and_bytes_become_binary() {
        assert!(Message::from("a").is_text());
        assert!(Message::from(String::from("a")).is_text());
        assert!(Message::from(vec![1_u8]).is_binary());
        assert!(Message::from(Bytes::from_static(b"a")).is_binary());
    }

    #[test]
    fn binary_is_never_taken_for_text() {
        assert_eq!(Message::binary("looks like text").as_text(), None);
        assert_eq!(Message::binary("looks like text").into_text(), Err(Message::binary("looks like text")));
    }

    #[test]
    fn a_close_frame_keeps_its_code_and_reason() {
        assert_eq!(Message::close(4001, "späť").as_close(), Some((4001, "späť")));
        assert_eq!(Message::close_without_code().as_close(), None);
        assert_eq!(Message::text("x").as_close(), None);
    }

    #[test]
    fn bytes_that_are_no_utf8_make_no_text() {
        assert!(Message::text_from_utf8(vec![0xff]).is_err());
        assert_eq!(Message::text_from_utf8("ok").map(|m| m.is_text()), Ok(true));
    }

    #[test]
    fn a_log_line_shows_text_and_only_the_size_of_bytes() {
        assert_eq!(Message::text("hi").to_string(), "hi");
        assert_eq!(Message::binary(vec![0; 9]).to_string(), "[binary, 9 bytes]");
        assert_eq!(Message::close(1000, "bye").to_string(), "[close 1000 \"bye\"]");
    }
}
