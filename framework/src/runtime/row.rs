//! How a message passes through the handlers of its slot: at once as far as none has to wait, the rest as a future.

use super::call::{Called, caught};
use super::dispatch::{Dispatcher, OwnerEvents};
use super::slots::{MessageHandler, SlotHandlers, send, send_at_once};
use crate::client::WebSocketClient;
use crate::connection::{Connection, EventsFuture, FutureCell, Row};
use crate::error::Result;
use crate::message::Message;
use crate::metrics::since;
use crate::node::Endpoint;
use crate::plugin::{Decoded, MessageEvent, Messages, Reject, Reply};
use futures_util::FutureExt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

type Cell = FutureCell<Result<Reply>>;

/// The handlers of one client or connection, each with the memory for its future.
pub(super) struct HookRow {
    events: Arc<OwnerEvents>,
    cells: Vec<Cell>,
    decoded: Decoded,
}

/// How far a message has come.
#[derive(Default)]
struct Pass {
    /// The handler that comes next.
    next: usize,
    /// When the last one began, where that is measured.
    began: Option<Instant>,
    taken: bool,
    /// The handler that was skipped last, and what its argument said.
    rejected: Option<(usize, Reject)>,
}

/// What a message is waiting for.
enum Step {
    /// The end of this handler, and when it began where that is measured.
    Running(usize, Cell, Option<Instant>),
    /// What a handler came to has to be dealt with: its reply has no room, or it failed.
    Done(Called<Reply>),
}

impl HookRow {
    pub(super) fn new(events: Arc<OwnerEvents>) -> Self {
        Self { events, cells: Vec::new(), decoded: Decoded::default() }
    }
}

impl Row for HookRow {
    fn message(
        &mut self,
        connection: &Connection,
        message: &mut Message,
        context: &mut Context<'_>,
    ) -> Option<EventsFuture> {
        let index = self.events.index(connection)?;
        let dispatcher = self.events.dispatcher();
        let slot = &dispatcher.slots[index];
        if slot.message.is_empty() {
            return None;
        }
        dispatcher.announce_late(connection);
        if self.cells.len() != slot.message.len() {
            self.cells.resize_with(slot.message.len(), Cell::default);
        }
        let mut pass = Pass::default();
        let (cells, decoded) = (&mut self.cells, &mut self.decoded);
        // One net for the whole row: to spread it costs about as much as a handler.
        let caught = catch_unwind(AssertUnwindSafe(|| pass.run(slot, connection, message, decoded, cells, context)));
        let step = caught.unwrap_or_else(|panic| {
            let handler = &slot.message[pass.next - 1];
            handler.took(pass.began);
            Some(Step::Done(Called::caught(handler.origin, Err(panic))))
        });
        if let Some(step) = step {
            let (message, decoded) = (message.take(), std::mem::take(&mut self.decoded));
            let (dispatcher, connection) = (dispatcher.clone(), connection.clone());
            return Some(Box::pin(rest(dispatcher, index, connection, message, pass, step, decoded)));
        }
        pass.end(slot, connection, message);
        self.decoded.clear();
        None
    }
}

/// Passes the message on from where it had to wait.
async fn rest(
    dispatcher: Arc<Dispatcher>,
    index: usize,
    connection: Connection,
    mut message: Message,
    mut pass: Pass,
    mut step: Step,
    mut decoded: Decoded,
) {
    let slot = &dispatcher.slots[index];
    loop {
        let called = match step {
            Step::Done(called) => called,
            Step::Running(number, cell, began) => {
                let handler = &slot.message[number];
                let outcome = AssertUnwindSafe(cell).catch_unwind().await;
                handler.took(began);
                Called::caught(handler.origin, outcome)
            }
        };
        match called {
            Called::Done(reply) => {
                let stops = reply.stop;
                send(&connection, reply).await;
                pass.took(slot, stops);
            }
            Called::Failed(failure) => {
                pass.taken = true;
                slot.failed("on_message", &connection, Some(&message), &failure).await;
            }
            Called::Skipped(reject) => pass.rejected = Some((pass.next - 1, reject)),
        }
        let Some((number, handler)) = pass.next(slot) else { break };
        let mut cell = Cell::default();
        let began = since(handler.timer.as_ref());
        let last = pass.is_last(slot);
        let begun = poll_fn(|context| {
            Poll::Ready(caught(handler.origin, || {
                handler.begin(&connection, &mut message, last, &mut decoded, &mut cell, context)
            }))
        });
        step = match begun.await {
            Ok(Poll::Pending) => Step::Running(number, cell, began),
            Ok(Poll::Ready(outcome)) => {
                handler.took(began);
                Step::Done(Called::of(handler.origin, outcome))
            }
            Err(called) => {
                if matches!(called, Called::Failed(_)) {
                    handler.took(began);
                }
                Step::Done(called)
            }
        };
    }
    pass.end(slot, &connection, &message);
}

