//! What a user relies on where TLS is in play at a proxy: `wss` through it, and a proxy that is itself spoken to over TLS.

use crate::support::within;
use crate::tls::{Ca, acceptor, ca, issued};
use bristle::testing::accept_key;
use bristle::{ConnectError, Message, ProxyError, Tls, TlsError, WebSocketClient};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

const TARGET: &str = "server.test";

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    String::from_utf8(head).expect("a request")
}

/// The proxy's part: the head of the CONNECT request that it was asked with.
async fn tunnel(mut client: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, server: &TcpListener) -> String {
    let head = read_head(&mut client).await;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it is open");
    let mut server = TcpStream::connect(server.local_addr().expect("bound")).await.expect("it listens");
    tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
    head
}

/// The server's part: answers the handshake and sends the first frame back, without its mask.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let head = read_head(&mut stream).await;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: ")).expect("a key");
    let accept = accept_key(key);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.expect("it is open");
    let mut frame = [0; 6 + 5];
    stream.read_exact(&mut frame).await.expect("a frame of five bytes");
    let payload: Vec<u8> = frame[6..].iter().zip(frame[2..6].iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    stream.write_all(&[&[0x81, 5][..], &payload].concat()).await.expect("it is open");
    // Until the client goes: it must not find the transport broken.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// Sends a message through a proxy to a server and takes it back; what the proxy was asked for.
async fn echo(scheme: &str, proxy_tls: bool) -> String {
    let (proxies, servers): (Ca, Ca) = (ca(), ca());
    let (proxy, server) = (listener().await, listener().await);
    let proxy_port = proxy.local_addr().expect("bound").port();
    let (seen, mut sees) = tokio::sync::mpsc::channel(1);
    let client = WebSocketClient::builder(format!("{scheme}://{TARGET}:8443/feed"))
        .proxy(format!("{}://me:pw@localhost:{proxy_port}", if proxy_tls { "https" } else { "http" }))
        .tls(Tls::new().ca_pem(format!("{}{}", proxies.pem(), servers.pem())))
        .on_message(move |message: Message| {
            let seen = seen.clone();
            async move { drop(seen.send(message).await) }
        })
        .build()
        .expect("a good client");
    let proxied = async {
        let (stream, _) = proxy.accept().await.expect("the client asks");
        if !proxy_tls {
            return tunnel(stream, &server).await;
        }
        let identity = issued(&proxies, "localhost", |_| {});
        let stream = acceptor(&identity, None).accept(stream).await.expect("the client trusts the proxy");
        assert_eq!(stream.get_ref().1.server_name(), Some("localhost"));
        tunnel(stream, &server).await
    };
    let served = async {
        let (stream, _) = server.accept().await.expect("the proxy connects");
        if scheme == "ws" {
            return serve(stream).await;
        }
        let stream = acceptor(&issued(&servers, TARGET, |_| {}), None).accept(stream).await;
        let stream = stream.expect("the client trusts the server");
        assert_eq!(stream.get_ref().1.server_name(), Some(TARGET), "the tunnel is for the server, not for the proxy");
        serve(stream).await;
    };
    let talk = async {
        client.connect().await.expect("the proxy lets it through");
        client.send("hello").await.expect("it is open");
        assert_eq!(sees.recv().await, Some(Message::text("hello")));
        assert!(
            client.connection().expect("it is open").handshake().peer.is_some_and(|peer| peer.port() == proxy_port)
        );
        drop(client);
    };
    within(async { tokio::join!(talk, proxied, served) }).await.1
}

#[tokio::test]
async fn wss_goes_through_an_http_proxy_and_is_the_servers_alone() {
    let asked = echo("wss", false).await;
    assert!(asked.starts_with("CONNECT server.test:8443 HTTP/1.1\r\n"), "{asked}");
}

#[tokio::test]
async fn ws_and_wss_go_through_a_proxy_that_is_spoken_to_over_tls() {
    for scheme in ["ws", "wss"] {
        let asked = echo(scheme, true).await;
        assert!(asked.starts_with("CONNECT server.test:8443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("Proxy-Authorization: Basic bWU6cHc=\r\n"), "{asked}");
    }
}

/// Credentials, and the client's own certificate, are nothing for whoever merely stands in the proxy's place.
#[tokio::test]
async fn a_proxy_whose_certificate_is_not_trusted_is_told_nothing() {
    let (trusted, stranger) = (ca(), ca());
    let proxy = listener().await;
    let url = format!("https://me:hunter2@localhost:{}", proxy.local_addr().expect("bound").port());
    let own = issued(&trusted, "me", |_| {});
    let tls = Tls::new().ca_pem(trusted.pem()).client_certificate_pem(own.certificate, own.key);
    let client = WebSocketClient::builder("wss://server.test/").proxy(url).tls(tls).build().expect("a good client");
    let serve = async {
        let (stream, _) = proxy.accept().await.expect("the client asks");
        let identity = issued(&stranger, "localhost", |_| {});
        acceptor(&identity, None).accept(stream).await.map(drop).expect_err("the client hangs up")
    };
    let (outcome, _) = within(async { tokio::join!(client.connect(), serve) }).await;
    let error = outcome.expect_err("nobody trusts this proxy");
    assert!(!bristle::Error::from(error.clone()).chain().contains("hunter2"));
    let ConnectError::Proxy { source, .. } = error else { panic!("not the proxy's error: {error:?}") };
    let ProxyError::Unreachable(reason) = &*source else { panic!("not about the way to it: {source:?}") };
    let ConnectError::Tls { host, source } = &**reason else { panic!("not about TLS: {reason:?}") };
    assert_eq!(host, "localhost");
    assert!(matches!(&**source, TlsError::UnknownIssuer | TlsError::Certificate(_)), "{source:?}");
}

#[tokio::test]
async fn a_proxy_that_asks_for_a_client_certificate_is_shown_none() {
    let everybody = ca();
    let proxy = listener().await;
    let url = format!("https://localhost:{}", proxy.local_addr().expect("bound").port());
    let own = issued(&everybody, "me", |_| {});
    let tls = Tls::new().ca_pem(everybody.pem()).client_certificate_pem(own.certificate, own.key);
    let client = WebSocketClient::builder("wss://server.test/").proxy(url).tls(tls).build().expect("a good client");
    let serve = async {
        let (stream, _) = proxy.accept().await.expect("the client asks");
        let identity = issued(&everybody, "localhost", |_| {});
        acceptor(&identity, Some(&everybody)).accept(stream).await.map(drop).expect_err("there is no certificate")
    };
    let (outcome, refusal) = within(async { tokio::join!(client.connect(), serve) }).await;
    assert!(matches!(outcome, Err(ConnectError::Proxy { .. })), "{outcome:?}");
    assert!(refusal.to_string().contains("no certificates"), "the certificate is for the server: {refusal}");
}
