//! What a user relies on behind a proxy: it is asked for the right thing, and named where it says no.

use crate::support::within;
use bristle::testing::{Peer, PeerConnection};
use bristle::{BuildError, ConnectError, ProxyEnvironment, ProxyError, WebSocketClient, WebSocketClientBuilder};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A proxy that the test plays: what it was asked for is what each of its functions returns.
struct Proxy(TcpListener);

impl Proxy {
    async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("bound")
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address())
    }

    async fn accept(&self) -> TcpStream {
        self.0.accept().await.expect("the client connects").0
    }

    /// Answers CONNECT with these bytes; the request's head, and the stream.
    async fn answer(&self, bytes: &[u8]) -> (String, TcpStream) {
        let mut stream = self.accept().await;
        let head = read_head(&mut stream).await;
        stream.write_all(bytes).await.expect("it is open");
        (head, stream)
    }

    /// Lets an HTTP client through to `target`, whatever it asked for.
    async fn connect(&self, target: SocketAddr) -> String {
        let (head, stream) = self.answer(b"HTTP/1.1 200 OK\r\nVia: me\r\n\r\n").await;
        relay(stream, target).await;
        head
    }

    /// Lets a SOCKS client through to `target`: its greeting, its login, and the address that it asked for.
    async fn socks(&self, target: SocketAddr, method: u8) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut stream = self.accept().await;
        let [_, count] = read(&mut stream).await;
        let methods = read_many(&mut stream, count.into()).await;
        stream.write_all(&[5, method]).await.expect("it is open");
        let mut login = Vec::new();
        if method == 2 {
            let [_, length] = read(&mut stream).await;
            login.extend(read_many(&mut stream, length.into()).await);
            let [length] = read(&mut stream).await;
            login.push(b':');
            login.extend(read_many(&mut stream, length.into()).await);
            stream.write_all(&[1, 0]).await.expect("it is open");
        }
        let [_, _, _, kind] = read(&mut stream).await;
        let mut asked = vec![kind];
        let length = match kind {
            1 => 4,
            4 => 16,
            _ => read::<1>(&mut stream).await[0].into(),
        };
        asked.extend(read_many(&mut stream, length + 2).await);
        stream.write_all(&[5, 0, 0, 3, 2, b'm', b'e', 0, 7]).await.expect("it is open");
        relay(stream, target).await;
        (methods, login, asked)
    }
}

async fn relay(mut stream: TcpStream, target: SocketAddr) {
    let mut server = TcpStream::connect(target).await.expect("the peer listens");
    tokio::spawn(async move { copy_bidirectional(&mut stream, &mut server).await });
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(read::<1>(stream).await[0]);
    }
    String::from_utf8(head).expect("a request")
}

async fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.expect("the client sends");
    bytes
}

async fn read_many(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await.expect("the client sends");
    bytes
}

fn builder(proxy: impl Into<String>) -> WebSocketClientBuilder {
    WebSocketClient::builder("ws://server.test:8080/feed").proxy(proxy)
}

/// Connects through a proxy to a peer, and sends a message there and back; what the proxy was asked for.
async fn through<T>(builder: WebSocketClientBuilder, proxy: impl Future<Output = T>, peer: &Peer) -> T {
    let client = builder.build().expect("a good client");
    let serve = async {
        let mut server: PeerConnection = peer.accept().await.expect("the client asks");
        assert_eq!(server.headers()["host"], "server.test:8080");
        assert!(!server.headers().contains_key("proxy-authorization"));
        server.receive().await
    };
    let talk = async {
        client.connect().await.expect("the proxy lets it through");
        client.send("hello").await.expect("it is open");
    };
    let ((), asked, message) = within(async { tokio::join!(talk, proxy, serve) }).await;
    assert_eq!(message, Some("hello".into()));
    asked
}

/// What an attempt ends with when the proxy answers CONNECT so, and hangs up.
async fn refused(answer: &[u8], credentials: &str) -> (ProxyError, String) {
    let proxy = Proxy::bind().await;
    let client = builder(format!("http://{credentials}{}", proxy.address())).build().expect("a good client");
    let serve = async { drop(proxy.answer(answer).await.1.shutdown().await) };
    let (outcome, ()) = within(async { tokio::join!(client.connect(), serve) }).await;
    told(outcome, &proxy.url("http"))
}

