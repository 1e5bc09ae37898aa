//! The whole client in a world of its own: a network in memory, a paused clock and seeded chance.
//!
//! The client is the real one, from its handle to the bytes. Each seed draws a client, its users and the faults of every
//! connection; the same seed does the same again:
//!
//! ```sh
//! BRISTLE_SEED=7 cargo test -p bristle --test simulation      # one seed, with its story and the client's log
//! BRISTLE_SEEDS=100000 cargo test -p bristle --test simulation
//! BRISTLE_SEEDS=5000..9000 cargo test -p bristle --test simulation
//! ```

mod chance;
mod log;
mod pipe;
mod server;
mod user;
mod world;

use bristle::WebSocketClient;
use chance::Chance;
use log::Log;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::ThreadId;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use world::Network;

/// How many seeds an ordinary run tries.
const SEEDS: u64 = 300;

/// How long a simulation may take on its own clock: one that takes longer hangs.
const WATCHDOG: Duration = Duration::from_secs(24 * 3600);

/// How long after the end every task must be gone: the longest close timeout, `on_open` and wait of a handler.
const AFTERWARDS: Duration = Duration::from_secs(600);

/// How long no worker has come on in real time when one of them is taken to be stuck: a seed takes a twentieth of a second.
const STUCK: Duration = Duration::from_secs(120);

/// How much of the story is told.
const NOTES: usize = 80;

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

/// A connection that is cut at the wrong byte, a user who closes while the client waits: whatever happens, messages stay
/// in order, none is sent twice or forgotten, every call returns, and nothing is left behind.
#[test]
fn no_world_breaks_a_promise() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.set(PANICS.get() + 1);
        before(panic);
    }));
    if let Ok(seed) = std::env::var("BRISTLE_SEED") {
        let seed = seed.parse().expect("BRISTLE_SEED is a number");
        tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).without_time().init();
        let (outcome, log) = simulate(seed);
        eprintln!("{}", log.tail(usize::MAX));
        assert_eq!(outcome, Ok(()));
        return;
    }
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let (told, outcomes) = mpsc::channel();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (told, next, end) = (told.clone(), &next, seeds.end);
            scope.spawn(move || work(next, end, &told));
        }
        drop(told);
        listen(&outcomes);
    });
}

/// Tries seeds until there are no more, or nobody listens.
fn work(next: &AtomicU64, end: u64, told: &mpsc::Sender<Progress>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end || told.send(Progress::Began(std::thread::current().id(), seed)).is_err() {
            return;
        }
        if let (Err(wrong), log) = simulate(seed) {
            let _ = told.send(Progress::Failed(seed, format!("{}\n{wrong}", log.tail(NOTES))));
            return;
        }
    }
}

/// What a worker tells.
enum Progress {
    Began(ThreadId, u64),
    Failed(u64, String),
}

fn listen(outcomes: &mpsc::Receiver<Progress>) {
    let mut under_way = BTreeMap::new();
    loop {
        match outcomes.recv_timeout(STUCK) {
            Ok(Progress::Began(worker, seed)) => drop(under_way.insert(format!("{worker:?}"), seed)),
            Ok(Progress::Failed(seed, story)) => {
                panic!("{story}\nagain: BRISTLE_SEED={seed} cargo test -p bristle --test simulation\n")
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                // A task that never waits stops its thread and its clock: nothing but the end of the process ends it.
                eprintln!("a task goes round and round in one of these seeds: {:?}", under_way.values());
                std::process::abort();
            }
        }
    }
}

/// A seed that failed on one machine would be of no use on another.
#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..10 {
        let story = || simulate(seed).1.tail(usize::MAX);
        assert_eq!(story(), story(), "seed {seed}");
    }
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("BRISTLE_SEEDS") else { return 0..SEEDS };
    let number = |text: &str| text.parse().expect("BRISTLE_SEEDS is a number or a range of them, as in 500..900");
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(&text),
    }
}

fn simulate(seed: u64) -> (Result<(), String>, Log) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime needs nothing");
    let log = {
        let _inside = runtime.enter();
        Log::new()
    };
    PANICS.set(0);
    let outcome = runtime.block_on(async {
        timeout(WATCHDOG, live(seed, &log)).await.unwrap_or_else(|_| Err("somebody waits for ever".into()))
    });
    let tasks = runtime.metrics().num_alive_tasks();
    let outcome = outcome.and_then(|()| match (tasks, PANICS.get()) {
        (0, 0) => Ok(()),
        (tasks, 0) => Err(format!("{tasks} tasks are left")),
        (_, panics) => Err(format!("{panics} panics")),
    });
    (outcome, log)
}

async fn live(seed: u64, log: &Log) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let gentle = chance.percent(25);
    let network = Network::new(chance.fork(), log.clone(), gentle);
    let client = user::client(&network, log, &mut chance, gentle);
    let watched = user::watcher(&client, log.clone());
    let lived = use_it(&client, log, &network, &mut chance, gentle);
    let stats = tokio::select! {
        biased;
        stats = lived => stats?,
        () = watched => return Err("the client stopped telling its state".into()),
    };
    // Whoever is left is a task of the client, or of a server that waits for a client that is gone.
    drop(client);
    sleep(AFTERWARDS).await;
    network.stop().await;
    tokio::task::yield_now().await;
    log.verdict(stats, gentle)
}

/// Uses the client; at the end the network heals, and everything that waits must arrive.
async fn use_it(
    client: &WebSocketClient,
    log: &Log,
    network: &Network,
    chance: &mut Chance,
    gentle: bool,
) -> Result<bristle::Stats, String> {
    if gentle || chance.percent(70) {
        let _ = client.connect().await;
    } else {
        client.start().await;
    }
    let mut users = tokio::task::JoinSet::new();
    for author in 0..chance.between(1, 4) {
        users.spawn(user::user(client.clone(), log.clone(), author, chance.fork(), gentle));
    }
    // Where a client has closed for good nobody would ever be heard again.
    network_until(&mut users, client, chance).await;
    network.heal();
    log.user(99, "the network heals");
    let before = log.dials();
    let mut tries = 0;
    // What was dialled before may still go wrong.
    while client.ready().await.is_err()
        || client.connection().is_none_or(|connection| user::number(&connection) <= before)
    {
        tries += 1;
        if tries > 100 {
            return Err("the network is well, and yet the client does not connect".into());
        }
        let _ = client.reconnect().await;
    }
    match client.deliver("99:0:the last one").await {
        Ok(()) => log.taken(99, 0),
        Err(error) => return Err(format!("the network is well, and yet a message was not delivered: {error}")),
    }
    sleep(Duration::from_secs(60)).await;
    if !log.has_arrived(99, 0) {
        return Err("the last message was delivered, and never arrived".into());
    }
    client.close().await;
    if client.state() != bristle::ConnectionState::Closed {
        return Err(format!("it is {} after `close`", client.state()));
    }
    match client.stats() {
        stats if stats.queued > 0 => Err(format!("closed, with messages that wait: {stats:?}")),
        stats => Ok(stats),
    }
}

/// Waits for the users; a client that gave up is told to try again now and then.
async fn network_until(users: &mut tokio::task::JoinSet<()>, client: &WebSocketClient, chance: &mut Chance) {
    loop {
        match timeout(Duration::from_secs(30) + chance.pause(Duration::from_secs(60)), users.join_next()).await {
            Ok(None) => return,
            Ok(Some(outcome)) => outcome.expect("a user does not panic"),
            Err(_) => drop(timeout(Duration::from_secs(15), client.reconnect()).await),
        }
    }
}
