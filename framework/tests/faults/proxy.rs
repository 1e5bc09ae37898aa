//! A TCP proxy that does to each connection what its script says: the network between a client and its server.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What is done to one connection. Bytes are counted from the end of the handshake on.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing, until `Proxy::cut`.
    Pass,
    /// It is reset before anything is answered.
    ResetAtOnce,
    /// It is closed before anything is answered.
    CloseAtOnce,
    /// It is accepted, and nothing is ever answered.
    NeverAnswer,
    /// The handshake's answer stops in its middle, and the connection stays.
    HalfAnAnswer,
    /// It is cut once the client was sent so many bytes.
    CutDown(usize, End),
    /// It is cut once the client has sent so many bytes.
    CutUp(usize, End),
    /// The client gets these bytes after the handshake, as if the server had sent them.
    Inject(Vec<u8>),
    /// Every byte comes alone, both ways.
    Crumbs,
    /// Bytes come in pieces of random size, each after up to so long, both ways.
    Jitter(u64, Duration),
}

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Reset: what is on its way is gone.
    Reset,
    /// Closed without a close frame; what the client had written is read, and passed on.
    Close,
    /// Nothing moves any more, and nobody is told.
    Silence,
}

/// A proxy on a port of its own. Dropped, it resets what is open.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinSet<()>>>,
}

struct Shared {
    upstream: SocketAddr,
    script: Mutex<VecDeque<Fault>>,
    accepted: watch::Sender<usize>,
    /// How the connections that are open are to be cut, and how often that was said.
    cut: watch::Sender<(usize, End)>,
    /// Whether what clients send is left unread.
    stalled: AtomicBool,
    resumed: Notify,
}

impl Proxy {
    /// Passes connections on to `upstream`; the first ones suffer what `script` says, the others nothing.
    pub async fn start(upstream: SocketAddr, script: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            upstream,
            script: Mutex::new(script.into_iter().collect()),
            accepted: watch::Sender::new(0),
            cut: watch::Sender::new((0, End::Reset)),
            stalled: AtomicBool::new(false),
            resumed: Notify::new(),
        });
        let proxy = Self { address, shared, listening: Mutex::default() };
        proxy.listen(listener);
        proxy
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the next connections suffer.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.script.lock().expect("not poisoned").extend(faults);
    }

    /// Cuts every connection that is open.
    pub fn cut(&self, end: End) {
        self.shared.cut.send_modify(|(count, how)| (*count, *how) = (*count + 1, end));
    }

    /// Reads nothing more that clients send, until `resume`; what the server sends passes.
    pub fn stall(&self) {
        self.shared.stalled.store(true, Ordering::Release);
    }

    pub fn resume(&self) {
        self.shared.stalled.store(false, Ordering::Release);
        self.shared.resumed.notify_waiters();
    }

    /// Nobody listens any more: attempts are refused. Open connections are reset.
    pub async fn refuse(&self) {
        let tasks = self.listening.lock().expect("not poisoned").take();
        if let Some(mut tasks) = tasks {
            tasks.shutdown().await;
        }
    }

    /// Listens again.
    pub async fn listen_again(&self) {
        self.listen(TcpListener::bind(self.address).await.expect("the port is still free"));
    }

    /// Waits until so many connections were accepted since the start.
    pub async fn accepted(&self, count: usize) {
        let mut accepted = self.shared.accepted.subscribe();
        accepted.wait_for(|accepted| *accepted >= count).await.expect("the proxy holds the sender");
    }

    /// How many connections were accepted since the start.
    pub fn count(&self) -> usize {
        *self.shared.accepted.borrow()
    }

    fn listen(&self, listener: TcpListener) {
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, self.shared.clone()));
        *self.listening.lock().expect("not poisoned") = Some(tasks);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let client = tokio::select! {
            accepted = listener.accept() => accepted.expect("loopback accepts").0,
            Some(ended) = connections.join_next() => {
                ended.expect("a connection does not panic");
                continue;
            }
        };
        let fault = shared.script.lock().expect("not poisoned").pop_front().unwrap_or(Fault::Pass);
        let cut = shared.cut.subscribe();
        shared.accepted.send_modify(|count| *count += 1);
        let shared = shared.clone();
        // A connection that breaks is what this is for.
        connections.spawn(async move { drop(suffer(client, fault, cut, &shared).await) });
    }
}

