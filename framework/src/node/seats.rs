//! How many connections a node has: each holds a seat from the moment it is accepted, also once it is a WebSocket.

use crate::target::NODE;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::warn;

/// How many connections are told at the same time that there is no seat; one more is closed without a word.
const REFUSALS: usize = 64;

/// How long such a one may take to read it: closing a socket with unread data would reset it, and the answer be lost.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// What it is told.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 10\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 61\r\n\r\n\
    the server has as many connections as it may have: try later\n";

/// The seats of a node.
pub(super) struct Seats {
    seats: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    limit: usize,
    /// Whether the last one that came was refused: the log tells of it once.
    full: AtomicBool,
}

/// Kept as long as the connection is there.
#[derive(Debug, Clone)]
pub(super) struct Seat(
    #[expect(dead_code, reason = "it is given back when the last clone is dropped")] Arc<OwnedSemaphorePermit>,
);

impl Seats {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self {
            seats: Arc::new(Semaphore::new(limit)),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
            limit,
            full: AtomicBool::new(false),
        }
    }

    /// A seat, while there is one.
    pub(super) fn take(&self) -> Option<Seat> {
        let seat = self.seats.clone().try_acquire_owned().ok();
        let was_full = self.full.swap(seat.is_none(), Ordering::Relaxed);
        if seat.is_none() && !was_full {
            warn!(target: NODE,
                max_connections = self.limit,
                "the node has as many connections as it may have: others are refused (raise `node.max_connections`)"
            );
        }
        seat.map(|seat| Seat(Arc::new(seat)))
    }

    /// What tells a connection that there is no seat; `None` where too many are being told.
    pub(super) fn refuse(&self, mut stream: TcpStream) -> Option<impl Future<Output = ()> + Send + 'static> {
        let place = self.refusals.clone().try_acquire_owned().ok()?;
        Some(async move {
            let told = async {
                stream.write_all(REFUSAL).await?;
                stream.shutdown().await?;
                let mut sink = [0; 1024];
                while stream.read(&mut sink).await? > 0 {}
                std::io::Result::Ok(())
            };
            let _ = timeout(REFUSAL_TIME, told).await;
            drop(place);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(REFUSAL).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head} has {}", body.len());
    }

    #[test]
    fn a_seat_is_free_again_when_its_last_clone_is_gone() {
        let seats = Seats::new(1);
        let seat = seats.take().expect("a seat");
        let websocket = seat.clone();
        drop(seat);
        assert!(seats.take().is_none(), "the WebSocket still has it");
        drop(websocket);
        assert!(seats.take().is_some());
    }
}
