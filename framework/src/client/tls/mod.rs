//! TLS by rustls, with the platform's roots, loaded once for the process.

use super::ConnectError;
use super::address::Address;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tracing::warn;

/// Does the TLS handshake; the certificate must be the host's and signed by a root that the platform trusts.
pub(crate) async fn connect(stream: TcpStream, address: &Address) -> Result<TlsStream<TcpStream>, ConnectError> {
    let failed = |source| ConnectError::Tls { host: address.host.clone(), source: Arc::new(source) };
    let name = ServerName::try_from(address.host.clone()).map_err(|error| failed(io::Error::other(error)))?;
    TlsConnector::from(config()).connect(name, stream).await.map_err(failed)
}

fn config() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let loaded = rustls_native_certs::load_native_certs();
            for error in &loaded.errors {
                warn!(%error, "a root certificate of the platform could not be read");
            }
            let mut roots = RootCertStore::empty();
            let (added, _) = roots.add_parsable_certificates(loaded.certs);
            if added == 0 {
                warn!(
                    "the platform has no root certificates: every `wss` connection will fail. Install `ca-certificates`"
                );
            }
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("ring has the default protocol versions")
                .with_root_certificates(roots)
                .with_no_client_auth();
            Arc::new(config)
        })
        .clone()
}
