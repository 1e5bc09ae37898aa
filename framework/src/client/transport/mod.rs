//! From an address to an open WebSocket: name, TCP, TLS, handshake, all within one timeout.

mod addresses;
mod redirect;
mod socks;
mod tunnel;
#[cfg(unix)]
mod unix;

pub(super) use addresses::endpoint;

use super::address::Address;
use super::handshake::handshake;
use super::prepare::prepared;
use super::reach::Reach;
use super::shared::Request;
use super::{BuildError, ConnectError, ProxyError, budget, tls};
use crate::connection::{Handshake, Transport};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// One attempt; waiting for a place in the budget does not count as its time. Cancelled, it leaves nothing behind.
pub(crate) async fn dial(request: Arc<Request>) -> Result<(Transport, Handshake), ConnectError> {
    budget::turn().await;
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
    let address = &request.address;
    #[cfg(unix)]
    if let Some(path) = &address.unix {
        return unix::attempt(path, request).await;
    }
    let stream = connect(address, &request.reach).await?;
    let peer = stream.peer_addr().ok();
    let (transport, mut agreed) = if address.tls {
        let (stream, read_ahead, agreed) =
            handshake(tls::connect(stream, address, &request.reach).await?, request).await?;
        (Transport::split(stream, read_ahead), agreed)
    } else {
        let (stream, read_ahead, agreed) = handshake(stream, request).await?;
        (Transport::tcp(stream, read_ahead), agreed)
    };
    agreed.peer = peer;
    Ok((transport, agreed))
}

/// A TCP stream that ends at the server: its own, or one through a proxy.
async fn connect(address: &Address, reach: &Reach) -> Result<TcpStream, ConnectError> {
    let keepalive = reach.tcp_keepalive;
    match reach.proxy_for(address) {
        Ok(Some(proxy)) => tunnel::connect(&proxy, address, keepalive).await,
        Ok(None) => addresses::connect(&address.host, address.port, keepalive).await,
        Err(BuildError::Proxy { proxy, reason }) => {
            let source = Arc::new(ProxyError::Url(reason));
            Err(ConnectError::Proxy { proxy, address: address.endpoint(), source })
        }
        Err(error) => unreachable!("a proxy is no proxy for another reason than its URL: {error}"),
    }
}
