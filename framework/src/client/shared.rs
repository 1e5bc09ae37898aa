//! What a client's handles and its supervisor share.

use super::address::Address;
use super::callbacks::Callbacks;
use super::prepare::Prepare;
use super::reach::Reach;
use super::stats::Counters;
use super::status::Status;
use super::supervisor::{Command, Supervisor};
use super::{Binding, ConnectionState, Reconnect};
use crate::connection::{Compression, Connection, Limits, Outbox, OwnerId, Signal, WhileDown};
use futures_channel::mpsc;
use http::HeaderMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How many commands may wait for the supervisor: more calls wait until it has taken one.
const COMMANDS: usize = 8;

pub(super) const UNPOISONED: &str = "nothing panics while it holds a client's lock";

/// What every attempt asks for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) address: Address,
    pub(crate) headers: HeaderMap,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) require_subprotocol: bool,
    pub(crate) compression: Option<Compression>,
    pub(crate) timeout: Duration,
    pub(crate) reach: Reach,
    /// Makes address and headers anew for each attempt.
    pub(crate) prepare: Option<Arc<Prepare>>,
}

/// What the handles and the supervisor share.
pub(crate) struct Shared {
    pub(crate) id: OwnerId,
    pub(crate) name: String,
    pub(crate) request: Arc<Request>,
    pub(crate) limits: Limits,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) status: watch::Sender<Status>,
    pub(super) ending: Ending,
    /// The room for commands; closed with the supervisor.
    pub(super) room: Semaphore,
    pub(crate) current: Mutex<Option<Connection>>,
    pub(crate) counters: Counters,
    pub(super) alive: Mutex<Weak<Alive>>,
    /// Its place among the clients of whoever made it, as long as it lives.
    pub(super) place: Mutex<Option<Box<dyn Membership>>>,
    supervision: Mutex<Supervision>,
}

/// A client's place among those of whoever made it. Dropped, it is free for another one.
pub(crate) trait Membership: Send + Sync {
    /// The client has come to its end: its numbers will not change any more.
    fn left(&self, client: &Shared);
}

/// The supervisor is started by the first call that needs one, so that a client can be built outside of tokio.
pub(super) enum Supervision {
    NotStarted(Box<(Option<Reconnect>, Callbacks, Binding)>),
    /// The channel of `futures`, bounded by `room`: ten thousand clients have one each, and tokio's takes 800 bytes while nothing
    /// is in it.
    Started(mpsc::UnboundedSender<Command>),
    /// Never started, and never will be: it was closed first.
    Over,
}

/// What ends the supervisor, beside a command. One supervisor waits for it.
#[derive(Default)]
pub(super) struct Ending {
    dropped: AtomicBool,
    aborted: AtomicBool,
    told: Signal,
}

/// How the end is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The last handle was dropped: a close.
    Close,
    /// At once, wherever the supervisor is.
    Abort,
}

impl Ending {
    /// The last handle was dropped.
    fn dropped(&self) {
        self.dropped.store(true, Ordering::Release);
        self.told.give();
    }

    /// Nothing is waited for.
    pub(super) fn abort(&self) {
        self.aborted.store(true, Ordering::Release);
        self.told.give();
    }

    /// Whether nobody has a handle any more.
    pub(super) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Acquire)
    }

    /// Waits until an end is wanted; where a close is known to be, for more. Cancel-safe.
    pub(super) async fn wanted(&self, closing: bool) -> Wanted {
        loop {
            if self.aborted.load(Ordering::Acquire) {
                return Wanted::Abort;
            }
            if self.is_dropped() && !closing {
                return Wanted::Close;
            }
            self.told.taken().await;
        }
    }
}

/// Dropped with the last handle.
pub(super) struct Alive(pub(super) Weak<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        let Some(shared) = self.0.upgrade() else { return };
        shared.ending.dropped();
        if !matches!(*shared.supervision(), Supervision::Started(_)) {
            shared.leave();
        }
    }
}

impl Shared {
    pub(crate) fn new(
        name: String,
        request: Request,
        limits: Limits,
        while_down: WhileDown,
        reconnect: Option<Reconnect>,
        callbacks: Callbacks,
        binding: Binding,
    ) -> Self {
        let id = OwnerId::next();
        let outbox = Outbox::new(id, limits.outbox_messages, limits.outbox_bytes, while_down);
        Self {
            id,
            name,
            request: Arc::new(request),
            outbox: Arc::new(outbox),
            limits,
            status: watch::Sender::new(Status::new()),
            ending: Ending::default(),
            room: Semaphore::new(COMMANDS),
            current: Mutex::new(None),
            counters: Counters::default(),
            alive: Mutex::new(Weak::new()),
            place: Mutex::new(None),
            supervision: Mutex::new(Supervision::NotStarted(Box::new((reconnect, callbacks, binding)))),
        }
    }

    /// Gives the client's place in its plugin's count back.
    pub(crate) fn leave(&self) {
        let place = self.place.lock().expect(UNPOISONED).take();
        if let Some(place) = place {
            place.left(self);
        }
    }

    /// Goes to a state, and tells whoever follows it if it is another one.
    pub(super) fn enter(&self, state: ConnectionState, ready: bool) {
        self.status.send_if_modified(|status| status.enter(&self.name, state, ready));
    }

    /// Changes what nobody waits for.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Status) -> T) -> T {
        let mut outcome = None;
        self.status.send_if_modified(|status| {
            outcome = Some(change(status));
            false
        });
        outcome.expect("the change was made")
    }

    /// Hands the supervisor a command, once there is room for it. Whether it can still be carried out. Cancel-safe: a cancelled
    /// call has ordered nothing.
    pub(super) async fn order(&self, commands: &mpsc::UnboundedSender<Command>, command: Command) -> bool {
        // Given back by the supervisor, when it has taken the command.
        let Ok(room) = self.room.acquire().await else { return false };
        room.forget();
        commands.unbounded_send(command).is_ok()
    }

    pub(super) fn supervision(&self) -> MutexGuard<'_, Supervision> {
        self.supervision.lock().expect(UNPOISONED)
    }

    /// Where commands go; starts the supervisor where there is none yet.
    pub(super) fn commands(self: &Arc<Self>) -> Option<mpsc::UnboundedSender<Command>> {
        let mut supervision = self.supervision();
        match std::mem::replace(&mut *supervision, Supervision::Over) {
            Supervision::Started(commands) => {
                *supervision = Supervision::Started(commands.clone());
                Some(commands)
            }
            Supervision::NotStarted(boot) => {
                let (reconnect, callbacks, binding) = *boot;
                let (commands, receiver) = mpsc::unbounded();
                let tracker = binding.tracker.clone();
                tracker.spawn(Supervisor::new(self.clone(), receiver, reconnect, callbacks, binding).run());
                *supervision = Supervision::Started(commands.clone());
                Some(commands)
            }
            Supervision::Over => None,
        }
    }
}
