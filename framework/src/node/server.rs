//! `Node`: listeners, HTTP and endpoint connections, from the start to the end.

use super::bind::bind;
use super::http::Service;
use super::lifecycle::{Lifecycle, joined};
use super::router::{Gate, router};
use super::seats::Seats;
use super::{BindError, Endpoint, http};
use crate::settings::NodeSettings;
use axum::extract::DefaultBodyLimit;
use axum::routing::MethodRouter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a node serves.
pub(crate) struct NodeConfig {
    pub(crate) settings: NodeSettings,
    /// How long a step of the end may take.
    pub(crate) grace: Duration,
    /// Paths were checked by `check_paths`, together with those of the routes.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) routes: Vec<(String, MethodRouter)>,
    /// Cancelled once the launch is done: requests to routes wait for it.
    pub(crate) gate: CancellationToken,
    /// Cancelled when the launch has failed: those requests are answered with 503.
    pub(crate) failed: CancellationToken,
}

/// A server that runs. Its end has four steps, each of which implies those before: `stop_accepting`, `quiesce`,
/// `close`, `abort`. Dropped, it is aborted.
pub(crate) struct Node {
    addresses: Vec<SocketAddr>,
    endpoints: Vec<Endpoint>,
    lifecycle: Arc<Lifecycle>,
}

impl Node {
    /// Binds every address and begins to accept.
    pub(crate) async fn start(config: NodeConfig) -> Result<Self, BindError> {
        let NodeConfig { settings, grace, endpoints, routes, gate, failed } = config;
        let listeners = bind(&settings.listen).await?;
        let lifecycle = Arc::new(Lifecycle::new(grace));
        let gate = Gate { open: gate, failed, stopping: lifecycle.stopping.clone() };
        let router = router(&endpoints, routes, &gate, &lifecycle).layer(DefaultBodyLimit::max(settings.max_body_size));
        let service = Service {
            router,
            lifecycle: lifecycle.clone(),
            seats: Arc::new(Seats::new(settings.max_connections)),
            settings: Arc::new(settings),
        };
        let mut addresses = Vec::new();
        for (listener, address) in listeners {
            addresses.push(address);
            lifecycle.acceptors.spawn(http::accept(listener, service.clone()));
        }
        Ok(Self { addresses, endpoints, lifecycle })
    }

    /// Where it listens, with the real ports where 0 was asked for.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Closes the listeners. HTTP connections end after their request, WebSockets stay.
    pub(crate) async fn stop_accepting(&self) {
        self.lifecycle.stopping.cancel();
        joined(&self.lifecycle.acceptors).await;
    }

    /// Stops reading from endpoint connections, and waits until every handler in flight and every message that was
    /// read has been handled; requests to routes likewise.
    pub(crate) async fn quiesce(&self) {
        self.lifecycle.quiet.cancel();
        joined(&self.lifecycle.busy).await;
    }

    /// Drains the outboxes, does the closing handshakes, and joins every task. A handler that never returns keeps it
    /// waiting.
    pub(crate) async fn close(&self, code: u16, reason: &str) {
        self.lifecycle.close(code, reason);
        joined(&self.lifecycle.acceptors).await;
        joined(&self.lifecycle.http).await;
        joined(&self.lifecycle.sessions).await;
    }

    /// Ends everything at once, without a closing handshake, and names what was cut.
    pub(crate) fn abort(&self) -> Vec<String> {
        let connections = self.endpoints.iter().flat_map(|endpoint| {
            endpoint.running().into_iter().map(|id| format!("connection {id} of {}", endpoint.path()))
        });
        let mut cut: Vec<_> = connections.collect();
        let requests = self.lifecycle.http.len();
        if requests > 0 {
            cut.push(format!("{requests} HTTP connections"));
        }
        self.lifecycle.aborted.cancel();
        cut
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.lifecycle.aborted.cancel();
    }
}
