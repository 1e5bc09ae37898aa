//! The task that writes: takes batches from the outbox, encodes them, writes, flushes once, reports.

use super::deflate::Deflater;
use super::outbox::{Entry, Work};
use super::wire::{Role, encode, encode_deflated};
use super::{Outbox, TransportWrite};
use crate::message::{Kind, Message};
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// How much is encoded before it is written: enough to make a system call worth it, and little enough that what a
/// broken connection loses stays small.
const BATCH_BYTES: usize = 64 * 1024;

/// How many messages a batch has at most.
const BATCH_MESSAGES: usize = 1024;

/// A buffer that grew past this is given back when there is nothing to write.
const KEPT_BUFFER: usize = 512;

/// The longest header of a frame (RFC 6455 §5.2).
const MAX_HEADER: usize = 14;

/// What ended the writing.
pub(crate) enum Outcome {
    /// This close frame was written.
    CloseSent(Message),
    /// The transport broke.
    Failed(io::Error),
    /// It was told to stop.
    Stopped,
}

/// What the task gives back: the half, so that whoever joins it can shut it down.
pub(crate) struct WriterEnd {
    pub(crate) half: TransportWrite,
    pub(crate) outcome: Outcome,
}

pub(crate) struct Writer {
    pub(crate) half: TransportWrite,
    /// Whether the half keeps what was written until it is flushed, as TLS may.
    pub(crate) buffers: bool,
    pub(crate) outbox: Arc<Outbox>,
    /// Which of the outbox's connections it writes.
    pub(crate) connection: u64,
    pub(crate) role: Role,
    /// Where compression was agreed. It ends with the connection, as what the peer's window holds does.
    pub(crate) deflater: Option<Deflater>,
}

impl Writer {
    #[expect(clippy::manual_async_fn, reason = "its future would hold the writer twice: as given, and as used")]
    pub(crate) fn run(mut self) -> impl Future<Output = WriterEnd> {
        async move {
            let outcome = self.write_all().await;
            WriterEnd { half: self.half, outcome }
        }
    }

    async fn write_all(&mut self) -> Outcome {
        let mut work = Batch::default();
        loop {
            let next = poll_fn(|context| {
                let entries = &mut work.entries;
                let next = self.outbox.poll_take(self.connection, entries, BATCH_MESSAGES, BATCH_BYTES, context);
                if next.is_pending() {
                    work.rest();
                }
                next
            });
            match next.await {
                Work::Stop => return Outcome::Stopped,
                Work::Close(frame) => {
                    work.bytes.clear();
                    encode(&frame, self.role, &mut work.bytes);
                    return match self.write(&work.bytes).await {
                        Ok(()) => Outcome::CloseSent(frame),
                        Err((_, outcome)) => outcome,
                    };
                }
                Work::Batch => {
                    work.encode(self.role, &mut self.deflater);
                    if let Err((left, outcome)) = self.write(&work.bytes).await {
                        self.give_back(work, left);
                        return outcome;
                    }
                    self.outbox.written(&mut work.entries);
                }
            }
        }
    }

    /// Writes and flushes all of it, or says how many bytes had left.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), (usize, Outcome)> {
        let mut left = 0;
        while left < bytes.len() {
            let written = tokio::select! {
                biased;
                written = self.half.write(&bytes[left..]) => written,
                () = self.outbox.writer_stopped(self.connection) => return Err((left, Outcome::Stopped)),
            };
            match written {
                Ok(0) => return Err((left, Outcome::Failed(io::ErrorKind::WriteZero.into()))),
                Ok(count) => left += count,
                Err(error) => return Err((left, Outcome::Failed(error))),
            }
        }
        tokio::select! {
            biased;
            flushed = self.half.flush() => flushed.map_err(|error| (left, Outcome::Failed(error))),
            () = self.outbox.writer_stopped(self.connection) => Err((left, Outcome::Stopped)),
        }
    }

    /// What had left whole is written, what had begun must never be sent twice, the rest goes back. Where the half buffers,
    /// nobody knows what has left: all that was begun counts as lost.
    fn give_back(&self, batch: Batch, left: usize) {
        let Batch { mut entries, starts, bytes, .. } = batch;
        let begun = starts.partition_point(|&start| start < left);
        let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
        let whole = if self.buffers { 0 } else { ends.take_while(|&end| end <= left).count() };
        let kept = entries.split_off(begun);
        let cut = entries.split_off(whole);
        self.outbox.written(&mut entries);
        self.outbox.unwritten(cut.into_iter(), kept.into_iter());
    }
}

/// What is written at once.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    /// Their frames.
    bytes: Vec<u8>,
    /// Where each one's begins.
    starts: Vec<usize>,
    /// A payload, deflated.
    deflated: Vec<u8>,
}

impl Batch {
    /// Makes the frames, compressed where that is agreed and worth it.
    fn encode(&mut self, role: Role, deflater: &mut Option<Deflater>) {
        self.bytes.clear();
        self.starts.clear();
        self.bytes.reserve(self.entries.iter().map(|entry| entry.message.len() + MAX_HEADER).sum());
        for Entry { message, .. } in &self.entries {
            self.starts.push(self.bytes.len());
            if let Some(deflater) = deflater
                && matches!(message.kind(), Kind::Text | Kind::Binary)
                && deflater.deflate(message.as_bytes(), &mut self.deflated)
            {
                encode_deflated(message.kind(), &self.deflated, role, &mut self.bytes);
            } else {
                encode(message, role, &mut self.bytes);
            }
        }
    }

    /// Gives back what a busy time needed: an idle connection holds no buffers.
    fn rest(&mut self) {
        if self.bytes.capacity() > KEPT_BUFFER || self.deflated.capacity() > KEPT_BUFFER {
            *self = Self::default();
        }
    }
}
