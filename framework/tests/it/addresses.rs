//! What a user relies on for where a client connects: every address of a name, Unix sockets, options by configuration.

use crate::support::{launch_error, within};
use bristle::testing::{Peer, accept_key};
use bristle::{ConnectError, WebSocketClient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_name_is_reached_by_whichever_of_its_addresses_listens() {
    let peer = Peer::bind().await.expect("a free port");
    // `localhost` has an IPv6 address, too, on most machines, and nobody listens there.
    let url = format!("ws://localhost:{}/", peer.address().port());
    let client = WebSocketClient::builder(url).build().expect("a good client");
    let (outcome, server) = within(async { tokio::join!(client.connect(), peer.accept()) }).await;
    outcome.expect("the peer listens at one of them");
    drop(server);
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_on_a_unix_socket_is_asked_for_the_resource_behind_the_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("my app.sock");
    let listener = tokio::net::UnixListener::bind(&path).expect("a free path");
    let shown = path.to_str().expect("a plain path").replace(' ', "%20");
    let client = WebSocketClient::builder(format!("ws+unix:{shown}:/feed?x=1")).build().expect("a good client");
    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("the client connects");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.expect("it is open"), 0);
        }
        let head = String::from_utf8(head).expect("a request");
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: ")).expect("a key");
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept_key(key)
        );
        stream.write_all(answer.as_bytes()).await.expect("it is open");
        // A text message of two bytes (RFC 6455 §5.7).
        stream.write_all(b"\x81\x02hi").await.expect("it is open");
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.expect("a frame of the client's");
        (head, first)
    };
    let talk = async {
        client.connect().await.expect("the server accepts");
        client.send("hello").await.expect("it is open");
    };
    let ((), (head, first)) = within(async { tokio::join!(talk, serve) }).await;
    assert!(head.starts_with("GET /feed?x=1 HTTP/1.1\r\n") && head.contains("Host: localhost\r\n"), "{head}");
    assert_eq!(first, [0x81, 0x80 | 5]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_that_is_not_there_is_named() {
    let client = WebSocketClient::builder("ws+unix:/nowhere/app.sock").build().expect("a good client");
    let error = within(client.connect()).await.expect_err("nothing is there");
    assert!(matches!(&error, ConnectError::Io { address, .. } if address == "unix:/nowhere/app.sock"), "{error:?}");
}

mod configured {
    use bristle::prelude::*;

    #[client(url = "ws://localhost/", proxy = "http://proxy:3128", max_redirects = 2, tcp_keepalive = "30s")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
}

#[tokio::test]
async fn options_of_the_attribute_are_overridden_by_the_configuration_and_checked_with_their_line() {
    let section = |options: &str| format!("[plugins.bristle.clients.CLIENT]\n{options}");
    for (options, problem) in [
        ("proxy = 'ftp://me:hunter2@proxy'", "test.toml:2: plugins.bristle.clients.CLIENT.proxy: "),
        ("proxy = 1", "the URL of a proxy"),
        ("tcp_keepalive = true", "write a duration"),
        ("max_redirects = -1", "max_redirects"),
        ("tls = { platform_roots = false }", "nobody is trusted"),
        ("tls = { cacert = 'a.pem' }", "did you mean `ca`?"),
    ] {
        let error = launch_error("it::addresses::configured", &section(options)).await;
        assert!(error.contains(problem) && !error.contains("hunter2"), "{options}: {error}");
    }
    let fine = section("proxy = false\ntcp_keepalive = false\nmax_redirects = 0\ntls = { server_name = 'h' }");
    drop(crate::support::runtime("it::addresses::configured", &fine).expect("every option fits"));
}
