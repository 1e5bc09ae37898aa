//! Reads messages from a transport: the buffer between the socket and the decoder.

use super::decoder::{Decoder, ReadError};
use super::deflate::Agreed;
use super::wire::Role;
use super::{Limits, TransportRead};
use crate::message::Message;
use bytes::BytesMut;
use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

/// What an idle connection reads into. Measured: 4 KiB costs small round trips nothing, 128 KiB a sixth of them.
const LEAST: usize = 4 * 1024;

/// What is reserved for a frame of which little has come.
const SOME: usize = 16 * 1024;

/// What a busy connection reads into: small messages come in bulk, and one that waits pins no more than this.
const MOST: usize = 64 * 1024;

thread_local! {
    /// The buffer of whichever connection of this thread reads next after a silence.
    static SPARE: Cell<BytesMut> = Cell::default();
}

/// Reads from one peer.
pub(crate) struct Reader {
    read: TransportRead,
    buffer: BytesMut,
    /// How much is read at once: more while reads fill the buffer, less when they leave most of it empty.
    size: usize,
    /// The buffer's memory was made for a large frame: nobody else is to have it, even where little of it is left.
    oversized: bool,
    decoder: Decoder,
    heard: Instant,
}

impl Reader {
    pub(crate) fn new(
        read: TransportRead,
        read_ahead: Vec<u8>,
        role: Role,
        limits: &Limits,
        compression: Option<&Agreed>,
    ) -> Self {
        Self {
            read,
            buffer: BytesMut::from(&*read_ahead),
            size: LEAST,
            oversized: false,
            decoder: Decoder::new(role, limits, compression),
            heard: Instant::now(),
        }
    }

    /// The next message: what was read of it stays in the reader.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Message, ReadError>> {
        loop {
            if let Some(message) = self.decoder.decode(&mut self.buffer)? {
                return Poll::Ready(Ok(message));
            }
            ready!(self.poll_fill(context))?;
        }
    }

    /// The next message, where the whole of it was read already.
    #[inline(always)]
    pub(crate) fn buffered(&mut self) -> Option<Result<Message, ReadError>> {
        self.decoder.decode(&mut self.buffer).transpose()
    }

    /// When bytes came last, of whatever frame.
    pub(crate) fn heard(&self) -> Instant {
        self.heard
    }

    /// Gives back what a busy time needed.
    pub(crate) fn rest(&mut self) {
        self.size = LEAST;
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Reads and throws away until the peer closes the transport.
    pub(crate) async fn discard(&mut self) {
        let mut bytes = [0; 1024];
        while let Ok(1..) = self.read.read(&mut bytes).await {}
    }

    /// Reads once.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ReadError>> {
        // Of a large frame as much as has come already, and no more than is to come: a peer that lies about the length makes
        // us reserve little more than it sends.
        let large = self.decoder.lacks(&self.buffer).min(self.buffer.len().max(SOME));
        let (count, free) = ready!(self.poll_read(large, context)).map_err(ReadError::Io)?;
        if count == 0 {
            return Poll::Ready(Err(ReadError::Ended));
        }
        self.heard = Instant::now();
        if count == free {
            self.size = (self.size * 2).min(MOST);
        } else if self.buffer.len() < self.size / 4 {
            self.size = (self.size / 2).max(LEAST);
        }
        Poll::Ready(Ok(()))
    }

    /// How many bytes were read, and for how many there was room: `large` of them, where the frame needs so many.
    fn poll_read(&mut self, large: usize, context: &mut Context<'_>) -> Poll<io::Result<(usize, usize)>> {
        if self.buffer.is_empty() && self.free() < self.size {
            // What the last message left of the room is too little for one of its size. Where that message still waits it keeps
            // its part of the memory, and the rest is used up first.
            let _ = self.buffer.try_reclaim(self.size);
        }
        if self.free() < large.max(LEAST) {
            if self.buffer.capacity() == 0 {
                (self.buffer, self.oversized) = (SPARE.take(), false);
            }
            self.oversized |= large > MOST;
            self.buffer.reserve(large.max(self.size));
        }
        let free = self.free();
        let read = pin!(self.read.read_buf(&mut self.buffer)).poll(context);
        if read.is_pending() && self.buffer.is_empty() && self.size == LEAST {
            // While it waits it has no use for a buffer: ten thousand idle connections share one of each thread.
            let spare = std::mem::take(&mut self.buffer);
            if !self.oversized {
                SPARE.set(spare);
            }
        }
        read.map_ok(|count| (count, free))
    }

    /// How many bytes can be read without another reservation.
    fn free(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }
}
