//! The byte stream below a connection, in two halves that never wait for each other.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The half that is read.
pub(crate) type TransportRead = Box<dyn AsyncRead + Send + Unpin>;

/// The half that is written.
pub(crate) type TransportWrite = Box<dyn AsyncWrite + Send + Unpin>;

/// A byte stream on which the handshake is done. Boxed: a virtual call for each read of the socket costs nothing
/// beside the read, and spares every layer above a type parameter.
pub(crate) struct Transport {
    pub(crate) read: TransportRead,
    pub(crate) write: TransportWrite,
    /// Whether what was written may wait in a buffer of our own, so that it has left only once it is flushed.
    pub(crate) buffers: bool,
    /// What was read past the end of the handshake.
    pub(crate) read_ahead: Vec<u8>,
}

impl Transport {
    /// Two halves without a lock between them.
    pub(crate) fn tcp(stream: TcpStream, read_ahead: Vec<u8>) -> Self {
        let (read, write) = stream.into_split();
        Self { read: Box::new(read), write: Box::new(write), buffers: false, read_ahead }
    }

    /// Two halves of a Unix socket, without a lock between them.
    #[cfg(unix)]
    pub(crate) fn unix(stream: tokio::net::UnixStream, read_ahead: Vec<u8>) -> Self {
        let (read, write) = stream.into_split();
        Self { read: Box::new(read), write: Box::new(write), buffers: false, read_ahead }
    }

    /// Two halves of a stream that has one state for both directions, as TLS; the lock is held for a poll only.
    pub(crate) fn split(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, read_ahead: Vec<u8>) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self { read: Box::new(read), write: Box::new(write), buffers: true, read_ahead }
    }
}
