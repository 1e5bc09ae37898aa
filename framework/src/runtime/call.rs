//! Calls one hook: a panic in it, or in taking its arguments, is an error like any other.

use crate::error::{Error, Result};
use crate::plugin::{Failure, HandlerError, HookFuture, Origin, Reject};
use crate::target::RUNTIME;
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

impl<T> Called<T> {
    pub(crate) fn of(origin: Origin, outcome: Result<T>) -> Self {
        match outcome {
            Ok(value) => Self::Done(value),
            Err(error) => Self::Failed(HandlerError::new(origin, Failure::Error(error))),
        }
    }

    /// What became of a future that was run with panics caught.
    pub(crate) fn caught(origin: Origin, outcome: std::thread::Result<Result<T>>) -> Self {
        match outcome {
            Ok(outcome) => Self::of(origin, outcome),
            Err(panic) => Self::Failed(HandlerError::new(origin, Failure::panic(&*panic))),
        }
    }
}

/// Begins a hook: what is to run, or why nothing is.
pub(crate) fn caught<F, T>(origin: Origin, start: impl FnOnce() -> Result<F, Reject>) -> Result<F, Called<T>> {
    match catch_unwind(AssertUnwindSafe(start)) {
        Ok(Ok(begun)) => Ok(begun),
        Ok(Err(reject)) => Err(Called::Skipped(reject)),
        Err(panic) => Err(Called::Failed(HandlerError::new(origin, Failure::panic(&*panic)))),
    }
}

/// Calls a hook and runs it to its end.
pub(crate) async fn call<T>(
    origin: Origin,
    start: impl FnOnce() -> Result<HookFuture<Result<T>>, Reject>,
) -> Called<T> {
    match caught(origin, start) {
        Ok(future) => Called::caught(origin, AssertUnwindSafe(future).catch_unwind().await),
        Err(called) => called,
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
        target: RUNTIME,
        plugin = failure.plugin(),
        hook,
        handler = failure.handler(),
        file = failure.file(),
        line = failure.line(),
        error = %failure.failure(),
        "a handler failed"
    );
}
