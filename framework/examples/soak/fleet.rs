//! The clients: a plugin's, each with a task that sends numbers and books of what came back.

use crate::options::Options;
use bristle::prelude::*;
use bristle::{Keepalive, Reconnect, Result, Stats};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long everything may take in the end, until every client has heard that everything has arrived.
const GOODBYE: Duration = Duration::from_secs(120);

/// How long a goodbye is waited for before it is said again: the connection may have been silent for good.
const ANSWER: Duration = Duration::from_secs(8);

/// When a silent server is asked, and how long it has to answer.
const KEEPALIVE: Keepalive = Keepalive::new(Duration::from_secs(3), Duration::from_secs(3));

/// What the hook below makes clients of: it has no arguments of ours.
static ORDER: Mutex<Option<(SocketAddr, usize)>> = Mutex::new(None);
static FLEET: Mutex<Option<Arc<Fleet>>> = Mutex::new(None);

pub(crate) struct Fleet(Vec<Member>);

/// A client, and its books.
struct Member {
    client: WebSocketClient,
    books: Arc<Books>,
}

#[derive(Default)]
struct Books {
    /// Numbers that were sent: those below this.
    sent: AtomicU64,
    /// Words of `on_open` that were queued, which the client counts, too.
    hellos: AtomicU64,
    /// Goodbyes that were queued: after all numbers.
    goodbyes: AtomicU64,
    /// Whether all numbers were sent.
    finished: AtomicBool,
    echoed: AtomicU64,
    /// The number that came back last, plus one.
    next_echo: AtomicU64,
    /// Whether nothing came back yet on this connection.
    fresh: AtomicBool,
    /// Echoes that were doubled, out of order or missing within a connection.
    wrong: AtomicU64,
    answered: Notify,
}

/// Numbers of all clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) open: usize,
    pub(crate) sent: u64,
    pub(crate) words: u64,
    pub(crate) echoed: u64,
    pub(crate) wrong: u64,
    pub(crate) queued: usize,
    pub(crate) written: u64,
    pub(crate) lost: u64,
    pub(crate) reconnects: u64,
}

/// Says what the clients are made of.
pub(crate) fn prepare(address: SocketAddr, options: &Options) {
    *ORDER.lock().expect("not poisoned") = Some((address, options.clients));
}

/// The clients that the launch made.
pub(crate) fn launched() -> Arc<Fleet> {
    FLEET.lock().expect("not poisoned").clone().expect("the launch has made it")
}

/// Drops the last handles.
pub(crate) fn forget() {
    *FLEET.lock().expect("not poisoned") = None;
}

#[init]
async fn build(plugin: Plugin) -> Result<()> {
    let (address, count) = ORDER.lock().expect("not poisoned").ok_or_else(|| Error::msg("nothing was prepared"))?;
    let members: Result<Vec<_>> = (0..count).map(|number| Member::new(&plugin, address, number)).collect();
    let fleet = Arc::new(Fleet(members?));
    for member in &fleet.0 {
        member.client.start().await;
    }
    *FLEET.lock().expect("not poisoned") = Some(fleet);
    Ok(())
}

/// The tasks that send.
pub(crate) struct Senders {
    stop: CancellationToken,
    tasks: JoinSet<Result<(), bristle::SendError>>,
}

