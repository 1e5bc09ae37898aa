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
use crate::plugin::{Decoded, MessageEvent, Reject, Reply};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
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

/// One message on its way.
struct Pass {
    message: Message,
    /// The handler that comes next.
    next: usize,
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
        message: Message,
        context: &mut Context<'_>,
    ) -> Option<EventsFuture> {
        let index = self.events.index(connection)?;
        let dispatcher = self.events.dispatcher();
        let slot = &dispatcher.slots[index];
        if slot.message.is_empty() {
            return None;
        }
        dispatcher.announce_late(connection);
        self.cells.resize_with(slot.message.len(), Cell::default);
        let mut pass = Pass { message, next: 0, taken: false, rejected: None };
        while let Some((number, handler)) = pass.next(slot) {
            let cell = &mut self.cells[number];
            let began = since(handler.timer.as_ref());
            let begun = caught(handler.origin, || {
                handler.begin(connection, &mut pass, slot, &self.decoded, cell).map(|()| cell.poll(context))
            });
            let step = match begun {
                Ok(Poll::Ready(outcome)) => {
                    handler.took(began);
                    Step::Done(Called::of(handler.origin, outcome))
                }
                Ok(Poll::Pending) => Step::Running(number, std::mem::take(cell), began),
                Err(called) => Step::Done(called),
            };
            let step = match step {
                Step::Done(Called::Done(mut reply)) => {
                    if send_at_once(connection, &mut reply) {
                        pass.took(slot, reply.stop);
                        continue;
                    }
                    Step::Done(Called::Done(reply))
                }
                Step::Done(Called::Skipped(reject)) => {
                    pass.rejected = Some((number, reject));
                    continue;
                }
                step => step,
            };
            let decoded = std::mem::take(&mut self.decoded);
            let (dispatcher, connection) = (dispatcher.clone(), connection.clone());
            return Some(Box::pin(rest(dispatcher, index, connection, pass, step, decoded)));
        }
        pass.end(slot, connection);
        self.decoded.clear();
        None
    }
}

/// Passes the message on from where it had to wait.
async fn rest(
    dispatcher: Arc<Dispatcher>,
    index: usize,
    connection: Connection,
    mut pass: Pass,
    mut step: Step,
    decoded: Decoded,
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
                slot.failed("on_message", &connection, Some(&pass.message), &failure).await;
            }
            Called::Skipped(reject) => pass.rejected = Some((pass.next - 1, reject)),
        }
        let Some((number, handler)) = pass.next(slot) else { break };
        let mut cell = Cell::default();
        let began = since(handler.timer.as_ref());
        step = match caught(handler.origin, || handler.begin(&connection, &mut pass, slot, &decoded, &mut cell)) {
            Ok(()) => Step::Running(number, cell, began),
            Err(called) => Step::Done(called),
        };
    }
    pass.end(slot, &connection);
}

impl Pass {
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

    /// A handler took it; one that `stops` is the last.
    fn took(&mut self, slot: &SlotHandlers, stops: bool) {
        self.taken = true;
        if stops {
            self.next = slot.message.len();
        }
    }

    fn end(self, slot: &SlotHandlers, connection: &Connection) {
        if !self.taken {
            let rejected = self.rejected.map(|(number, reject)| (slot.message[number].origin, reject));
            WebSocketClient::count_unhandled(connection);
            Endpoint::count_unhandled(connection);
            slot.unhandled.count(slot.slot, &self.message, rejected);
        }
    }
}

impl MessageHandler {
    /// Takes the arguments and puts the future into `cell`.
    fn begin(
        &self,
        connection: &Connection,
        pass: &mut Pass,
        slot: &SlotHandlers,
        decoded: &Decoded,
        cell: &mut Cell,
    ) -> Result<(), Reject> {
        let last = pass.next == slot.message.len() && slot.error.is_empty();
        let message = &mut pass.message;
        (self.hook.call)(&mut MessageEvent { plugin: &self.plugin, connection, message, last, decoded }, cell)
    }
}
