//! What comes in, counted by the one task that reads and read by everybody.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What one client, or one endpoint connection, has received.
///
/// Only the task that reads writes here, so that no addition has to lock the memory: it reads, adds and stores.
#[derive(Debug, Default)]
pub(crate) struct Inflow {
    messages: AtomicU64,
    bytes: AtomicU64,
    waiting_messages: AtomicUsize,
    waiting_bytes: AtomicUsize,
}

/// What an [`Inflow`] says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct InflowNumbers {
    /// Messages for the handlers that were read.
    pub(crate) messages: u64,
    /// Their payloads.
    pub(crate) bytes: u64,
    /// What waits in the inbox now.
    pub(crate) waiting_messages: usize,
    pub(crate) waiting_bytes: usize,
}

impl Inflow {
    /// Messages were read.
    pub(crate) fn count(&self, messages: u64, bytes: u64) {
        add(&self.messages, messages);
        add(&self.bytes, bytes);
    }

    /// This is what waits in the inbox now.
    pub(crate) fn waits(&self, (messages, bytes): (usize, usize)) {
        self.waiting_messages.store(messages, Ordering::Relaxed);
        self.waiting_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn numbers(&self) -> InflowNumbers {
        InflowNumbers {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            waiting_messages: self.waiting_messages.load(Ordering::Relaxed),
            waiting_bytes: self.waiting_bytes.load(Ordering::Relaxed),
        }
    }
}

fn add(total: &AtomicU64, more: u64) {
    total.store(total.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
}
