//! TCP connections: accepted, and served as HTTP/1.1 until they end or become WebSockets.

use super::lifecycle::Lifecycle;
use crate::target::NODE;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
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

/// How long a request's head may take, also the first one of a connection.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// How many headers a request may have.
const MAX_HEADERS: usize = 128;

/// How many bytes a request's head may have.
const MAX_HEAD: usize = 64 * 1024;

/// How long nothing is accepted after that failed: where there are no file descriptors left, some must come back.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// How long an answer may take to be read after the handlers are done, when the node closes.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// Accepts until the node stops.
pub(super) async fn accept(listener: TcpListener, router: Router, lifecycle: Arc<Lifecycle>) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = lifecycle.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                lifecycle.http.spawn(serve(stream, peer, router.clone(), lifecycle.clone()));
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
async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, lifecycle: Arc<Lifecycle>) {
    // Messages are batched by the writer: holding small ones back below only adds delay.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(target: NODE, %peer, %error, "the peer was gone at once");
        return;
    }
    let service = service_fn(|request: Request<Incoming>| {
        let (router, busy) = (router.clone(), lifecycle.busy.token());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = router.oneshot(request).await;
            drop(busy);
            response
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_headers(MAX_HEADERS);
    builder.max_header_size(MAX_HEAD).max_buf_size(MAX_HEAD);
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

async fn late(lifecycle: &Lifecycle) {
    lifecycle.closing.cancelled().await;
    sleep(LAST_ANSWER).await;
}
