//! The greeter, sent to a real server by one variable.

use crate::certificates::Certificates;
use crate::host::{GREETER_URL, Host};
use crate::peers::{Peer, Server};

#[tokio::test]
async fn one_variable_sends_the_greeter_to_websockets() {
    if let Some(peer) = Server::Websockets.start().await {
        is_greeted(peer).await;
    }
}

#[tokio::test]
async fn one_variable_sends_the_greeter_to_aiohttp() {
    if let Some(peer) = Server::Aiohttp.start().await {
        is_greeted(peer).await;
    }
}

#[tokio::test]
async fn one_variable_sends_the_greeter_to_ws() {
    if let Some(peer) = Server::Ws.start().await {
        is_greeted(peer).await;
    }
}

async fn is_greeted(mut peer: Peer) {
    let mut host = Host::start(&[(GREETER_URL, &peer.url("/echo"))]);
    host.logged("the server answers: hello").await;
    assert!(host.stop("could not connect").await.is_empty());
    assert_eq!(peer.process.after("closed ").await, "1001 shutting down");
}

#[tokio::test]
async fn a_server_with_a_certificate_that_the_platform_trusts_is_greeted() {
    let Some(certificates) = Certificates::new() else { return };
    let Some(mut peer) = Server::Websockets.start_with(&certificates.of_the_server()).await else { return };
    // The certificate is for this name, and the name leads to more than one address.
    let url = format!("wss://localhost:{}/echo", peer.port);
    let mut host = Host::start(&[(GREETER_URL, &url), ("SSL_CERT_FILE", &certificates.authority())]);
    host.logged("the server answers: hello").await;
    host.stop("").await;
    assert_eq!(peer.process.after("closed ").await, "1001 shutting down");
}

#[tokio::test]
async fn a_server_with_a_certificate_of_a_stranger_is_refused() {
    let Some(certificates) = Certificates::new() else { return };
    let Some(peer) = Server::Websockets.start_with(&certificates.of_the_server()).await else { return };
    let Some(stranger) = Certificates::new() else { return };
    let url = format!("wss://localhost:{}/echo", peer.port);
    let mut host = Host::start(&[(GREETER_URL, &url), ("SSL_CERT_FILE", &stranger.authority())]);
    let record = host.logged("could not connect").await;
    assert!(record["error"].as_str().is_some_and(|error| error.contains("certificate")), "{record}");
    assert!(host.stop("the server answers").await.is_empty());
}
