//! What the supervisor publishes and logs.

use super::*;

impl Supervisor {
    pub(super) fn publish(&self) {
        let state = match self.session.phase() {
            Phase::Idle => ConnectionState::Idle,
            Phase::Dialling => ConnectionState::Connecting,
            Phase::Open => ConnectionState::Open,
            Phase::Closing(_) => ConnectionState::Closing,
            Phase::Closed => ConnectionState::Closed,
            Phase::Waiting => return,
        };
        let ready = state == ConnectionState::Open && self.connection.as_ref().is_some_and(Connection::was_ready);
        self.publish_status(state, ready);
    }

    pub(super) fn publish_waiting(&self, retry_in: Duration) {
        self.publish_status(ConnectionState::Waiting { attempt: self.session.failures(), retry_in }, false);
    }

    pub(super) fn publish_status(&self, state: ConnectionState, ready: bool) {
        self.shared.status.send_if_modified(|status| {
            let changed = status.state != state || status.ready != ready;
            *status = Status { state, ready, failure: self.failure.clone() };
            changed
        });
    }

    pub(super) fn log_up(&mut self) {
        let (client, url) = (&self.shared.name, &self.shared.request.address);
        match self.down.take() {
            // Attempts may have failed before the first connection, too.
            Some((since, _)) if self.session.ever_open() => {
                self.shared.reconnects.fetch_add(1, Ordering::Relaxed);
                let (attempts, downtime) = (self.session.failures(), since.elapsed());
                info!(%client, %url, attempts, ?downtime, "connected again");
            }
            _ => info!(%client, %url, "connected"),
        }
    }

    pub(super) fn log_down(&self, close: &Close) {
        let (client, url) = (&self.shared.name, &self.shared.request.address);
        match close.retry_in {
            Some(retry_in) => {
                warn!(%client, %url, code = close.code, reason = %close.reason, ?retry_in, "connection lost")
            }
            None => {
                info!(%client, %url, code = close.code, reason = %close.reason, initiator = %close.initiator, "connection closed")
            }
        }
    }

    /// The first failure of a row is a warning, those that follow are details: one line down, one line up.
    pub(super) fn log_failure(&mut self, error: &ConnectError, retry_in: Option<Duration>) {
        let (client, url) = (&self.shared.name, &self.shared.request.address);
        let (_, logged) = self.down.get_or_insert((Instant::now(), false));
        let error = crate::error::chain(error);
        match (std::mem::replace(logged, true), retry_in) {
            (true, _) => debug!(%client, %url, %error, "could not connect"),
            (false, Some(retry_in)) => warn!(%client, %url, %error, ?retry_in, "could not connect"),
            (false, None) => warn!(%client, %url, %error, "could not connect"),
        }
    }
}
