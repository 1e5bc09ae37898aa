//! A world around a session, and what must hold of the two after every event.

use super::super::policy::Judgement;
use super::*;
use proptest::prelude::*;

/// A call that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Connect,
    Reconnect,
}

/// Sockets, timers and callers, as far as a session is concerned; it says which events can happen.
pub(super) struct World {
    pub(super) session: Session,
    policy: Option<Reconnect>,
    dialling: bool,
    /// The attempt under way is that of the first `connect`, which nobody may interfere with.
    first_connect: bool,
    link: bool,
    close_ordered: bool,
    waiting: bool,
    /// Whether messages are refused.
    shut: bool,
    /// Whether the user wants no connection: `close` was the last word.
    closed_by_user: bool,
    ever_open: bool,
    started: bool,
    calls: Vec<Call>,
    /// Attempts that failed and connections that were lost since a connection lasted.
    row: u32,
    /// Attempts that failed since one succeeded, a failed `on_open` among them.
    attempts: u32,
    on_open_failed: bool,
}

impl World {
    pub(super) fn new(policy: Option<Reconnect>) -> Self {
        Self {
            session: Session::new(policy.clone(), false),
            policy,
            dialling: false,
            first_connect: false,
            link: false,
            close_ordered: false,
            waiting: false,
            shut: false,
            closed_by_user: false,
            ever_open: false,
            started: false,
            calls: Vec::new(),
            row: 0,
            attempts: 0,
            on_open_failed: false,
        }
    }

    /// Whether the event can happen now: only a dial that is under way succeeds or fails.
    pub(super) fn is_possible(&self, event: Event) -> bool {
        match event {
            Event::Start { .. } | Event::Reconnect | Event::Close => true,
            Event::Opened | Event::Failed(_) => self.dialling,
            Event::OpenFailed | Event::Ended { .. } => self.link,
            Event::Elapsed => self.waiting,
        }
    }

    /// Lets it happen, and checks everything.
    pub(super) fn step(&mut self, event: Event, random: f64) -> Result<(), TestCaseError> {
        let before = self.session.phase();
        self.expect(event);
        let actions = self.session.step(event, random);
        for action in &actions {
            self.act(event, *action)?;
        }
        let after = self.session.phase();
        prop_assert!(is_legal(before, event, after), "{before:?} became {after:?} by {event:?}");
        self.check(before, event, &actions)
    }

    /// What the event itself does to the world.
    fn expect(&mut self, event: Event) {
        match event {
            Event::Start { keep_trying } => {
                if !keep_trying {
                    self.calls.push(Call::Connect);
                }
            }
            Event::Reconnect => {
                self.calls.push(Call::Reconnect);
            }
            Event::Close => self.closed_by_user = true,
            Event::Opened => {
                (self.dialling, self.link, self.close_ordered) = (false, true, false);
                self.ever_open = true;
                self.on_open_failed = false;
            }
            Event::Failed(_) => {
                self.dialling = false;
                self.attempts += 1;
                self.row += 1;
            }
            Event::OpenFailed => self.on_open_failed = true,
            Event::Ended { lasted, asked, .. } => {
                self.link = false;
                let gave_up = before_close(self.session.phase()) == Some(Then::Retry);
                self.attempts = if gave_up { self.attempts + 1 } else { 0 };
                if self.policy.as_ref().is_some_and(|policy| lasted >= policy.reset_after) {
                    self.row = 0;
                }
                self.row += u32::from(gave_up || self.session.phase() == Phase::Open && !asked);
            }
            Event::Elapsed => self.waiting = false,
        }
    }

    fn act(&mut self, event: Event, action: Action) -> Result<(), TestCaseError> {
        match action {
            Action::Dial => {
                prop_assert!(!self.dialling, "a second attempt beside the first");
                prop_assert!(!self.link, "an attempt beside a connection");
                prop_assert!(!self.shut, "an attempt whose messages are refused");
                self.closed_by_user &= event != Event::Reconnect && !matches!(event, Event::Start { .. });
                prop_assert!(!self.closed_by_user, "an attempt after `close`");
                (self.dialling, self.waiting) = (true, false);
                self.first_connect = matches!(event, Event::Start { keep_trying: false });
                self.started |= matches!(event, Event::Start { .. });
            }
            Action::Abort => {
                prop_assert!(std::mem::take(&mut self.dialling), "an attempt was given up that there was not");
            }
            Action::CloseLink { drain } => {
                prop_assert!(self.link, "a connection is closed that there is not");
                prop_assert!(!self.close_ordered, "a connection is closed twice");
                prop_assert_eq!(drain, event == Event::Close, "only `close` waits for what was sent");
                self.close_ordered = true;
            }
            Action::Wait { delay, failures } => {
                let policy = self.policy.as_ref().expect("without a policy nobody waits");
                prop_assert!(!self.dialling && !self.link && !self.waiting && !self.shut);
                prop_assert!(!self.closed_by_user, "a wait after `close`");
                prop_assert!(delay >= FLOOR, "{delay:?} is a flood");
                match then(event) {
                    Some(Judgement { after: Some(named), .. }) => prop_assert_eq!(delay, named.max(FLOOR)),
                    Some(Judgement { pace, after: None, .. }) => {
                        prop_assert!(
                            delay <= policy.delay(self.row - 1, pace, 1.0),
                            "{delay:?} at number {}",
                            self.row
                        );
                    }
                    None => return Err(TestCaseError::fail("nothing failed, and yet it waits")),
                }
                prop_assert_eq!(failures, self.row, "the failures in a row are counted wrongly");
                self.waiting = true;
            }
            Action::Settle => self.calls.clear(),
            Action::RefuseSecondStart => {
                let late = self.started || !matches!(self.session.phase(), Phase::Idle);
                prop_assert!(late, "the first `connect` was refused");
                if event == (Event::Start { keep_trying: false }) {
                    self.calls.pop();
                }
            }
            Action::RefuseReconnect => {
                prop_assert!(self.dialling && self.first_connect, "`reconnect` was refused without a first `connect`");
                self.calls.pop();
            }
            Action::Rest { .. } => {
                prop_assert!(!self.dialling && !self.link, "at rest with something under way");
                (self.shut, self.waiting) = (true, false);
            }
            Action::Revive => self.shut = false,
        }
        Ok(())
    }

