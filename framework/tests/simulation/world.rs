//! The network of one simulation: every attempt meets a server with a plan of its own.

use super::chance::Chance;
use super::log::Log;
use super::pipe::{Fault, Plan, pipe};
use super::server;
use bristle::testing::{Dialling, Stream, World};
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What becomes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Refused,
    /// Nobody answers.
    Silence,
    /// Answered with these bytes, and then closed.
    Answer(String),
    /// A WebSocket.
    Serves,
}

#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    chance: Mutex<Chance>,
    log: Log,
    /// No connection is lost, no attempt fails, and nobody reads slowly.
    gentle: bool,
    /// From now on nothing goes wrong any more.
    healed: AtomicBool,
    servers: Mutex<Vec<JoinHandle<()>>>,
}

impl Network {
    pub(crate) fn new(chance: Chance, log: Log, gentle: bool) -> Self {
        let (chance, healed, servers) = (Mutex::new(chance), AtomicBool::new(false), Mutex::default());
        Self(Arc::new(Inner { chance, log, gentle, healed, servers }))
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.0.healed.load(Ordering::Relaxed)
    }

    pub(crate) fn heal(&self) {
        self.0.healed.store(true, Ordering::Relaxed);
    }

    /// Ends the servers that nobody will ever speak to again.
    pub(crate) async fn stop(&self) {
        let servers = std::mem::take(&mut *self.0.servers.lock().expect("no panic"));
        for server in servers {
            server.abort();
            let _ = server.await;
        }
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Chance) -> T) -> T {
        draw(&mut self.0.chance.lock().expect("no panic"))
    }

    fn fate(&self, healed: bool) -> Fate {
        let status =
            |line: &str, more: &str| Fate::Answer(format!("HTTP/1.1 {line}\r\n{more}Content-Length: 0\r\n\r\n"));
        self.draw(|chance| match chance.between(0, 99) {
            _ if self.0.gentle || healed => Fate::Serves,
            0..4 => Fate::Silence,
            4..15 => Fate::Refused,
            15..18 => status("503 Service Unavailable", "Retry-After: 2\r\n"),
            18..20 => status("429 Too Many Requests", ""),
            20..22 => status("502 Bad Gateway", ""),
            22..24 => status("403 Forbidden", ""),
            24..26 => Fate::Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConn".into()),
            26..28 => Fate::Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n".into()),
            28..30 => Fate::Answer("\u{0}\u{1}\u{2} garbage \r\n\r\n".into()),
            30..31 => Fate::Answer(String::new()),
            _ => Fate::Serves,
        })
    }

    fn plan(&self, healed: bool) -> Plan {
        self.draw(|chance| {
            let whole = chance.percent(50);
            let latency = chance.pause(Duration::from_millis(if self.0.gentle { 20 } else { 400 }));
            if healed || self.0.gentle {
                return Plan { latency, capacity: 64 * 1024, piece: if whole { 64 * 1024 } else { 700 }, fault: None };
            }
            let fault = match chance.between(0, 9) {
                0..3 => Some(Fault::Reset { arrives: chance.percent(50) }),
                3 => Some(Fault::Blackhole),
                4..6 => Some(Fault::Stall(chance.pause(Duration::from_secs(60)))),
                _ => None,
            };
            // Much happens early: in the handshake, in the first frames.
            let at = chance.up_to(100_000);
            Plan {
                latency,
                capacity: chance.of(&[200, 1000, 4096, 64 * 1024]),
                piece: if whole { 64 * 1024 } else { chance.of(&[1, 3, 100, 1000]) },
                fault: fault.map(|fault| (at, fault)),
            }
        })
    }
}

impl World for Network {
    fn dial(&self) -> Dialling {
        let network = self.clone();
        Box::pin(async move {
            let healed = network.is_healed();
            let fate = network.fate(healed);
            let number = network.0.log.dialled(&fate);
            let _under_way = network.0.log.attempt();
            if !network.0.gentle && !healed {
                let time = network.draw(|chance| chance.pause(Duration::from_millis(2000)));
                sleep(time).await;
            }
            match fate {
                Fate::Refused => Err(io::ErrorKind::ConnectionRefused.into()),
                Fate::Silence => pending().await,
                fate => {
                    let plan = network.plan(healed);
                    network.0.log.note(format_args!("attempt {number}: {plan:?}"));
                    let (ours, theirs) = pipe(plan, network.draw(Chance::fork));
                    let script = server::Script::new(network.draw(Chance::fork), network.0.gentle, healed);
                    let server = server::run(theirs, number, fate, script, network.0.log.clone());
                    network.0.servers.lock().expect("no panic").push(tokio::spawn(server));
                    Ok(Box::new(ours) as Box<dyn Stream>)
                }
            }
        })
    }

    fn chance(&self) -> f64 {
        self.draw(Chance::even)
    }
}
