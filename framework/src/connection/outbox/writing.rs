//! The side of the writer: takes batches, and says what became of them.

use super::*;
use std::future::poll_fn;
use std::task::{Context, Poll};

impl Outbox {
    /// What there is to do; nothing yet leaves the waker here. A batch of at most `max_messages` and about `max_bytes` is
    /// appended to `batch`, which must be given back with `written` or `unwritten`.
    ///
    /// For one writer, that of the `connection` of this number.
    pub(crate) fn poll_take(
        &self,
        connection: u64,
        batch: &mut Vec<Entry>,
        max_messages: usize,
        max_bytes: usize,
        context: &mut Context<'_>,
    ) -> Poll<Work> {
        let mut state = self.lock();
        if state.stopped >= connection {
            return Poll::Ready(Work::Stop);
        }
        let next = self.next(&mut state, batch, max_messages, max_bytes);
        if next.is_none() {
            state.idle = Some(context.waker().clone());
        }
        next.map_or(Poll::Pending, Poll::Ready)
    }

    /// Waits until the writer of this connection is to stop. For this writer alone, while it writes. Cancel-safe.
    pub(crate) async fn writer_stopped(&self, connection: u64) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.stopped >= connection {
                return Poll::Ready(());
            }
            state.blocked = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// What there is to do, if anything.
    fn next(&self, state: &mut State, batch: &mut Vec<Entry>, max_messages: usize, max_bytes: usize) -> Option<Work> {
        if state.probe.is_some() || !state.pongs.is_empty() {
            take_control_frames(state, batch);
        }
        let hasty = state.close.as_ref().is_some_and(|order| !order.drain);
        if !hasty {
            let mut bytes = 0;
            while batch.len() < max_messages && bytes < max_bytes {
                let next = match state.opening.pop_front() {
                    Some(entry) => Some(entry),
                    None if state.phase == Phase::Ready => state.queue.pop_front(),
                    None => None,
                };
                let Some(entry) = next else { break };
                bytes += entry.message.len();
                let closes = entry.message.kind() == Kind::Close;
                if closes {
                    // A close frame that a user sent is an order to close, once what was before it is written.
                    release(state, &entry);
                    state.counts.written_bytes += entry.message.len() as u64;
                    state.close = Some(CloseOrder { frame: entry.message, drain: false, ends: true });
                    state.counts.written += 1;
                    if let Some(receipt) = entry.receipt {
                        let _ = receipt.send(Ok(()));
                    }
                    self.grant(state);
                    break;
                }
                batch.push(entry);
            }
        }
        if !batch.is_empty() {
            return Some(Work::Batch);
        }
        let close = state.close.as_ref().filter(|order| !order.drain || state.queue.is_empty());
        close.map(|order| Work::Close(order.frame.clone()))
    }

    /// These left, whole.
    pub(crate) fn written(&self, entries: &mut Vec<Entry>) {
        {
            let mut state = self.lock();
            for entry in &*entries {
                release(&mut state, entry);
                if entry.origin != Origin::Link {
                    state.counts.written += 1;
                    state.counts.written_bytes += entry.message.len() as u64;
                }
            }
            self.grant(&mut state);
        }
        // Payloads are freed, and whoever waits is woken, without the lock.
        for entry in entries.drain(..) {
            if let Some(receipt) = entry.receipt {
                let _ = receipt.send(Ok(()));
            }
        }
    }

    /// The connection broke: of `begun` some bytes may have left, so that they are never sent again; `kept` never left
    /// and goes back to the front, unless it was for this connection only.
    pub(crate) fn unwritten(&self, begun: impl Iterator<Item = Entry>, kept: impl DoubleEndedIterator<Item = Entry>) {
        let mut state = self.lock();
        let mut lost: VecDeque<_> = begun.collect();
        for entry in kept.rev() {
            if entry.origin != Origin::User {
                lost.push_back(entry);
            } else {
                state.queue.push_front(entry);
            }
        }
        self.lose(&mut state, lost);
    }
}

/// The link's own pings and pongs go first.
fn take_control_frames(state: &mut State, batch: &mut Vec<Entry>) {
    let State { pongs, probe, messages, bytes, .. } = state;
    for message in pongs.drain(..).map(Message::pong).chain(probe.take().map(Message::ping)) {
        *messages += 1;
        *bytes += message.len();
        batch.push(Entry { message, origin: Origin::Link, receipt: None });
    }
}
