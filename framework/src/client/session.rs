//! What a client does next: pure, `(state, event) → (state, actions)`. Sockets, time and randomness are handed in.

use super::backoff::{FLOOR, Reconnect};
use super::policy::Judgement;
use std::time::Duration;

/// Where the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    Dialling,
    Open,
    /// A close is under way; what follows it.
    Closing(Then),
    Waiting,
    Closed,
}

/// What follows a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing, until somebody reconnects.
    Rest,
    /// Another attempt, at once: somebody called `reconnect`.
    Redial,
    /// Another attempt, by the policy: `on_open` failed.
    Retry,
}

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Event {
    /// `connect`, or with `keep_trying` `start`.
    Start { keep_trying: bool },
    /// `reconnect`.
    Reconnect,
    /// `close`, or the last handle was dropped.
    Close,
    /// The handshake is done.
    Opened,
    /// An attempt failed.
    Failed(Judgement),
    /// An `on_open` hook failed.
    OpenFailed,
    /// The connection ended; `asked` where somebody sent a close frame of their own.
    Ended { asked: bool, lasted: Duration, then: Judgement },
    /// The wait is over.
    Elapsed,
}

/// What is to be done, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Action {
    /// Begin an attempt.
    Dial,
    /// Give up the attempt that is under way.
    Abort,
    /// Do the closing handshake; with `drain` after everything that waits was sent.
    CloseLink { drain: bool },
    /// Begin to wait.
    Wait { delay: Duration, failures: u32 },
    /// Tell `connect` and `reconnect` calls how it went.
    Settle,
    /// `connect` was called before.
    RefuseSecondStart,
    /// `reconnect` came while the first `connect` is in flight.
    RefuseReconnect,
    /// There will be no connection: messages are refused from now on.
    Rest { gave_up: bool },
    /// Messages are taken again.
    Revive,
}

/// The state of one client.
#[derive(Debug)]
pub(crate) struct Session {
    policy: Option<Reconnect>,
    phase: Phase,
    /// Whether `connect` or `start` was called.
    started: bool,
    /// Whether a failed attempt is followed by another one.
    supervised: bool,
    /// Whether the last thing that happened was that an attempt of `connect` or `reconnect` failed, before any
    /// connection was open.
    connect_failed: bool,
    /// Whether a connection has been open: nothing is fatal after that.
    ever_open: bool,
    /// In a row, without a connection that lasted: what the wait grows with.
    failures: u32,
    /// Attempts that failed since a connection was open, one whose `on_open` failed among them.
    attempts: u32,
    /// Whether the attempt under way is that of the first `connect`, which nobody may interfere with.
    first_connect: bool,
}

