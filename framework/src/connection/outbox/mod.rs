//! What waits to be written: bounded in messages and bytes, in order, kept across reconnects.

mod lifecycle;
mod state;
mod writing;

use super::{HandlerWaits, Lane, OwnerId, SendError, handler_waits, in_handler_of};
use crate::message::{Kind, Message};
use bytes::Bytes;
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Notify, Semaphore, oneshot};

use state::{CloseOrder, Origin, Phase, State, release};
pub(crate) use state::{Counts, Entry, Work};

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
    /// There is work for the writer.
    work: Notify,
    /// There is room for a sender. All that wait are told: an `on_open`, and the sender whose turn it is.
    room: Notify,
    /// Held by the one sender that waits for room next, so that the others keep their order behind it.
    turn: Semaphore,
    max_messages: usize,
    max_bytes: usize,
    owner: OwnerId,
    handler_waits: Arc<HandlerWaits>,
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
            pongs: VecDeque::new(),
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
            handler_waits: Arc::default(),
        }
    }

    /// Queues a message, waiting for room. Cancel-safe: a cancelled call has queued nothing.
    pub(crate) async fn send(&self, message: Message, opening: bool) -> Result<(), SendError> {
        // A loop of sends that never waits must not starve the other tasks of its thread, the writer among them.
        tokio::task::consume_budget().await;
        self.push(message, opening, None).await
    }

    /// Queues a message, or hands it back where it would have to wait.
    pub(crate) fn send_at_once(&self, message: Message, opening: bool) -> Result<Result<(), SendError>, Message> {
        if let Err(error) = SendError::check(&message) {
            return Ok(Err(error));
        }
        let mut state = self.lock();
        // Whoever waits goes first; `on_open` is not kept behind them, since they may wait for it.
        if state.waiting > 0 && !state.passes(opening) {
            return Err(message);
        }
        self.offer(&mut state, message, opening, &mut None)
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
        let _waits = handler_waits();
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
        let _waits = handler_waits();
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
        match (state.is_down(), state.while_down) {
            _ if state.phase == Phase::Closed || state.is_shut_for(opening) => return Ok(Err(SendError::Closed)),
            (true, WhileDown::Fail) => return Ok(Err(SendError::NotConnected)),
            (true, WhileDown::Drop) => {
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
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the outbox")
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
