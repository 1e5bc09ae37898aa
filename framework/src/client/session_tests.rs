//! Every rule of connecting and reconnecting, without a socket.

use super::super::backoff::Pace;
use super::*;

const AGAIN: Judgement = Judgement { retry: true, pace: Pace::Normal, after: None };
const LOST: Event = Event::Ended { asked: false, lasted: Duration::from_secs(1), then: AGAIN };
const FAILED: Event = Event::Failed(AGAIN);
const FATAL: Event = Event::Failed(Judgement { retry: false, pace: Pace::Slow, after: None });

/// A session after these events, and what the last one called for.
fn after(events: &[Event]) -> (Session, Vec<Action>) {
    let mut session = Session::new(Some(Reconnect::default()), false);
    let mut actions = Vec::new();
    for event in events {
        actions = session.step(*event, 1.0);
    }
    (session, actions)
}

fn wait(milliseconds: u64, failures: u32) -> Action {
    Action::Wait { delay: Duration::from_millis(milliseconds), failures }
}

const CONNECT: Event = Event::Start { keep_trying: false };
const START: Event = Event::Start { keep_trying: true };

#[test]
fn a_second_connect_is_refused_whatever_became_of_the_first() {
    for between in [&[][..], &[Event::Opened], &[FAILED], &[Event::Opened, LOST], &[Event::Opened, Event::Close]] {
        let events = [&[CONNECT], between, &[CONNECT]].concat();
        assert_eq!(after(&events).1, [Action::RefuseSecondStart], "after {between:?}");
    }
}

#[test]
fn connect_tries_once_and_start_keeps_trying() {
    assert_eq!(after(&[CONNECT, FAILED]).1, [Action::Settle, Action::Rest { gave_up: false }]);
    assert_eq!(after(&[START, FAILED]).1, [Action::Settle, wait(250, 1)]);
}

/// A declared client whose `connect` failed in an `#[init]` hook is started by the launch all the same.
#[test]
fn start_after_a_connect_that_failed_goes_on_trying_but_not_after_a_close() {
    assert_eq!(after(&[CONNECT, FAILED, START]).1, [Action::Revive, Action::Dial]);
    assert_eq!(after(&[CONNECT, FAILED, START, FAILED]).1, [Action::Settle, wait(500, 2)]);
    assert_eq!(after(&[CONNECT, FAILED, Event::Close, START]).1, [Action::RefuseSecondStart]);
    assert_eq!(after(&[CONNECT, FAILED, Event::Reconnect, START]).1, [Action::RefuseSecondStart]);
    assert_eq!(after(&[CONNECT, Event::Opened, Event::Close, START]).1, [Action::RefuseSecondStart]);
}

#[test]
fn a_lost_connection_is_opened_again() {
    assert_eq!(after(&[CONNECT, Event::Opened, LOST]).1, [wait(250, 1)]);
    assert_eq!(after(&[CONNECT, Event::Opened, LOST, Event::Elapsed]).1, [Action::Dial]);
}

#[test]
fn a_connection_that_does_not_last_does_not_reset_the_wait() {
    let (session, actions) = after(&[CONNECT, Event::Opened, LOST, Event::Elapsed, Event::Opened, LOST]);
    assert_eq!(actions, [wait(500, 2)]);
    assert_eq!(session.phase(), Phase::Waiting);
    let long = Event::Ended { asked: false, lasted: Duration::from_secs(60), then: AGAIN };
    assert_eq!(after(&[CONNECT, Event::Opened, LOST, Event::Elapsed, Event::Opened, long]).1, [wait(250, 1)]);
    let asked = [CONNECT, Event::Opened, LOST, Event::Elapsed, Event::Opened, Event::Reconnect, long, FAILED];
    assert_eq!(after(&asked).1, [Action::Settle, wait(250, 1)], "also where somebody reconnects");
}

#[test]
fn what_is_not_to_be_retried_is_not() {
    assert_eq!(after(&[START, FATAL]).1, [Action::Settle, Action::Rest { gave_up: false }]);
    let stop = Event::Ended { asked: false, lasted: Duration::ZERO, then: Judgement { retry: false, ..AGAIN } };
    assert_eq!(after(&[START, Event::Opened, stop]).1, [Action::Rest { gave_up: false }]);
}

#[test]
fn a_wait_that_somebody_named_is_kept_but_never_below_the_floor() {
    let named = |wait| Event::Failed(Judgement { after: Some(wait), ..AGAIN });
    assert_eq!(after(&[START, named(Duration::from_secs(7))]).1, [Action::Settle, wait(7000, 1)]);
    assert_eq!(after(&[START, named(Duration::ZERO)]).1, [Action::Settle, wait(100, 1)]);
}

