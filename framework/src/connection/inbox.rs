//! What was received and waits for its handler: bounded, and in order.
//!
//! Each message passes two stages: the callbacks given to a client's builder, which run at once, and the plugins'
//! handlers, which wait for the gate (the end of the launch). Both run in the task that reads, polled in place, so
//! that a handler that does not wait costs no task switch, no queue and no allocation.

use super::order::{Order, Turn};
use super::{Connection, Events, EventsFuture, HandlerScope, Key, Lane, Limits, Row};
use crate::message::{COPIED_PAYLOAD, Close, Message};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::task::coop::poll_proceed;
use tokio_util::sync::CancellationToken;

/// Received payloads of these sizes are copied out of the read buffer before they wait, or messages of little size would hold
/// many large buffers. Smaller ones are in memory of their own.
const DETACHED: RangeInclusive<usize> = COPIED_PAYLOAD + 1..=4 * 1024;

/// What waits for handlers.
struct Item {
    connection: Connection,
    event: Event,
    /// Where messages are handled by keys.
    key: Option<u64>,
}

enum Event {
    Message(Message),
    Close(Close),
}

/// The two stages, when the second begins, and what tells messages apart.
pub(crate) struct Stages {
    pub(crate) callbacks: Option<Arc<dyn Events>>,
    pub(crate) handlers: Option<Arc<dyn Events>>,
    /// Cancelled once the handlers may run.
    pub(crate) gate: CancellationToken,
    /// Which messages are handled one at a time, where several are.
    pub(crate) key: Option<Key>,
}

/// One of them.
struct Stage {
    events: Arc<dyn Events>,
    row: Box<dyn Row>,
}

/// What a future that ran in a stage leaves behind.
struct Done {
    /// What the next stage is to be given.
    then: Option<Item>,
    key: Option<u64>,
}

type Running = std::pin::Pin<Box<dyn Future<Output = Done> + Send>>;

/// The handlers' side of a connection. It outlives a client's connections, so that nothing received is lost and
/// messages of the next connection come behind those of the last.
pub(crate) struct Inbox {
    callbacks: Option<Stage>,
    handlers: Option<Stage>,
    gate: CancellationToken,
    /// Whether it was seen open.
    open: bool,
    order: Order,
    /// Not yet seen by the callbacks.
    arrived: VecDeque<Item>,
    /// Seen by the callbacks, not yet by the handlers.
    gated: VecDeque<Item>,
    bytes: usize,
    running: FuturesUnordered<Running>,
    /// The keys of what runs.
    busy: HashSet<u64>,
    /// What runs must be alone.
    alone: bool,
    max_messages: usize,
    max_bytes: usize,
}

impl Inbox {
    pub(crate) fn new(stages: Stages, limits: &Limits) -> Self {
        let stage = |events: Arc<dyn Events>| Stage { row: events.clone().row(), events };
        Self {
            callbacks: stages.callbacks.map(stage),
            handlers: stages.handlers.map(stage),
            gate: stages.gate,
            open: false,
            order: Order { limit: limits.concurrent.max(1), key: stages.key },
            arrived: VecDeque::new(),
            gated: VecDeque::new(),
            bytes: 0,
            running: FuturesUnordered::new(),
            busy: HashSet::new(),
            alone: false,
            max_messages: limits.inbox_messages.max(1),
            max_bytes: limits.inbox_bytes,
        }
    }

    /// Whether another message may be read: one always fits into an empty inbox, however large it is.
    pub(crate) fn has_room(&self) -> bool {
        let waiting = self.waiting();
        waiting == 0 || (waiting < self.max_messages && self.bytes < self.max_bytes)
    }

    /// What waits for its handlers: messages, ends of connections among them, and bytes.
    pub(crate) fn depth(&self) -> (usize, usize) {
        (self.waiting(), self.bytes)
    }

