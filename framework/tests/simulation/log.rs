//! What happened in a simulation, from both sides, and whether it may have happened.

use super::world::Fate;
use bristle::{Close, ConnectionState, Stats};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message as Arrived;

/// Who sent a message, and its number there.
type Author = usize;

/// Shared by all who take part.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
    began: Option<Instant>,
    notes: Vec<(Instant, String)>,
    /// The first thing that must not happen.
    wrong: Option<String>,
    dials: usize,
    dialling: usize,
    answered: usize,
    /// Of each connection, how many messages its server sent.
    sent: BTreeMap<usize, usize>,
    /// Of each connection, what its server read, in order.
    arrived: BTreeMap<usize, Vec<(Author, usize)>>,
    /// Of each connection, how many of its messages were handled.
    handled: BTreeMap<usize, usize>,
    latest_handled: usize,
    handling: bool,
    opened: usize,
    closed: usize,
    /// Messages of connections up to this one were handled before the last `on_close`.
    barrier: usize,
    /// By author, which numbers the client took.
    taken: BTreeMap<Author, Vec<usize>>,
    /// Cancelled deliveries: taken or not.
    maybe: BTreeMap<Author, Vec<usize>>,
    states: Vec<ConnectionState>,
}

/// What `on_open` of a connection sends has the author of this number and up.
pub(crate) const ON_OPEN: Author = 1000;

impl Log {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Record { began: Some(Instant::now()), ..Record::default() })))
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("nothing panics while it holds the log")
    }

    /// Something worth telling when a seed fails.
    pub(crate) fn note(&self, what: impl fmt::Display) {
        self.record().notes.push((Instant::now(), what.to_string()));
    }

    pub(crate) fn user(&self, author: Author, what: impl fmt::Display) {
        self.note(format_args!("user {author}: {what}"));
    }

    fn wrong(&self, what: String) {
        self.record().wrong.get_or_insert(what);
    }

    pub(crate) fn dialled(&self, fate: &Fate) -> usize {
        let mut record = self.record();
        record.dials += 1;
        let number = record.dials;
        record.notes.push((Instant::now(), format!("attempt {number}: {fate:?}")));
        number
    }

    pub(crate) fn dials(&self) -> usize {
        self.record().dials
    }

    /// Held as long as an attempt is under way.
    pub(crate) fn attempt(&self) -> Attempt {
        self.record().dialling += 1;
        if self.record().dialling > 1 {
            self.wrong("two attempts at a time".into());
        }
        Attempt(self.clone())
    }

    pub(crate) fn answered(&self, number: usize) {
        self.record().answered += 1;
        self.note(format_args!("server {number} answered"));
    }

    pub(crate) fn sent(&self, number: usize, index: usize) {
        *self.record().sent.entry(number).or_default() += 1;
        self.note(format_args!("server {number} sends {index}"));
    }

    /// A server read a message.
    pub(crate) fn arrived(&self, number: usize, message: Arrived) {
        self.note(format_args!("server {number} read {:.40}", format!("{message:?}")));
        let text = match message {
            Arrived::Text(text) => text.to_string(),
            Arrived::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => return,
        };
        match pair(&text) {
            Some(pair) => self.record().arrived.entry(number).or_default().push(pair),
            None => self.wrong(format!("the server read what nobody sent: {text:?}")),
        }
    }

    /// The client took a message.
    pub(crate) fn taken(&self, author: Author, index: usize) {
        self.record().taken.entry(author).or_default().push(index);
    }

    /// Nobody knows whether the client took it.
    pub(crate) fn maybe_taken(&self, author: Author, index: usize) {
        self.record().maybe.entry(author).or_default().push(index);
    }

    pub(crate) fn opened(&self, number: usize) {
        self.record().opened += 1;
        self.note(format_args!("on_open of {number}"));
    }

    /// A handler begins. Held until it ends.
    pub(crate) fn handler(&self) -> Handler {
        if std::mem::replace(&mut self.record().handling, true) {
            self.wrong("two handlers at a time".into());
        }
        Handler(self.clone())
    }

    pub(crate) fn handled(&self, text: &str) {
        let Some((number, index)) = pair(text) else {
            return self.wrong(format!("the client was given what no server sent: {text:?}"));
        };
        self.note(format_args!("on_message: {index} of {number}"));
        let mut record = self.record();
        let expected = *record.handled.get(&number).unwrap_or(&0);
        let sent = *record.sent.get(&number).unwrap_or(&0);
        let wrong = if index != expected {
            Some(format!("message {index} of connection {number} was handled instead of message {expected}"))
        } else if index >= sent {
            Some(format!("message {index} of connection {number} was never sent"))
        } else if number < record.latest_handled {
            Some(format!("a message of connection {number} came after one of connection {}", record.latest_handled))
        } else if number <= record.barrier {
            Some(format!("a message of connection {number} was handled after its on_close"))
        } else {
            None
        };
        *record.handled.entry(number).or_default() += 1;
        record.latest_handled = number;
        record.wrong = record.wrong.take().or(wrong);
    }

    pub(crate) fn closed(&self, close: &Close) {
        self.note(format_args!("on_close: {close:?}"));
        let mut record = self.record();
        record.closed += 1;
        record.barrier = record.latest_handled;
    }

    pub(crate) fn state(&self, state: ConnectionState) {
        self.note(format_args!("state: {state:?}"));
        self.record().states.push(state);
    }

    /// Whether a server read this message.
    pub(crate) fn has_arrived(&self, author: Author, index: usize) -> bool {
        self.record().arrived.values().flatten().any(|arrived| *arrived == (author, index))
    }

    /// What went wrong until now, or is wrong at the end.
    pub(crate) fn verdict(&self, stats: Stats, gentle: bool) -> Result<(), String> {
        let record = self.record();
        record.wrong.clone().map_or(Ok(()), Err)?;
        record.order()?;
        record.numbers(stats, gentle)?;
        record.callbacks(stats)?;
        record.legal_states()
    }

    /// The end of the story.
    pub(crate) fn tail(&self, notes: usize) -> String {
        let record = self.record();
        let mut text = String::new();
        for (at, note) in record.notes.iter().skip(record.notes.len().saturating_sub(notes)) {
            let _ = writeln!(text, "{:>12.3?} {note}", at.duration_since(record.began.expect("set")));
        }
        text
    }
}

