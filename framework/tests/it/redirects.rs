//! What a user relies on when a server has moved: it is followed only where that was asked for, and nothing leaks.

use crate::support::within;
use bristle::testing::{Peer, PeerConnection};
use bristle::{ConnectError, WebSocketClient, WebSocketClientBuilder};

async fn peer() -> Peer {
    Peer::bind().await.expect("a free port")
}

fn moved(status: &str, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

fn client(builder: WebSocketClientBuilder) -> WebSocketClient {
    builder.build().expect("a good client")
}

/// Connects by one redirect from a peer to another; what the second one was asked.
async fn redirected(
    configure: impl FnOnce(WebSocketClientBuilder) -> WebSocketClientBuilder,
    status: &str,
    location: impl FnOnce(&Peer, &Peer) -> String,
) -> PeerConnection {
    let (first, second) = (peer().await, peer().await);
    let client = client(configure(WebSocketClient::builder(first.url("/old/feed?x=1")).max_redirects(1)));
    let answer = moved(status, &location(&first, &second));
    let serve = async {
        first.answer(&answer).await.expect("the client asks");
        tokio::select! {
            again = first.accept() => again.expect("the client asks"),
            there = second.accept() => there.expect("the client asks"),
        }
    };
    let (outcome, server) = within(async { tokio::join!(client.connect(), serve) }).await;
    outcome.expect("the redirect leads to a server");
    server
}

#[tokio::test]
async fn a_redirect_is_not_followed_unless_that_was_asked_for() {
    let peer = peer().await;
    let client = client(WebSocketClient::builder(peer.url("/")));
    let answer = moved("302 Found", "/new");
    let (outcome, _stream) = within(async { tokio::join!(client.connect(), peer.answer(&answer)) }).await;
    let error = outcome.expect_err("it is not followed");
    assert!(matches!(&error, ConnectError::Status { status, .. } if *status == 302), "{error:?}");
    assert!(error.to_string().contains("or set `max_redirects`"), "{error}");
}

#[tokio::test]
async fn every_kind_of_redirect_leads_to_the_place_it_names() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let server = redirected(|builder| builder, status, |_, _| "new?y=2".to_owned()).await;
        assert_eq!(server.resource(), "/old/new?y=2");
    }
    let server = redirected(|builder| builder, "302 Found", |_, to| to.url("/b").replace("ws:", "http:")).await;
    assert_eq!(server.resource(), "/b");
}

#[tokio::test]
async fn credentials_go_on_to_the_same_server_and_never_to_another() {
    let with = |builder: WebSocketClientBuilder| {
        builder
            .header("Authorization", "Bearer x")
            .header("Cookie", "a=b")
            .header("X-Api-Key", "k")
            .header("X-App", "me")
    };
    let server = redirected(with, "302 Found", |_, _| "/new".to_owned()).await;
    assert_eq!(server.headers()["authorization"], "Bearer x");
    let server = redirected(with, "302 Found", |_, to| to.url("/new").replace("ws:", "http:")).await;
    for secret in ["authorization", "cookie", "x-api-key"] {
        assert!(!server.headers().contains_key(secret), "{secret}");
    }
    assert_eq!(server.headers()["x-app"], "me");
}

#[tokio::test]
async fn a_loop_ends_at_the_limit_which_the_error_names() {
    let peer = peer().await;
    let client = client(WebSocketClient::builder(peer.url("/")).max_redirects(3));
    let answer = moved("302 Found", "/?token=hunter2");
    let serve = async {
        for _ in 0..4 {
            peer.answer(&answer).await.expect("the client asks");
        }
    };
    let (outcome, ()) = within(async { tokio::join!(client.connect(), serve) }).await;
    let text = outcome.expect_err("it never ends").to_string();
    assert!(text.contains("number 4 in a row, and `max_redirects` is 3"), "{text}");
}

#[tokio::test]
async fn a_redirect_without_a_place_or_to_no_websocket_says_so() {
    for (location, reason) in [("", "no `Location`"), ("ftp://h/x", "scheme `ftp`"), ("http://", "no WebSocket URL")] {
        let peer = peer().await;
        let client = client(WebSocketClient::builder(peer.url("/")).max_redirects(3));
        let answer = moved("302 Found", location);
        let (outcome, _stream) = within(async { tokio::join!(client.connect(), peer.answer(&answer)) }).await;
        let error = outcome.expect_err("it leads nowhere");
        assert!(matches!(&error, ConnectError::Redirect { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}
