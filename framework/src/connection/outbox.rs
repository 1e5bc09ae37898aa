//! What waits to be written: bounded in messages and bytes, in order, kept across reconnects.

use super::{Lane, OwnerId, SendError, in_handler_of};
use crate::message::{Kind, Message};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use tokio::sync::{Notify, Semaphore, oneshot};

/// What becomes of a message that is sent while there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhileDown {
    /// It is kept, and sent after the next `on_open`.
    #[default]
    Hold,
    /// Sending fails with [`SendError::NotConnected`].
    Fail,
    /// It is dropped, and counted.
    Drop,
}

/// What a writer is to do next.
#[derive(Debug)]
pub(crate) enum Work {
    /// Write these, then say what became of them.
    Batch,
    /// Write this close frame, and nothing behind it.
    Close(Message),
}

/// A queued message, and who waits to hear that it was written.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) message: Message,
    origin: Origin,
    receipt: Option<oneshot::Sender<Result<(), SendError>>>,
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    User,
    /// `on_open`'s: for this connection only.
    Open,
    /// The link's own pings and pongs: for this connection only, and not counted.
    Link,
}

/// Numbers since the outbox was made. `queued` is what waits now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) queued: usize,
    pub(crate) written: u64,
    pub(crate) lost: u64,
}

/// Where the connection is in its life, as far as sending goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
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
struct State {
    phase: Phase,
    while_down: WhileDown,
    /// What `on_open` sends: before everything that waits.
    opening: VecDeque<Entry>,
    queue: VecDeque<Entry>,
    /// Of both queues and of what a writer took and has not yet reported.
    messages: usize,
    bytes: usize,
    /// The answer to the latest ping; an older one that was not sent yet needs none (RFC 6455 §5.5.3).
    pong: Option<Bytes>,
    /// A ping of our own, to hear whether the peer is there.
    probe: Option<Bytes>,
    close: Option<CloseOrder>,
    /// Senders that wait for room: while there is one, nobody passes it.
    waiting: usize,
    counts: Counts,
}

impl State {
    /// Whether a message goes before everything that waits: what `on_open` sends does.
    fn passes(&self, opening: bool) -> bool {
        opening && self.phase == Phase::Opening
    }

    /// Whether nothing more is taken from a sender, because a close was ordered: what waits for an `on_open` waits for
    /// all that it sends.
    fn is_shut_for(&self, opening: bool) -> bool {
        self.close.as_ref().is_some_and(|order| !(order.drain && self.passes(opening)))
    }

    /// What counts against the limits of an `on_open`: only what it sent itself, since what waits for its end must not
    /// keep it from sending.
    fn opening_size(&self) -> (usize, usize) {
        (self.opening.len(), self.opening.iter().map(|entry| entry.message.len()).sum())
    }
}

#[derive(Debug)]
struct CloseOrder {
    frame: Message,
    /// Whether everything that waits goes out before.
    drain: bool,
}

/// The bounded queue between whoever sends and the writer.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// There is work for the writer.
    work: Notify,
    /// There is room for a sender. All that wait are told: an `on_open`, and the sender whose turn it is.
    room: Notify,
    /// Held by the one sender that waits for room next, so that the others keep their order behind it.
    turn: Semaphore,
    max_messages: usize,
    max_bytes: usize,
    owner: OwnerId,
    /// Calls from a handler of the owner that wait for us: such a handler must not be waited for.
    handler_calls: AtomicUsize,
    handler_call: Notify,
}

impl Outbox {
    pub(crate) fn new(owner: OwnerId, max_messages: usize, max_bytes: usize, while_down: WhileDown) -> Self {
        let state = State {
            phase: Phase::Down,
            while_down,
            opening: VecDeque::new(),
            queue: VecDeque::new(),
            messages: 0,
            bytes: 0,
            pong: None,
            probe: None,
            close: None,
            waiting: 0,
            counts: Counts::default(),
        };
        Self {
            state: Mutex::new(state),
            work: Notify::new(),
            room: Notify::new(),
            turn: Semaphore::new(1),
            max_messages: max_messages.max(1),
            max_bytes,
            owner,
            handler_calls: AtomicUsize::new(0),
            handler_call: Notify::new(),
        }
    }

    // --- for whoever sends -------------------------------------------------------------------------------------

