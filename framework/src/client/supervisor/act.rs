//! Carries out what the session decides.

use super::*;

impl Supervisor {
    /// Takes what an attempt came to.
    pub(super) fn dialled(&mut self, outcome: Result<(Transport, Handshake), ConnectError>) {
        match outcome {
            Ok((transport, handshake)) => {
                let shared = self.shared.clone();
                shared.outbox.opening();
                let holder = Box::new(shared.clone());
                let connection = Connection::new(shared.id, holder, shared.outbox.clone(), handshake);
                connection.observe_latency(shared.counters.meters.get().map(|meters| meters.latency.clone()));
                self.link = Some(Link::start(transport, Role::Client, &shared.limits, connection.clone()));
                *shared.current.lock().expect("nothing panics while it holds it") = Some(connection.clone());
                self.connection = Some(connection);
                self.opening = Opening::Due;
                self.opened_at = Instant::now();
                self.failure = None;
                self.log_up();
                self.step(Event::Opened);
            }
            Err(error) => {
                let policy = self.session.policy().cloned().unwrap_or_default();
                let then = policy.after_failure(&error, self.session.ever_open(), SystemTime::now());
                self.failure = Some(error.clone());
                // Before the session decides: a first `connect` that failed leaves a client that is closed, and not down.
                self.shared.change(Status::go_down);
                let retry_in = self.step(Event::Failed(then));
                self.log_failure(&error, retry_in);
                if !then.retry {
                    error!(
                        target: CLIENT,
                        client = %self.shared.name, "not tried again: this answer will not change by itself"
                    );
                }
            }
        }
    }

    /// Lets the session decide and carries it out. The wait that was begun, if one was.
    pub(super) fn step(&mut self, event: Event) -> Option<Duration> {
        let mut retry_in = None;
        let random = self.shared.request.reach.place.chance();
        for action in self.session.step(event, random) {
            match action {
                Action::Dial => {
                    self.wait = None;
                    self.dial = Some(Box::pin(dial(self.shared.request.clone())));
                }
                Action::Abort => {
                    self.dial = None;
                    self.failure = Some(ConnectError::Closed);
                }
                Action::CloseLink { drain } => {
                    if let Some(connection) = &self.connection {
                        connection.begin_close(self.farewell.0, &self.farewell.1, drain);
                    }
                }
                Action::Wait { delay, .. } => {
                    retry_in = Some(delay);
                    self.wait = Some(Box::pin(awake::wait(delay)));
                    self.publish_waiting(delay);
                }
                Action::Settle => self.settle(),
                Action::RefuseSecondStart => self.refuse(ConnectError::AlreadyStarted),
                Action::RefuseReconnect => self.refuse(ConnectError::Connecting),
                Action::Rest { gave_up } => self.rest(gave_up),
                Action::Revive => self.shared.outbox.reopen(),
            }
        }
        if retry_in.is_none() {
            self.publish();
        }
        retry_in
    }

    pub(super) fn settle(&mut self) {
        let outcome = match (&self.session.phase(), &self.failure) {
            (Phase::Open, _) => Ok(()),
            (_, Some(error)) => Err(error.clone()),
            (_, None) => Err(ConnectError::Closed),
        };
        // The state first: whoever is told of a success must find the client open.
        self.publish();
        self.waiters.drain(..).for_each(|waiter| drop(waiter.send(outcome.clone())));
    }

    /// Only the call that came last is refused: the others wait for the attempt.
    pub(super) fn refuse(&mut self, error: ConnectError) {
        if let Some(waiter) = self.waiters.pop() {
            let _ = waiter.send(Err(error));
        }
    }

    pub(super) fn rest(&mut self, gave_up: bool) {
        self.wait = None;
        let before = self.shared.outbox.counts();
        self.shared.outbox.shut();
        if before.queued > 0 {
            warn!(
                target: CLIENT,
                client = %self.shared.name, messages = before.queued, "closed with messages that were never sent"
            );
        }
        if gave_up && let Some(source) = self.failure.take() {
            let attempts = self.session.failures();
            error!(target: CLIENT, client = %self.shared.name, attempts, error = %source, "gave up connecting");
            self.failure = Some(ConnectError::GaveUp { attempts, source: Arc::new(source) });
        }
        if !gave_up {
            self.wanted_no_more();
        }
        // The state first: whoever waited for the close must find the client closed.
        self.publish();
        self.closers.clear();
    }

    pub(super) fn abort(&mut self) {
        self.link = None;
        self.dial = None;
        let cut = self.inbox.clear();
        if cut > 0 {
            warn!(
                target: CLIENT,
                client = %self.shared.name, messages = cut, "stopped with messages that were not handled"
            );
        }
        self.shared.outbox.shut();
        *self.shared.current.lock().expect("nothing panics while it holds it") = None;
        self.failure = None;
        self.publish_status(ConnectionState::Closed, false);
    }
}