#[test]
fn reconnect_is_legal_in_every_state_but_a_first_connect_in_flight() {
    assert_eq!(after(&[CONNECT, Event::Reconnect]).1, [Action::RefuseReconnect]);
    assert_eq!(after(&[Event::Reconnect]).1, [Action::Dial]);
    assert_eq!(after(&[CONNECT, FAILED, Event::Reconnect]).1, [Action::Revive, Action::Dial]);
    assert_eq!(after(&[CONNECT, Event::Opened, Event::Reconnect]).1, [Action::CloseLink { drain: false }]);
    assert_eq!(after(&[CONNECT, Event::Opened, LOST, Event::Reconnect]).1, [Action::Dial]);
    assert_eq!(after(&[START, Event::Reconnect]).1, []);
    let (session, actions) = after(&[CONNECT, Event::Opened, Event::Reconnect, LOST]);
    assert_eq!((session.phase(), actions), (Phase::Dialling, vec![Action::Revive, Action::Dial]));
}

#[test]
fn a_second_reconnect_joins_the_first_where_no_first_connect_is_in_flight() {
    for before in [&[CONNECT, FAILED][..], &[]] {
        let events = [before, &[Event::Reconnect, CONNECT, Event::Reconnect]].concat();
        assert_eq!(after(&events).1, [], "after {before:?}");
    }
}

#[test]
fn reconnect_after_close_keeps_trying_where_there_was_a_connection() {
    let closed = [CONNECT, Event::Opened, Event::Close, LOST];
    assert_eq!(after(&[&closed[..], &[Event::Reconnect, FAILED]].concat()).1, [Action::Settle, wait(250, 1)]);
    assert_eq!(after(&[Event::Reconnect, FAILED]).1, [Action::Settle, Action::Rest { gave_up: false }]);
}

#[test]
fn close_takes_effect_at_once_while_dialling_or_waiting() {
    assert_eq!(after(&[START, Event::Close]).1, [Action::Abort, Action::Rest { gave_up: false }, Action::Settle]);
    assert_eq!(after(&[START, FAILED, Event::Close]).1, [Action::Rest { gave_up: false }]);
    assert_eq!(after(&[START, FAILED, Event::Close, Event::Elapsed]).1, []);
}

#[test]
fn nothing_is_retried_after_a_close_that_somebody_asked_for() {
    let asked = Event::Ended { asked: true, lasted: Duration::ZERO, then: AGAIN };
    assert_eq!(after(&[CONNECT, Event::Opened, asked]).1, [Action::Rest { gave_up: false }]);
    assert_eq!(after(&[CONNECT, Event::Opened, Event::Close, LOST]).1, [Action::Rest { gave_up: false }]);
}

#[test]
fn a_failed_on_open_counts_as_a_failed_attempt() {
    let (session, actions) = after(&[CONNECT, Event::Opened, Event::OpenFailed, LOST]);
    assert_eq!((session.failures(), actions), (1, vec![wait(250, 1)]));
}

#[test]
fn the_policy_may_limit_the_attempts_or_forbid_them() {
    let policy = Reconnect { max_attempts: Some(2), ..Reconnect::default() };
    let mut session = Session::new(Some(policy), false);
    session.step(START, 1.0);
    assert_eq!(session.step(FAILED, 1.0), [Action::Settle, wait(250, 1)]);
    session.step(Event::Elapsed, 1.0);
    assert_eq!(session.step(FAILED, 1.0), [Action::Settle, Action::Rest { gave_up: true }]);

    let policy = Reconnect { max_attempts: Some(2), ..Reconnect::default() };
    let mut session = Session::new(Some(policy), false);
    session.step(START, 1.0);
    let open_failed = |session: &mut Session| {
        session.step(Event::Opened, 1.0);
        session.step(Event::OpenFailed, 1.0);
        session.step(LOST, 1.0)
    };
    assert_eq!(open_failed(&mut session), [wait(250, 1)]);
    session.step(Event::Elapsed, 1.0);
    assert_eq!(open_failed(&mut session), [Action::Rest { gave_up: true }], "an `on_open` that fails counts");

    let mut session = Session::new(None, false);
    session.step(CONNECT, 1.0);
    session.step(Event::Opened, 1.0);
    assert_eq!(session.step(LOST, 1.0), [Action::Rest { gave_up: true }]);
}
