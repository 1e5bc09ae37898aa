//! What was received and waits for its handler: in order, one at a time, bounded.
//!
//! Each message passes two stages: the callbacks given to a client's builder, which run at once, and the plugins'
//! handlers, which wait for the gate (the end of the launch). Both run in the task that reads, polled in place, so
//! that a handler that does not wait costs no task switch.

use super::{Connection, Events, EventsFuture, HandlerScope, Lane, Limits, OwnerId};
use crate::message::{Close, Message};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What waits for handlers.
enum Item {
    Message(Connection, Message),
    Close(Connection, Close),
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Self::Message(_, message) => message.len(),
            Self::Close(..) => 0,
        }
    }

    fn start(self, events: &dyn Events) -> Option<EventsFuture> {
        match self {
            Self::Message(connection, message) => {
                let scope = HandlerScope::new(&connection, Lane::Message);
                let future = events.message(&connection, message)?;
                Some(Box::pin(scope.mark(future)))
            }
            Self::Close(connection, close) => {
                let scope = HandlerScope::new(&connection, Lane::Message);
                Some(Box::pin(scope.mark(events.close(&connection, close))))
            }
        }
    }

    fn owner(&self) -> OwnerId {
        match self {
            Self::Message(connection, _) | Self::Close(connection, _) => connection.owner(),
        }
    }

    fn copy(&self) -> Self {
        match self {
            Self::Message(connection, message) => Self::Message(connection.clone(), message.clone()),
            Self::Close(connection, close) => Self::Close(connection.clone(), close.clone()),
        }
    }
}

/// The two stages, and when the second begins.
pub(crate) struct Stages {
    pub(crate) callbacks: Option<Arc<dyn Events>>,
    pub(crate) handlers: Option<Arc<dyn Events>>,
    /// Cancelled once the handlers may run.
    pub(crate) gate: CancellationToken,
}

/// The handlers' side of a connection. It outlives a client's connections, so that nothing received is lost and
/// messages of the next connection come behind those of the last.
pub(crate) struct Inbox {
    stages: Stages,
    /// Not yet seen by the callbacks.
    arrived: VecDeque<Item>,
    /// Seen by the callbacks, not yet by the handlers.
    gated: VecDeque<Item>,
    bytes: usize,
    /// The one that runs, and what follows it in the second stage.
    running: Option<(EventsFuture, Option<Item>)>,
    max_messages: usize,
    max_bytes: usize,
}

impl Inbox {
    pub(crate) fn new(stages: Stages, limits: &Limits) -> Self {
        Self {
            stages,
            arrived: VecDeque::new(),
            gated: VecDeque::new(),
            bytes: 0,
            running: None,
            max_messages: limits.inbox_messages.max(1),
            max_bytes: limits.inbox_bytes,
        }
    }

    /// Whether another message may be read: one always fits into an empty inbox, however large it is.
    pub(crate) fn has_room(&self) -> bool {
        let waiting = self.arrived.len() + self.gated.len();
        waiting == 0 || (waiting < self.max_messages && self.bytes < self.max_bytes)
    }

    /// Whether there is nothing to run, now or later.
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_none() && self.arrived.is_empty() && self.gated.is_empty()
    }

    /// Whether nothing runs and nothing could: what is left, if anything, waits for the gate.
    pub(crate) fn is_settled(&self) -> bool {
        let gated = self.gated.is_empty() || !self.stages.gate.is_cancelled();
        self.running.is_none() && self.arrived.is_empty() && gated
    }

    pub(crate) fn message(&mut self, connection: &Connection, message: Message) {
        self.arrive(Item::Message(connection.clone(), message));
    }

    pub(crate) fn close(&mut self, connection: &Connection, close: Close) {
        self.arrive(Item::Close(connection.clone(), close));
    }

    /// Forgets what waits and cuts what runs. How many messages were thrown away.
    pub(crate) fn clear(&mut self) -> usize {
        let count = self.arrived.len() + self.gated.len() + usize::from(self.running.is_some());
        self.arrived.clear();
        self.gated.clear();
        self.running = None;
        self.bytes = 0;
        count
    }

    /// Runs handlers until nothing is left to do; while the gate is shut, waits for it where that is all that is
    /// left. Cancel-safe: what runs is kept and goes on with the next call.
    pub(crate) async fn run(&mut self) {
        loop {
            if let Some((future, _)) = &mut self.running {
                future.await;
                let (_, then) = self.running.take().expect("it was there before it was awaited");
                if let Some(item) = then {
                    self.gated.push_back(item);
                }
            }
            let open = self.stages.gate.is_cancelled();
            if open && let Some(item) = self.gated.pop_front() {
                self.bytes -= item.len();
                let future = self.stages.handlers.as_deref().and_then(|events| item.start(events));
                self.running = future.map(|future| (future, None));
            } else if let Some(item) = self.arrived.pop_front() {
                self.start_arrived(item);
            } else if self.gated.is_empty() {
                return;
            } else {
                self.stages.gate.cancelled().await;
            }
        }
    }

    fn arrive(&mut self, item: Item) {
        self.bytes += item.len();
        self.arrived.push_back(item);
    }

    /// The first stage; an item counts in `bytes` until it has left the second queue.
    fn start_arrived(&mut self, item: Item) {
        let handlers = self.stages.handlers.as_deref();
        let then = handlers.is_some_and(|handlers| handlers.concerns(item.owner())).then(|| item.copy());
        if then.is_none() {
            self.bytes -= item.len();
        }
        let future = self.stages.callbacks.as_deref().and_then(|events| item.start(events));
        match future {
            Some(future) => self.running = Some((future, then)),
            None => self.gated.extend(then),
        }
    }
}
