//! The one door to tungstenite: bytes to messages, and messages to bytes.
//!
//! The two directions share nothing. tungstenite reads from a stream whose write side swallows its automatic pongs
//! and close replies: those go through the outbox like everything else. Frames to send get tungstenite's header in
//! the writer's own buffer, so that it is known which message's bytes left.

use super::deflate::{Agreed, Arrived, Frames, InflateError, Inflater, TooManyFragments, deflated_limit};
use super::{Limits, TransportRead};
use crate::message::{Kind, Message, code};
use futures_util::StreamExt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as TungsteniteMessage;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as TungsteniteError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role as TungsteniteRole, WebSocketConfig};

/// How much is read from the socket at once. Measured: 128 KiB, the library's default, costs small messages a sixth
/// of their round trips and each idle connection 128 KiB of memory; 4 KiB costs neither.
const READ_BUFFER: usize = 4 * 1024;

/// Which side of a connection we are: clients mask what they send (RFC 6455 §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

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
    #[error("{0}, the limit (`max_fragments`)")]
    TooManyFragments(TooManyFragments),
    #[error("a text message that is no UTF-8")]
    Utf8,
    #[error("a compressed message that cannot be inflated")]
    Corrupt,
    #[error("protocol error: {0}")]
    Protocol(String),
}

impl ReadError {
    /// The close code that tells the peer; `None` where there is nobody to tell.
    pub(crate) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Ended | Self::Io(_) => None,
            Self::TooBig { .. } | Self::InflatesTooBig { .. } | Self::TooManyFragments(_) => Some(code::TOO_BIG),
            Self::Utf8 | Self::Corrupt => Some(code::INVALID_PAYLOAD),
            Self::Protocol(_) => Some(code::PROTOCOL_ERROR),
        }
    }
}

/// Reads messages.
pub(crate) struct Reader {
    stream: WebSocketStream<ReadOnly>,
    /// Where compression was agreed.
    inflater: Option<Inflater>,
}

impl Reader {
    pub(crate) async fn new(
        read: TransportRead,
        mut read_ahead: Vec<u8>,
        role: Role,
        limits: &Limits,
        compression: Option<&Agreed>,
    ) -> Self {
        let &Limits { max_message_size, max_frame_size, max_fragments, .. } = limits;
        let on_the_wire = |limit| if compression.is_some() { deflated_limit(limit) } else { limit };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(on_the_wire(max_message_size)))
            .max_frame_size(Some(on_the_wire(max_frame_size)));
        let inflater = compression.map(|agreed| agreed.inflater(role, max_message_size));
        let role = match role {
            Role::Client => TungsteniteRole::Client,
            Role::Server => TungsteniteRole::Server,
        };
        let mut frames = Frames::new(compression.is_some(), max_fragments);
        let passed = frames.pass(&mut read_ahead);
        read_ahead.truncate(passed);
        let read = ReadOnly { read, frames: Some(frames), heard: Instant::now() };
        let stream = WebSocketStream::from_partially_read(read, read_ahead, role, Some(config)).await;
        Self { stream, inflater }
    }

    /// The next message. Cancel-safe: what was read of it stays in the reader.
    pub(crate) async fn next(&mut self) -> Result<Message, ReadError> {
        match self.stream.next().await {
            Some(Ok(message)) => match &mut self.inflater {
                Some(inflater) if matches!(message, TungsteniteMessage::Text(_) | TungsteniteMessage::Binary(_)) => {
                    let arrived = self.stream.get_mut().arrived();
                    inflated(received(message), arrived, inflater)
                }
                _ => Ok(received(message)),
            },
            Some(Err(error)) => Err(read_error(error)),
            None => Err(ReadError::Ended),
        }
    }

    /// When bytes came last, of whatever frame.
    pub(crate) fn heard(&self) -> Instant {
        self.stream.get_ref().heard
    }

    /// Reads and throws away until the peer closes the transport.
    pub(crate) async fn discard(&mut self) {
        let mut bytes = [0; 1024];
        self.stream.get_mut().frames = None;
        while let Ok(1..) = self.stream.get_mut().read(&mut bytes).await {}
    }
}

fn received(message: TungsteniteMessage) -> Message {
    match message {
        TungsteniteMessage::Text(text) => Message::checked_text(text.into()),
        TungsteniteMessage::Binary(bytes) => Message::binary(bytes),
        TungsteniteMessage::Ping(bytes) => Message::ping(bytes),
        TungsteniteMessage::Pong(bytes) => Message::pong(bytes),
        TungsteniteMessage::Close(None) => Message::close_without_code(),
        TungsteniteMessage::Close(Some(frame)) => Message::close(frame.code.into(), frame.reason.as_str()),
        TungsteniteMessage::Frame(_) => unreachable!("tungstenite yields raw frames to nobody"),
    }
}

/// A text or binary message as the peer meant it.
fn inflated(message: Message, arrived: Arrived, inflater: &mut Inflater) -> Result<Message, ReadError> {
    let (size, limit) = (message.len(), inflater.limit());
    match arrived {
        Arrived::Plain if size > limit => Err(ReadError::TooBig { size, limit }),
        Arrived::Plain => Ok(message),
        Arrived::CompressedText | Arrived::CompressedBinary => {
            let payload = inflater.inflate(message.as_bytes()).map_err(|error| match error {
                InflateError::TooBig => ReadError::InflatesTooBig { size, limit },
                InflateError::Corrupt => ReadError::Corrupt,
            })?;
            match arrived {
                Arrived::CompressedText => Message::text_from_utf8(payload).map_err(|_| ReadError::Utf8),
                _ => Ok(Message::binary(payload)),
            }
        }
    }
}

fn read_error(error: TungsteniteError) -> ReadError {
    match error {
        TungsteniteError::ConnectionClosed
        | TungsteniteError::AlreadyClosed
        | TungsteniteError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => ReadError::Ended,
        TungsteniteError::Io(error) => match error.downcast() {
            Ok(too_many) => ReadError::TooManyFragments(too_many),
            Err(error) => ReadError::Io(error),
        },
        TungsteniteError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            ReadError::TooBig { size, limit: max_size }
        }
        TungsteniteError::Utf8(_) => ReadError::Utf8,
        other => ReadError::Protocol(other.to_string()),
    }
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
        // tungstenite's own way of masking copies the payload once more.
        for (byte, key) in buffer[start..].iter_mut().zip(mask.iter().cycle()) {
            *byte ^= key;
        }
    }
}

/// A stream whose writes go nowhere.
struct ReadOnly {
    read: TransportRead,
    frames: Option<Frames>,
    heard: Instant,
}

impl ReadOnly {
    fn arrived(&mut self) -> Arrived {
        self.frames.as_mut().map_or(Arrived::Plain, Frames::next_message)
    }
}

impl AsyncRead for ReadOnly {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // What came before the fragment too many was passed on, and read.
        if let Some(error) = self.frames.as_ref().and_then(Frames::error) {
            return Poll::Ready(Err(io::Error::other(error)));
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.read).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.heard = Instant::now();
            if let Some(frames) = &mut self.frames {
                let passed = frames.pass(&mut buffer.filled_mut()[before..]);
                buffer.set_filled(before + passed);
                // No byte and no error would be the end of the stream.
                if let (0, Some(error)) = (passed, frames.error()) {
                    return Poll::Ready(Err(io::Error::other(error)));
                }
            }
        }
        outcome
    }
}

impl AsyncWrite for ReadOnly {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
