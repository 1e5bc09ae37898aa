//! The client of a simulation and those who use it, as their chance wills.

use super::chance::Chance;
use super::log::{Log, ON_OPEN};
use super::world::Network;
use bristle::{Close, Connection, Keepalive, Message, Reconnect, SendError, WebSocketClient, WhileDown};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The number of the author of what handlers send.
const HANDLERS: usize = 900;

/// No option takes a shorter time.
const LEAST: Duration = Duration::from_millis(1);

/// Draws a client: its limits, its policy, and what its handlers do.
pub(crate) fn client(network: &Network, log: &Log, chance: &mut Chance, gentle: bool) -> WebSocketClient {
    let mut policy = Reconnect::default();
    policy.min = LEAST + chance.pause(Duration::from_secs(2));
    policy.max = policy.min + chance.pause(Duration::from_secs(20));
    policy.slow_min = LEAST + chance.pause(Duration::from_secs(10));
    policy.slow_max = policy.slow_min + chance.pause(Duration::from_secs(60));
    let while_down = match chance.between(0, 9) {
        0 if !gentle => WhileDown::Fail,
        1 if !gentle => WhileDown::Drop,
        _ => WhileDown::Hold,
    };
    let keepalive = match chance.between(0, 3) {
        0 => Keepalive::default(),
        _ => Keepalive::new(Duration::from_millis(2500), Duration::from_secs(2)),
    };
    let mut builder = WebSocketClient::builder("ws://simulated/")
        .world(network.clone())
        .reconnect(policy)
        .while_down(while_down)
        .keepalive(Some(keepalive))
        .connect_timeout(Duration::from_secs(chance.between(1, 10) as u64))
        .outbox(chance.between(1, 40), chance.of(&[100, 2000, 100_000]))
        .inbox(chance.between(1, 40), chance.of(&[100, 2000, 100_000]));
    if !gentle {
        builder = builder.close_timeout(LEAST + chance.pause(Duration::from_secs(5)));
    }
    let own = Arc::new(Mutex::new(chance.fork()));
    let (wild, next) = (!gentle && chance.percent(70), Arc::new(Mutex::new(0)));
    let (opened, heard, ended) = (log.clone(), log.clone(), log.clone());
    let (calm, calmer) = (network.clone(), network.clone());
    let (open_chance, message_chance) = (own.clone(), own);
    builder
        .on_open(move |connection: Connection| {
            let (log, mut chance) = (opened.clone(), open_chance.lock().expect("no panic").fork());
            let wild = wild && !calm.is_healed();
            async move { on_open(connection, &log, &mut chance, wild).await }
        })
        .on_message(move |message: Message, client: WebSocketClient| {
            let (log, mut chance) = (heard.clone(), message_chance.lock().expect("no panic").fork());
            let (next, wild) = (next.clone(), wild && !calmer.is_healed());
            async move {
                let _handler = log.handler();
                log.handled(
                    message.as_text().map_or_else(|| String::from_utf8_lossy(message.as_bytes()), Into::into).as_ref(),
                );
                on_message(&client, &log, &mut chance, wild, &next).await;
            }
        })
        .on_close(move |close: Close| {
            let log = ended.clone();
            async move {
                let _handler = log.handler();
                log.closed(&close);
            }
        })
        .build()
        .expect("every choice is a good one")
}

/// The number that its server gave a connection.
pub(crate) fn number(connection: &Connection) -> usize {
    let header = connection.handshake().headers.get("x-number").expect("every server sends it");
    header.to_str().expect("a number").parse().expect("a number")
}

async fn on_open(connection: Connection, log: &Log, chance: &mut Chance, wild: bool) -> bristle::Result<()> {
    let number = number(&connection);
    log.opened(number);
    if wild && chance.percent(20) {
        sleep(chance.pause(Duration::from_secs(3))).await;
    }
    for index in 0..chance.between(0, 2) {
        let text = format!("{}:{index}:hello", ON_OPEN + number);
        match chance.between(0, 9) {
            0..7 => match connection.send(text).await {
                Ok(()) => log.taken(ON_OPEN + number, index),
                Err(error) => return Err(error.into()),
            },
            7 => match connection.try_send(text) {
                Ok(()) => log.taken(ON_OPEN + number, index),
                Err(error) => log.user(ON_OPEN + number, error),
            },
            _ => match connection.deliver(text).await {
                Ok(()) | Err(SendError::Lost) => log.taken(ON_OPEN + number, index),
                Err(error) => return Err(error.into()),
            },
        }
    }
    if wild && chance.percent(5) { Err(bristle::Error::msg("not today")) } else { Ok(()) }
}