    fn check(&mut self, before: Phase, event: Event, actions: &[Action]) -> Result<(), TestCaseError> {
        let phase = self.session.phase();
        if event == Event::Reconnect && !actions.contains(&Action::RefuseReconnect) {
            self.closed_by_user = false;
        }
        let real = (self.dialling, self.link, self.waiting);
        let wanted = match phase {
            Phase::Idle | Phase::Closed => (false, false, false),
            Phase::Dialling => (true, false, false),
            Phase::Open | Phase::Closing(_) => (false, true, false),
            Phase::Waiting => (false, false, true),
        };
        prop_assert_eq!(real, wanted, "dialling, linked, waiting in {:?}", phase);
        prop_assert_eq!(self.shut, phase == Phase::Closed, "messages are refused exactly while it is closed");
        prop_assert_eq!(matches!(phase, Phase::Closing(_)), self.link && self.close_ordered);
        prop_assert_eq!(self.session.ever_open(), self.ever_open);
        if self.closed_by_user {
            let over = matches!(phase, Phase::Closed | Phase::Closing(Then::Rest));
            prop_assert!(over, "after `close` it is {phase:?}");
        }
        let may_wait = matches!(phase, Phase::Dialling | Phase::Closing(Then::Redial));
        prop_assert!(may_wait || self.calls.is_empty(), "{:?} wait for an answer in {phase:?}", self.calls);
        self.check_end(before, event)
    }

    /// Who may end it: before the first success an answer that is final; after it the user, the policy's limit, and a
    /// table that says so.
    fn check_end(&self, before: Phase, event: Event) -> Result<(), TestCaseError> {
        let ended = self.session.phase() == Phase::Closed && before != Phase::Closed;
        if !ended || self.closed_by_user || matches!(event, Event::Ended { asked: true, .. }) {
            return Ok(());
        }
        let final_answer = then(event).is_some_and(|then| !then.retry);
        let used_up = match &self.policy {
            None => true,
            Some(policy) => policy.max_attempts.is_some_and(|max| self.attempts >= max),
        };
        let single_try = !self.ever_open && matches!(event, Event::Failed(_));
        prop_assert!(final_answer || used_up || single_try, "it gave up by {event:?} after {} attempts", self.attempts);
        Ok(())
    }
}

fn then(event: Event) -> Option<Judgement> {
    match event {
        Event::Failed(then) | Event::Ended { then, .. } => Some(then),
        _ => None,
    }
}

fn before_close(phase: Phase) -> Option<Then> {
    match phase {
        Phase::Closing(then) => Some(then),
        _ => None,
    }
}

/// Every edge there is; whatever is not here must not happen.
fn is_legal(before: Phase, event: Event, after: Phase) -> bool {
    use Phase::{Closed, Closing, Dialling, Idle, Open, Waiting};
    match (before, after) {
        (same, again) if same == again => !matches!(event, Event::Opened | Event::Failed(_) | Event::Elapsed),
        (Idle, Dialling) => matches!(event, Event::Start { .. } | Event::Reconnect),
        // `start` after a `connect` that failed.
        (Closed, Dialling) => matches!(event, Event::Reconnect | Event::Start { keep_trying: true }),
        (Waiting, Dialling) => matches!(event, Event::Elapsed | Event::Reconnect),
        (Closing(Then::Redial), Dialling) => matches!(event, Event::Ended { .. }),
        (Dialling, Open) => event == Event::Opened,
        (Dialling, Waiting) => matches!(event, Event::Failed(_)),
        (Dialling, Closed) => matches!(event, Event::Failed(_) | Event::Close),
        (Idle | Waiting, Closed) => event == Event::Close,
        (Open | Closing(_), Closing(Then::Rest)) => event == Event::Close,
        (Open | Closing(_), Closing(Then::Redial)) => event == Event::Reconnect,
        (Open, Closing(Then::Retry)) => event == Event::OpenFailed,
        (Open | Closing(Then::Retry), Waiting) => matches!(event, Event::Ended { .. }),
        (Open | Closing(Then::Rest | Then::Retry), Closed) => matches!(event, Event::Ended { .. }),
        _ => false,
    }
}