impl Session {
    /// A new one, which somebody may have closed before it was needed.
    pub(crate) fn new(policy: Option<Reconnect>, closed: bool) -> Self {
        let phase = if closed { Phase::Closed } else { Phase::Idle };
        Self {
            policy,
            phase,
            started: false,
            supervised: false,
            connect_failed: false,
            ever_open: false,
            failures: 0,
            attempts: 0,
            first_connect: false,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn ever_open(&self) -> bool {
        self.ever_open
    }

    pub(crate) fn policy(&self) -> Option<&Reconnect> {
        self.policy.as_ref()
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes an event; `random` is drawn evenly from 0 to 1.
    pub(crate) fn step(&mut self, event: Event, random: f64) -> Vec<Action> {
        match event {
            // `connect` failed: whoever calls `start` after that wants the trying to go on.
            Event::Start { keep_trying: true } if self.connect_failed && self.phase == Phase::Closed => {
                self.connect_failed = false;
                self.supervised = true;
                let mut actions = vec![Action::Revive];
                actions.extend(self.dial());
                actions
            }
            Event::Start { .. } if self.started => vec![Action::RefuseSecondStart],
            Event::Start { keep_trying } => {
                self.started = true;
                match self.phase {
                    Phase::Idle => {
                        self.supervised = keep_trying;
                        let actions = self.dial();
                        self.first_connect = !keep_trying;
                        actions
                    }
                    // `reconnect` or `close` came first.
                    _ => vec![Action::RefuseSecondStart],
                }
            }
            Event::Reconnect => self.reconnect(),
            Event::Close => self.close(),
            Event::Opened if self.phase == Phase::Dialling => {
                self.phase = Phase::Open;
                self.ever_open = true;
                self.supervised = true;
                vec![Action::Settle]
            }
            Event::Failed(then) if self.phase == Phase::Dialling => {
                self.attempts = self.attempts.saturating_add(1);
                self.connect_failed = !self.supervised && !self.ever_open;
                let mut actions = vec![Action::Settle];
                actions.extend(self.retry(self.supervised && then.retry, then, random));
                actions
            }
            Event::OpenFailed if self.phase == Phase::Open => {
                self.phase = Phase::Closing(Then::Retry);
                vec![Action::CloseLink { drain: false }]
            }
            Event::Ended { asked, lasted, then } => self.ended(asked, lasted, then, random),
            Event::Elapsed if self.phase == Phase::Waiting => self.dial(),
            // An attempt or a wait that was given up may still report.
            Event::Opened | Event::Failed(_) | Event::OpenFailed | Event::Elapsed => Vec::new(),
        }
    }

    fn reconnect(&mut self) -> Vec<Action> {
        match self.phase {
            Phase::Dialling if self.first_connect => vec![Action::RefuseReconnect],
            Phase::Dialling | Phase::Closing(Then::Redial) => Vec::new(),
            Phase::Idle | Phase::Waiting => self.dial(),
            Phase::Closed => {
                // Whoever was connected before goes on trying.
                self.supervised = self.ever_open;
                let mut actions = vec![Action::Revive];
                actions.extend(self.dial());
                actions
            }
            Phase::Open => {
                self.phase = Phase::Closing(Then::Redial);
                vec![Action::CloseLink { drain: false }]
            }
            Phase::Closing(_) => {
                self.phase = Phase::Closing(Then::Redial);
                Vec::new()
            }
        }
    }

    fn close(&mut self) -> Vec<Action> {
        self.connect_failed = false;
        match self.phase {
            Phase::Idle | Phase::Waiting => self.rest(false),
            Phase::Dialling => {
                let mut actions = vec![Action::Abort];
                actions.extend(self.rest(false));
                actions.push(Action::Settle);
                actions
            }
            Phase::Open => {
                self.phase = Phase::Closing(Then::Rest);
                vec![Action::CloseLink { drain: true }]
            }
            Phase::Closing(then) => {
                self.phase = Phase::Closing(Then::Rest);
                if then == Then::Redial { vec![Action::Settle] } else { Vec::new() }
            }
            Phase::Closed => Vec::new(),
        }
    }

    fn ended(&mut self, asked: bool, lasted: Duration, then: Judgement, random: f64) -> Vec<Action> {
        let gave_up = self.phase == Phase::Closing(Then::Retry);
        self.attempts = if gave_up { self.attempts.saturating_add(1) } else { 0 };
        if self.policy.as_ref().is_some_and(|policy| lasted >= policy.reset_after) {
            self.failures = 0;
        }
        match self.phase {
            Phase::Closing(Then::Redial) => {
                let mut actions = vec![Action::Revive];
                actions.extend(self.dial());
                actions
            }
            Phase::Closing(Then::Rest) => self.rest(false),
            Phase::Open if asked => self.rest(false),
            _ => self.retry(then.retry, then, random),
        }
    }

    fn dial(&mut self) -> Vec<Action> {
        self.phase = Phase::Dialling;
        self.first_connect = false;
        vec![Action::Dial]
    }

    fn rest(&mut self, gave_up: bool) -> Vec<Action> {
        self.phase = Phase::Closed;
        self.supervised = false;
        vec![Action::Rest { gave_up }]
    }

    /// The next wait, or the end where the policy allows none.
    fn retry(&mut self, wanted: bool, then: Judgement, random: f64) -> Vec<Action> {
        let failures = self.failures;
        self.failures = self.failures.saturating_add(1);
        match &self.policy {
            Some(policy) if wanted && policy.max_attempts.is_none_or(|max| self.attempts < max) => {
                let delay = then.after.map(|after| after.max(FLOOR));
                let delay = delay.unwrap_or_else(|| policy.delay(failures, then.pace, random));
                self.phase = Phase::Waiting;
                vec![Action::Wait { delay, failures: self.failures }]
            }
            _ => self.rest(wanted),
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "session_properties_tests.rs"]
mod properties;

#[cfg(test)]
#[path = "session_world_tests.rs"]
mod world;
