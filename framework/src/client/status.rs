//! Where a client is and since when: what its supervisor publishes, and what is logged of it.

use super::{ConnectError, ConnectionState};
use crate::target::CLIENT;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;

/// What is published about a client.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) state: ConnectionState,
    /// Open, with every `on_open` done.
    pub(crate) ready: bool,
    /// Why there is no connection, where an attempt failed.
    pub(crate) failure: Option<ConnectError>,
    /// Since when it is in this state.
    since: Instant,
    /// Since when it is without the connection that it is to keep.
    down: Option<Instant>,
    /// How long it was, before.
    downtime: Duration,
}

impl Status {
    pub(super) fn new() -> Self {
        let (state, since) = (ConnectionState::Idle, Instant::now());
        Self { state, ready: false, failure: None, since, down: None, downtime: Duration::ZERO }
    }

    /// Goes to a state; whether it is another one.
    pub(super) fn enter(&mut self, client: &str, state: ConnectionState, ready: bool) -> bool {
        if self.state != state {
            debug!(target: CLIENT, client, from = %self.state, to = %state, "state");
            self.since = Instant::now();
        } else if self.ready == ready {
            return false;
        }
        if ready {
            debug!(target: CLIENT, client, "ready");
        }
        (self.state, self.ready) = (state, ready);
        true
    }

    /// There is no connection, and there should be one.
    pub(super) fn go_down(&mut self) {
        self.down.get_or_insert_with(Instant::now);
    }

    /// There is a connection again, or none is wanted. How long there was none.
    pub(super) fn end_downtime(&mut self) -> Option<Duration> {
        let lasted = self.down.take()?.elapsed();
        self.downtime += lasted;
        Some(lasted)
    }

    pub(super) fn in_state(&self) -> Duration {
        self.since.elapsed()
    }

    pub(super) fn down_for(&self) -> Option<Duration> {
        self.down.map(|since| since.elapsed())
    }

    pub(super) fn downtime(&self) -> Duration {
        self.downtime + self.down_for().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn downtimes_add_up_and_the_one_that_lasts_is_among_them() {
        let mut status = Status::new();
        assert_eq!((status.down_for(), status.downtime(), status.end_downtime()), (None, Duration::ZERO, None));
        status.go_down();
        tokio::time::advance(2 * SECOND).await;
        // A failed attempt while it is down does not begin it anew.
        status.go_down();
        assert_eq!((status.down_for(), status.downtime()), (Some(2 * SECOND), 2 * SECOND));
        assert_eq!(status.end_downtime(), Some(2 * SECOND));
        tokio::time::advance(SECOND).await;
        status.go_down();
        tokio::time::advance(SECOND).await;
        assert_eq!((status.down_for(), status.downtime()), (Some(SECOND), 3 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_lasts_until_another_one_and_being_ready_is_none() {
        let mut status = Status::new();
        assert!(status.enter("c", ConnectionState::Open, false));
        tokio::time::advance(SECOND).await;
        assert!(status.enter("c", ConnectionState::Open, true));
        assert!(!status.enter("c", ConnectionState::Open, true));
        assert_eq!(status.in_state(), SECOND);
        assert!(status.enter("c", ConnectionState::Closed, false));
        assert_eq!(status.in_state(), Duration::ZERO);
    }
}
