//! The side of whoever runs the connection: it opens, is ready, goes down, closes.

use super::*;

/// How many answers to pings may wait: of more, the oldest needs none (RFC 6455 §5.5.3).
const MAX_PONGS: usize = 16;

impl Outbox {
    /// A connection is up: what `on_open` sends may go.
    pub(crate) fn opening(&self) {
        let mut state = self.lock();
        state.phase = Phase::Opening;
        state.connections += 1;
        state.close = None;
        state.pongs.clear();
        state.probe = None;
    }

    /// The number of the last connection.
    pub(crate) fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// `on_open` is done: everything may go.
    pub(crate) fn ready(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Opening {
            state.phase = Phase::Ready;
        }
        state.wake_writer();
    }

    /// The connection is gone. What `on_open` sent is of no use to the next one, everything else waits for it.
    pub(crate) fn down(&self) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = Phase::Down;
        }
        state.close = None;
        state.pongs.clear();
        state.probe = None;
        let opening = std::mem::take(&mut state.opening);
        self.lose(&mut state, opening);
        if state.while_down != WhileDown::Hold {
            let queue = std::mem::take(&mut state.queue);
            self.lose(&mut state, queue);
        }
        // A sender that waits must see that there is no connection.
        self.dismiss(&mut state);
    }

    /// Nothing will be sent any more, until `reopen`.
    pub(crate) fn shut(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.close = None;
        let entries: VecDeque<_> =
            std::mem::take(&mut state.opening).into_iter().chain(std::mem::take(&mut state.queue)).collect();
        self.lose(&mut state, entries);
        self.dismiss(&mut state);
    }

    /// Messages are taken again.
    pub(crate) fn reopen(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            state.phase = Phase::Down;
        }
    }

    /// Orders the closing handshake; with `drain` after everything that waits. The first order stands, but one that
    /// does not drain hastens one that does. With `ends` nothing more is taken; else what is sent from now on is for the
    /// next connection.
    pub(crate) fn order_close(&self, frame: Message, drain: bool, ends: bool) {
        let mut state = self.lock();
        // What is held for an `on_open` that runs goes out once it is done; the close timeout is its limit.
        let held = state.phase == Phase::Opening && !state.queue.is_empty();
        let drain = drain && (state.phase == Phase::Ready || held);
        match &mut state.close {
            Some(order) => {
                order.drain &= drain;
                order.ends |= ends;
            }
            None => state.close = Some(CloseOrder { frame, drain, ends }),
        }
        state.wake_writer();
        self.dismiss(&mut state);
    }

    /// Lets a close that was ordered go out before what waits for an `on_open`; `false` where none waits for one.
    pub(crate) fn stop_waiting_for_on_open(&self) -> bool {
        let mut state = self.lock();
        let opening = state.phase == Phase::Opening;
        let Some(order) = state.close.as_mut().filter(|order| opening && order.drain) else { return false };
        order.drain = false;
        state.wake_writer();
        true
    }

    /// Queues the answer to a ping.
    pub(crate) fn pong(&self, payload: Bytes) {
        let mut state = self.lock();
        if state.pongs.len() == MAX_PONGS {
            state.pongs.pop_front();
        }
        state.pongs.push_back(payload);
        state.wake_writer();
    }

    /// Queues a ping of our own.
    pub(crate) fn probe(&self, payload: Bytes) {
        let mut state = self.lock();
        state.probe = Some(payload);
        state.wake_writer();
    }

    /// Tells the writer of this connection, and of those before, to stop wherever it is.
    pub(crate) fn stop_writer(&self, connection: u64) {
        let mut state = self.lock();
        state.stopped = state.stopped.max(connection);
        state.wake_writer();
        if let Some(writer) = state.blocked.take() {
            writer.wake();
        }
    }
}
