//! What the outbox holds, and where the connection is in its life.

use super::*;
use std::task::Waker;

/// What a writer is to do next.
#[derive(Debug)]
pub(crate) enum Work {
    /// Write these, then say what became of them.
    Batch,
    /// Write this close frame, and nothing behind it.
    Close(Message),
    /// Stop: the connection is given up.
    Stop,
}

/// By which way a message is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Via {
    /// From an `on_open`, or from whoever may be one: it goes before everything that waits, while one runs.
    opening: bool,
    /// For the connection of this number only.
    connection: Option<u64>,
}

impl Via {
    /// For whatever connection there is, or will be.
    pub(crate) fn any(opening: bool) -> Self {
        Self { opening, connection: None }
    }

    /// For one connection.
    pub(crate) fn only(connection: u64) -> Self {
        Self { opening: true, connection: Some(connection) }
    }
}

/// A queued message, and who waits to hear that it was written.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) message: Message,
    pub(super) origin: Origin,
    pub(super) receipt: Option<oneshot::Sender<Result<(), SendError>>>,
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    User,
    /// `on_open`'s: for this connection only.
    Open,
    /// The link's own pings and pongs: for this connection only, and not counted.
    Link,
}

/// Numbers since the outbox was made. `queued` and its bytes are what waits now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) queued: usize,
    pub(crate) queued_bytes: usize,
    pub(crate) written: u64,
    /// The payloads of what was written.
    pub(crate) written_bytes: u64,
    pub(crate) lost: u64,
    /// Never taken: sent while there was no connection, with `WhileDown::Drop`.
    pub(crate) dropped: u64,
}

/// Where the connection is in its life, as far as sending goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none.
    Down,
    /// There is one, and its `on_open` runs: only what that sends goes out.
    Opening,
    /// Everything goes out.
    Ready,
    /// Nothing is taken any more.
    Closed,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// How many there have been: the number of the last one.
    pub(super) connections: u64,
    pub(super) while_down: WhileDown,
    /// What `on_open` sends: before everything that waits.
    pub(super) opening: VecDeque<Entry>,
    pub(super) queue: VecDeque<Entry>,
    /// Of both queues and of what a writer took and has not yet reported.
    pub(super) messages: usize,
    pub(super) bytes: usize,
    /// The answers to the latest pings.
    pub(super) pongs: VecDeque<Bytes>,
    /// A ping of our own, to hear whether the peer is there.
    pub(super) probe: Option<Bytes>,
    pub(super) close: Option<CloseOrder>,
    /// Senders that wait for room, in their order: while there is one, nobody passes it.
    pub(super) waiting: VecDeque<Arc<Ticket>>,
    /// The writer, where it waits for work.
    pub(super) idle: Option<Waker>,
    /// The writer, where it waits for the transport.
    pub(super) blocked: Option<Waker>,
    /// The writers of the connections up to this one must stop.
    pub(super) stopped: u64,
    pub(super) counts: Counts,
}

impl State {
    /// Whether a message goes before everything that waits: what `on_open` sends does.
    pub(super) fn passes(&self, via: Via) -> bool {
        via.opening && self.phase == Phase::Opening
    }

    /// Whether nothing more is taken from a sender, because a close was ordered: what waits for an `on_open` waits for
    /// all that it sends.
    pub(super) fn is_shut_for(&self, via: Via) -> bool {
        self.close.as_ref().is_some_and(|order| order.ends && !(order.drain && self.passes(via)))
    }

    /// Whether the connection that it is for is there.
    pub(super) fn is_there_for(&self, via: Via) -> bool {
        via.connection.is_none_or(|number| number == self.connections && self.phase != Phase::Down)
    }

    /// Whether what is sent now is for the next connection, since there is none or it is about to close.
    pub(super) fn is_down(&self) -> bool {
        self.phase == Phase::Down || self.close.as_ref().is_some_and(|order| !order.ends)
    }

    /// There is work.
    pub(super) fn wake_writer(&mut self) {
        if let Some(writer) = self.idle.take() {
            writer.wake();
        }
    }

    /// What counts against the limits of an `on_open`: only what it sent itself, since what waits for its end must not
    /// keep it from sending.
    pub(super) fn opening_size(&self) -> (usize, usize) {
        (self.opening.len(), self.opening.iter().map(|entry| entry.message.len()).sum())
    }
}

#[derive(Debug)]
pub(super) struct CloseOrder {
    pub(super) frame: Message,
    /// Whether everything that waits goes out before.
    pub(super) drain: bool,
    /// Whether it is the end of the client or endpoint connection, and not of a connection that another one follows.
    pub(super) ends: bool,
}

pub(super) fn release(state: &mut State, entry: &Entry) {
    state.messages -= 1;
    state.bytes -= entry.message.len();
}

/// A sender that waits for room.
#[derive(Debug)]
pub(super) struct Ticket {
    /// Of its message, in bytes.
    pub(super) size: usize,
    /// Its place is reserved: it counts in `messages` and `bytes`. Changed under the outbox's lock.
    pub(super) granted: AtomicBool,
    /// Its place is reserved, or waiting has no more use.
    pub(super) called: Notify,
}
