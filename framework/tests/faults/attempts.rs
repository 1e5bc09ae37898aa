//! Attempts that fail: what waits is kept, one line is logged, and the next attempt is as good as the first.

use crate::proxy::{End, Fault};
use crate::stage::{Missing, Stage, until, within};
use bristle::ConnectionState;
use std::time::Duration;

/// Long enough for a handshake on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_server_that_answers_no_attempt_as_it_should_costs_nothing_but_time() {
    let faults = [Fault::ResetAtOnce, Fault::CloseAtOnce, Fault::NeverAnswer, Fault::HalfAnAnswer];
    let mut stage = Stage::set_with(faults, |builder| builder.connect_timeout(PATIENCE)).await;
    stage.send(50, 100).await;
    stage.opened(1).await;
    assert!(stage.proxy.count() >= 5, "each of the four was tried");
    assert_eq!(stage.log.count("could not connect"), 1, "one line down");
    assert_eq!(stage.log.count(" connected "), 1, "one line up");
    assert!(stage.books.borrow().closes.is_empty(), "what never opened does not close");
    stage.strike(Missing::Nothing).await;
}

#[tokio::test]
async fn a_lost_connection_is_followed_by_the_next_whatever_befalls_the_attempts_between() {
    let mut stage = Stage::set_with([], |builder| builder.connect_timeout(PATIENCE)).await;
    stage.opened(1).await;
    let faults = [Fault::ResetAtOnce, Fault::CloseAtOnce, Fault::NeverAnswer, Fault::HalfAnAnswer];
    for (round, fault) in faults.into_iter().enumerate() {
        stage.send(50, 100).await;
        let before = stage.proxy.count();
        stage.proxy.script([fault]);
        let close = stage.cut(End::Close).await;
        assert_eq!((close.code, close.was_ready), (1006, true));
        assert!(close.retry_in.is_some(), "{close}");
        assert!(stage.proxy.count() >= before + 2, "an attempt failed between the two connections");
        assert_eq!(stage.log.count("connection lost"), round + 1, "one line down for each");
        assert_eq!(stage.log.count("could not connect"), 0, "failed attempts are part of being down");
        assert_eq!(stage.log.count("connected again"), round + 1, "one line up for each");
    }
    stage.strike(Missing::Lost).await;
}

#[tokio::test]
async fn while_nobody_listens_messages_wait_and_go_out_in_their_order() {
    let mut stage = Stage::set([]).await;
    stage.opened(1).await;
    stage.send(10, 0).await;
    within(stage.server.hears(9)).await;
    stage.proxy.refuse().await;
    stage.closed(0).await;
    stage.send(500, 20).await;
    until("three attempts were refused", || {
        matches!(stage.client.state(), ConnectionState::Waiting { attempt: 3.., .. })
    })
    .await;
    stage.proxy.listen_again().await;
    stage.opened(2).await;
    assert_eq!((stage.log.count("connection lost"), stage.log.count("connected again")), (1, 1));
    stage.strike(Missing::Nothing).await;
}

#[tokio::test]
async fn a_server_that_accepts_and_closes_at_once_is_not_stormed_and_costs_no_message() {
    let storm = 20;
    let before = vec![Fault::CloseAtOnce; storm];
    let behind = vec![Fault::CutDown(0, End::Close); storm];
    let begun = tokio::time::Instant::now();
    let mut stage = Stage::set(before.into_iter().chain(behind)).await;
    stage.send(200, 50).await;
    stage.opened(storm + 1).await;
    // Never below 100 ms: a lower bound, which no load can break.
    assert!(begun.elapsed() >= Duration::from_millis(100) * 2 * storm as u32, "{:?}", begun.elapsed());
    assert_eq!(stage.books.borrow().closes.len(), storm, "each connection that opened has closed");
    assert_eq!(stage.log.count("could not connect"), 1);
    stage.strike(Missing::Lost).await;
}
