//! The opening handshake, as much of it as peers that mean well need.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// No peer's handshake is longer.
const MAX_HEAD: usize = 4096;

/// What is agreed to where a feed is compressed: each message for itself.
pub(crate) const EXTENSIONS: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// A client's request. Any key does: this one is RFC 6455's own example.
pub(crate) fn request(address: SocketAddr, extensions: Option<&str>) -> String {
    let extensions = extensions.map(|name| format!("Sec-WebSocket-Extensions: {name}\r\n")).unwrap_or_default();
    format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extensions}\r\n"
    )
}

/// Reads the request and agrees.
pub(crate) fn accept(stream: &mut TcpStream, compress: bool) -> io::Result<()> {
    let request = head(stream)?;
    let key = field(&request, "sec-websocket-key").ok_or_else(|| invalid("no Sec-WebSocket-Key"))?;
    let offered = field(&request, "sec-websocket-extensions").unwrap_or_default();
    if compress && !offered.contains("permessage-deflate") {
        return Err(invalid("this client does not offer permessage-deflate"));
    }
    let extension = if compress { format!("Sec-WebSocket-Extensions: {EXTENSIONS}\r\n") } else { String::new() };
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extension}\r\n"
    );
    stream.write_all(answer.as_bytes())
}

/// A request or an answer, up to its empty line; what comes behind it stays in the socket.
pub(crate) fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = vec![0; MAX_HEAD];
    loop {
        let there = stream.peek(&mut bytes)?;
        if let Some(end) = bytes[..there].windows(4).position(|four| four == b"\r\n\r\n") {
            bytes.truncate(end + 4);
            stream.read_exact(&mut bytes)?;
            return String::from_utf8(bytes).map_err(|_| invalid("the handshake is no text"));
        }
        if there == 0 || there == MAX_HEAD {
            return Err(invalid("the handshake has no end"));
        }
        // The rest is on its way.
        std::thread::yield_now();
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