    /// Whether there is nothing to run, now or later.
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.waiting() == 0
    }

    /// Whether nothing runs and nothing could: what is left, if anything, waits for the gate.
    pub(crate) fn is_settled(&self) -> bool {
        let gated = self.gated.is_empty() || !self.gate.is_cancelled();
        self.running.is_empty() && self.arrived.is_empty() && gated
    }

    /// Takes the messages that `next` has at hand, as long as there is room for the one after: what handlers can do at
    /// once is done on return. How many were taken. Cancel-safe: it never waits.
    pub(crate) async fn messages(&mut self, connection: &Connection, mut next: impl FnMut() -> Option<Message>) -> u64 {
        poll_fn(|context| Poll::Ready(self.take(connection, &mut next, context))).await
    }

    fn take(
        &mut self,
        connection: &Connection,
        next: &mut impl FnMut() -> Option<Message>,
        context: &mut Context<'_>,
    ) -> u64 {
        let mut taken = 0;
        HandlerScope::new(connection, Lane::Message).run(|| {
            while let Some(mut message) = next() {
                taken += 1;
                let key = self.order.key(&message);
                if self.can_begin(key) {
                    self.begin_message(connection, &mut message, key, context);
                } else {
                    self.wait(connection, message, key);
                }
                // A flood of messages must not starve the other tasks of this thread.
                match poll_proceed(context) {
                    Poll::Ready(budget) => budget.made_progress(),
                    Poll::Pending => break,
                }
                if !self.has_room() {
                    break;
                }
            }
        });
        taken
    }

    /// Takes the end of a connection: its handlers run behind those of every message before.
    pub(crate) fn close(&mut self, connection: &Connection, close: Close) {
        self.arrived.push_back(Item { connection: connection.clone(), event: Event::Close(close), key: None });
    }

    /// Forgets what waits and cuts what runs. How many messages were thrown away.
    pub(crate) fn clear(&mut self) -> usize {
        let count = self.waiting() + self.running.len();
        self.arrived.clear();
        self.gated.clear();
        self.running.clear();
        self.busy.clear();
        (self.bytes, self.alone) = (0, false);
        count
    }

    /// Runs handlers until nothing is left to do; while the gate is shut, waits for it where that is all that is
    /// left. Cancel-safe: what runs is kept and goes on with the next call.
    pub(crate) async fn run(&mut self) {
        loop {
            poll_fn(|context| {
                while self.begin_next(context) {}
                Poll::Ready(())
            })
            .await;
            let shut = !self.gated.is_empty() && !self.is_open();
            tokio::select! {
                biased;
                Some(done) = self.running.next() => self.done(done),
                () = self.gate.cancelled(), if shut => {}
                else => return,
            }
        }
    }

    fn waiting(&self) -> usize {
        self.arrived.len() + self.gated.len()
    }

    /// Whether a message that arrives now may pass through all stages at once.
    #[inline(always)]
    fn can_begin(&mut self, key: Option<u64>) -> bool {
        self.waiting() == 0
            && !self.alone
            && (self.running.is_empty() || self.running.len() < self.order.limit)
            && key.is_none_or(|key| !self.busy.contains(&key))
            && (self.handlers.is_none() || self.is_open())
    }

    /// Whether the gate is open. It never shuts again, and asking it takes a lock that many connections share.
    fn is_open(&mut self) -> bool {
        self.open = self.open || self.gate.is_cancelled();
        self.open
    }

    #[inline(always)]
    fn begin_message(
        &mut self,
        connection: &Connection,
        message: &mut Message,
        key: Option<u64>,
        context: &mut Context<'_>,
    ) {
        if let Some(Stage { row, .. }) = &mut self.callbacks {
            let then = self.handlers.is_some().then(|| message.for_another());
            if let Some(rest) = row.message(connection, message, context) {
                let then = then.map(|message| Item::new(connection, Event::Message(message), key));
                self.bytes += then.as_ref().map_or(0, Item::len);
                return self.go_on(connection, rest, then, key);
            }
            let Some(mut message) = then else { return };
            return self.begin_handlers(connection, &mut message, key, context);
        }
        self.begin_handlers(connection, message, key, context);
    }

    #[inline(always)]
    fn begin_handlers(
        &mut self,
        connection: &Connection,
        message: &mut Message,
        key: Option<u64>,
        context: &mut Context<'_>,
    ) {
        if let Some(Stage { row, .. }) = &mut self.handlers
            && let Some(rest) = row.message(connection, message, context)
        {
            self.go_on(connection, rest, None, key);
        }
    }

    /// Queues a message that cannot begin yet.
    fn wait(&mut self, connection: &Connection, message: Message, key: Option<u64>) {
        let message = if DETACHED.contains(&message.len()) { message.detach() } else { message };
        self.bytes += message.len();
        self.arrived.push_back(Item::new(connection, Event::Message(message), key));
    }

    /// Begins what may begin next. Whether anything did.
    fn begin_next(&mut self, context: &mut Context<'_>) -> bool {
        if self.alone {
            return false;
        }
        let second = self.is_open() && !self.gated.is_empty();
        let queue = if second { &mut self.gated } else { &mut self.arrived };
        let Some(index) = self.order.next(queue.iter().map(Item::turn), self.running.len(), &self.busy) else {
            return false;
        };
        let item = queue.remove(index).expect("it was found there");
        let handlers = self.handlers.as_ref().filter(|_| !second);
        // An item counts in `bytes` until it has left the second queue.
        let then = handlers.filter(|stage| stage.events.concerns(item.connection.owner())).map(|_| item.copy());
        if then.is_none() {
            self.bytes -= item.len();
        }
        let Item { connection, event, key } = item;
        let stage = if second { &mut self.handlers } else { &mut self.callbacks };
        let rest = match (stage, event) {
            (None, _) => None,
            (Some(stage), Event::Message(mut message)) => {
                let scope = HandlerScope::new(&connection, Lane::Message);
                scope.run(|| stage.row.message(&connection, &mut message, context))
            }
            (Some(stage), Event::Close(close)) => {
                self.alone = true;
                Some(stage.events.clone().close(&connection, close))
            }
        };
        match rest {
            Some(rest) => self.go_on(&connection, rest, then, key),
            None => self.gated.extend(then),
        }
        true
    }

    /// Keeps what could not be done at once.
    fn go_on(&mut self, connection: &Connection, rest: EventsFuture, then: Option<Item>, key: Option<u64>) {
        self.busy.extend(key);
        let rest = HandlerScope::new(connection, Lane::Message).mark(rest);
        self.running.push(Box::pin(async move {
            rest.await;
            Done { then, key }
        }));
    }

    fn done(&mut self, Done { then, key }: Done) {
        self.alone = false;
        if let Some(key) = key {
            self.busy.remove(&key);
        }
        self.gated.extend(then);
    }
}

impl Item {
    fn new(connection: &Connection, event: Event, key: Option<u64>) -> Self {
        Self { connection: connection.clone(), event, key }
    }

    fn len(&self) -> usize {
        match &self.event {
            Event::Message(message) => message.len(),
            Event::Close(_) => 0,
        }
    }

    fn turn(&self) -> Turn {
        match (&self.event, self.key) {
            (Event::Close(_), _) => Turn::Alone,
            (Event::Message(_), Some(key)) => Turn::Of(key),
            (Event::Message(_), None) => Turn::Any,
        }
    }

    fn copy(&self) -> Self {
        let event = match &self.event {
            Event::Message(message) => Event::Message(message.clone()),
            Event::Close(close) => Event::Close(close.clone()),
        };
        Self::new(&self.connection, event, self.key)
    }
}
