//! What was read of an answer, so that the error about one that is no HTTP can say what it is, and one about its size.

use std::fmt::Display;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are kept: enough for the greeting of a server of something else.
const KEPT: usize = 24;

/// What has been read so far: the first bytes, and how many in all.
#[derive(Default, Clone)]
pub(super) struct Beginning(Arc<Mutex<Read>>);

#[derive(Default)]
struct Read {
    first: Vec<u8>,
    all: usize,
}

impl Beginning {
    /// A sentence about bytes that a parser of HTTP refused.
    pub(super) fn says_of_no_http(&self, error: &dyn Display) -> String {
        let first = &self.read().first;
        if first.starts_with(b"HTTP/1.") {
            format!("it is no valid HTTP: {error}")
        } else {
            format!("it is no HTTP, it begins with \"{}\"", first.escape_ascii())
        }
    }

    /// Whether it is an alert or a handshake record of TLS, of any version.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.read().first.as_slice(), [0x15 | 0x16, 3, ..])
    }

    /// How many bytes were read.
    pub(super) fn len(&self) -> usize {
        self.read().all
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.0.lock().expect("nothing panics while it holds a few bytes")
    }
}

/// A stream whose first bytes are noted.
pub(super) struct Watched<S> {
    stream: S,
    beginning: Beginning,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, beginning: &Beginning) -> Self {
        Self { stream, beginning: beginning.clone() }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, beginning } = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        let new = &buffer.filled()[before..];
        let mut read = beginning.read();
        let room = KEPT - read.first.len();
        read.first.extend(new.iter().take(room));
        read.all += new.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
