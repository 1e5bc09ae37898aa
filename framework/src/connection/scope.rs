//! Lets a call know that it is made from a handler of its own client or connection.
//!
//! A handler that waits for its own connection must not be waited for by it. The connection marks the futures that
//! it polls, and a waiting call looks for its own mark.

use super::OwnerId;

tokio::task_local! {
    static SCOPE: HandlerScope;
}

/// Which kind of handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// `on_open`: what it sends goes before everything that waits.
    Open,
    /// `on_message` and `on_close`.
    Message,
}

/// Whose handler runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HandlerScope {
    pub(crate) owner: OwnerId,
    pub(crate) lane: Lane,
}

impl HandlerScope {
    /// Marks a handler's future.
    pub(crate) fn mark<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        SCOPE.scope(self, future)
    }
}

/// The handler of `owner` that this code runs in, if any. Tasks that a handler spawned are not in it.
pub(crate) fn in_handler_of(owner: OwnerId) -> Option<Lane> {
    SCOPE.try_with(|scope| (scope.owner == owner).then_some(scope.lane)).ok().flatten()
}
