//! From a request to an endpoint to a connection: the handshake, then the stream out of HTTP's hands.

use super::Endpoint;
use super::handshake::{Agreed, Refusal, check};
use super::lifecycle::Lifecycle;
use super::member::Admission;
use super::seats::Seat;
use super::session::Session;
use crate::connection::{Handshake, Transport};
use crate::target::NODE;
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::debug;

/// Answers a request to an endpoint. Where it becomes a connection, that is a task of the node's.
pub(super) async fn upgrade(endpoint: Endpoint, lifecycle: Arc<Lifecycle>, request: Request) -> Response {
    let (mut head, _) = request.into_parts();
    let parameters = match RawPathParams::from_request_parts(&mut head, &()).await {
        Ok(parameters) => parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(rejection) => return rejection.into_response(),
    };
    let seat = head.extensions.remove::<Seat>();
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    match admit(&endpoint, &lifecycle, &mut head) {
        Ok((agreed, admission, on_upgrade)) => {
            let Parts { uri, headers, .. } = head;
            let subprotocol = agreed.subprotocol.clone();
            let deflate = agreed.compression.as_ref().map(|(deflate, _)| *deflate);
            let handshake = Handshake { uri, headers, subprotocol, parameters, peer, deflate };
            let upgrade = Upgrade { endpoint, admission, handshake, seat, busy: lifecycle.busy.token() };
            lifecycle.sessions.spawn(upgrade.run(on_upgrade, lifecycle.clone()));
            agreed.into_response()
        }
        Err(refusal) => {
            let peer = peer.map(tracing::field::display);
            endpoint.count_refused();
            // A scanner must not fill the log.
            debug!(target: NODE, endpoint = endpoint.name(), peer, reason = %refusal, "handshake refused");
            refusal.into_response()
        }
    }
}

/// Everything that can refuse a request, what is the request's own fault first.
fn admit(
    endpoint: &Endpoint,
    lifecycle: &Lifecycle,
    head: &mut Parts,
) -> Result<(Agreed, Admission, OnUpgrade), Refusal> {
    let agreed = check(head, endpoint.terms())?;
    if lifecycle.stopping.is_cancelled() {
        return Err(Refusal::Stopping);
    }
    let admission = endpoint.admit().ok_or(Refusal::Full)?;
    let on_upgrade = head.extensions.remove::<OnUpgrade>().ok_or(Refusal::NotUpgradable)?;
    Ok((agreed, admission, on_upgrade))
}

/// A connection whose handshake is being answered.
struct Upgrade {
    endpoint: Endpoint,
    admission: Admission,
    handshake: Handshake,
    /// The connection's own, that it keeps until its end.
    seat: Option<Seat>,
    busy: TaskTrackerToken,
}

impl Upgrade {
    async fn run(self, on_upgrade: OnUpgrade, lifecycle: Arc<Lifecycle>) {
        let Self { endpoint, admission, handshake, seat: _seat, busy } = self;
        let upgraded = tokio::select! {
            biased;
            () = lifecycle.closing.cancelled() => return,
            upgraded = on_upgrade => upgraded,
        };
        match upgraded {
            Ok(upgraded) => {
                Session::start(endpoint, admission, transport(upgraded), handshake, lifecycle, busy).run().await;
            }
            Err(error) => debug!(
                target: NODE, endpoint = endpoint.name(), %error, "the peer went during the handshake"
            ),
        }
    }
}

/// The stream as it was accepted, so that its halves share no lock; one that is wrapped is split with one.
fn transport(upgraded: Upgraded) -> Transport {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Transport::tcp(parts.io.into_inner(), parts.read_buf.into()),
        Err(upgraded) => Transport::split(TokioIo::new(upgraded), Vec::new()),
    }
}
