//! Through a proxy: a stream that ends at the server.

use super::socks::{self, Target};
use super::{Stream, addresses};
use crate::client::address::Address;
use crate::client::http1::{Answer, ExchangeError, HeadLimits, exchange};
use crate::client::proxy::{Proxy, ProxyKind};
use crate::client::reach::Reach;
use crate::client::{ConnectError, ProxyError, tls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::Empty;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Connects to a server through a proxy.
pub(super) async fn connect(proxy: &Proxy, address: &Address, how: &Reach) -> Result<Stream, ConnectError> {
    let failed = |source| failed(proxy, address, source);
    let unreachable = |error| failed(ProxyError::Unreachable(Arc::new(error)));
    let reach = async || addresses::connect(&proxy.host, proxy.port, how.tcp_keepalive).await.map_err(unreachable);
    let credentials = proxy.credentials.as_ref();
    match proxy.kind {
        ProxyKind::Http => {
            http_connect(reach().await?, proxy, address, how.head).await.map(Stream::Tcp).map_err(failed)
        }
        ProxyKind::Https => {
            let stream = tls::connect_proxy(reach().await?, &proxy.host, how).await.map_err(unreachable)?;
            http_connect(stream, proxy, address, how.head)
                .await
                .map(|stream| Stream::Tls(Box::new(stream)))
                .map_err(failed)
        }
        ProxyKind::Socks5h => {
            let mut stream = reach().await?;
            let target = match address.host.parse::<IpAddr>() {
                Ok(ip) => Target::Address((ip, address.port).into()),
                Err(_) => Target::Name(&address.host, address.port),
            };
            socks::connect(&mut stream, &target, credentials).await.map_err(failed)?;
            Ok(Stream::Tcp(stream))
        }
        ProxyKind::Socks5 => {
            let mut outcome = None;
            for target in addresses::resolve(&address.host, address.port).await? {
                // A proxy that has refused is done with this connection.
                let mut stream = reach().await?;
                match socks::connect(&mut stream, &Target::Address(target), credentials).await.map_err(failed) {
                    Ok(()) => return Ok(Stream::Tcp(stream)),
                    Err(error) if socks::is_about_the_address(&error) => outcome = Some(error),
                    Err(error) => return Err(error),
                }
            }
            Err(outcome.expect("a name has an address, or it was not resolved"))
        }
    }
}

pub(super) fn failed(proxy: &Proxy, address: &Address, source: ProxyError) -> ConnectError {
    ConnectError::Proxy { proxy: proxy.to_string(), address: address.endpoint(), source: Arc::new(source) }
}

/// RFC 9110 §9.3.6.
async fn http_connect<S>(stream: S, proxy: &Proxy, address: &Address, limits: HeadLimits) -> Result<S, ProxyError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let endpoint = address.endpoint();
    let mut request = http::Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = endpoint.parse().expect("a host and a port are an authority");
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(&endpoint).expect("it was part of a URL"));
    if let Some(credentials) = &proxy.credentials {
        let pair = [&credentials.user[..], b":", &credentials.password].concat();
        let mut basic = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).expect("base64 is ASCII");
        basic.set_sensitive(true);
        headers.insert(header::PROXY_AUTHORIZATION, basic);
    }
    match exchange(stream, request, limits, |status| status.is_success()).await {
        Ok(Answer::Switched { stream, read_ahead, .. }) if read_ahead.is_empty() => Ok(stream),
        Ok(Answer::Switched { .. }) => Err(ProxyError::Answer("it sent more than was asked for".to_owned())),
        Ok(Answer::Refused { status: StatusCode::PROXY_AUTHENTICATION_REQUIRED, .. }) => {
            Err(ProxyError::Credentials { given: proxy.credentials.is_some() })
        }
        Ok(Answer::Refused { status, body, .. }) => Err(ProxyError::Status { status, body }),
        Err(ExchangeError::Answer(reason)) => Err(ProxyError::Answer(reason)),
        Err(ExchangeError::Tls) => {
            Err(ProxyError::Answer("it answers in TLS: write `https://` instead of `http://`".to_owned()))
        }
        Err(ExchangeError::Io(error)) => Err(ProxyError::Broken(Arc::new(error))),
    }
}
