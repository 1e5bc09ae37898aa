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
            status.failure.clone_from(&self.failure);
            status.enter(&self.shared.name, state, ready)
        });
    }

    /// There is no connection any more, and it is down if it should have one. That it was lost is logged by `log_down`.
    pub(super) fn went_down(&mut self, asked: bool) {
        let wanted = match self.session.phase() {
            Phase::Closing(then) => then == Then::Retry,
            _ => !asked,
        };
        if wanted {
            self.shared.change(Status::go_down);
        }
        self.down_logged = true;
    }

    /// Its user has closed it: it is not down.
    pub(super) fn wanted_no_more(&mut self) {
        self.shared.change(Status::end_downtime);
        self.down_logged = false;
    }

    pub(super) fn log_up(&mut self) {
        let before = self.shared.counters.connections.fetch_add(1, Ordering::Relaxed);
        let downtime = self.shared.change(Status::end_downtime);
        self.down_logged = false;
        let (client, url) = (&self.shared.name, &self.shared.request.address);
        let text = if before == 0 { "connected" } else { "connected again" };
        let Some(downtime) = downtime else { return info!(target: CLIENT, %client, %url, "{text}") };
        if let Some(meters) = self.shared.counters.meters.get() {
            meters.downtime.record(downtime);
        }
        let attempts = self.session.failures();
        info!(target: CLIENT, %client, %url, attempts, ?downtime, "{text}");
    }

    /// What `on_open` failed with, logged and counted: it was an attempt in vain.
    pub(super) fn log_on_open(&self, error: Error) -> String {
        let (client, error) = (&self.shared.name, error.chain());
        self.shared.counters.failed_attempts.fetch_add(1, Ordering::Relaxed);
        error!(target: CLIENT, %client, %error, "on_open failed: the connection is given up");
        error
    }

    pub(super) fn log_down(&self, close: &Close) {
        let (client, url) = (&self.shared.name, &self.shared.request.address);
        match close.retry_in {
            Some(retry_in) => {
                warn!(
                    target: CLIENT,
                    %client, %url, code = close.code, reason = %close.reason, ?retry_in, "connection lost"
                )
            }
            None => {
                info!(
                    target: CLIENT,
                    %client, %url, code = close.code, reason = %close.reason, initiator = %close.initiator,
                    "connection closed"
                )
            }
        }
    }

    /// The first failure of a row is a warning, those that follow are details: one line down, one line up.
    pub(super) fn log_failure(&mut self, error: &ConnectError, retry_in: Option<Duration>) {
        let (client, url) = (&self.shared.name, &self.shared.request.address);
        self.shared.counters.failed_attempts.fetch_add(1, Ordering::Relaxed);
        let error = crate::error::chain(error);
        match (std::mem::replace(&mut self.down_logged, true), retry_in) {
            (true, _) => debug!(target: CLIENT, %client, %url, %error, "could not connect"),
            (false, Some(retry_in)) => warn!(target: CLIENT, %client, %url, %error, ?retry_in, "could not connect"),
            (false, None) => warn!(target: CLIENT, %client, %url, %error, "could not connect"),
        }
    }
}
