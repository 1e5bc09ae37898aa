//! A request's body within its time: an upload that never ends holds neither its connection nor the node's end.

use super::lifecycle::Lifecycle;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Why a body was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Cut {
    /// It took longer than `body_timeout`.
    #[error("the body took longer than `node.body_timeout`")]
    Late,
    /// The node stops.
    #[error("the server is stopping")]
    Stopping,
}

/// Whether a body was given up, for whoever answers the request.
#[derive(Debug, Default, Clone)]
pub(super) struct Fate(Arc<AtomicU8>);

impl Fate {
    pub(super) fn cut(&self) -> Option<Cut> {
        match self.0.load(Ordering::Relaxed) {
            1 => Some(Cut::Late),
            2 => Some(Cut::Stopping),
            _ => None,
        }
    }

    fn set(&self, cut: Cut) {
        self.0.store(if cut == Cut::Late { 1 } else { 2 }, Ordering::Relaxed);
    }
}

/// The body of a request, and what tells whether it was given up. It has `limit` from its first byte asked for; once the
/// node stops it has the node's patience, whatever it was given before.
pub(super) fn timed(body: Incoming, limit: Duration, lifecycle: &Lifecycle) -> (Body, Fate) {
    let fate = Fate::default();
    if body.is_end_stream() {
        return (Body::new(body), fate);
    }
    let timed = Timed {
        body,
        limit,
        patience: lifecycle.patience,
        deadline: None,
        cut: Cut::Late,
        stopping: Some(Box::pin(lifecycle.stopping.clone().cancelled_owned())),
        fate: fate.clone(),
    };
    (Body::new(timed.boxed_unsync()), fate)
}

struct Timed {
    body: Incoming,
    limit: Duration,
    patience: Duration,
    /// Set when somebody first reads.
    deadline: Option<Pin<Box<Sleep>>>,
    /// What its passing means.
    cut: Cut,
    /// `None` once the node stops.
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    fate: Fate,
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        // What is there is taken first: a body that came in time is whole, however late it is read.
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if this.stopping.as_mut().is_some_and(|stopping| stopping.as_mut().poll(context).is_ready()) {
            this.stopping = None;
            this.cut = Cut::Stopping;
            this.deadline = Some(Box::pin(sleep(this.patience)));
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(this.limit)));
        ready!(deadline.as_mut().poll(context));
        this.fate.set(this.cut);
        Poll::Ready(Some(Err(this.cut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
