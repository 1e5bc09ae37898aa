//! A WebSocket server on a free port of loopback, played by the test.

use crate::connection::{
    Connection, Handshake, Limits, Link, LinkEvent, Outbox, OwnerId, Role, Transport, WhileDown, accept_key,
};
use crate::message::{Close, Message};
use http::HeaderMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How large a request's head may be, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// A server that the test plays.
///
/// ```
/// use bristle::{Message, WebSocketClient, testing::Peer};
///
/// # #[tokio::main]
/// # async fn main() -> bristle::Result<()> {
/// let peer = Peer::bind().await?;
/// let client = WebSocketClient::builder(peer.url("/feed")).build()?;
/// let (connected, accepted) = tokio::join!(client.connect(), peer.accept());
/// connected?;
/// let mut server = accepted?;
/// assert_eq!(server.resource(), "/feed");
/// client.send("hello").await?;
/// assert_eq!(server.receive().await, Some(Message::text("hello")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// The system's.
    pub async fn bind() -> io::Result<Self> {
        Self::bind_at("127.0.0.1:0").await
    }

    /// Listens at an address: to come back where another peer was.
    ///
    /// # Errors
    /// The system's.
    pub async fn bind_at(address: impl tokio::net::ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Accepts a connection and does the handshake.
    ///
    /// # Errors
    /// The system's, or a request that is none.
    pub async fn accept(&self) -> io::Result<PeerConnection> {
        self.accept_with("").await
    }

    /// Accepts a connection and answers the handshake with these header lines added, as `"X-A: b\r\n"`.
    ///
    /// # Errors
    /// The system's, or a request that is none.
    pub async fn accept_with(&self, lines: &str) -> io::Result<PeerConnection> {
        let (mut stream, head, rest) = self.accept_request().await?;
        let key = head.headers.get("sec-websocket-key").map(|key| accept_key(key.as_bytes())).unwrap_or_default();
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {key}\r\n{lines}\r\n"
        );
        stream.write_all(answer.as_bytes()).await?;
        Ok(PeerConnection::new(stream, head, rest).await)
    }

    /// Accepts a connection, reads the request and answers with these bytes, whatever they are.
    ///
    /// # Errors
    /// The system's, or a request that is none.
    pub async fn answer(&self, bytes: &[u8]) -> io::Result<TcpStream> {
        let (mut stream, ..) = self.accept_request().await?;
        stream.write_all(bytes).await?;
        Ok(stream)
    }

    /// Accepts a connection and leaves the handshake to the test.
    ///
    /// # Errors
    /// The system's.
    pub async fn accept_raw(&self) -> io::Result<TcpStream> {
        Ok(self.listener.accept().await?.0)
    }

    async fn accept_request(&self) -> io::Result<(TcpStream, RequestHead, Vec<u8>)> {
        let (mut stream, _) = self.listener.accept().await?;
        let mut bytes = Vec::new();
        loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let rest = bytes.split_off(end + 4);
                return Ok((stream, RequestHead::parse(&bytes), rest));
            }
            if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no request came"));
            }
        }
    }
}

/// What the client asked for.
#[derive(Debug)]
struct RequestHead {
    resource: String,
    headers: HeaderMap,
    /// As they came, in order.
    lines: Vec<String>,
}

impl RequestHead {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines().map(str::to_owned);
        let first = lines.next().unwrap_or_default();
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().filter_map(|line| line.split_once(':')) {
            if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.trim().parse()) {
                headers.append(name, value);
            }
        }
        Self { resource: first.split(' ').nth(1).unwrap_or_default().to_owned(), headers, lines }
    }
}

/// The test's end of a connection.
pub struct PeerConnection {
    link: Link,
    connection: Connection,
    head: RequestHead,
    close: Option<Close>,
}

impl PeerConnection {
    async fn new(stream: TcpStream, head: RequestHead, rest: Vec<u8>) -> Self {
        let mut limits = Limits::endpoint();
        limits.control_frames = true;
        let id = OwnerId::next();
        let outbox = Arc::new(Outbox::new(id, usize::MAX, usize::MAX, WhileDown::Fail));
        outbox.opening();
        outbox.ready();
        let connection = Connection::new(id, Box::new(()), outbox, Handshake::default());
        let link = Link::start(Transport::tcp(stream, rest), Role::Server, &limits, connection.clone());
        Self { link, connection, head, close: None }
    }

    /// The path and query that the client asked for.
    pub fn resource(&self) -> &str {
        &self.head.resource
    }

    /// The request's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The request's header lines as they came.
    pub fn header_lines(&self) -> &[String] {
        &self.head.lines
    }

    /// The next message, pings and pongs among them; `None` once the connection has ended. Cancel-safe.
    pub async fn receive(&mut self) -> Option<Message> {
        if self.close.is_some() {
            return None;
        }
        match self.link.next(true).await {
            LinkEvent::Message(message) => Some(message),
            LinkEvent::Ended(end) => {
                self.close = Some(end.close);
                None
            }
        }
    }

    /// Sends a message and waits until it was written.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), crate::SendError> {
        let connection = self.connection.clone();
        let mut sending = pin!(connection.deliver(message));
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return sent,
                // An end that was seen already must come to its end, or the message would wait for ever. Nothing is read.
                event = self.link.next(false), if self.close.is_none() => if let LinkEvent::Ended(end) = event {
                    self.close = Some(end.close);
                },
            }
        }
    }

    /// Closes with a code and a reason, and waits for the answer; what the client sent before is thrown away.
    pub async fn close(&mut self, code: u16, reason: &str) -> Close {
        self.connection.begin_close(code, reason, true);
        self.ended().await
    }

    /// Waits for the end and says how it was; what the client sent before is thrown away.
    pub async fn ended(&mut self) -> Close {
        while self.receive().await.is_some() {}
        self.close.clone().expect("it has ended")
    }

    /// Drops the transport without a close frame.
    pub fn vanish(self) {}
}

impl std::fmt::Debug for PeerConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerConnection").field("head", &self.head).field("close", &self.close).finish_non_exhaustive()
    }
}