async fn on_message(client: &WebSocketClient, log: &Log, chance: &mut Chance, wild: bool, next: &Mutex<usize>) {
    let number = || {
        let mut next = next.lock().expect("no panic");
        *next += 1;
        *next
    };
    match chance.between(0, 99) {
        0..10 => sleep(chance.pause(Duration::from_millis(500))).await,
        10..30 => send(client, log, HANDLERS, number(), chance).await,
        30..35 => deliver(client, log, HANDLERS, number(), chance).await,
        35..37 if wild => drop(client.reconnect().await),
        37..38 if wild => drop(client.ready().await),
        38..39 if wild => client.close().await,
        39..40 => tokio::task::yield_now().await,
        _ => {}
    }
}

/// Somebody who uses the client for a while.
pub(crate) async fn user(client: WebSocketClient, log: Log, author: usize, mut chance: Chance, gentle: bool) {
    let wild = !gentle && chance.percent(60);
    for index in 0..chance.between(1, 60) {
        if chance.percent(60) {
            sleep(chance.pause(Duration::from_secs(3))).await;
        }
        match chance.between(0, 99) {
            0..55 => send(&client, &log, author, index, &mut chance).await,
            55..70 => match client.try_send(text(author, index, &mut chance)) {
                Ok(()) => log.taken(author, index),
                Err(error) => log.user(author, format!("{index} try_send: {error}")),
            },
            70..80 => deliver(&client, &log, author, index, &mut chance).await,
            80..84 => {
                let delivery = client.deliver(text(author, index, &mut chance));
                match timeout(chance.pause(Duration::from_millis(500)), delivery).await {
                    Ok(Ok(()) | Err(SendError::Lost)) => log.taken(author, index),
                    Ok(Err(error)) => log.user(author, format!("{index} cancelled deliver: {error}")),
                    Err(_) => log.maybe_taken(author, index),
                }
            }
            84..88 => {
                // A send that is cancelled has queued nothing.
                let send = client.send(text(author, index, &mut chance));
                match timeout(chance.pause(Duration::from_millis(50)), send).await {
                    Ok(Ok(())) => log.taken(author, index),
                    Ok(Err(error)) => log.user(author, format!("{index} cancelled send: {error}")),
                    Err(_) => log.user(author, format!("{index} send was cancelled")),
                }
            }
            88..90 => {
                log.user(author, "reconnects");
                let outcome = client.reconnect().await;
                log.user(author, format!("reconnected: {outcome:?}"));
            }
            90..92 if wild => {
                log.user(author, "closes");
                client.close().await;
                log.user(author, format!("closed: {:?}", client.state()));
            }
            92 if wild => {
                let _ = timeout(chance.pause(Duration::from_millis(500)), client.close_with(4000, "later")).await;
            }
            93 if wild => drop(timeout(chance.pause(Duration::from_millis(500)), client.reconnect()).await),
            94..96 => drop(timeout(Duration::from_secs(20), client.ready()).await),
            96 if wild => client.start().await,
            97 if wild => {
                if let Some(connection) = client.connection() {
                    connection.close_with(4001, "enough of this one").await;
                }
            }
            _ => drop(client.stats()),
        }
    }
    log.user(author, "is done");
}

fn text(author: usize, index: usize, chance: &mut Chance) -> Message {
    let padding = "y".repeat(chance.up_to(2000));
    let text = format!("{author}:{index}:{padding}");
    if chance.percent(30) { Message::binary(text.into_bytes()) } else { Message::text(text) }
}

async fn send(client: &WebSocketClient, log: &Log, author: usize, index: usize, chance: &mut Chance) {
    match client.send(text(author, index, chance)).await {
        Ok(()) => log.taken(author, index),
        Err(error) => log.user(author, format!("{index} send: {error}")),
    }
}

/// That it resolves at all is a promise; the watchdog sees to it.
async fn deliver(client: &WebSocketClient, log: &Log, author: usize, index: usize, chance: &mut Chance) {
    let outcome = client.deliver(text(author, index, chance)).await;
    match outcome {
        Ok(()) | Err(SendError::Lost) => log.taken(author, index),
        Err(error) => log.user(author, format!("{index} deliver: {error}")),
    }
}

/// Follows the states.
pub(crate) async fn watcher(client: &WebSocketClient, log: Log) {
    let mut watch = client.watch();
    log.state(watch.state());
    while let Some(state) = watch.changed().await {
        log.state(state);
    }
}