/// The proxy's error, and the whole chain as it is logged.
fn told(outcome: Result<(), ConnectError>, url: &str) -> (ProxyError, String) {
    let error = outcome.expect_err("the proxy does not let it through");
    assert_eq!(error.to_string(), format!("the proxy `{url}` did not connect to `server.test:8080`"));
    let chain = bristle::Error::from(error.clone()).chain();
    assert!(!chain.contains("hunter2"), "{chain}");
    match error {
        ConnectError::Proxy { source, .. } => ((*source).clone(), chain),
        other => panic!("not the proxy's error: {other:?}"),
    }
}

#[tokio::test]
async fn an_http_proxy_is_asked_to_connect_by_name_and_has_its_credentials_alone() {
    let (proxy, peer) = (Proxy::bind().await, Peer::bind().await.expect("a free port"));
    let url = format!("http://me:p%40ss@{}", proxy.address());
    let head = through(builder(url), proxy.connect(peer.address()), &peer).await;
    assert!(head.starts_with("CONNECT server.test:8080 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("Host: server.test:8080\r\n"), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic bWU6cEBzcw==\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("\r\nsec-"), "{head}");
}

#[tokio::test]
async fn the_environments_proxy_is_used_unless_the_host_is_exempt_or_the_client_says_never() {
    let (proxy, peer) = (Proxy::bind().await, Peer::bind().await.expect("a free port"));
    let environment = |exempt: &str| {
        let variables = [("HTTP_PROXY", proxy.address().to_string()), ("NO_PROXY", exempt.to_owned())];
        ProxyEnvironment::from_variables(variables.map(|(name, text)| (name.to_owned(), text)))
    };
    let client = WebSocketClient::builder("ws://server.test:8080/").proxy_environment(environment("other.test"));
    let head = through(client, proxy.connect(peer.address()), &peer).await;
    assert!(head.starts_with("CONNECT server.test:8080 "), "{head}");
    for direct in [
        WebSocketClient::builder("ws://server.invalid/").proxy_environment(environment("invalid")),
        WebSocketClient::builder("ws://server.invalid/").proxy_environment(environment("")).without_proxy(),
    ] {
        let error = within(direct.build().expect("a good client").connect()).await.expect_err("no such host");
        assert!(matches!(error, ConnectError::Dns { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_wants_credentials_says_where_to_write_them() {
    let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let (error, text) = refused(answer, "").await;
    assert!(matches!(error, ProxyError::Credentials { given: false }), "{error:?}");
    assert!(text.contains("write them into its URL, as in `http://user:password@host:port`"), "{text}");
    let (error, text) = refused(answer, "me:hunter2@").await;
    assert!(matches!(error, ProxyError::Credentials { given: true }), "{error:?}");
    assert!(text.contains("does not accept the credentials"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_answers_something_else_is_quoted() {
    let (error, text) = refused(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 7\r\n\r\nno way\n", "").await;
    assert!(matches!(error, ProxyError::Status { status, .. } if status == 502), "{error:?}");
    assert!(text.contains("502 Bad Gateway: \"no way\""), "{text}");
    let (error, text) = refused(b"SSH-2.0-me\r\n\r\n", "").await;
    assert!(matches!(error, ProxyError::Answer(_)), "{error:?}");
    assert!(text.contains("no HTTP"), "{text}");
    let (_, text) = refused(b"\x15\x03\x03\0\x02\x02\x46", "").await;
    assert!(text.contains("it answers in TLS: write `https://` instead of `http://`"), "{text}");
    let (_, text) = refused(b"", "").await;
    assert!(text.contains("closed the connection before it had answered"), "{text}");
    let (_, text) = refused(b"HTTP/1.1 200 OK\r\n\r\nhello", "").await;
    assert!(text.contains("more than was asked for"), "{text}");
    let endless = [&b"HTTP/1.1 200 OK\r\nX-A: "[..], &[b'a'; 70_000]].concat();
    let (_, text) = refused(&endless, "").await;
    assert!(text.contains("65536 bytes"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_and_not_the_server() {
    let proxy = Proxy::bind().await;
    let url = proxy.url("http");
    drop(proxy);
    let outcome = within(builder(url.clone()).build().expect("a good client").connect()).await;
    let (error, text) = told(outcome, &url);
    assert!(matches!(&error, ProxyError::Unreachable(why) if matches!(**why, ConnectError::Refused { .. })), "{text}");
}

#[tokio::test]
async fn a_proxy_that_never_answers_is_given_up_with_the_whole_attempt() {
    for scheme in ["http", "socks5h"] {
        let proxy = Proxy::bind().await;
        let limit = Duration::from_secs(3);
        let client = builder(proxy.url(scheme)).connect_timeout(limit).build().expect("a good client");
        let serve = async {
            let stream = proxy.accept().await;
            tokio::time::pause();
            stream
        };
        let (outcome, _stream) = tokio::join!(client.connect(), serve);
        assert!(matches!(outcome, Err(ConnectError::Timeout(time)) if time == limit), "{outcome:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn socks5h_leaves_the_name_to_the_proxy_and_logs_in() {
    let (proxy, peer) = (Proxy::bind().await, Peer::bind().await.expect("a free port"));
    let url = format!("socks5h://me:p%40ss@{}", proxy.address());
    let (methods, login, asked) = through(builder(url), proxy.socks(peer.address(), 2), &peer).await;
    assert_eq!(methods, [0, 2]);
    assert_eq!(login, b"me:p@ss");
    assert_eq!(asked, b"\x03server.test\x1f\x90");
}

#[tokio::test]
async fn socks5_resolves_the_name_here() {
    let (proxy, peer) = (Proxy::bind().await, Peer::bind().await.expect("a free port"));
    let client = WebSocketClient::builder("ws://127.0.0.1:8080/").header("Host", "server.test:8080");
    let (methods, _, asked) = through(client.proxy(proxy.url("socks5")), proxy.socks(peer.address(), 0), &peer).await;
    assert_eq!(methods, [0]);
    assert_eq!(asked, [1, 127, 0, 0, 1, 0x1f, 0x90]);
    let unknown = WebSocketClient::builder("ws://server.invalid/").proxy(proxy.url("socks5")).build();
    let error = within(unknown.expect("a good client").connect()).await.expect_err("no such host");
    assert!(matches!(error, ConnectError::Dns { .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_socks_proxy_refuses_is_a_sentence() {
    let cases: [(&[u8], &str); 6] = [
        (&[5, 0xff], "it wants credentials"),
        (&[5, 9], "the login method 9, which was not offered"),
        (b"HTTP/1.1 400", "is it a SOCKS 5 proxy at all?"),
        (&[5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0], "it answered: the host refused the connection"),
        (&[5, 0, 5, 0, 0, 77], "the unknown kind 77"),
        (&[5], "broke before it had answered"),
    ];
    for (answer, sentence) in cases {
        let proxy = Proxy::bind().await;
        let client = builder(proxy.url("socks5h")).build().expect("a good client");
        let serve = async {
            let mut stream = proxy.accept().await;
            stream.write_all(answer).await.expect("it is open");
            stream.shutdown().await.expect("it is open");
            // To close with unread bytes would reset the connection, and the answer might be lost.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let (outcome, ()) = within(async { tokio::join!(client.connect(), serve) }).await;
        let (_, text) = told(outcome, &proxy.url("socks5h"));
        assert!(text.contains(sentence), "{text}");
    }
}

#[test]
fn a_proxy_that_is_none_is_told_when_the_client_is_built() {
    let error = builder("ftp://me:hunter2@proxy").build().expect_err("no such proxy");
    assert!(matches!(&error, BuildError::Proxy { proxy, .. } if proxy == "ftp://***@proxy"), "{error}");
    let variables = [("ALL_PROXY".to_owned(), "ftp://me:hunter2@proxy".to_owned())];
    let environment = ProxyEnvironment::from_variables(variables);
    let error = WebSocketClient::builder("ws://h/").proxy_environment(environment).build().expect_err("no such proxy");
    assert!(error.to_string().contains("ALL_PROXY") && !error.to_string().contains("hunter2"), "{error}");
}
