//! From an address to an open WebSocket: name, TCP, TLS, handshake, all within one timeout.

mod addresses;
mod redirect;
mod socks;
mod tunnel;
#[cfg(unix)]
mod unix;

pub(super) use addresses::endpoint;
#[cfg(any(test, fuzzing))]
pub(super) use redirect::target as redirected;

use super::address::Address;
use super::handshake::handshake;
use super::prepare::prepared;
use super::reach::Reach;
use super::shared::Request;
use super::{BuildError, ConnectError, ProxyError, budget, tls, world};
use crate::connection::{Handshake, Transport};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// One attempt; waiting for a place in the budget does not count as its time. Cancelled, it leaves nothing behind.
pub(crate) async fn dial(request: Arc<Request>) -> Result<(Transport, Handshake), ConnectError> {
    if request.reach.place.world().is_none() {
        budget::turn().await;
    }
    let limit = request.timeout;
    let attempt = async { attempt(prepared(&request).await?).await };
    timeout(limit, attempt).await.unwrap_or(Err(ConnectError::Timeout(limit)))
}

/// Where redirects are followed, the place that the last of them leads to.
async fn attempt(request: Arc<Request>) -> Result<(Transport, Handshake), ConnectError> {
    let mut request = request;
    let mut followed = 0;
    loop {
        match at(&request).await {
            Err(ConnectError::Status { status, headers, .. })
                if request.reach.max_redirects > 0 && redirect::is_redirect(status) =>
            {
                request = Arc::new(redirect::follow(&request, &headers, followed)?);
                followed += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn at(request: &Request) -> Result<(Transport, Handshake), ConnectError> {
    if let Some(world) = request.reach.place.world() {
        return world::attempt(world, request).await;
    }
    let address = &request.address;
    #[cfg(unix)]
    if let Some(path) = &address.unix {
        return unix::attempt(path, request).await;
    }
    let (peer, (transport, mut agreed)) = match connect(address, &request.reach).await? {
        Stream::Tcp(stream) if address.tls => (stream.peer_addr().ok(), over_tls(stream, request).await?),
        Stream::Tcp(stream) => {
            let peer = stream.peer_addr().ok();
            let (stream, read_ahead, agreed) = handshake(stream, request).await?;
            (peer, (Transport::tcp(stream, read_ahead), agreed))
        }
        Stream::Tls(stream) => {
            let peer = stream.get_ref().0.peer_addr().ok();
            match address.tls {
                true => (peer, over_tls(*stream, request).await?),
                false => (peer, in_pieces(*stream, request).await?),
            }
        }
    };
    agreed.peer = peer;
    Ok((transport, agreed))
}

/// The handshake over TLS with the server, whatever is below that.
async fn over_tls<S>(stream: S, request: &Request) -> Result<(Transport, Handshake), ConnectError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    in_pieces(tls::connect(stream, &request.address, &request.reach).await?, request).await
}

/// The handshake over a stream that has one state for both directions.
async fn in_pieces<S>(stream: S, request: &Request) -> Result<(Transport, Handshake), ConnectError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, read_ahead, agreed) = handshake(stream, request).await?;
    Ok((Transport::split(stream, read_ahead), agreed))
}

/// A stream that ends at the server.
enum Stream {
    /// Straight, or through a proxy.
    Tcp(TcpStream),
    /// Through a proxy that is itself spoken to over TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

async fn connect(address: &Address, reach: &Reach) -> Result<Stream, ConnectError> {
    match reach.proxy_for(address) {
        Ok(Some(proxy)) => tunnel::connect(&proxy, address, reach).await,
        Ok(None) => addresses::connect(&address.host, address.port, reach.tcp_keepalive).await.map(Stream::Tcp),
        Err(BuildError::Proxy { proxy, reason }) => {
            let source = Arc::new(ProxyError::Url(reason));
            Err(ConnectError::Proxy { proxy, address: address.endpoint(), source })
        }
        Err(error) => unreachable!("a proxy is no proxy for another reason than its URL: {error}"),
    }
}
