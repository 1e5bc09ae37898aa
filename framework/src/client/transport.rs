//! From an address to an open WebSocket: name, TCP, TLS, handshake, all within one timeout.

use super::handshake::handshake;
use super::prepare::prepared;
use super::shared::Request;
use super::{ConnectError, budget, tls};
use crate::connection::{Handshake, Transport};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// One attempt; waiting for a place in the budget does not count as its time. Cancelled, it leaves nothing behind.
pub(crate) async fn dial(request: Arc<Request>) -> Result<(Transport, Handshake), ConnectError> {
    budget::turn().await;
    let limit = request.timeout;
    let attempt = async { attempt(&*prepared(&request).await?).await };
    timeout(limit, attempt).await.unwrap_or(Err(ConnectError::Timeout(limit)))
}

async fn attempt(request: &Request) -> Result<(Transport, Handshake), ConnectError> {
    let address = &request.address;
    let stream = connect(request).await?;
    let peer = stream.peer_addr().ok();
    let (transport, mut agreed) = if address.tls {
        let (stream, read_ahead, agreed) = handshake(tls::connect(stream, address).await?, request).await?;
        (Transport::split(stream, read_ahead), agreed)
    } else {
        let (stream, read_ahead, agreed) = handshake(stream, request).await?;
        (Transport::tcp(stream, read_ahead), agreed)
    };
    agreed.peer = peer;
    Ok((transport, agreed))
}

/// The first of the host's addresses that answers.
async fn connect(request: &Request) -> Result<TcpStream, ConnectError> {
    let address = &request.address;
    let unresolved = |source| ConnectError::Dns { host: address.host.clone(), source: Arc::new(source) };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut resolved = false;
    for candidate in lookup_host((address.host.as_str(), address.port)).await.map_err(unresolved)? {
        resolved = true;
        match open(candidate).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    if !resolved {
        return Err(unresolved(last));
    }
    let (endpoint, source) = (address.endpoint(), Arc::new(last));
    Err(if source.kind() == io::ErrorKind::ConnectionRefused {
        ConnectError::Refused { address: endpoint, source }
    } else {
        ConnectError::Io { address: endpoint, source }
    })
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Messages are batched above: holding small ones back below only adds delay.
    stream.set_nodelay(true)?;
    Ok(stream)
}
