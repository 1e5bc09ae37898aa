//! The task that writes: takes batches from the outbox, encodes them, writes, flushes once, reports.

use super::deflate::Deflater;
use super::outbox::{Entry, Work};
use super::wire::{Role, encode, encode_deflated};
use super::{Outbox, TransportWrite};
use crate::message::{Kind, Message};
use std::io;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// How much is encoded before it is written: enough to make a system call worth it, and little enough that what a
/// broken connection loses stays small.
const BATCH_BYTES: usize = 64 * 1024;

/// How many messages a batch has at most.
const BATCH_MESSAGES: usize = 1024;

/// A buffer that grew past this is given back after its batch: an idle connection holds none.
const KEPT_BUFFER: usize = 4 * 1024;

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
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) role: Role,
    pub(crate) stop: CancellationToken,
    /// Where compression was agreed. It ends with the connection, as what the peer's window holds does.
    pub(crate) deflater: Option<Deflater>,
}

impl Writer {
    pub(crate) async fn run(mut self) -> WriterEnd {
        let outcome = self.write_all().await;
        WriterEnd { half: self.half, outcome }
    }

    async fn write_all(&mut self) -> Outcome {
        let mut batch = Vec::new();
        let mut buffer = Vec::new();
        let mut starts = Vec::new();
        let mut deflated = Vec::new();
        loop {
            let work = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Outcome::Stopped,
                work = self.outbox.take(&mut batch, BATCH_MESSAGES, BATCH_BYTES) => work,
            };
            buffer.clear();
            match work {
                Work::Close(frame) => {
                    encode(&frame, self.role, &mut buffer);
                    return match self.write(&buffer).await {
                        Ok(()) => Outcome::CloseSent(frame),
                        Err((_, outcome)) => outcome,
                    };
                }
                Work::Batch => {
                    starts.clear();
                    for entry in &batch {
                        starts.push(buffer.len());
                        self.encode(&entry.message, &mut deflated, &mut buffer);
                    }
                    if let Err((left, outcome)) = self.write(&buffer).await {
                        self.give_back(batch, &starts, left);
                        return outcome;
                    }
                    self.outbox.written(batch.drain(..));
                }
            }
            if buffer.capacity() > KEPT_BUFFER {
                buffer = Vec::new();
            }
            if deflated.capacity() > KEPT_BUFFER {
                deflated = Vec::new();
            }
        }
    }

    /// Appends a message's frame to `buffer`, by way of `deflated` where it is to be compressed.
    fn encode(&mut self, message: &Message, deflated: &mut Vec<u8>, buffer: &mut Vec<u8>) {
        if let Some(deflater) = &mut self.deflater
            && matches!(message.kind(), Kind::Text | Kind::Binary)
            && deflater.deflate(message.as_bytes(), deflated)
        {
            encode_deflated(message.kind(), deflated, self.role, buffer);
        } else {
            encode(message, self.role, buffer);
        }
    }

    /// Writes and flushes all of it, or says how many bytes had left.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), (usize, Outcome)> {
        let mut left = 0;
        while left < bytes.len() {
            let written = tokio::select! {
                biased;
                written = self.half.write(&bytes[left..]) => written,
                () = self.stop.cancelled() => return Err((left, Outcome::Stopped)),
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
            () = self.stop.cancelled() => Err((left, Outcome::Stopped)),
        }
    }

    /// What had not begun to leave goes back; what had begun must never be sent twice.
    fn give_back(&self, batch: Vec<Entry>, starts: &[usize], left: usize) {
        let begun = starts.partition_point(|&start| start < left);
        let mut batch = batch;
        let kept = batch.split_off(begun);
        self.outbox.unwritten(batch.into_iter(), kept.into_iter());
    }
}
