//! From a connection's events to the handlers of the slot that its client or endpoint stands in.

use super::row::HookRow;
use super::slots::SlotHandlers;
use crate::connection::{Connection, Events, EventsFuture, OwnerId, Row};
use crate::error::Error;
use crate::message::Close;
use crate::plugin::{Hook, Plugin, Registration, Registry, SlotRef};
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Every plugin and the handlers of every slot. Built once, then only read.
pub(super) struct Dispatcher {
    pub(super) plugins: BTreeMap<&'static str, Plugin>,
    pub(super) slots: Vec<SlotHandlers>,
}

impl Dispatcher {
    pub(super) fn new(registry: &Registry, plugins: BTreeMap<&'static str, Plugin>, measured: bool) -> Self {
        let mut slots: Vec<SlotHandlers> = Vec::new();
        for slot in registry.items().iter().filter_map(handled_slot) {
            if !slots.iter().any(|known| known.slot.slot.id() == slot.slot.id()) {
                slots.push(SlotHandlers::new(slot));
            }
        }
        for registration in registry.items() {
            let plugin = &plugins[registration.origin.plugin];
            match registration.hook {
                // It is meant for every slot that the plugin has handlers for: `failed` checks whose handler it was.
                Hook::Error(hook) if hook.slot.is_none() => {
                    slots.iter_mut().for_each(|slot| slot.bind(plugin.clone(), *registration));
                }
                _ => {
                    let slot = handled_slot(registration);
                    let known =
                        slot.and_then(|slot| slots.iter_mut().find(|known| known.slot.slot.id() == slot.slot.id()));
                    if let Some(known) = known {
                        known.bind(plugin.clone(), *registration);
                    }
                }
            }
        }
        slots.iter_mut().for_each(SlotHandlers::sort);
        if measured {
            slots.iter_mut().for_each(SlotHandlers::measure);
        }
        Self { plugins, slots }
    }

    /// The handlers' side of one client or endpoint.
    pub(super) fn events(self: &Arc<Self>) -> Arc<dyn Events> {
        Arc::new(OwnerEvents { dispatcher: self.clone(), found: OnceLock::new() })
    }

    /// Begins the `#[on_open]` hooks of a connection whose client was stored in its slot after it had opened, unless
    /// they were begun already, or will be: it is still opening. Nobody waits for their end, since what they wait for
    /// may be a message.
    #[inline]
    pub(super) fn announce_late(self: &Arc<Self>, connection: &Connection) {
        if !connection.was_announced() && connection.was_ready() {
            self.announce(connection);
        }
    }

    fn announce(self: &Arc<Self>, connection: &Connection) {
        let Some(index) = self.index_of(connection.owner()).filter(|_| connection.announce()) else { return };
        let Some(plugin) = self.slots[index].opener() else { return };
        let (dispatcher, connection) = (self.clone(), connection.clone());
        let mut open = Box::pin(async move {
            if dispatcher.slots[index].opened(&connection).await.is_err() {
                connection.give_up();
            }
        });
        if (&mut open).now_or_never().is_none() {
            plugin.spawn(open);
        }
    }

    /// How many messages no handler took, by slot.
    pub(super) fn unhandled(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.slots.iter().map(|slot| (slot.slot.path, slot.unhandled())).filter(|(_, count)| *count > 0)
    }

    fn index_of(&self, owner: OwnerId) -> Option<usize> {
        self.slots.iter().position(|handlers| handlers.slot.slot.owner() == Some(owner))
    }
}

/// The slot that a handler is bound to.
pub(super) fn handled_slot(registration: &Registration) -> Option<SlotRef> {
    match registration.hook {
        Hook::Open(hook) => Some(hook.slot),
        Hook::Message(hook) => Some(hook.slot),
        Hook::Close(hook) => Some(hook.slot),
        Hook::Error(hook) => hook.slot,
        _ => None,
    }
}

/// The handlers' side of one client or endpoint: remembers its slot once it was found in one.
pub(super) struct OwnerEvents {
    dispatcher: Arc<Dispatcher>,
    found: OnceLock<usize>,
}

impl OwnerEvents {
    pub(super) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// A client may be stored in its slot long after it was made, so this looks again until it is found.
    pub(super) fn index(&self, connection: &Connection) -> Option<usize> {
        if let Some(index) = self.found.get() {
            return Some(*index);
        }
        let index = self.dispatcher.index_of(connection.owner())?;
        Some(*self.found.get_or_init(|| index))
    }
}

impl Events for OwnerEvents {
    /// As long as a slot is empty, any client may still be stored in it.
    fn concerns(&self, owner: OwnerId) -> bool {
        self.found.get().is_some()
            || self.dispatcher.slots.iter().any(|handlers| handlers.slot.slot.owner().is_none_or(|held| held == owner))
    }

    fn open(&self, connection: &Connection) -> EventsFuture<Result<(), Error>> {
        let Some(index) = self.index(connection) else { return Box::pin(async { Ok(()) }) };
        let (dispatcher, connection) = (self.dispatcher.clone(), connection.clone());
        Box::pin(async move {
            if connection.announce() { dispatcher.slots[index].opened(&connection).await } else { Ok(()) }
        })
    }

    fn row(self: Arc<Self>) -> Box<dyn Row> {
        Box::new(HookRow::new(self))
    }

    fn close(self: Arc<Self>, connection: &Connection, close: Close) -> EventsFuture {
        let Some(index) = self.index(connection) else { return Box::pin(async {}) };
        let (dispatcher, connection) = (self.dispatcher.clone(), connection.clone());
        Box::pin(async move { dispatcher.slots[index].closed(&connection, &close).await })
    }
}
