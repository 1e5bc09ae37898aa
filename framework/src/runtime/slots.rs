//! The handlers of one slot, in the order in which they run, and how an event passes through them.

use super::call::{self, Called, call};
use crate::connection::{Connection, SendError};
use crate::error::Error;
use crate::message::{Close, Kind, Message};
use crate::metrics::{HANDLER_DURATION, HANDLER_FAILURES, Labels, Meter, since};
use crate::plugin::{
    CloseEvent, CloseHook, ErrorEvent, ErrorHook, Failure, HandlerError, Hook, MessageHook, Messages, OpenEvent,
    OpenHook, Origin, Plugin, Registration, Reject, Reply, SlotKind, SlotRef,
};
use crate::target::RUNTIME;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing::{debug, warn};

/// A hook, whose it is, and where it stands.
pub(super) struct Bound<H> {
    pub(super) plugin: Plugin,
    pub(super) origin: Origin,
    pub(super) hook: H,
    /// Records how long it takes, where somebody looks.
    pub(super) timer: Option<Meter>,
}

impl<H> Bound<H> {
    /// It has run since `began`, where that was measured.
    pub(super) fn took(&self, began: Option<Instant>) {
        if let (Some(timer), Some(began)) = (&self.timer, began) {
            timer.record(began.elapsed());
        }
    }

    /// Measures a call, unless its arguments were not there.
    async fn timed<T>(&self, call: impl Future<Output = Called<T>>) -> Called<T> {
        let began = since(self.timer.as_ref());
        let called = call.await;
        if !matches!(called, Called::Skipped(_)) {
            self.took(began);
        }
        called
    }

    fn measure(&mut self, slot: SlotRef, hook: &'static str) {
        let labels = labels(slot, hook, self.plugin.name(), self.origin.name);
        self.timer = Some(Meter::new(&HANDLER_DURATION, &labels));
    }
}

/// Which hook it is, and whom it serves.
fn labels(slot: SlotRef, hook: &str, plugin: &str, handler: &str) -> Labels {
    let served = match slot.slot.kind() {
        SlotKind::Client => "client",
        SlotKind::Endpoint => "endpoint",
    };
    let name = slot.path.rsplit("::").next().unwrap_or(slot.path).trim();
    [("plugin", plugin), ("hook", hook), ("handler", handler), (served, name)]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
}

/// An `#[on_message]` handler.
pub(super) type MessageHandler = Bound<MessageHook>;

/// Everything that is bound to one slot.
pub(super) struct SlotHandlers {
    pub(super) slot: SlotRef,
    open: Vec<Bound<OpenHook>>,
    pub(super) message: Vec<MessageHandler>,
    close: Vec<Bound<CloseHook>>,
    pub(super) error: Vec<Bound<ErrorHook>>,
    pub(super) unhandled: Unhandled,
    /// Whether failures are recorded.
    measured: bool,
}

impl SlotHandlers {
    pub(super) fn new(slot: SlotRef) -> Self {
        Self {
            slot,
            open: Vec::new(),
            message: Vec::new(),
            close: Vec::new(),
            error: Vec::new(),
            unhandled: Unhandled::default(),
            measured: false,
        }
    }

    /// Adds a hook that is bound to this slot.
    pub(super) fn bind(&mut self, plugin: Plugin, Registration { origin, hook }: Registration) {
        match hook {
            Hook::Open(hook) => self.open.push(Bound { plugin, origin, hook, timer: None }),
            Hook::Message(hook) => self.message.push(Bound { plugin, origin, hook, timer: None }),
            Hook::Close(hook) => self.close.push(Bound { plugin, origin, hook, timer: None }),
            Hook::Error(hook) => self.error.push(Bound { plugin, origin, hook, timer: None }),
            _ => {}
        }
    }

    /// Highest priority first, then as they stand in the source.
    pub(super) fn sort(&mut self) {
        self.open.sort_by_key(|bound| Reverse(bound.hook.priority));
        self.message.sort_by_key(|bound| Reverse(bound.hook.priority));
        self.close.sort_by_key(|bound| Reverse(bound.hook.priority));
    }

    /// Measures from now on how long its hooks take, and how often they fail.
    pub(super) fn measure(&mut self) {
        self.measured = true;
        self.open.iter_mut().for_each(|bound| bound.measure(self.slot, "on_open"));
        self.message.iter_mut().for_each(|bound| bound.measure(self.slot, "on_message"));
        self.close.iter_mut().for_each(|bound| bound.measure(self.slot, "on_close"));
    }

    /// A plugin whose `#[on_open]` hooks run, if there is one.
    pub(super) fn opener(&self) -> Option<&Plugin> {
        self.open.iter().map(|bound| &bound.plugin).find(|plugin| plugin.is_enabled())
    }

