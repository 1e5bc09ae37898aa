//! What waits to be written: bounded in messages and bytes, in order, kept across reconnects.

mod lifecycle;
mod state;
mod waiting;
mod writing;

use super::{HandlerWaits, Lane, OwnerId, SendError, handler_waits, in_handler_of};
use crate::message::{Kind, Message};
use bytes::Bytes;
use serde::Deserialize;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};

use state::{CloseOrder, Origin, Phase, State, Ticket, release};
pub(crate) use state::{Counts, Entry, Via, Work};

/// A task's budget is meant for reads and writes of a socket, which cost about as much as so many sends.
const SENDS_FOR_BUDGET: u8 = 8;

thread_local! {
    /// How many sends this thread has seen.
    static SENDS: Cell<u8> = const { Cell::new(0) };
}

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

/// The bounded queue between whoever sends and the writer.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// There is room for an `on_open`, which passes all others that wait.
    room: Notify,
    max_messages: usize,
    max_bytes: usize,
    owner: OwnerId,
    handler_waits: Arc<HandlerWaits>,
}

impl Outbox {
    pub(crate) fn new(owner: OwnerId, max_messages: usize, max_bytes: usize, while_down: WhileDown) -> Self {
        let state = State {
            phase: Phase::Down,
            connections: 0,
            while_down,
            opening: VecDeque::new(),
            queue: VecDeque::new(),
            messages: 0,
            bytes: 0,
            pongs: VecDeque::new(),
            probe: None,
            close: None,
            waiting: VecDeque::new(),
            idle: None,
            blocked: None,
            stopped: 0,
            counts: Counts::default(),
        };
        Self {
            state: Mutex::new(state),
            room: Notify::new(),
            max_messages: max_messages.max(1),
            max_bytes,
            owner,
            handler_waits: Arc::default(),
        }
    }

    /// Queues a message, waiting for room. Cancel-safe: a cancelled call has queued nothing.
    pub(crate) async fn send(&self, message: Message, via: Via) -> Result<(), SendError> {
        if owes_budget() {
            tokio::task::consume_budget().await;
        }
        match self.admit(message, via, &mut None) {
            Ok(outcome) => outcome,
            // Boxed, and so below: a large future would cost every send that need not wait its copy.
            Err(message) => Box::pin(self.wait(message, via, None)).await,
        }
    }

    /// Queues a message, or hands it back where it would have to wait.
    pub(crate) fn send_at_once(&self, message: Message, via: Via) -> Result<Result<(), SendError>, Message> {
        self.admit(message, via, &mut None)
    }

    /// Queues a message if there is room.
    pub(crate) fn try_send(&self, message: Message, via: Via) -> Result<(), SendError> {
        self.admit(message, via, &mut None).unwrap_or_else(|_| {
            let State { messages, bytes, .. } = *self.lock();
            Err(SendError::Full { messages, bytes })
        })
    }

    /// Queues a message and waits until it was written. Cancelled while it waits for room it has queued nothing;
    /// cancelled later the message goes out all the same.
    pub(crate) async fn deliver(&self, message: Message, via: Via) -> Result<(), SendError> {
        let (receipt, written) = oneshot::channel();
        let mut receipt = Some(receipt);
        match self.admit(message, via, &mut receipt) {
            Ok(outcome) => {
                // Of a message that was dropped nobody reports anything.
                drop(receipt);
                outcome?;
            }
            Err(message) => Box::pin(self.wait(message, via, receipt)).await?,
        }
        let _waits = handler_waits();
        written.await.unwrap_or(Err(SendError::Lost))
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.lock();
        Counts { queued: state.messages, queued_bytes: state.bytes, ..state.counts }
    }

    /// As `offer`, of a message that is checked first, and unless others wait: they go first. `on_open` is not kept behind
    /// them, since they may wait for it.
    fn admit(
        &self,
        message: Message,
        via: Via,
        receipt: &mut Option<oneshot::Sender<Result<(), SendError>>>,
    ) -> Result<Result<(), SendError>, Message> {
        if let Err(error) = SendError::check(&message) {
            return Ok(Err(error));
        }
        let mut state = self.lock();
        if !state.waiting.is_empty() && !state.passes(via) {
            return Err(message);
        }
        self.offer(&mut state, message, via, receipt)
    }

    /// Queues the message, refuses it for good (`Ok(Err(_))`), or hands it back for want of room.
    fn offer(
        &self,
        state: &mut State,
        message: Message,
        via: Via,
        receipt: &mut Option<oneshot::Sender<Result<(), SendError>>>,
    ) -> Result<Result<(), SendError>, Message> {
        match (state.is_down(), state.while_down) {
            _ if state.phase == Phase::Closed || state.is_shut_for(via) => return Ok(Err(SendError::Closed)),
            // The sender may have waited, or slept, until its connection was gone.
            _ if !state.is_there_for(via) => return Ok(Err(SendError::Closed)),
            (true, WhileDown::Fail) => return Ok(Err(SendError::NotConnected)),
            (true, WhileDown::Drop) => {
                state.counts.dropped += 1;
                return Ok(Ok(()));
            }
            _ => {}
        }
        let passes = state.passes(via);
        let (messages, bytes) = if passes { state.opening_size() } else { (state.messages, state.bytes) };
        if !self.fits(messages, bytes, message.len()) {
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
            state.wake_writer();
        }
        Ok(Ok(()))
    }

    /// Whether a message fits beside what is there. One that is larger than the whole limit goes in alone, or it could
    /// never be sent.
    fn fits(&self, messages: usize, bytes: usize, size: usize) -> bool {
        messages == 0 || (messages < self.max_messages && bytes.saturating_add(size) <= self.max_bytes)
    }

    /// Whether the caller is an `on_open` of the owner: what that sends goes before everything that waits.
    pub(crate) fn called_by_on_open(&self) -> bool {
        in_handler_of(self.owner) == Some(Lane::Open)
    }

    /// The calls from the owner's handlers that wait.
    pub(crate) fn handler_waits(&self) -> &Arc<HandlerWaits> {
        &self.handler_waits
    }

    fn lose(&self, state: &mut State, entries: VecDeque<Entry>) {
        for entry in entries {
            release(state, &entry);
            state.counts.lost += u64::from(entry.origin != Origin::Link);
            if let Some(receipt) = entry.receipt {
                let _ = receipt.send(Err(SendError::Lost));
            }
        }
        self.grant(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the outbox")
    }
}

/// Whether this send must spend of its task's budget, so that other tasks of its thread run, the writer among them: a
/// loop of sends that never waits would starve them.
fn owes_budget() -> bool {
    let sends = SENDS.get().wrapping_add(1);
    SENDS.set(sends);
    sends.is_multiple_of(SENDS_FOR_BUDGET)
}
