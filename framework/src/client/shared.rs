//! What a client's handles and its supervisor share.

use super::address::Address;
use super::callbacks::Callbacks;
use super::prepare::Prepare;
use super::reach::Reach;
use super::supervisor::{Command, Supervisor};
use super::{Binding, ConnectError, ConnectionState, Reconnect};
use crate::connection::{Compression, Connection, Limits, Outbox, OwnerId, WhileDown};
use http::HeaderMap;
use std::any::Any;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How many calls may wait for the supervisor: each waits for its answer, so that more wait in `send`.
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

/// What is published about a client.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) state: ConnectionState,
    /// Open, with every `on_open` done.
    pub(crate) ready: bool,
    /// Why there is no connection, where an attempt failed.
    pub(crate) failure: Option<ConnectError>,
}

/// What the handles and the supervisor share.
pub(crate) struct Shared {
    pub(crate) id: OwnerId,
    pub(crate) name: String,
    pub(crate) request: Arc<Request>,
    pub(crate) limits: Limits,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) status: watch::Sender<Status>,
    /// Cancelled when the last handle is dropped.
    pub(crate) dropped: CancellationToken,
    /// Cancelled to end the supervisor wherever it is.
    pub(crate) aborted: CancellationToken,
    pub(crate) current: Mutex<Option<Connection>>,
    pub(crate) received: AtomicU64,
    pub(crate) reconnects: AtomicU64,
    pub(super) alive: Mutex<Weak<Alive>>,
    /// Lives as long as the client: a plugin's place in its count.
    pub(super) place: Mutex<Option<Box<dyn Any + Send + Sync>>>,
    supervision: Mutex<Supervision>,
}

/// The supervisor is started by the first call that needs one, so that a client can be built outside of tokio.
pub(super) enum Supervision {
    NotStarted(Box<(Option<Reconnect>, Callbacks, Binding)>),
    Started(mpsc::Sender<Command>),
    /// Never started, and never will be: it was closed first.
    Over,
}

/// Dropped with the last handle.
pub(super) struct Alive(pub(super) CancellationToken, pub(super) Weak<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.cancel();
        if let Some(shared) = self.1.upgrade()
            && !matches!(*shared.supervision(), Supervision::Started(_))
        {
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
        let status = Status { state: ConnectionState::Idle, ready: false, failure: None };
        Self {
            id,
            name,
            request: Arc::new(request),
            outbox: Arc::new(outbox),
            limits,
            status: watch::Sender::new(status),
            dropped: CancellationToken::new(),
            aborted: CancellationToken::new(),
            current: Mutex::new(None),
            received: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            alive: Mutex::new(Weak::new()),
            place: Mutex::new(None),
            supervision: Mutex::new(Supervision::NotStarted(Box::new((reconnect, callbacks, binding)))),
        }
    }

    /// Gives the client's place in its plugin's count back.
    pub(crate) fn leave(&self) {
        *self.place.lock().expect(UNPOISONED) = None;
    }

    pub(super) fn supervision(&self) -> MutexGuard<'_, Supervision> {
        self.supervision.lock().expect(UNPOISONED)
    }

    /// Where commands go; starts the supervisor where there is none yet.
    pub(super) fn commands(self: &Arc<Self>) -> Option<mpsc::Sender<Command>> {
        let mut supervision = self.supervision();
        match std::mem::replace(&mut *supervision, Supervision::Over) {
            Supervision::Started(commands) => {
                *supervision = Supervision::Started(commands.clone());
                Some(commands)
            }
            Supervision::NotStarted(boot) => {
                let (reconnect, callbacks, binding) = *boot;
                let (commands, receiver) = mpsc::channel(COMMANDS);
                let tracker = binding.tracker.clone();
                tracker.spawn(Supervisor::new(self.clone(), receiver, reconnect, callbacks, binding).run());
                *supervision = Supervision::Started(commands.clone());
                Some(commands)
            }
            Supervision::Over => None,
        }
    }
}
