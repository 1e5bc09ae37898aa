//! How far a node has come on its way to the end, and who is still there.

use crate::message::code;
use std::sync::OnceLock;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The stages of a node's end, and its tasks. Every stage's token is a child of the next one's, so that a later stage
/// implies the earlier ones.
#[derive(Debug)]
pub(super) struct Lifecycle {
    /// No connection is accepted any more, and HTTP connections end after their request.
    pub(super) stopping: CancellationToken,
    /// Endpoint connections stop reading.
    pub(super) quiet: CancellationToken,
    /// Endpoint connections close.
    pub(super) closing: CancellationToken,
    /// Everything ends wherever it is.
    pub(super) aborted: CancellationToken,
    /// How long a peer may keep a step of the end waiting: less than such a step may take, so that a peer that does not
    /// read, or goes on uploading, is a lost connection and no unclean stop of ours.
    pub(super) patience: Duration,
    /// What the peers are told when the node closes.
    farewell: OnceLock<(u16, String)>,
    /// The tasks that accept.
    pub(super) acceptors: TaskTracker,
    /// The tasks of TCP connections that speak HTTP.
    pub(super) http: TaskTracker,
    /// The tasks of endpoint connections.
    pub(super) sessions: TaskTracker,
    /// Held by whoever runs a handler, or may run one.
    pub(super) busy: TaskTracker,
}

impl Lifecycle {
    /// `grace` is how long a step of the end may take.
    pub(super) fn new(grace: Duration) -> Self {
        let aborted = CancellationToken::new();
        let closing = aborted.child_token();
        let quiet = closing.child_token();
        Self {
            stopping: quiet.child_token(),
            quiet,
            closing,
            aborted,
            patience: grace / 2,
            farewell: OnceLock::new(),
            acceptors: TaskTracker::new(),
            http: TaskTracker::new(),
            sessions: TaskTracker::new(),
            busy: TaskTracker::new(),
        }
    }

    /// Begins to close; the first farewell stands.
    pub(super) fn close(&self, code: u16, reason: &str) {
        let _ = self.farewell.set((code, reason.to_owned()));
        self.closing.cancel();
    }

    /// What the peers are told when the node closes.
    pub(super) fn farewell(&self) -> (u16, &str) {
        self.farewell.get().map_or((code::GOING_AWAY, ""), |(code, reason)| (*code, reason))
    }
}

/// Waits until every task of a tracker has ended. Cancel-safe.
pub(super) async fn joined(tasks: &TaskTracker) {
    tasks.close();
    tasks.wait().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_stage_implies_the_earlier_ones_and_no_other() {
        let lifecycle = Lifecycle::new(Duration::from_secs(10));
        lifecycle.stopping.cancel();
        assert!(!lifecycle.quiet.is_cancelled());
        lifecycle.close(1001, "bye");
        assert!(lifecycle.quiet.is_cancelled() && !lifecycle.aborted.is_cancelled());
        lifecycle.close(1000, "again");
        assert_eq!(lifecycle.farewell(), (1001, "bye"));
    }
}
