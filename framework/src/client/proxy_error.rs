//! Why a proxy let nobody through.

use super::ConnectError;
use super::error::excerpt;
use bytes::Bytes;
use http::StatusCode;
use std::io;
use std::sync::Arc;

/// Why a proxy did not connect us to a server. "It" is the proxy.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The URL that the environment has for it is none.
    #[error("{0}")]
    Url(String),
    /// There is no connection to the proxy itself.
    #[error("it cannot be reached")]
    Unreachable(#[source] Arc<ConnectError>),
    /// It does not know us.
    #[error("{}", credentials(*.given))]
    Credentials {
        /// Whether its URL has credentials.
        given: bool,
    },
    /// An HTTP proxy answered CONNECT with a status that is no success.
    #[error("it answered {status}{}", excerpt(.body))]
    Status {
        /// The status.
        status: StatusCode,
        /// The answer's body, cut after 64 KiB.
        body: Bytes,
    },
    /// A SOCKS proxy answered that it could not connect.
    #[error("it answered: {0}")]
    Socks(String),
    /// What it answered makes no sense.
    #[error("its answer is not valid: {0}")]
    Answer(String),
    /// The connection to it broke.
    #[error("the connection to it broke before it had answered")]
    Broken(#[source] Arc<io::Error>),
}

fn credentials(given: bool) -> &'static str {
    match given {
        true => "it does not accept the credentials in its URL: correct them",
        false => "it wants credentials: write them into its URL, as in `http://user:password@host:port`",
    }
}
