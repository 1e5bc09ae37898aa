//! The one door to tungstenite: bytes to messages, and messages to bytes.
//!
//! The two directions share nothing. tungstenite reads from a stream whose write side swallows its automatic pongs
//! and close replies: those go through the outbox like everything else. Frames to send get tungstenite's header in
//! the writer's own buffer, so that it is known which message's bytes left.

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
    #[error("a text message that is no UTF-8")]
    Utf8,
    #[error("protocol error: {0}")]
    Protocol(String),
}

impl ReadError {
    /// The close code that tells the peer; `None` where there is nobody to tell.
    pub(crate) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Ended | Self::Io(_) => None,
            Self::TooBig { .. } => Some(code::TOO_BIG),
            Self::Utf8 => Some(code::INVALID_PAYLOAD),
            Self::Protocol(_) => Some(code::PROTOCOL_ERROR),
        }
    }
}

/// Reads messages.
pub(crate) struct Reader {
    stream: WebSocketStream<ReadOnly>,
}

impl Reader {
    pub(crate) async fn new(read: TransportRead, read_ahead: Vec<u8>, role: Role, limits: &Limits) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(limits.max_message_size))
            .max_frame_size(Some(limits.max_frame_size));
        let role = match role {
            Role::Client => TungsteniteRole::Client,
            Role::Server => TungsteniteRole::Server,
        };
        let read = ReadOnly { read, heard: Instant::now() };
        let stream = WebSocketStream::from_partially_read(read, read_ahead, role, Some(config)).await;
        Self { stream }
    }

    /// The next message. Cancel-safe: what was read of it stays in the reader.
    pub(crate) async fn next(&mut self) -> Result<Message, ReadError> {
        match self.stream.next().await {
            Some(Ok(message)) => Ok(received(message)),
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

fn read_error(error: TungsteniteError) -> ReadError {
    match error {
        TungsteniteError::ConnectionClosed
        | TungsteniteError::AlreadyClosed
        | TungsteniteError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => ReadError::Ended,
        TungsteniteError::Io(error) => ReadError::Io(error),
        TungsteniteError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            ReadError::TooBig { size, limit: max_size }
        }
        TungsteniteError::Utf8(_) => ReadError::Utf8,
        other => ReadError::Protocol(other.to_string()),
    }
}

/// Appends a message's frame to `buffer`.
pub(crate) fn encode(message: &Message, role: Role, buffer: &mut Vec<u8>) {
    let opcode = match message.kind() {
        Kind::Text => OpCode::Data(Data::Text),
        Kind::Binary => OpCode::Data(Data::Binary),
        Kind::Ping => OpCode::Control(Control::Ping),
        Kind::Pong => OpCode::Control(Control::Pong),
        Kind::Close => OpCode::Control(Control::Close),
    };
    let mask = (role == Role::Client).then(rand::random);
    let header = FrameHeader { is_final: true, opcode, mask, ..FrameHeader::default() };
    header.format(message.len() as u64, buffer).expect("writing to a vector cannot fail");
    let start = buffer.len();
    buffer.extend_from_slice(message.as_bytes());
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
    heard: Instant,
}

impl AsyncRead for ReadOnly {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.read).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.heard = Instant::now();
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
