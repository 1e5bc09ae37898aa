//! The opening handshake, the same for every library that can be given a stream.

use crate::server::{head, request};
use crate::work::Work;
use std::io::Write;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A connection that is open, with Nagle's algorithm off.
pub(super) fn connect(address: SocketAddr, work: Work) -> std::io::Result<TcpStream> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let extensions = (work == Work::Compressed).then_some("permessage-deflate");
    stream.write_all(request(address, extensions).as_bytes())?;
    let answer = head(&mut stream)?;
    assert!(answer.starts_with("HTTP/1.1 101 "), "the server answered {answer}");
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}
