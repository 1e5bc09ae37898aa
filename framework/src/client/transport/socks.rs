//! SOCKS 5 (RFC 1928), and its user and password (RFC 1929).

use crate::client::proxy::Credentials;
use crate::client::{ConnectError, ProxyError};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const VERSION: u8 = 5;
/// RFC 1929 has a version of its own.
const LOGIN_VERSION: u8 = 1;

const NO_LOGIN: u8 = 0;
const BY_PASSWORD: u8 = 2;
const NONE_ACCEPTED: u8 = 0xff;

const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Where the proxy is to connect to.
pub(super) enum Target<'a> {
    Address(SocketAddr),
    /// A name for the proxy to resolve.
    Name(&'a str, u16),
}

/// Lets the proxy connect: after this the stream is the target's.
pub(super) async fn connect(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    target: &Target<'_>,
    credentials: Option<&Credentials>,
) -> Result<(), ProxyError> {
    let request = request(target)?;
    log_in(stream, credentials).await?;
    send(stream, &request).await?;
    let [version, reply, _, kind] = receive(stream).await?;
    expect_version(version, VERSION)?;
    if reply != 0 {
        return Err(ProxyError::Socks(meaning(reply)));
    }
    // The address that the proxy connected from tells nothing, and must be read all the same.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(receive::<1>(stream).await?[0]),
        other => return Err(ProxyError::Answer(format!("an address of the unknown kind {other}"))),
    };
    let mut rest = vec![0; length + 2];
    stream.read_exact(&mut rest).await.map_err(broken)?;
    Ok(())
}

async fn log_in(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    credentials: Option<&Credentials>,
) -> Result<(), ProxyError> {
    let methods: &[u8] = if credentials.is_some() { &[NO_LOGIN, BY_PASSWORD] } else { &[NO_LOGIN] };
    let count = u8::try_from(methods.len()).expect("one or two");
    send(stream, &[&[VERSION, count], methods].concat()).await?;
    let [version, method] = receive(stream).await?;
    expect_version(version, VERSION)?;
    match (method, credentials) {
        (NO_LOGIN, _) => Ok(()),
        (BY_PASSWORD, Some(Credentials { user, password })) => {
            send(stream, &[&[LOGIN_VERSION], &counted(user)[..], &counted(password)].concat()).await?;
            let [version, status] = receive(stream).await?;
            expect_version(version, LOGIN_VERSION)?;
            if status == 0 { Ok(()) } else { Err(ProxyError::Credentials { given: true }) }
        }
        (NONE_ACCEPTED, credentials) => Err(ProxyError::Credentials { given: credentials.is_some() }),
        (other, _) => Err(ProxyError::Answer(format!("it chose the login method {other}, which was not offered"))),
    }
}

fn request(target: &Target<'_>) -> Result<Vec<u8>, ProxyError> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match target {
        Target::Address(address) => {
            match address {
                SocketAddr::V4(address) => {
                    request.push(IPV4);
                    request.extend(address.ip().octets());
                }
                SocketAddr::V6(address) => {
                    request.push(IPV6);
                    request.extend(address.ip().octets());
                }
            }
            address.port()
        }
        Target::Name(name, port) => {
            if name.len() > usize::from(u8::MAX) {
                return Err(ProxyError::Answer("a host's name over 255 bytes cannot be asked for".to_owned()));
            }
            request.push(NAME);
            request.extend(counted(name.as_bytes()));
            *port
        }
    };
    request.extend(port.to_be_bytes());
    Ok(request)
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("checked when the proxy or the request was made");
    [&[length], bytes].concat()
}

fn expect_version(version: u8, expected: u8) -> Result<(), ProxyError> {
    match version == expected {
        true => Ok(()),
        false => Err(ProxyError::Answer(format!(
            "it begins with {version} instead of {expected}: is it a SOCKS 5 proxy at all?"
        ))),
    }
}

/// RFC 1928 §6.
fn meaning(reply: u8) -> String {
    let known = match reply {
        1 => "a failure of the proxy itself",
        2 => "its rules forbid the connection",
        3 => "the network cannot be reached",
        4 => "the host cannot be reached",
        5 => "the host refused the connection",
        6 => "the time to live expired",
        7 => "the command is not supported",
        8 => "this kind of address is not supported",
        other => return format!("the unknown reply {other}"),
    };
    known.to_owned()
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), ProxyError> {
    stream.write_all(bytes).await.map_err(broken)
}

async fn receive<const N: usize>(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; N], ProxyError> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(broken)?;
    Ok(bytes)
}

fn broken(error: io::Error) -> ProxyError {
    ProxyError::Broken(Arc::new(error))
}

/// Whether another of the host's addresses may do better.
pub(super) fn is_about_the_address(error: &ConnectError) -> bool {
    matches!(error, ConnectError::Proxy { source, .. } if matches!(**source, ProxyError::Socks(_)))
}
