//! What the endpoint heard of each client, and whether it can be.

use bristle::ConnectionId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Mutex;

/// How many connections of a client before its latest are remembered: what came over them may be read late, where a client
/// has left by itself.
const OLDER: usize = 4;

/// How many complaints are kept.
const KEPT: usize = 20;

/// The books of all clients.
#[derive(Debug)]
pub(crate) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    accounts: Vec<Account>,
    /// How many connections the proxy has opened: the number of the last one.
    opened: u64,
    /// The last connection from each of the proxy's addresses: ports are used again within a second.
    latest: BTreeMap<SocketAddr, u64>,
    /// Connections of which everything was passed on that the client had written.
    drained: BTreeSet<u64>,
    report: Report,
}

/// The book of one client.
#[derive(Debug, Clone, Default)]
struct Account {
    /// The connection that speaks now.
    connection: Option<ConnectionId>,
    /// Those before it: the number that must come next on each, and the one below which it must be.
    older: VecDeque<(ConnectionId, u64, u64)>,
    /// The proxy's number of it.
    opened: Option<u64>,
    /// The number that must come next.
    next: u64,
    /// What the client counted as lost when it greeted, and how often it had greeted before.
    lost: u64,
    greetings: u64,
}

/// A client's first word on a connection: all numbers below `gone` are gone, the next one is `gone`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hello {
    pub(crate) gone: u64,
    pub(crate) lost: u64,
    pub(crate) greetings: u64,
}

/// What the serving process says in the end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Numbers that came.
    pub(crate) received: u64,
    /// Numbers that a client counted as gone and that never came.
    pub(crate) missing: u64,
    /// Numbers that were read from a connection that the client had left for another.
    pub(crate) late: u64,
    /// Connections of which everything was passed on before they were cut, so that what is missing must be what the
    /// client counts as lost, exactly.
    pub(crate) exact: u64,
    /// Connections that were greeted.
    pub(crate) connections: u64,
    /// Clients that said goodbye, and of whom nothing is missing but what they count as gone.
    pub(crate) complete: u64,
    /// What cannot be.
    pub(crate) wrong: u64,
    pub(crate) complaints: Vec<String>,
}

impl Ledger {
    pub(crate) fn new(clients: usize) -> Self {
        Self(Mutex::new(Books { accounts: vec![Account::default(); clients], ..Books::default() }))
    }

    /// The proxy has opened a connection from this address. Its number.
    pub(crate) fn opened(&self, proxy: SocketAddr) -> u64 {
        let mut books = self.0.lock().expect("nothing panics while it holds the books");
        books.opened += 1;
        let number = books.opened;
        books.latest.insert(proxy, number);
        number
    }

    /// The proxy has passed everything on that came over this connection.
    pub(crate) fn drained(&self, number: u64) {
        self.0.lock().expect("nothing panics while it holds the books").drained.insert(number);
    }

    pub(crate) fn hello(&self, client: usize, connection: ConnectionId, peer: Option<SocketAddr>, hello: Hello) {
        let (drained, opened) = self.was_drained(client, peer);
        self.with(client, |account, report| {
            let Hello { gone, lost, greetings } = hello;
            report.connections += 1;
            let follows = greetings == account.greetings + 1;
            let lost_since = lost - account.lost;
            if let Some(older) = account.connection {
                account.older.push_back((older, account.next, gone));
                if account.older.len() > OLDER {
                    account.older.pop_front();
                }
            }
            (account.connection, account.opened) = (Some(connection), opened);
            (account.lost, account.greetings) = (lost, greetings);
            if gone < account.next {
                return Err(format!("it sends {gone} again, {} came before", account.next - 1));
            }
            let missing = gone - account.next;
            report.missing += missing;
            account.next = gone;
            if drained && follows {
                report.exact += 1;
                if missing != lost_since {
                    return Err(format!("{missing} are missing, and it counts {lost_since} as lost"));
                }
            }
            Ok(())
        });
    }

    pub(crate) fn number(&self, client: usize, connection: ConnectionId, number: u64) {
        self.with(client, |account, report| {
            report.received += 1;
            if account.connection != Some(connection) {
                let mut older = account.older.iter_mut();
                let Some((_, next, below)) = older.find(|(older, ..)| *older == connection) else {
                    return Err(format!("{number} came on a connection that was never greeted"));
                };
                if number != *next || number >= *below {
                    return Err(format!("{number} came late, where {next} was next and all were below {below}"));
                }
                *next += 1;
                report.missing -= 1;
                report.late += 1;
                return Ok(());
            }
            let next = account.next;
            account.next = number + 1;
            if number != next {
                return Err(format!("{number} came instead of {next}"));
            }
            Ok(())
        });
    }

    /// A client's last word: it has sent the numbers below `sent`.
    pub(crate) fn goodbye(&self, client: usize, sent: u64) {
        self.with(client, |account, report| {
            if account.next != sent {
                return Err(format!("it has sent {sent} messages, and the next one would be {}", account.next));
            }
            report.complete += 1;
            Ok(())
        });
    }

    /// What came that is no word of a client.
    pub(crate) fn nonsense(&self, client: usize, text: &str) {
        self.with(client, |_, _| Err(format!("it said `{text}`")));
    }

    pub(crate) fn report(&self) -> Report {
        self.0.lock().expect("nothing panics while it holds the books").report.clone()
    }

    /// Whether the client's connection before the one from `peer` was, and the number of this one.
    fn was_drained(&self, client: usize, peer: Option<SocketAddr>) -> (bool, Option<u64>) {
        let mut books = self.0.lock().expect("nothing panics while it holds the books");
        let before = books.accounts.get(client).and_then(|account| account.opened);
        let drained = before.is_some_and(|before| books.drained.remove(&before));
        (drained, peer.and_then(|peer| books.latest.get(&peer).copied()))
    }

    fn with(&self, client: usize, entry: impl FnOnce(&mut Account, &mut Report) -> Result<(), String>) {
        let mut books = self.0.lock().expect("nothing panics while it holds the books");
        let Books { accounts, report, .. } = &mut *books;
        let Some(account) = accounts.get_mut(client) else { return };
        if let Err(complaint) = entry(account, report) {
            report.wrong += 1;
            if report.complaints.len() < KEPT {
                report.complaints.push(format!("client {client}: {complaint}"));
            }
        }
    }
}