    /// Runs every `#[on_open]`; the first that fails ends the row, and the connection is given up.
    pub(super) async fn opened(&self, connection: &Connection) -> Result<(), Error> {
        for bound in self.open.iter().filter(|bound| bound.plugin.is_enabled()) {
            let Bound { plugin, origin, hook, .. } = bound;
            match bound.timed(call(*origin, || (hook.call)(&OpenEvent { plugin, connection }))).await {
                Called::Done(reply) => send(connection, reply).await,
                Called::Skipped(reject) => debug!(
                    target: RUNTIME, plugin = plugin.name(), handler = origin.name, %reject, "skipped"
                ),
                Called::Failed(failure) => {
                    self.failed("on_open", connection, None, &failure).await;
                    return Err(Error::msg(failure.to_string()));
                }
            }
        }
        Ok(())
    }

    /// Runs every `#[on_close]`.
    pub(super) async fn closed(&self, connection: &Connection, close: &Close) {
        for bound in self.close.iter().filter(|bound| bound.plugin.is_enabled()) {
            let Bound { plugin, origin, hook, .. } = bound;
            match bound.timed(call(*origin, || (hook.call)(&CloseEvent { plugin, connection, close }))).await {
                Called::Done(()) => {}
                Called::Skipped(reject) => debug!(
                    target: RUNTIME, plugin = plugin.name(), handler = origin.name, %reject, "skipped"
                ),
                Called::Failed(failure) => self.failed("on_close", connection, None, &failure).await,
            }
        }
    }

    /// How many messages no handler took.
    pub(super) fn unhandled(&self) -> u64 {
        self.unhandled.total()
    }

    /// Logs a failure and hands it to every `#[on_error]` that is meant for it.
    pub(super) async fn failed(
        &self,
        hook: &'static str,
        connection: &Connection,
        message: Option<&Message>,
        error: &HandlerError,
    ) {
        call::log(hook, error);
        if self.measured {
            HANDLER_FAILURES.counter(&labels(self.slot, hook, error.plugin(), error.handler())).increment(1);
        }
        for Bound { plugin, origin, hook, .. } in &self.error {
            // Without a slot it is meant for the handlers of its own plugin.
            if !plugin.is_enabled() || (hook.slot.is_none() && plugin.name() != error.plugin()) {
                continue;
            }
            match call(*origin, || (hook.call)(&ErrorEvent { plugin, connection, message, error })).await {
                Called::Done(reply) => send(connection, reply).await,
                Called::Skipped(_) => {}
                Called::Failed(failure) => call::log("on_error", &failure),
            }
        }
    }
}

/// Sends what a hook returned.
pub(super) async fn send(connection: &Connection, reply: Reply) {
    for message in reply.into_messages() {
        let sent = connection.reply(message).await;
        report(connection, sent);
    }
}

/// Sends a reply of at most one message, where there is room for it; else leaves it. Whether nothing is left.
pub(super) fn send_at_once(connection: &Connection, reply: &mut Reply) -> bool {
    match std::mem::take(&mut reply.messages) {
        Messages::None => true,
        Messages::One(message) => match connection.reply_at_once(message) {
            Ok(sent) => {
                report(connection, sent);
                true
            }
            Err(message) => {
                reply.messages = Messages::One(message);
                false
            }
        },
        many @ Messages::Many(_) => {
            reply.messages = many;
            false
        }
    }
}

fn report(connection: &Connection, sent: Result<(), SendError>) {
    match sent {
        Ok(()) => {}
        Err(error @ (SendError::Closed | SendError::NotConnected)) => {
            debug!(target: RUNTIME, %error, connection = %connection.id(), "a reply came too late");
        }
        Err(error) => warn!(target: RUNTIME, %error, connection = %connection.id(), "a reply could not be sent"),
    }
}

/// Messages that no handler took: counted, and logged once for each kind.
#[derive(Default)]
pub(super) struct Unhandled {
    counts: [AtomicU64; 4],
}

impl Unhandled {
    /// `rejected`: the handler that came last, and what its argument said.
    pub(super) fn count(&self, slot: SlotRef, message: &Message, rejected: Option<(Origin, Reject)>) {
        let kind = match message.kind() {
            Kind::Text => 0,
            Kind::Binary => 1,
            Kind::Ping => 2,
            Kind::Pong | Kind::Close => 3,
        };
        let first = self.counts[kind].fetch_add(1, Ordering::Relaxed) == 0;
        // It may be one of millions: the reason is only written down where somebody reads it.
        if !first && !tracing::enabled!(target: RUNTIME, tracing::Level::DEBUG) {
            return;
        }
        let (slot, bytes, kind) = (slot.path, message.len(), message.kind());
        let reason = rejected.map(|(origin, reject)| format!("{}: {reject}", origin.name)).unwrap_or_default();
        if first {
            warn!(
                target: RUNTIME,
                slot, %kind, bytes, reason, "no #[on_message] handler took this message; later ones are only counted"
            );
        } else {
            debug!(target: RUNTIME, slot, %kind, bytes, reason, "no #[on_message] handler took this message");
        }
    }

    fn total(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

/// The failure of a hook that took too long.
pub(super) fn timed_out(origin: Origin, limit: std::time::Duration) -> HandlerError {
    let text = format!("did not finish within {limit:?}: make it faster, or give it a longer `timeout`");
    HandlerError::new(origin, Failure::Error(Error::msg(text)))
}
