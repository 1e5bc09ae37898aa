//! One of two servers that the host's relay joins: sends numbers, and writes down those that come.

use bristle::testing::{Peer, PeerConnection};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub struct Side {
    address: SocketAddr,
    heard: Arc<watch::Sender<Vec<Vec<u64>>>>,
    /// Numbers below this are to be sent.
    wanted: watch::Sender<u64>,
    _task: JoinSet<()>,
}

impl Side {
    pub async fn start() -> Self {
        let peer = Peer::bind().await.expect("a free port");
        let (address, heard) = (peer.address(), Arc::new(watch::Sender::new(Vec::new())));
        let wanted = watch::Sender::new(0);
        let (next, into, told) = (Arc::new(AtomicU64::new(0)), heard.clone(), wanted.subscribe());
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                // A handshake that breaks is the proxy's doing.
                let Ok(connection) = peer.accept().await else { continue };
                into.send_modify(|heard: &mut Vec<Vec<u64>>| heard.push(Vec::new()));
                let number = into.borrow().len() - 1;
                connections.spawn(talk(connection, number, next.clone(), told.clone(), into.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, heard, wanted, _task: task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends so many more numbers.
    pub fn send(&self, count: u64) {
        self.wanted.send_modify(|wanted| *wanted += count);
    }

    pub fn sent(&self) -> u64 {
        *self.wanted.borrow()
    }

    /// Waits for this number, or a later one.
    pub async fn hears(&self, number: u64) {
        let mut heard = self.heard.subscribe();
        let came = |heard: &Vec<Vec<u64>>| heard.iter().flatten().any(|came| *came >= number);
        heard.wait_for(came).await.expect("the side holds the sender");
    }

    /// How many numbers came: each once, and in their order.
    pub fn check(&self) -> u64 {
        let heard = self.heard.borrow();
        let all = heard.concat();
        assert!(all.is_sorted_by(|a, b| a < b), "a number came twice or late: {heard:?}");
        all.len() as u64
    }
}

async fn talk(
    mut connection: PeerConnection,
    number: usize,
    next: Arc<AtomicU64>,
    mut wanted: watch::Receiver<u64>,
    heard: Arc<watch::Sender<Vec<Vec<u64>>>>,
) {
    loop {
        tokio::select! {
            message = connection.receive() => {
                let Some(message) = message else { return };
                let Some(text) = message.as_text() else { continue };
                heard.send_modify(|heard| heard[number].push(text.parse().expect("numbers only")));
            }
            () = more(&mut wanted, &next) => {
                // What is lost with a connection is not sent again.
                let number = next.fetch_add(1, Ordering::AcqRel);
                let _ = connection.send(number.to_string()).await;
            }
        }
    }
}

/// Waits until there is another number to send.
async fn more(wanted: &mut watch::Receiver<u64>, next: &AtomicU64) {
    let more = |wanted: &u64| *wanted > next.load(Ordering::Acquire);
    drop(wanted.wait_for(more).await.expect("the side holds the sender"));
}
