//! Calls one hook: a panic in it, or in taking its arguments, is an error like any other.

use crate::error::{Error, Result};
use crate::plugin::{Failure, HandlerError, HookFuture, Origin, Reject};
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tracing::error;

/// What became of a call.
pub(crate) enum Called<T> {
    Done(T),
    /// An argument was not there: the hook is not meant for this event.
    Skipped(Reject),
    Failed(HandlerError),
}

/// Calls a hook and runs it to its end.
pub(crate) async fn call<T>(
    origin: Origin,
    start: impl FnOnce() -> Result<HookFuture<Result<T>>, Reject>,
) -> Called<T> {
    let future = match catch_unwind(AssertUnwindSafe(start)) {
        Ok(Ok(future)) => future,
        Ok(Err(reject)) => return Called::Skipped(reject),
        Err(panic) => return Called::Failed(HandlerError::new(origin, Failure::panic(&*panic))),
    };
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(Ok(value)) => Called::Done(value),
        Ok(Err(error)) => Called::Failed(HandlerError::new(origin, Failure::Error(error))),
        Err(panic) => Called::Failed(HandlerError::new(origin, Failure::panic(&*panic))),
    }
}

/// As `call`, for hooks whose arguments must be there: one that is not is a failure.
pub(crate) async fn call_strictly<T>(
    origin: Origin,
    start: impl FnOnce() -> Result<HookFuture<Result<T>>, Reject>,
) -> Result<T, HandlerError> {
    match call(origin, start).await {
        Called::Done(value) => Ok(value),
        Called::Skipped(reject) => Err(HandlerError::new(origin, Failure::Error(Error::from(reject)))),
        Called::Failed(error) => Err(error),
    }
}

/// Logs a failure with its place in the source.
pub(crate) fn log(hook: &'static str, failure: &HandlerError) {
    error!(
        plugin = failure.plugin(),
        hook,
        handler = failure.handler(),
        file = failure.file(),
        line = failure.line(),
        error = %failure.failure(),
        "a handler failed"
    );
}
