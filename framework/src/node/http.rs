//! TCP connections: accepted, and served as HTTP/1.1 until they end or become WebSockets.

use super::body::{Cut, timed};
use super::lifecycle::Lifecycle;
use super::seats::{Seat, Seats};
use crate::settings::NodeSettings;
use crate::target::NODE;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tower::ServiceExt;
use tracing::{debug, warn};

/// How long nothing is accepted after that failed: where there are no file descriptors left, some must come back.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// How long an answer may take to be read after the handlers are done, when the node closes.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// What every connection goes by.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) lifecycle: Arc<Lifecycle>,
    pub(super) settings: Arc<NodeSettings>,
    /// Those of all listeners together.
    pub(super) seats: Arc<Seats>,
}

/// Accepts until the node stops.
pub(super) async fn accept(listener: TcpListener, service: Service) {
    let lifecycle = service.lifecycle.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            () = lifecycle.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(seat) = service.seats.take() {
                    lifecycle.http.spawn(serve(stream, peer, seat, service.clone()));
                } else if let Some(refusal) = service.seats.refuse(stream) {
                    let stopping = lifecycle.stopping.clone();
                    lifecycle.http.spawn(async move { stopping.run_until_cancelled(refusal).await });
                }
            }
            // The peer was gone before we looked.
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                warn!(
                    target: NODE, %error, pause = ?ACCEPT_PAUSE, "cannot accept connections: trying again after a pause"
                );
                tokio::select! {
                    () = lifecycle.stopping.cancelled() => return,
                    () = sleep(ACCEPT_PAUSE) => {}
                }
            }
        }
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// Serves one connection. Once the node stops it ends after the request in hand.
async fn serve(stream: TcpStream, peer: SocketAddr, seat: Seat, service: Service) {
    let Service { router, lifecycle, settings, .. } = service;
    // Messages are batched by the writer: holding small ones back below only adds delay.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(target: NODE, %peer, %error, "the peer was gone at once");
        return;
    }
    let service = service_fn(|request: Request<Incoming>| {
        let (router, busy, seat) = (router.clone(), lifecycle.busy.token(), seat.clone());
        let (head, body) = request.into_parts();
        let (body, fate) = timed(body, settings.body_timeout, &lifecycle);
        async move {
            let mut request = Request::from_parts(head, body);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(seat);
            let response = router.oneshot(request).await;
            drop(busy);
            response.map(|response| fate.cut().map_or(response, given_up))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout).max_headers(settings.max_headers);
    builder.max_header_size(settings.max_head_size).max_buf_size(settings.max_head_size);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let mut outcome = tokio::select! {
        biased;
        outcome = connection.as_mut() => Some(outcome),
        () = lifecycle.stopping.cancelled() => None,
    };
    if outcome.is_none() {
        connection.as_mut().graceful_shutdown();
        outcome = tokio::select! {
            biased;
            outcome = connection.as_mut() => Some(outcome),
            () = lifecycle.aborted.cancelled() => None,
            () = late(&lifecycle) => None,
        };
    }
    match outcome {
        Some(Ok(())) => {}
        Some(Err(error)) => debug!(target: NODE, %peer, %error, "an HTTP connection broke"),
        None => debug!(target: NODE, %peer, "an HTTP connection was cut: the node closed"),
    }
}

/// The answer to a request whose body was given up, whatever its handler made of that.
fn given_up(cut: Cut) -> Response {
    let status = match cut {
        Cut::Late => StatusCode::REQUEST_TIMEOUT,
        Cut::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = (status, format!("{cut}\n")).into_response();
    // The rest of the body would be taken for the next request.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn late(lifecycle: &Lifecycle) {
    lifecycle.closing.cancelled().await;
    sleep(LAST_ANSWER.min(lifecycle.patience)).await;
}
