//! The numbers of a plugin's clients by their names, those that are gone among them.

use crate::client::{ClientShared, ConnectionState, Membership, Stats, WebSocketClient};
use crate::connection::OwnerId;
use crate::metrics::{ClientMeters, Labels};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

/// Clients that were given no name: their addresses would be without end.
const UNNAMED: &str = "unnamed";

/// Clients that were given a name when the plugin had used up its number of names.
const OTHER: &str = "other";

/// The books of one plugin. A name that was once used stays, as its totals do, so that there are only so many: as many as
/// the plugin may own live clients.
pub(crate) struct Ledger {
    plugin: &'static str,
    max_names: usize,
    accounts: Mutex<BTreeMap<String, Account>>,
}

/// The clients of one name.
struct Account {
    meters: ClientMeters,
    live: Vec<(OwnerId, Weak<ClientShared>)>,
    past: Stats,
}

/// What the clients of one name come to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) live: usize,
    pub(crate) open: usize,
    /// `down_for` is the longest, what waits is that of live clients.
    pub(crate) stats: Stats,
}

impl Ledger {
    pub(crate) fn new(plugin: &'static str, max_names: usize) -> Self {
        Self { plugin, max_names, accounts: Mutex::default() }
    }

    /// The numbers by name.
    pub(crate) fn sums(&self) -> Vec<(Labels, Sum)> {
        let accounts = self.lock();
        accounts.iter().map(|(name, account)| (self.labels(name), account.sum())).collect()
    }

    fn enter(&self, client: &WebSocketClient) -> String {
        let name = client.name().strip_prefix(self.plugin).and_then(|rest| rest.strip_prefix('/')).unwrap_or(UNNAMED);
        let mut accounts = self.lock();
        let known = accounts.contains_key(name) || accounts.len() < self.max_names || name == UNNAMED;
        let name = if known { name } else { OTHER };
        let account = accounts.entry(name.to_owned()).or_insert_with(|| Account {
            meters: ClientMeters::new(&self.labels(name)),
            live: Vec::new(),
            past: Stats::default(),
        });
        account.live.push((client.id(), client.downgrade()));
        client.record(account.meters.clone());
        name.to_owned()
    }

    /// A client is gone; what it did stays.
    fn left(&self, name: &str, client: &ClientShared) {
        let mut accounts = self.lock();
        let Some(account) = accounts.get_mut(name) else { return };
        account.live.retain(|(id, _)| *id != client.id);
        add(&mut account.past, &client.stats());
    }

    fn labels(&self, client: &str) -> Labels {
        vec![("plugin", self.plugin.to_owned()), ("client", client.to_owned())]
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Account>> {
        self.accounts.lock().expect("nothing panics while it holds the books")
    }
}

impl Account {
    fn sum(&self) -> Sum {
        let mut sum = Sum { stats: self.past, ..Sum::default() };
        for stats in self.live.iter().filter_map(|(_, client)| client.upgrade()).map(|client| client.stats()) {
            sum.live += 1;
            sum.open += usize::from(stats.state == ConnectionState::Open);
            add(&mut sum.stats, &stats);
            sum.stats.down_for = sum.stats.down_for.max(stats.down_for);
            sum.stats.inbox += stats.inbox;
            sum.stats.inbox_bytes += stats.inbox_bytes;
            sum.stats.queued += stats.queued;
            sum.stats.queued_bytes += stats.queued_bytes;
        }
        sum
    }
}

/// Adds what only grows.
fn add(sum: &mut Stats, more: &Stats) {
    sum.connections += more.connections;
    sum.reconnects += more.reconnects;
    sum.failed_attempts += more.failed_attempts;
    sum.received += more.received;
    sum.received_bytes += more.received_bytes;
    sum.unhandled += more.unhandled;
    sum.written += more.written;
    sum.written_bytes += more.written_bytes;
    sum.lost += more.lost;
    sum.dropped += more.dropped;
}

/// A client's place among its plugin's: counted while it lives, and in the books where there are any.
pub(super) struct Place {
    live: Arc<AtomicUsize>,
    account: Option<(Arc<Ledger>, String)>,
}

impl Place {
    /// The caller has counted it in.
    pub(super) fn of(client: &WebSocketClient, live: Arc<AtomicUsize>, ledger: Option<&Arc<Ledger>>) -> Self {
        Self { live, account: ledger.map(|ledger| (ledger.clone(), ledger.enter(client))) }
    }
}

impl Membership for Place {
    fn left(&self, client: &ClientShared) {
        if let Some((ledger, name)) = &self.account {
            ledger.left(name, client);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::AcqRel);
    }
}
