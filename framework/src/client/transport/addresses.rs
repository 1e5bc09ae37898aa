//! From a name to a TCP stream: all its addresses, raced as RFC 8305 says, so that a dead one costs no wait.

use crate::client::ConnectError;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use socket2::{SockRef, TcpKeepalive};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

/// The head start that an address has before the next one is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

/// How far apart the probes of TCP keepalive are, once the first was not answered.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);

/// Connects to the first of a host's addresses that answers.
pub(super) async fn connect(host: &str, port: u16, keepalive: Option<Duration>) -> Result<TcpStream, ConnectError> {
    let addresses = resolve(host, port).await?;
    race(addresses, |address| open(address, keepalive)).await.map_err(|failures| failures.into_error(host, port))
}

/// The addresses of a name, in the order in which they are tried.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    let unresolved = |source| ConnectError::Dns { host: host.to_owned(), source: Arc::new(source) };
    let addresses: Vec<_> = lookup_host((host, port)).await.map_err(unresolved)?.collect();
    match addresses.is_empty() {
        true => Err(unresolved(io::Error::new(io::ErrorKind::NotFound, "the name has no address"))),
        false => Ok(interleaved(addresses)),
    }
}

/// Host and port, as errors show them.
pub(in crate::client) fn endpoint(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// IPv6 and IPv4 by turns, beginning with what the system prefers (RFC 8305 §4): where one of them goes nowhere, the
/// other's turn comes second.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut preferred, mut others) = (preferred.into_iter(), others.into_iter());
    let mut order = Vec::new();
    loop {
        let before = order.len();
        order.extend(preferred.next());
        order.extend(others.next());
        if order.len() == before {
            return order;
        }
    }
}

/// Tries the addresses in their order, the next one when one has failed or its head start is over. The first that
/// connects wins; the others are dropped.
async fn race<T, F>(addresses: Vec<SocketAddr>, connect: impl Fn(SocketAddr) -> F) -> Result<T, Failures>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        if let Some(address) = waiting.next() {
            let attempt = connect(address);
            running.push(async move { attempt.await.map_err(|error| (address, error)) });
        } else if running.is_empty() {
            return Err(Failures(failures));
        }
        tokio::select! {
            biased;
            Some(outcome) = running.next() => match outcome {
                Ok(stream) => return Ok(stream),
                Err(failure) => failures.push(failure),
            },
            () = sleep(HEAD_START), if waiting.len() > 0 => {}
        }
    }
}

async fn open(address: SocketAddr, keepalive: Option<Duration>) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Messages are batched above: holding small ones back below only adds delay.
    stream.set_nodelay(true)?;
    if let Some(idle) = keepalive {
        SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(PROBE_INTERVAL))?;
    }
    Ok(stream)
}

/// Every address that was tried, and why it did not connect.
#[derive(Debug)]
struct Failures(Vec<(SocketAddr, io::Error)>);

impl Failures {
    fn into_error(mut self, host: &str, port: u16) -> ConnectError {
        let address = endpoint(host, port);
        let all_refused = self.0.iter().all(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused);
        let source = Arc::new(match self.0.len() {
            1 => self.0.remove(0).1,
            _ => io::Error::new(self.0.last().map_or(io::ErrorKind::NotFound, |(_, error)| error.kind()), self),
        });
        if all_refused { ConnectError::Refused { address, source } } else { ConnectError::Io { address, source } }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (address, error)) in self.0.iter().enumerate() {
            write!(f, "{}{address}: {error}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Mutex;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn refused() -> io::Error {
        io::Error::from(io::ErrorKind::ConnectionRefused)
    }

    #[test]
    fn families_take_turns_so_that_a_dead_one_does_not_go_first_many_times() {
        let given = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(address).to_vec();
        assert_eq!(interleaved(given), ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"].map(address));
        assert_eq!(interleaved(vec![address("1.1.1.1:1"), address("[::1]:1")])[0], address("1.1.1.1:1"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_does_not_answer_costs_its_head_start_only() {
        let begun = Instant::now();
        let addresses = ["[::1]:1", "1.1.1.1:1"].map(address).to_vec();
        let winner = race(addresses, |address| async move {
            match address.is_ipv6() {
                true => pending().await,
                false => Ok(address),
            }
        });
        assert_eq!(winner.await.expect("one answers"), address("1.1.1.1:1"));
        assert_eq!(begun.elapsed(), HEAD_START);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_refuses_costs_nothing() {
        let begun = Instant::now();
        let addresses = ["[::1]:1", "1.1.1.1:1"].map(address).to_vec();
        let connect = |address: SocketAddr| async move { if address.is_ipv6() { Err(refused()) } else { Ok(()) } };
        race(addresses, connect).await.expect("one answers");
        assert!(begun.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_is_slow_may_still_win_after_the_next_one_began() {
        let tried = Mutex::new(Vec::new());
        let addresses = ["[::1]:1", "1.1.1.1:1", "[::2]:1"].map(address).to_vec();
        let winner = race(addresses, |address| {
            tried.lock().expect("not poisoned").push(address);
            async move {
                sleep(if address.is_ipv6() { HEAD_START * 3 / 2 } else { HEAD_START * 9 }).await;
                Ok(address)
            }
        });
        assert_eq!(winner.await.expect("one answers"), address("[::1]:1"));
        assert_eq!(tried.into_inner().expect("not poisoned").len(), 2);
    }

    #[tokio::test]
    async fn the_error_names_every_address_that_was_tried() {
        let addresses = ["[::1]:1", "1.1.1.1:1"].map(address).to_vec();
        let failures = race(addresses, |_| async { Err::<(), _>(refused()) }).await.expect_err("none answers");
        let error = failures.into_error("host", 1);
        assert!(matches!(&error, ConnectError::Refused { address, .. } if address == "host:1"), "{error:?}");
        let why = crate::error::chain(&error);
        assert!(why.contains("[::1]:1: ") && why.contains("1.1.1.1:1: "), "{why}");
    }

    #[tokio::test]
    async fn real_sockets_race_too_and_have_keepalive_and_no_delay() {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let gone = free.local_addr().expect("bound");
        drop(free);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let there = listener.local_addr().expect("bound");
        let stream = race(vec![gone, there], |address| open(address, Some(Duration::from_secs(60))));
        let stream = stream.await.expect("one answers");
        assert_eq!(stream.peer_addr().expect("connected"), there);
        assert!(stream.nodelay().expect("a TCP socket"));
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("a TCP socket"));
        assert_eq!(socket.tcp_keepalive_time().expect("a TCP socket"), Duration::from_secs(60));
        let plain = open(there, None).await.expect("it listens");
        assert!(!SockRef::from(&plain).keepalive().expect("a TCP socket"));
    }
}
