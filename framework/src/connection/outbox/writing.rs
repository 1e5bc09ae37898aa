//! The side of the writer: takes batches, and says what became of them.

use super::*;

impl Outbox {
    /// Waits for work; a batch of at most `max_messages` and about `max_bytes` is appended to `batch`, which must be
    /// given back with `written` or `unwritten`. Cancel-safe.
    pub(crate) async fn take(&self, batch: &mut Vec<Entry>, max_messages: usize, max_bytes: usize) -> Work {
        loop {
            if let Some(work) = self.try_take(batch, max_messages, max_bytes) {
                return work;
            }
            self.work.notified().await;
        }
    }

    fn try_take(&self, batch: &mut Vec<Entry>, max_messages: usize, max_bytes: usize) -> Option<Work> {
        let mut state = self.lock();
        let pongs = std::mem::take(&mut state.pongs).into_iter().map(Message::pong);
        let probe = state.probe.take().map(Message::ping);
        for message in pongs.chain(probe) {
            state.messages += 1;
            state.bytes += message.len();
            batch.push(Entry { message, origin: Origin::Link, receipt: None });
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
                    release(&mut state, &entry);
                    state.close = Some(CloseOrder { frame: entry.message, drain: false, ends: true });
                    state.counts.written += 1;
                    if let Some(receipt) = entry.receipt {
                        let _ = receipt.send(Ok(()));
                    }
                    self.room.notify_waiters();
                    break;
                }
                batch.push(entry);
            }
        }
        if !batch.is_empty() {
            return Some(Work::Batch);
        }
        let order = state.close.as_ref().filter(|order| !order.drain || state.queue.is_empty())?;
        Some(Work::Close(order.frame.clone()))
    }

    /// These left, whole.
    pub(crate) fn written(&self, entries: impl Iterator<Item = Entry>) {
        let mut state = self.lock();
        for entry in entries {
            release(&mut state, &entry);
            state.counts.written += u64::from(entry.origin != Origin::Link);
            if let Some(receipt) = entry.receipt {
                let _ = receipt.send(Ok(()));
            }
        }
        self.room.notify_waiters();
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