async fn suffer(
    mut client: TcpStream,
    fault: Fault,
    mut cut: watch::Receiver<(usize, End)>,
    shared: &Shared,
) -> io::Result<()> {
    cut.mark_unchanged();
    client.set_nodelay(true)?;
    match fault {
        Fault::ResetAtOnce => {
            // A request that was not read, or not: a reset is a reset.
            return client.set_zero_linger();
        }
        Fault::CloseAtOnce => {
            client.shutdown().await?;
            return discard(&mut client).await;
        }
        Fault::NeverAnswer => return discard(&mut client).await,
        _ => {}
    }
    let Ok(server) = TcpStream::connect(shared.upstream).await else {
        return client.set_zero_linger();
    };
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut answer = head(&mut from_client, &mut to_server, &mut from_server).await?;
    if matches!(fault, Fault::HalfAnAnswer) {
        to_client.write_all(&answer[..answer.len() / 2]).await?;
        return discard(&mut from_client).await;
    }
    if let Fault::Inject(bytes) = &fault {
        answer.extend(bytes);
    }
    let mut styles = [Style::of(&fault, 0), Style::of(&fault, 1)];
    let [up_style, down_style] = &mut styles;
    write(&mut to_client, &answer, down_style).await?;
    let (up_limit, down_limit, scripted) = match fault {
        Fault::CutUp(bytes, end) => (Some(bytes), None, end),
        Fault::CutDown(bytes, end) => (None, Some(bytes), end),
        _ => (None, None, End::Reset),
    };
    let mut up = Box::pin(pass(&mut from_client, &mut to_server, up_limit, up_style, Some(shared)));
    let mut down = Box::pin(pass(&mut from_server, &mut to_client, down_limit, down_style, None));
    // Whether the whole of what the client had sent up to its limit was passed on.
    let mut limited = false;
    let end = tokio::select! {
        passed = &mut up => match passed? {
            Passed::Limit => {
                limited = true;
                scripted
            }
            Passed::Ended => {
                drop(up);
                to_server.shutdown().await?;
                down.await?;
                return Ok(());
            }
        },
        passed = &mut down => match passed? {
            Passed::Limit => scripted,
            Passed::Ended => {
                drop(down);
                to_client.shutdown().await?;
                up.await?;
                return Ok(());
            }
        },
        changed = cut.changed() => {
            changed.map_err(io::Error::other)?;
            cut.borrow().1
        }
    };
    drop(down);
    if end == End::Close {
        to_client.shutdown().await?;
        if limited {
            drop(up);
            pass(&mut from_client, &mut to_server, None, &mut Style::Plain, Some(shared)).await?;
        } else {
            up.await?;
        }
    } else {
        drop(up);
    }
    // What the client sends over its next connection must come behind what the server still reads of this one.
    to_server.shutdown().await?;
    discard(&mut from_server).await?;
    match end {
        End::Close => Ok(()),
        End::Reset => from_client.as_ref().set_zero_linger(),
        End::Silence => std::future::pending().await,
    }
}

/// Passes the handshake's request on, and reads the answer up to the end of its head.
async fn head(
    from_client: &mut OwnedReadHalf,
    to_server: &mut OwnedWriteHalf,
    from_server: &mut OwnedReadHalf,
) -> io::Result<Vec<u8>> {
    for (from, to) in [(from_client, Some(to_server)), (from_server, None)] {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(from.read_u8().await?);
        }
        match to {
            Some(to) => to.write_all(&bytes).await?,
            None => return Ok(bytes),
        }
    }
    unreachable!("the second of the two has nowhere to go")
}

enum Passed {
    /// As many bytes as may.
    Limit,
    /// Everything.
    Ended,
}

async fn pass(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    limit: Option<usize>,
    style: &mut Style,
    stall: Option<&Shared>,
) -> io::Result<Passed> {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut buffer = vec![0; 16 * 1024];
    while left > 0 {
        if let Some(shared) = stall {
            loop {
                let resumed = shared.resumed.notified();
                if !shared.stalled.load(Ordering::Acquire) {
                    break;
                }
                resumed.await;
            }
        }
        let most = buffer.len().min(left);
        let count = from.read(&mut buffer[..most]).await?;
        if count == 0 {
            return Ok(Passed::Ended);
        }
        write(to, &buffer[..count], style).await?;
        left -= count;
    }
    Ok(Passed::Limit)
}

/// In which pieces, and how fast.
enum Style {
    Plain,
    Crumbs,
    Jitter(Box<StdRng>, Duration),
}

impl Style {
    fn of(fault: &Fault, direction: u64) -> Self {
        match fault {
            Fault::Crumbs => Self::Crumbs,
            Fault::Jitter(seed, most) => Self::Jitter(Box::new(StdRng::seed_from_u64(seed ^ direction)), *most),
            _ => Self::Plain,
        }
    }
}

async fn write(to: &mut OwnedWriteHalf, bytes: &[u8], style: &mut Style) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        let count = match style {
            Style::Plain => left.len(),
            Style::Crumbs => {
                // So that the other side reads what was written before.
                tokio::task::yield_now().await;
                1
            }
            Style::Jitter(random, most) => {
                sleep(most.mul_f64(random.random())).await;
                random.random_range(1..=left.len())
            }
        };
        let (piece, rest) = left.split_at(count);
        to.write_all(piece).await?;
        left = rest;
    }
    Ok(())
}

async fn discard(from: &mut (impl AsyncReadExt + Unpin)) -> io::Result<()> {
    let mut bytes = [0; 4096];
    while from.read(&mut bytes).await? > 0 {}
    Ok(())
}
