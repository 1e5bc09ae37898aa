//! A server that writes down every number that it is sent, by connection, and sends it back.

use bristle::testing::{Peer, PeerConnection};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Served until it is dropped, or killed.
pub struct Server {
    address: SocketAddr,
    heard: Arc<watch::Sender<Heard>>,
    tasks: Mutex<JoinSet<()>>,
}

/// The numbers that came, by connection, in the order of their handshakes.
pub type Heard = Vec<Vec<u64>>;

impl Server {
    pub async fn start() -> Self {
        let peer = Peer::bind().await.expect("a free port");
        let server = Self { address: peer.address(), heard: Arc::default(), tasks: Mutex::default() };
        server.serve(peer);
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn heard(&self) -> Heard {
        self.heard.borrow().clone()
    }

    /// Waits until this number came.
    pub async fn hears(&self, number: u64) {
        let mut heard = self.heard.subscribe();
        let came = |heard: &Heard| heard.iter().any(|numbers| numbers.last().is_some_and(|last| *last >= number));
        heard.wait_for(came).await.expect("the server holds the sender");
    }

    /// Ends as a process that is killed: no close frames, and nobody listens.
    pub async fn kill(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().expect("not poisoned"));
        tasks.shutdown().await;
    }

    /// Comes back where it was.
    pub async fn come_back(&self) {
        self.come_back_at(self.address).await;
    }

    /// Comes back somewhere else.
    pub async fn come_back_at(&self, address: SocketAddr) {
        self.serve(Peer::bind_at(address).await.expect("the port is free"));
    }

    fn serve(&self, peer: Peer) {
        let heard = self.heard.clone();
        self.tasks.lock().expect("not poisoned").spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                // A handshake that breaks is the proxy's doing.
                if let Ok(connection) = peer.accept().await {
                    heard.send_modify(|heard| heard.push(Vec::new()));
                    let number = heard.borrow().len() - 1;
                    connections.spawn(serve(connection, number, heard.clone()));
                }
                while let Some(ended) = connections.try_join_next() {
                    ended.expect("a connection does not panic");
                }
            }
        });
    }
}

async fn serve(mut connection: PeerConnection, number: usize, heard: Arc<watch::Sender<Heard>>) {
    while let Some(message) = connection.receive().await {
        let Some(text) = message.as_text() else { continue };
        let word = text.split(' ').next().unwrap_or_default().to_owned();
        heard.send_modify(|heard| heard[number].push(word.parse().expect("clients send numbers")));
        // What cannot be sent back is for the client to miss.
        let _ = connection.send(word).await;
    }
}
