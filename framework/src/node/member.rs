//! Who is connected to an endpoint: a bounded set that a connection cannot stay in after its end.

use super::EndpointStats;
use crate::connection::{Connection, ConnectionId, Inflow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections of one endpoint.
pub(super) struct Members {
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: BTreeMap<ConnectionId, Open>,
    /// Ended, but their handlers still run.
    ending: BTreeSet<ConnectionId>,
    opened: u64,
    /// Of connections that have ended.
    past: EndpointStats,
}

/// A connection, and what it receives.
struct Open {
    connection: Connection,
    inflow: Arc<Inflow>,
}

impl Open {
    fn add_to(&self, stats: &mut EndpointStats) {
        let (out, received) = (self.connection.outbox().counts(), self.inflow.numbers());
        stats.received += received.messages;
        stats.received_bytes += received.bytes;
        stats.inbox += received.waiting_messages;
        stats.inbox_bytes += received.waiting_bytes;
        stats.queued += out.queued;
        stats.queued_bytes += out.queued_bytes;
        stats.written += out.written;
        stats.written_bytes += out.written_bytes;
        stats.lost += out.lost;
    }
}

/// A place for a connection that is to be.
pub(super) struct Admission {
    members: Arc<Members>,
    place: OwnedSemaphorePermit,
}

/// A connection's membership. Dropped with the connection's task, so that nothing is left of a task that was cut.
pub(super) struct Member {
    members: Arc<Members>,
    connection: Connection,
    _place: OwnedSemaphorePermit,
}

impl Members {
    pub(super) fn new(max_connections: usize) -> Self {
        let places = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
        Self { places, state: Mutex::default() }
    }

    pub(super) fn admit(members: &Arc<Self>) -> Option<Admission> {
        let place = members.places.clone().try_acquire_owned().ok()?;
        Some(Admission { members: members.clone(), place })
    }

    pub(super) fn open(&self) -> Vec<Connection> {
        self.lock().open.values().map(|open| open.connection.clone()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().open.len()
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<Connection> {
        self.lock().open.get(&id).map(|open| open.connection.clone())
    }

    pub(super) fn running(&self) -> Vec<ConnectionId> {
        let state = self.lock();
        let mut ids: Vec<_> = state.open.keys().chain(&state.ending).copied().collect();
        ids.sort_unstable();
        ids
    }

    /// What the connections come to, those that have ended among them.
    pub(super) fn numbers(&self) -> EndpointStats {
        let state = self.lock();
        let mut stats = EndpointStats { connections: state.open.len(), opened: state.opened, ..state.past };
        state.open.values().for_each(|open| open.add_to(&mut stats));
        stats
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the members")
    }
}

impl Admission {
    /// The connection is there.
    pub(super) fn enter(self, connection: Connection, inflow: Arc<Inflow>) -> Member {
        let Self { members, place } = self;
        {
            let mut state = members.lock();
            state.opened += 1;
            state.open.insert(connection.id(), Open { connection: connection.clone(), inflow });
        }
        Member { members, connection, _place: place }
    }
}

impl Member {
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The connection has ended: nothing can be sent on it any more, and nobody finds it. Its handlers may go on.
    pub(super) fn end(&self) {
        self.connection.outbox().shut();
        let mut state = self.members.lock();
        if let Some(open) = state.open.remove(&self.connection.id()) {
            state.ending.insert(self.connection.id());
            open.add_to(&mut state.past);
            // What waits is that of open connections.
            let EndpointStats { inbox, inbox_bytes, queued, queued_bytes, .. } = &mut state.past;
            (*inbox, *inbox_bytes, *queued, *queued_bytes) = (0, 0, 0, 0);
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.end();
        self.members.lock().ending.remove(&self.connection.id());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Handshake, Outbox, OwnerId, SendError, WhileDown};

    fn connection() -> Connection {
        let owner = OwnerId::next();
        let outbox = Arc::new(Outbox::new(owner, 4, 1024, WhileDown::Fail));
        outbox.opening();
        Connection::new(owner, Box::new(()), outbox, Handshake::default())
    }

    #[test]
    fn a_place_is_given_back_when_the_task_has_ended_and_not_before() {
        let members = Arc::new(Members::new(1));
        let member = Members::admit(&members).expect("a place").enter(connection(), Arc::default());
        assert!(Members::admit(&members).is_none());
        member.end();
        assert!(Members::admit(&members).is_none(), "its handlers still run");
        drop(member);
        assert!(Members::admit(&members).is_some());
    }

    #[test]
    fn a_connection_that_has_ended_is_not_found_but_named_until_its_handlers_have_run() {
        let members = Arc::new(Members::new(1));
        let connection = connection();
        let member = Members::admit(&members).expect("a place").enter(connection.clone(), Arc::default());
        assert_eq!(members.get(connection.id()), Some(connection.clone()));
        member.end();
        assert_eq!((members.len(), members.get(connection.id())), (0, None));
        assert_eq!(members.running(), [connection.id()]);
        drop(member);
        assert_eq!(members.running(), []);
    }

    #[test]
    fn what_was_queued_at_the_end_is_lost_and_counted() {
        let members = Arc::new(Members::new(1));
        let connection = connection();
        let member = Members::admit(&members).expect("a place").enter(connection.clone(), Arc::default());
        connection.try_send("never written").expect("there is room");
        drop(member);
        assert_eq!(connection.try_send("too late"), Err(SendError::Closed));
        let numbers = members.numbers();
        assert_eq!((numbers.connections, numbers.opened, numbers.lost), (0, 1, 1));
    }
}
