//! The proxy between clients and endpoint that cuts connections at random.

use crate::ledger::Ledger;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::ReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a connection stays open on which nothing moves any more: longer than a client waits for an answer.
const SILENCE: Duration = Duration::from_secs(20);

/// How long the endpoint may take to close its side.
const FAREWELL: Duration = Duration::from_secs(10);

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// As a process that is killed: a reset.
    Reset,
    /// As a server that ends without a close frame; what the client had written is passed on.
    Drain,
    /// As a cable that is pulled: nothing moves, and nothing is said.
    Silence,
}

/// What is done with connections.
#[derive(Clone)]
pub(crate) struct Plan {
    /// Where they are passed on to.
    pub(crate) upstream: SocketAddr,
    pub(crate) seed: u64,
    /// How long one lasts on average.
    pub(crate) life: Duration,
    pub(crate) ledger: &'static Ledger,
    /// Once it is cancelled, none is cut.
    pub(crate) calm: CancellationToken,
}

/// Passes every connection on, until it is cut. Ends when `stop` is cancelled and every connection is gone.
pub(crate) async fn run(listener: TcpListener, plan: Plan, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((client, _)) = accepted else { continue };
        let mut random = StdRng::seed_from_u64(plan.seed ^ (number << 20));
        number += 1;
        let cut = match random.random_range(0..5) {
            0 => Cut::Silence,
            1 | 2 => Cut::Drain,
            _ => Cut::Reset,
        };
        let after = plan.life.mul_f64(random.random_range(0.1..1.9));
        let (plan, stop) = (plan.clone(), stop.clone());
        connections.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // A connection that breaks is what this is about.
                _ = carry(client, &plan, cut, after) => {}
            }
        });
    }
    connections.close();
    connections.wait().await;
}

async fn carry(mut client: TcpStream, plan: &Plan, cut: Cut, after: Duration) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(plan.upstream).await?;
    server.set_nodelay(true)?;
    let number = plan.ledger.opened(server.local_addr()?);
    let due = async {
        tokio::select! {
            () = plan.calm.cancelled() => std::future::pending().await,
            () = sleep(after) => {}
        }
    };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let mut up = Box::pin(copy(&mut from_client, &mut to_server));
    let mut down = Box::pin(copy(&mut from_server, &mut to_client));
    tokio::select! {
        ended = &mut up => {
            ended?;
            drop(up);
            to_server.shutdown().await?;
            down.await?;
            return Ok(());
        }
        ended = &mut down => {
            ended?;
            drop(down);
            to_client.shutdown().await?;
            up.await?;
            return Ok(());
        }
        () = due => drop(down),
    }
    let passed_on = if cut == Cut::Drain {
        to_client.shutdown().await?;
        matches!(timeout(FAREWELL, up).await, Ok(Ok(_)))
    } else {
        drop(up);
        false
    };
    // What the client sends over its next connection must come behind what the endpoint still reads of this one.
    to_server.shutdown().await?;
    let read = matches!(timeout(FAREWELL, discard(&mut from_server)).await, Ok(Ok(())));
    if passed_on && read {
        plan.ledger.drained(number);
    }
    if cut == Cut::Silence {
        sleep(SILENCE).await;
    }
    if cut != Cut::Drain {
        client.set_zero_linger()?;
    }
    Ok(())
}

/// Reads to the end: the endpoint has read all that it was sent, and closed.
async fn discard(from: &mut ReadHalf<'_>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    while from.read(&mut bytes).await? > 0 {}
    Ok(())
}
