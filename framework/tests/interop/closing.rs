//! How connections end: codes and reasons in both directions, and ends without any.

use crate::peers::Peer;
use crate::support::{connected, on_every_server, on_server};
use bristle::{Initiator, code};

on_every_server!(
    a_server_that_closes_at_once_is_heard,
    our_code_and_reason_arrive,
    a_dropped_client_says_goodbye,
    a_connection_that_is_cut_is_no_clean_close,
);
on_server!(ws_only, Ws: a_close_without_a_code_is_1005);

async fn a_server_that_closes_at_once_is_heard(peer: Peer) {
    for (query, code, reason) in [("code=1000", 1000, ""), ("code=4001&reason=sp%C3%A4%C5%A5", 4001, "späť")] {
        let mut end = connected(&peer, &format!("/close?{query}"), |builder| builder.without_reconnect()).await;
        let close = end.ended().await;
        assert_eq!((close.code, close.reason.as_str(), close.initiator), (code, reason, Initiator::Remote));
        assert!(!end.client.is_connected());
    }
}

async fn our_code_and_reason_arrive(mut peer: Peer) {
    let mut end = connected(&peer, "/echo", |builder| builder).await;
    end.client.close_with(4002, "genug ☃").await;
    let close = end.ended().await;
    // Its code is the server's answer, which need not be the same.
    assert_eq!(close.initiator, Initiator::Local);
    assert_eq!(peer.process.after("closed ").await, "4002 genug ☃");
}

async fn a_dropped_client_says_goodbye(mut peer: Peer) {
    let end = connected(&peer, "/log", |builder| builder).await;
    end.client.send("last words").await.expect("open");
    drop(end);
    assert_eq!(peer.process.after("got ").await, "last words");
    assert_eq!(peer.process.after("closed ").await.trim(), "1000");
}

async fn a_connection_that_is_cut_is_no_clean_close(peer: Peer) {
    let mut end = connected(&peer, "/vanish", |builder| builder.without_reconnect()).await;
    let close = end.ended().await;
    assert_eq!((close.code, close.initiator), (code::ABNORMAL, Initiator::Transport), "{close}");
}

async fn a_close_without_a_code_is_1005(peer: Peer) {
    let mut end = connected(&peer, "/leave", |builder| builder.without_reconnect()).await;
    let close = end.ended().await;
    assert_eq!((close.code, close.initiator), (code::NO_STATUS, Initiator::Remote), "{close}");
}