    /// Queues a message, waiting for room. Cancel-safe: a cancelled call has queued nothing.
    pub(crate) async fn send(&self, message: Message, opening: bool) -> Result<(), SendError> {
        self.push(message, opening, None).await
    }

    /// Queues a message if there is room.
    pub(crate) fn try_send(&self, message: Message, opening: bool) -> Result<(), SendError> {
        SendError::check(&message)?;
        let mut state = self.lock();
        let full = SendError::Full { messages: state.messages, bytes: state.bytes };
        if state.waiting > 0 && !state.passes(opening) {
            return Err(full);
        }
        match self.offer(&mut state, message, opening, &mut None) {
            Ok(outcome) => outcome,
            Err(_) => Err(full),
        }
    }

    /// Queues a message and waits until it was written. Cancelled while it waits for room it has queued nothing;
    /// cancelled later the message goes out all the same.
    pub(crate) async fn deliver(&self, message: Message, opening: bool) -> Result<(), SendError> {
        let (receipt, written) = oneshot::channel();
        self.push(message, opening, Some(receipt)).await?;
        let _waits = self.wait_from_handler();
        written.await.unwrap_or(Err(SendError::Lost))
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.lock();
        Counts { queued: state.messages, ..state.counts }
    }

    async fn push(
        &self,
        message: Message,
        opening: bool,
        mut receipt: Option<oneshot::Sender<Result<(), SendError>>>,
    ) -> Result<(), SendError> {
        SendError::check(&message)?;
        let mut message = {
            let mut state = self.lock();
            // Whoever waits goes first; `on_open` is not kept behind them, since they may wait for it.
            if state.waiting > 0 && !state.passes(opening) {
                message
            } else {
                match self.offer(&mut state, message, opening, &mut receipt) {
                    Ok(outcome) => return outcome,
                    Err(message) => message,
                }
            }
        };
        let _waits = self.wait_from_handler();
        let passes = self.lock().passes(opening);
        let _turn = if passes { None } else { Some((Waiting::new(self), self.turn.acquire().await)) };
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            match self.offer(&mut self.lock(), message, opening, &mut receipt) {
                Ok(outcome) => return outcome,
                Err(back) => message = back,
            }
            room.await;
        }
    }

    /// Queues the message, refuses it for good (`Ok(Err(_))`), or hands it back for want of room.
    fn offer(
        &self,
        state: &mut State,
        message: Message,
        opening: bool,
        receipt: &mut Option<oneshot::Sender<Result<(), SendError>>>,
    ) -> Result<Result<(), SendError>, Message> {
        match (state.phase, state.while_down) {
            (Phase::Closed, _) => return Ok(Err(SendError::Closed)),
            _ if state.is_shut_for(opening) => return Ok(Err(SendError::Closed)),
            (Phase::Down, WhileDown::Fail) => return Ok(Err(SendError::NotConnected)),
            (Phase::Down, WhileDown::Drop) => {
                state.counts.lost += 1;
                return Ok(Ok(()));
            }
            _ => {}
        }
        let passes = state.passes(opening);
        let (messages, bytes) = if passes { state.opening_size() } else { (state.messages, state.bytes) };
        // A message larger than the whole limit goes in alone, or it could never be sent.
        let fits = messages < self.max_messages && bytes.saturating_add(message.len()) <= self.max_bytes;
        if !fits && messages > 0 {
            return Err(message);
        }
        state.messages += 1;
        state.bytes += message.len();
        let origin = if passes { Origin::Open } else { Origin::User };
        let entry = Entry { message, origin, receipt: receipt.take() };
        if origin == Origin::Open {
            state.opening.push_back(entry);
        } else {
            state.queue.push_back(entry);
        }
        if state.phase != Phase::Down {
            self.work.notify_one();
        }
        Ok(Ok(()))
    }

    /// Whether the caller is an `on_open` of the owner: what that sends goes before everything that waits.
    pub(crate) fn called_by_on_open(&self) -> bool {
        in_handler_of(self.owner) == Some(Lane::Open)
    }

    /// To be held while a call waits for the connection: notes it where the caller is a handler of the owner.
    pub(crate) fn wait_from_handler(&self) -> Option<HandlerCall<'_>> {
        in_handler_of(self.owner)?;
        self.handler_calls.fetch_add(1, Ordering::AcqRel);
        self.handler_call.notify_one();
        Some(HandlerCall(self))
    }

    /// Whether a handler of the owner waits for the connection.
    pub(crate) fn is_awaited_by_handler(&self) -> bool {
        self.handler_calls.load(Ordering::Acquire) > 0
    }

    /// Waits until one does. Cancel-safe; may wake for one that does no longer.
    pub(crate) async fn handler_waits(&self) {
        self.handler_call.notified().await;
    }

    // --- for whoever runs the connection -----------------------------------------------------------------------

    /// A connection is up: what `on_open` sends may go.
    pub(crate) fn opening(&self) {
        let mut state = self.lock();
        state.phase = Phase::Opening;
        state.close = None;
        state.pong = None;
        state.probe = None;
    }

    /// `on_open` is done: everything may go.
    pub(crate) fn ready(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Opening {
            state.phase = Phase::Ready;
        }
        self.work.notify_one();
    }

    /// The connection is gone. What `on_open` sent is of no use to the next one, everything else waits for it.
    pub(crate) fn down(&self) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = Phase::Down;
        }
        state.close = None;
        state.pong = None;
        state.probe = None;
        let opening = std::mem::take(&mut state.opening);
        self.lose(&mut state, opening);
        if state.while_down != WhileDown::Hold {
            let queue = std::mem::take(&mut state.queue);
            self.lose(&mut state, queue);
        }
        // A sender that waits must see that there is no connection.
        self.room.notify_waiters();
    }

    /// Nothing will be sent any more, until `reopen`.
    pub(crate) fn shut(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.close = None;
        let entries: VecDeque<_> =
            std::mem::take(&mut state.opening).into_iter().chain(std::mem::take(&mut state.queue)).collect();
        self.lose(&mut state, entries);
        self.room.notify_waiters();
    }

    /// Messages are taken again.
    pub(crate) fn reopen(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            state.phase = Phase::Down;
        }
    }

    /// Orders the closing handshake; with `drain` after everything that waits. The first order stands, but one that
    /// does not drain hastens one that does.
    pub(crate) fn order_close(&self, frame: Message, drain: bool) {
        let mut state = self.lock();
        // What is held for an `on_open` that runs goes out once it is done; the close timeout is its limit.
        let held = state.phase == Phase::Opening && !state.queue.is_empty();
        let drain = drain && (state.phase == Phase::Ready || held);
        match &mut state.close {
            Some(order) => order.drain &= drain,
            None => state.close = Some(CloseOrder { frame, drain }),
        }
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// Lets a close that was ordered go out before what waits for an `on_open`; `false` where none waits for one.
    pub(crate) fn stop_waiting_for_on_open(&self) -> bool {
        let mut state = self.lock();
        let opening = state.phase == Phase::Opening;
        let Some(order) = state.close.as_mut().filter(|order| opening && order.drain) else { return false };
        order.drain = false;
        self.work.notify_one();
        true
    }

    /// Queues the answer to a ping.
    pub(crate) fn pong(&self, payload: Bytes) {
        self.lock().pong = Some(payload);
        self.work.notify_one();
    }

    /// Queues a ping of our own.
    pub(crate) fn probe(&self, payload: Bytes) {
        self.lock().probe = Some(payload);
        self.work.notify_one();
    }

    // --- for the writer ----------------------------------------------------------------------------------------

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
        let control = [state.pong.take().map(Message::pong), state.probe.take().map(Message::ping)];
        for message in control.into_iter().flatten() {
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
                    state.close = Some(CloseOrder { frame: entry.message, drain: false });
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

    fn lose(&self, state: &mut State, entries: VecDeque<Entry>) {
        for entry in entries {
            release(state, &entry);
            state.counts.lost += u64::from(entry.origin != Origin::Link);
            if let Some(receipt) = entry.receipt {
                let _ = receipt.send(Err(SendError::Lost));
            }
        }
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the outbox")
    }
}

fn release(state: &mut State, entry: &Entry) {
    state.messages -= 1;
    state.bytes -= entry.message.len();
}

/// A call from a handler that waits for its own connection.
pub(crate) struct HandlerCall<'a>(&'a Outbox);

impl Drop for HandlerCall<'_> {
    fn drop(&mut self) {
        self.0.handler_calls.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Counts a sender that waits, also when its future is dropped.
struct Waiting<'a>(&'a Outbox);

impl<'a> Waiting<'a> {
    fn new(outbox: &'a Outbox) -> Self {
        outbox.lock().waiting += 1;
        Self(outbox)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}
