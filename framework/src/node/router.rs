//! What answers a request: endpoints and routes by path, once the launch is done.

use super::Endpoint;
use super::lifecycle::Lifecycle;
use super::upgrade::upgrade;
use crate::error::panic_message;
use crate::target::NODE;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use futures_util::FutureExt;
use http::StatusCode;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// What the requests to routes wait for.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    /// Cancelled once the launch is done.
    pub(super) open: CancellationToken,
    /// Cancelled when it has failed.
    pub(super) failed: CancellationToken,
    pub(super) stopping: CancellationToken,
}

/// Builds the router. The paths were checked by `check_paths`: the router panics at those that it cannot serve.
pub(super) fn router(
    endpoints: &[Endpoint],
    routes: Vec<(String, MethodRouter)>,
    gate: &Gate,
    lifecycle: &Arc<Lifecycle>,
) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints {
        let (lifecycle, served) = (lifecycle.clone(), endpoint.clone());
        let answer = move |request: Request| upgrade(served.clone(), lifecycle.clone(), request);
        router = router.route(endpoint.path(), get(answer));
    }
    // Routes of one path are merged by the router.
    for (path, methods) in routes {
        let gate = gate.clone();
        let shown: Arc<str> = path.as_str().into();
        let guard = from_fn(move |request, next| guarded(gate.clone(), shown.clone(), request, next));
        router = router.route(&path, methods.route_layer(guard));
    }
    router
}

/// Runs a route's handler once the launch is done; a panic in it is a 500 to one client and no more.
async fn guarded(gate: Gate, path: Arc<str>, request: Request, next: Next) -> Response {
    tokio::select! {
        biased;
        () = gate.open.cancelled() => {}
        () = gate.failed.cancelled() => return unavailable("the server could not start\n"),
        () = gate.stopping.cancelled() => return unavailable("the server is stopping\n"),
    }
    let method = request.method().clone();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            error!(target: NODE, %method, path = &*path, panic = %panic_message(&*panic), "a route's handler panicked");
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n").into_response()
        }
    }
}

fn unavailable(text: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}
