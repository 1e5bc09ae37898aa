//! The side of the writer: takes batches, and says what became of them.

use super::*;

impl Outbox {
    /// Waits until there may be work. Cancel-safe.
    pub(crate) async fn work(&self) {
        self.work.notified().await;
    }

    /// What there is to do. A batch of at most `max_messages` and about `max_bytes` is appended to `batch`, which must be
    /// given back with `written` or `unwritten`.
    pub(crate) fn take(&self, batch: &mut Vec<Entry>, max_messages: usize, max_bytes: usize) -> Option<Work> {
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
                    state.counts.written_bytes += entry.message.len() as u64;
                    state.close = Some(CloseOrder { frame: entry.message, drain: false, ends: true });
                    state.counts.written += 1;
                    if let Some(receipt) = entry.receipt {
                        let _ = receipt.send(Ok(()));
                    }
                    self.grant(&mut state);
                    break;
                }
                batch.push(entry);
            }
        }
        if !batch.is_empty() {
            return Some(Work::Batch);
        }
        match state.close.as_ref().filter(|order| !order.drain || state.queue.is_empty()) {
            Some(order) => Some(Work::Close(order.frame.clone())),
            None => {
                state.idle = true;
                None
            }
        }
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