impl Record {
    /// What arrived is in the order in which it was sent, and nothing arrived twice, within connections and across them.
    fn order(&self) -> Result<(), String> {
        let mut latest: BTreeMap<Author, usize> = BTreeMap::new();
        for (number, messages) in &self.arrived {
            let mut others = false;
            for &(author, index) in messages {
                let before = latest.insert(author, index);
                if before.is_some_and(|before| before >= index) {
                    return Err(format!("on connection {number} message {index} of {author} came after {before:?}"));
                }
                let mine = author == ON_OPEN + number;
                if mine && others {
                    return Err(format!("what on_open of connection {number} sent came behind what waited for it"));
                }
                if author >= ON_OPEN && !mine {
                    return Err(format!("what on_open of another connection sent came over connection {number}"));
                }
                others |= author < ON_OPEN;
                let known =
                    |by: &BTreeMap<Author, Vec<usize>>| by.get(&author).is_some_and(|list| list.contains(&index));
                if !known(&self.taken) && !known(&self.maybe) {
                    return Err(format!("message {index} of {author} arrived, though the client had not taken it"));
                }
            }
        }
        Ok(())
    }

    /// Nothing is unaccounted for.
    fn numbers(&self, stats: Stats, gentle: bool) -> Result<(), String> {
        let count = |by: &BTreeMap<Author, Vec<usize>>| by.values().map(Vec::len).sum::<usize>() as u64;
        let (taken, maybe) = (count(&self.taken), count(&self.maybe));
        let told = stats.queued as u64 + stats.written + stats.lost + stats.dropped;
        if told < taken || told > taken + maybe {
            return Err(format!("the client took {taken} messages (and perhaps {maybe} more), and tells of {stats:?}"));
        }
        let arrived = self.arrived.values().map(Vec::len).sum::<usize>() as u64;
        if arrived > stats.written + stats.lost {
            return Err(format!("{arrived} messages arrived, and the client tells of {stats:?}"));
        }
        if gentle { self.nothing_is_lost(arrived, stats) } else { Ok(()) }
    }

    /// Where no transport broke, everything arrives but what an `on_open` sent that came too late for its connection.
    fn nothing_is_lost(&self, arrived: u64, stats: Stats) -> Result<(), String> {
        let has_arrived = |one: &(Author, usize)| self.arrived.values().flatten().any(|other| one == other);
        let taken = self.taken.iter().flat_map(|(author, list)| list.iter().map(|index| (*author, *index)));
        let missing: Vec<_> = taken.filter(|one| !has_arrived(one)).collect();
        if let Some((author, index)) = missing.iter().find(|(author, _)| *author < ON_OPEN) {
            return Err(format!("nothing broke, and yet message {index} of {author} was lost: {stats:?}"));
        }
        if arrived != stats.written || stats.lost + stats.dropped != missing.len() as u64 {
            return Err(format!("nothing broke, {arrived} arrived, {} did not, {stats:?}", missing.len()));
        }
        Ok(())
    }

    /// Each connection is opened once and closed once, and counted.
    fn callbacks(&self, stats: Stats) -> Result<(), String> {
        let (opened, closed, reconnects) = (self.opened as u64, self.closed as u64, stats.reconnects);
        if opened > closed {
            return Err(format!("on_open ran {opened} times, and on_close {closed} times"));
        }
        if closed != reconnects + u64::from(closed > 0) {
            return Err(format!("{closed} connections ended, and the client tells of {reconnects} reconnects"));
        }
        if closed > self.answered as u64 {
            return Err(format!("{closed} connections ended, where only {} were made", self.answered));
        }
        Ok(())
    }

    fn legal_states(&self) -> Result<(), String> {
        for pair in self.states.windows(2) {
            let wrong = match (pair[0], pair[1]) {
                (_, ConnectionState::Idle) => true,
                (_, ConnectionState::Waiting { attempt, retry_in }) => attempt == 0 || retry_in.as_millis() < 100,
                _ => false,
            };
            if wrong {
                return Err(format!("the state became {:?} after {:?}", pair[1], pair[0]));
            }
        }
        Ok(())
    }
}

fn pair(text: &str) -> Option<(usize, usize)> {
    let mut parts = text.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// An attempt under way.
pub(crate) struct Attempt(Log);

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.record().dialling -= 1;
    }
}

/// A handler that runs.
pub(crate) struct Handler(Log);

impl Drop for Handler {
    fn drop(&mut self) {
        self.0.record().handling = false;
    }
}