impl Pass {
    /// Calls one handler after the other, as far as none has to wait. What the message has to wait for, if anything.
    fn run(
        &mut self,
        slot: &SlotHandlers,
        connection: &Connection,
        message: &mut Message,
        decoded: &mut Decoded,
        cells: &mut [Cell],
        context: &mut Context<'_>,
    ) -> Option<Step> {
        while let Some((number, handler)) = self.next(slot) {
            let cell = &mut cells[number];
            let began = since(handler.timer.as_ref());
            self.began = began;
            let begun = handler.begin(connection, message, self.is_last(slot), decoded, cell, context);
            // The common end first, and by itself: what the others come to is large, and moving it costs as much as a handler.
            if let Ok(Poll::Ready(Ok(Reply { messages: Messages::None, stop }))) = &begun {
                let stop = *stop;
                // There is nothing in it to drop, and to find that out costs a call.
                std::mem::forget(begun);
                handler.took(began);
                self.took(slot, stop);
                continue;
            }
            let step = self.waits(slot, number, connection, begun, cell, began);
            if step.is_some() {
                return step;
            }
        }
        None
    }

    /// The next handler whose plugin is enabled.
    fn next<'a>(&mut self, slot: &'a SlotHandlers) -> Option<(usize, &'a MessageHandler)> {
        loop {
            let number = self.next;
            let handler = slot.message.get(number)?;
            self.next += 1;
            if handler.plugin.is_enabled() {
                return Some((number, handler));
            }
        }
    }

    /// Whether nobody looks at the message after the handler that comes now.
    fn is_last(&self, slot: &SlotHandlers) -> bool {
        self.next == slot.message.len() && slot.error.is_empty()
    }

    /// What the message has to wait for after the handler that has begun, if for anything.
    #[inline(never)]
    fn waits(
        &mut self,
        slot: &SlotHandlers,
        number: usize,
        connection: &Connection,
        begun: Result<Poll<Result<Reply>>, Reject>,
        cell: &mut Cell,
        began: Option<Instant>,
    ) -> Option<Step> {
        let handler = &slot.message[number];
        let called = match begun {
            Ok(Poll::Pending) => return Some(Step::Running(number, std::mem::take(cell), began)),
            Ok(Poll::Ready(outcome)) => {
                handler.took(began);
                Called::of(handler.origin, outcome)
            }
            Err(reject) => Called::Skipped(reject),
        };
        match called {
            Called::Done(mut reply) => {
                if !send_at_once(connection, &mut reply) {
                    return Some(Step::Done(Called::Done(reply)));
                }
                self.took(slot, reply.stop);
            }
            Called::Skipped(reject) => self.rejected = Some((number, reject)),
            called => return Some(Step::Done(called)),
        }
        None
    }

    /// A handler took it; one that `stops` is the last.
    fn took(&mut self, slot: &SlotHandlers, stops: bool) {
        self.taken = true;
        if stops {
            self.next = slot.message.len();
        }
    }

    fn end(self, slot: &SlotHandlers, connection: &Connection, message: &Message) {
        if !self.taken {
            let rejected = self.rejected.map(|(number, reject)| (slot.message[number].origin, reject));
            WebSocketClient::count_unhandled(connection);
            Endpoint::count_unhandled(connection);
            slot.unhandled.count(slot.slot, message, rejected);
        }
    }
}

impl MessageHandler {
    /// Takes the arguments, puts the future into `cell` and polls it.
    #[inline(always)]
    fn begin(
        &self,
        connection: &Connection,
        message: &mut Message,
        last: bool,
        decoded: &mut Decoded,
        cell: &mut Cell,
        context: &mut Context<'_>,
    ) -> Result<Poll<Result<Reply>>, Reject> {
        (self.hook.call)(&mut MessageEvent { plugin: &self.plugin, connection, message, last, decoded }, cell, context)
    }
}