impl Senders {
    pub(crate) async fn end(self) -> Result<()> {
        let Self { stop, mut tasks } = self;
        stop.cancel();
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

impl Fleet {
    pub(crate) fn begin(&self, options: &Options) -> Senders {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (number, Member { client, books }) in self.0.iter().enumerate() {
            let random = StdRng::seed_from_u64(options.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number as u64);
            tasks.spawn(send(client.clone(), books.clone(), random, options.pause, stop.clone()));
        }
        Senders { stop, tasks }
    }

    /// Waits until every client has heard that all it sent has arrived, but for what it counts as gone.
    pub(crate) async fn say_goodbye(&self) -> Result<()> {
        let goodbyes: JoinSet<_> =
            self.0.iter().map(|member| goodbye(member.client.clone(), member.books.clone())).collect();
        let all = timeout(GOODBYE, goodbyes.join_all()).await;
        let all = all.map_err(|_| Error::msg(format!("some clients heard no goodbye within {GOODBYE:?}")))?;
        all.into_iter().collect::<Result<(), _>>()?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        let closing: JoinSet<_> = self.0.iter().map(|member| close(member.client.clone())).collect();
        closing.join_all().await;
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for Member { client, books } in &self.0 {
            let Stats { queued, written, lost, reconnects, .. } = client.stats();
            totals.open += usize::from(client.is_connected());
            totals.queued += queued;
            totals.written += written;
            totals.lost += lost;
            totals.reconnects += reconnects;
            totals.sent += books.sent.load(Ordering::Acquire);
            totals.words += books.hellos.load(Ordering::Acquire) + books.goodbyes.load(Ordering::Acquire);
            totals.echoed += books.echoed.load(Ordering::Acquire);
            totals.wrong += books.wrong.load(Ordering::Acquire);
        }
        totals
    }
}

impl Member {
    fn new(plugin: &Plugin, address: SocketAddr, number: usize) -> Result<Self> {
        let books = Arc::new(Books::default());
        let (greeting, hearing) = (books.clone(), books.clone());
        let mut policy = Reconnect::default();
        policy.max = Duration::from_secs(2);
        let client = plugin
            .websocket_client(format!("ws://{address}/soak/{number}"))
            .reconnect(policy)
            .keepalive(Some(KEEPALIVE))
            .on_open(move |client: WebSocketClient| {
                let books = greeting.clone();
                async move { books.hello(&client).await }
            })
            .on_message(move |message: Message| {
                hearing.heard(&message);
                async {}
            })
            .build()?;
        Ok(Self { client, books })
    }
}

impl Books {
    /// Says first of all how many numbers are gone: nothing else is written meanwhile.
    async fn hello(&self, client: &WebSocketClient) -> Result<(), bristle::SendError> {
        let Stats { written, lost, .. } = client.stats();
        let gone = written + lost - self.hellos.load(Ordering::Acquire);
        // Goodbyes come after all numbers.
        let finished = self.finished.load(Ordering::Acquire);
        let gone = if finished { gone.min(self.sent.load(Ordering::Acquire)) } else { gone };
        self.fresh.store(true, Ordering::Release);
        let greetings = self.hellos.load(Ordering::Acquire);
        client.send(format!("hello {gone} {lost} {greetings}")).await?;
        self.hellos.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    fn heard(&self, message: &Message) {
        let text = message.as_text().unwrap_or_default();
        if text.starts_with("bye ") {
            self.answered.notify_one();
            return;
        }
        let Ok(number) = text.parse::<u64>() else {
            self.wrong.fetch_add(1, Ordering::AcqRel);
            return;
        };
        self.echoed.fetch_add(1, Ordering::AcqRel);
        let next = self.next_echo.swap(number + 1, Ordering::AcqRel);
        let fits = if self.fresh.swap(false, Ordering::AcqRel) { number >= next } else { number == next };
        self.wrong.fetch_add(u64::from(!fits), Ordering::AcqRel);
    }
}

/// Sends bursts of numbers, whether there is a connection or not.
async fn send(
    client: WebSocketClient,
    books: Arc<Books>,
    mut random: StdRng,
    pause: Duration,
    stop: CancellationToken,
) -> Result<(), bristle::SendError> {
    let mut number = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(pause.mul_f64(random.random_range(0.0..2.0))) => {}
        }
        for _ in 0..random.random_range(1..=4) {
            let padding = random.random_range(0..200);
            client.send(format!("{number} {:padding$}", "")).await?;
            number += 1;
            books.sent.store(number, Ordering::Release);
        }
    }
    books.finished.store(true, Ordering::Release);
    Ok(())
}

async fn goodbye(client: WebSocketClient, books: Arc<Books>) -> Result<(), bristle::SendError> {
    let sent = books.sent.load(Ordering::Acquire);
    loop {
        books.goodbyes.fetch_add(1, Ordering::AcqRel);
        client.send(format!("bye {sent}")).await?;
        if timeout(ANSWER, books.answered.notified()).await.is_ok() {
            return Ok(());
        }
    }
}

async fn close(client: WebSocketClient) {
    client.close().await;
}
