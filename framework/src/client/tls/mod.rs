//! TLS by rustls: what a client can be told of it, and the handshake.

mod config;
mod error;

use super::address::Address;
use super::reach::Reach;
use super::{BuildError, ConnectError};
use crate::client::surroundings::ReadFile;
pub use error::TlsError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// How a client does TLS, where the platform's roots are not enough: a CA of your own, a client certificate.
///
/// The certificate must always be the server's and signed by somebody who is trusted. There is no way to switch that
/// off: a self-signed certificate is given as [`ca_pem`](Self::ca_pem).
///
/// ```
/// use bristle::{Tls, WebSocketClient};
///
/// # fn client(ca: Vec<u8>, certificate: Vec<u8>, key: Vec<u8>) -> Result<WebSocketClient, bristle::BuildError> {
/// WebSocketClient::builder("wss://10.0.0.5/feed")
///     .tls(Tls::new().ca_pem(ca).client_certificate_pem(certificate, key).server_name("feed.internal"))
///     .build()
/// # }
/// ```
#[derive(Clone)]
#[must_use = "it does nothing until it is given to a builder"]
pub struct Tls {
    pub(crate) ca: Option<Pem>,
    pub(crate) certificate: Option<Pem>,
    pub(crate) key: Option<Pem>,
    pub(crate) platform_roots: bool,
    pub(crate) server_name: Option<String>,
}

/// A PEM text, or the file that it is in.
#[derive(Clone)]
pub(crate) enum Pem {
    Text(Vec<u8>),
    File(PathBuf),
}

impl Default for Tls {
    fn default() -> Self {
        Self { ca: None, certificate: None, key: None, platform_roots: true, server_name: None }
    }
}

impl Tls {
    /// The platform's roots, and no client certificate: what counts where nothing is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificates, too: of one CA or several, or a server's self-signed one. In PEM.
    pub fn ca_pem(mut self, certificates: impl Into<Vec<u8>>) -> Self {
        self.ca = Some(Pem::Text(certificates.into()));
        self
    }

    /// Shows this certificate to a server that asks for one: the chain, our own first, and its private key. In PEM.
    pub fn client_certificate_pem(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some(Pem::Text(chain.into()));
        self.key = Some(Pem::Text(key.into()));
        self
    }

    /// Whether the platform's roots are trusted. `true`; with `false` only [`ca_pem`](Self::ca_pem) is.
    pub fn platform_roots(mut self, trusted: bool) -> Self {
        self.platform_roots = trusted;
        self
    }

    /// Asks for this name (SNI) and expects it in the certificate, instead of the URL's host: for servers that are
    /// reached by an address of another name.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Reads and checks everything.
    pub(crate) fn check(&self, files: Option<&ReadFile>) -> Result<CheckedTls, BuildError> {
        let server_name = self.server_name.clone().map(|name| {
            let invalid = || BuildError::Tls { reason: format!("`server_name = {name:?}` is no host's name") };
            ServerName::try_from(name.clone()).map_err(|_| invalid())
        });
        let (config, proxies) = config::own(self, files)?.unzip();
        Ok(CheckedTls { config, proxies, server_name: server_name.transpose()? })
    }
}

/// A key is a secret, and so is what else may stand beside it.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

/// What every handshake of a client goes by.
#[derive(Clone, Default)]
pub(crate) struct CheckedTls {
    /// `None` for what all clients share that were told nothing.
    config: Option<Arc<ClientConfig>>,
    /// For proxies: it trusts the same roots, and shows nobody a client certificate, which is for the server.
    proxies: Option<Arc<ClientConfig>>,
    /// Instead of the URL's host.
    pub(crate) server_name: Option<ServerName<'static>>,
}

impl fmt::Debug for CheckedTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

/// Does the TLS handshake with a server.
pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    address: &Address,
    reach: &Reach,
) -> Result<TlsStream<S>, ConnectError> {
    handshake(stream, &address.host, reach.tls.server_name.clone(), reach.tls.config.clone()).await
}

/// Does the TLS handshake with a proxy.
pub(crate) async fn connect_proxy<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    reach: &Reach,
) -> Result<TlsStream<S>, ConnectError> {
    handshake(stream, host, None, reach.tls.proxies.clone()).await
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    name: Option<ServerName<'static>>,
    config: Option<Arc<ClientConfig>>,
) -> Result<TlsStream<S>, ConnectError> {
    let failed = |source| ConnectError::Tls { host: host.to_owned(), source: Arc::new(source) };
    let name = match name {
        Some(name) => name,
        None => ServerName::try_from(host.to_owned()).map_err(|_| failed(TlsError::Name(host.to_owned())))?,
    };
    let config = config.unwrap_or_else(config::shared);
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| failed(TlsError::of(error)))
}
