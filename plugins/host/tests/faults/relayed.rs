//! The relay between two servers whose connections break, one at a time, many times.

use crate::host::{Host, until, within};
use crate::proxy::{End, Fault, Proxy};
use crate::side::Side;

/// How often a connection is cut before memory is measured, and after that.
const WARM: usize = 16;
const ROUNDS: usize = 48;

/// What an allocator's arenas may grow by meanwhile, in KiB.
const SLACK: u64 = 4 * 1024;

#[tokio::test]
async fn a_plugin_between_two_servers_outlives_every_fault_and_the_process_stays_as_it_was() {
    let (left, right) = (Side::start().await, Side::start().await);
    let (left_way, right_way) = (Proxy::start(left.address(), []).await, Proxy::start(right.address(), []).await);
    let host = Host::start(&format!(
        "node.listen = '127.0.0.1:0'
         plugins.greeter.enabled = false
         [plugins.relay]
         left = 'ws://{}/'
         right = 'ws://{}/'
         [plugins.relay.clients.LEFT]
         connect_timeout = '2s'
         reconnect = {{ min = '1ms', max = '1ms', slow_min = '1ms', slow_max = '1ms' }}
         [plugins.relay.clients.RIGHT]
         connect_timeout = '2s'
         reconnect = {{ min = '1ms', max = '1ms', slow_min = '1ms', slow_max = '1ms' }}",
        left_way.address(),
        right_way.address()
    ));
    within(left_way.accepted(1)).await;
    within(right_way.accepted(1)).await;
    left.send(10);
    right.send(10);
    within(async { tokio::join!(right.hears(9), left.hears(9)) }).await;
    let (files, threads, mut memory) = (host.files(), host.threads(), 0);

    for round in 0..WARM + ROUNDS {
        if round == WARM {
            memory = host.resident();
        }
        let (way, name) = if round % 2 == 0 { (&left_way, "LEFT") } else { (&right_way, "RIGHT") };
        let fault = match round / 2 % 8 {
            0 => None,
            1 => Some(Fault::ResetAtOnce),
            2 => Some(Fault::CloseAtOnce),
            3 => Some(Fault::CutDown(0, End::Reset)),
            4 => Some(Fault::CutDown(3, End::Close)),
            5 => Some(Fault::CutUp(5, End::Reset)),
            6 => Some(Fault::Inject(b"\xff\xff what is this?".to_vec())),
            _ => Some(Fault::Crumbs),
        };
        way.script(fault);
        left.send(20);
        right.send(20);
        let (lost, again) = (host.count(&["connection lost", name]), host.count(&["connected again", name]));
        way.cut(if round % 3 == 0 { End::Reset } else { End::Close });
        until("the loss was logged", || host.count(&["connection lost", name]) > lost).await;
        until("the return was logged", || host.count(&["connected again", name]) > again).await;
        // Numbers on their way when a connection was cut are gone: those that follow must come.
        for (from, to) in [(&left, &right), (&right, &left)] {
            from.send(1);
            while tokio::time::timeout(std::time::Duration::from_millis(500), to.hears(from.sent() - 1)).await.is_err()
            {
                from.send(1);
            }
        }
        until("as many files are open as before", || host.files() <= files).await;
    }
    until("every loss was followed by a return", || {
        host.count(&["connection lost"]) == host.count(&["connected again"])
    })
    .await;
    assert_eq!(host.count(&["could not connect"]), 0, "failed attempts are part of an outage that was told");
    assert!(host.threads() <= threads, "{} threads, before {threads}", host.threads());
    let now = host.resident();
    assert!(now <= memory + SLACK, "{now} KiB after {ROUNDS} rounds, {memory} KiB before");
    // What is missing was on its way at one of the cuts: after each of them everything came again.
    for came in [left.check(), right.check()] {
        assert!(came > (WARM + ROUNDS) as u64, "{came} came");
    }
    within(host.stop()).await;
}

#[tokio::test]
async fn what_the_relay_has_read_reaches_the_other_side_though_that_is_cut_again_and_again() {
    let (left, right) = (Side::start().await, Side::start().await);
    let right_way = Proxy::start(right.address(), []).await;
    let host = Host::start(&format!(
        "node.listen = '127.0.0.1:0'
         plugins.greeter.enabled = false
         [plugins.relay]
         left = 'ws://{}/'
         right = 'ws://{}/'
         clients.RIGHT.reconnect = {{ min = '1ms', max = '1ms' }}",
        left.address(),
        right_way.address()
    ));
    within(right_way.accepted(1)).await;
    let cuts = 10;
    for round in 0..cuts {
        left.send(100);
        // This peer ends without a close frame, and reads what was written: nothing else may be missing.
        right_way.cut(End::Close);
        until("the loss was logged", || host.count(&["connection lost", "RIGHT"]) > round).await;
        left.send(100);
        until("the return was logged", || host.count(&["connected again", "RIGHT"]) > round).await;
    }
    within(right.hears(left.sent() - 1)).await;
    let missing = left.sent() - right.check();
    assert!(missing <= cuts as u64, "a cut costs at most the message that it cut: {missing} are missing");
    within(host.stop()).await;
}
