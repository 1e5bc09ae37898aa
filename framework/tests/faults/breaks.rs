//! Connections that break or falter: how the plugin is told, and that every message is where the counters say.

use crate::proxy::{End, Fault};
use crate::stage::{Missing, Stage, until, within};
use bristle::{Initiator, Keepalive};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// Soon enough for a test, and late enough that a busy machine answers in time.
const KEEPALIVE: Keepalive = Keepalive::new(Duration::from_millis(400), Duration::from_millis(400));

/// What randomness here is drawn from.
const SEED: u64 = 3;

#[tokio::test]
async fn a_reset_is_told_and_nothing_that_waited_is_lost_doubled_or_out_of_order() {
    let mut stage = Stage::set([]).await;
    stage.opened(1).await;
    for _ in 0..10 {
        stage.send(300, 200).await;
        let close = stage.cut(End::Reset).await;
        assert_eq!((close.code, close.initiator, close.was_ready), (1006, Initiator::Transport, true));
        stage.send(20, 0).await;
    }
    assert_eq!((stage.log.count("connection lost"), stage.log.count("connected again")), (10, 10));
    stage.strike(Missing::OnTheWay).await;
}

#[tokio::test]
async fn of_a_close_without_a_close_frame_exactly_what_is_counted_as_lost_is_missing() {
    let mut stage = Stage::set([]).await;
    stage.opened(1).await;
    for _ in 0..10 {
        stage.send(300, 200).await;
        let close = stage.cut(End::Close).await;
        assert_eq!((close.code, close.initiator), (1006, Initiator::Transport));
    }
    stage.strike(Missing::Lost).await;
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_frame_costs_that_frame_and_what_the_system_had() {
    eprintln!("seed {SEED}");
    let mut random = StdRng::seed_from_u64(SEED);
    let mut faults = Vec::new();
    for _ in 0..6 {
        for end in [End::Reset, End::Close] {
            faults.push(Fault::CutUp(random.random_range(1..6_000), end));
            faults.push(Fault::CutDown(random.random_range(1..200), end));
        }
    }
    let rounds = faults.len();
    let mut stage = Stage::set(faults).await;
    for round in 0..rounds {
        stage.opened(round + 1).await;
        // More than any limit above, both ways: an echo has three bytes at least.
        stage.send(100, 100).await;
        let close = stage.closed(round).await;
        assert_eq!((close.code, close.initiator), (1006, Initiator::Transport), "round {round}");
    }
    stage.strike(Missing::OnTheWay).await;
}

#[tokio::test]
async fn what_had_left_whole_when_a_batch_was_cut_is_written_and_not_lost() {
    let mut stage = Stage::set_with([], |builder| builder.outbox(100_000, 64 << 20)).await;
    stage.opened(1).await;
    // The server reads no more: the system's buffers fill, until a batch has left in part.
    stage.proxy.stall();
    stage.send(25_000, 1_000).await;
    let (mut before, mut same) = (0, 0);
    until("nothing more is written", || {
        let written = stage.client.stats().written;
        same = if written == before { same + 1 } else { 0 };
        before = written;
        same > 40
    })
    .await;
    assert!(stage.client.stats().queued > 0, "the buffers hold less than was sent");
    stage.proxy.cut(End::Close);
    stage.closed(0).await;
    stage.proxy.resume();
    stage.opened(2).await;
    stage.strike(Missing::Lost).await;
}

#[tokio::test]
async fn a_peer_that_vanished_is_noticed_and_what_was_sent_later_arrives() {
    let mut stage = Stage::set_with([], |builder| builder.keepalive(Some(KEEPALIVE))).await;
    stage.opened(1).await;
    stage.send(20, 20).await;
    within(stage.server.hears(19)).await;
    stage.proxy.cut(End::Silence);
    stage.send(20, 20).await;
    let close = stage.closed(0).await;
    assert_eq!((close.code, close.initiator), (1006, Initiator::Transport));
    assert!(close.reason.contains("silent"), "{close}");
    stage.opened(2).await;
    stage.send(20, 20).await;
    stage.strike(Missing::OnTheWay).await;
}

#[tokio::test]
async fn a_server_that_reads_nothing_for_a_while_slows_the_sender_and_loses_nothing() {
    let mut stage = Stage::set_with([], |builder| builder.outbox(64, 64 << 20)).await;
    stage.opened(1).await;
    stage.proxy.stall();
    // More than the buffers of the system hold: the last ones wait in the outbox, and then the sender waits.
    let mut waited = false;
    while !waited {
        waited = tokio::time::timeout(Duration::from_millis(200), stage.send(1, 30_000)).await.is_err();
    }
    assert_eq!(stage.client.stats().queued, 64, "the sender waits because the outbox is full");
    stage.proxy.resume();
    stage.send(500, 100).await;
    stage.strike(Missing::Nothing).await;
}

#[tokio::test]
async fn a_server_that_reads_nothing_for_longer_than_every_timeout_is_left_and_found_again() {
    let mut stage = Stage::set_with([], |builder| builder.keepalive(Some(KEEPALIVE))).await;
    stage.opened(1).await;
    stage.proxy.stall();
    stage.send(200, 2_000).await;
    // Also the next connection hears nothing.
    stage.closed(1).await;
    stage.proxy.resume();
    stage.send(10, 0).await;
    stage.strike(Missing::OnTheWay).await;
}

#[tokio::test]
async fn garbage_after_the_handshake_ends_the_connection_with_1002_and_the_next_one_works() {
    let garbage = b"HTTP/1.1 500 Internal Server Error\r\n\r\n";
    let mut stage = Stage::set([Fault::Inject(garbage.to_vec())]).await;
    stage.send(20, 20).await;
    let close = stage.closed(0).await;
    assert_eq!((close.code, close.initiator), (1002, Initiator::Local), "{close}");
    stage.opened(2).await;
    stage.strike(Missing::Lost).await;
}

#[tokio::test]
async fn handshake_and_messages_may_come_byte_by_byte() {
    let mut stage = Stage::set([Fault::Crumbs]).await;
    stage.send(100, 200).await;
    stage.opened(1).await;
    within(stage.server.hears(99)).await;
    assert_eq!(stage.proxy.count(), 1);
    stage.strike(Missing::Nothing).await;
}

#[tokio::test]
async fn delay_and_jitter_change_nothing_but_the_time() {
    eprintln!("seed {SEED}");
    let mut stage = Stage::set([Fault::Jitter(SEED, Duration::from_millis(5))]).await;
    stage.send(300, 300).await;
    within(stage.server.hears(299)).await;
    let books = stage.books.clone();
    until("every echo came", || books.borrow().echoes.iter().flatten().count() == 300).await;
    assert_eq!(stage.proxy.count(), 1);
    drop(books);
    stage.strike(Missing::Nothing).await;
}
