//! A client of the node that is nothing but bytes.

use crate::support::within;
use bristle::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The headers of a good handshake (RFC 6455 §1.3), to which a test adds.
pub const HANDSHAKE: &str = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A TCP connection to a node.
pub struct Wire(pub TcpStream);

impl Wire {
    pub async fn connect(node: &Running) -> Self {
        Self(TcpStream::connect(node.addresses()[0]).await.expect("the node listens"))
    }

    /// Opens a WebSocket; what is read is the answer's head.
    pub async fn open(node: &Running, path: &str) -> Self {
        let mut wire = Self::connect(node).await;
        let head = wire.request(&format!("GET {path} HTTP/1.1\r\n{HANDSHAKE}\r\n")).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        wire
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.expect("the node reads");
    }

    /// Sends a request, and reads the answer's head.
    pub async fn request(&mut self, request: &str) -> String {
        self.send(request).await;
        self.head().await
    }

    /// Reads up to the empty line.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await);
        }
        String::from_utf8(head).expect("a head is text")
    }

    /// Reads a whole answer to a request that says `Connection: close`.
    pub async fn answer(&mut self, request: &str) -> String {
        self.send(request).await;
        self.rest().await
    }

    /// Everything up to the end.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        within(self.0.read_to_end(&mut bytes)).await.expect("the node closes in good order");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads a frame of at most 125 bytes: its opcode and its payload.
    pub async fn frame(&mut self) -> (u8, Vec<u8>) {
        let first = self.byte().await;
        let length = self.byte().await;
        assert!(length <= 125, "a server does not mask, and the tests send little");
        let mut payload = vec![0; length.into()];
        within(self.0.read_exact(&mut payload)).await.expect("the frame goes on");
        (first & 0x0f, payload)
    }

    /// Sends a text of at most 125 bytes, masked with zeros.
    pub async fn text(&mut self, text: &str) {
        self.send(frame(1, text.as_bytes())).await;
    }

    async fn byte(&mut self) -> u8 {
        within(self.0.read_u8()).await.expect("the answer goes on")
    }
}

/// A frame of at most 125 bytes, masked with zeros.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    let mut bytes = vec![0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    bytes
}
