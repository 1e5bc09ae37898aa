//! rustls' configuration, from what a client was told.

use super::{Pem, Tls};
use crate::client::BuildError;
use crate::client::surroundings::ReadFile;
use crate::target::CLIENT;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tracing::warn;

/// A configuration for servers and one for proxies.
type Pair = (Arc<ClientConfig>, Arc<ClientConfig>);

/// What all clients share that were told nothing.
pub(super) fn shared() -> Arc<ClientConfig> {
    static SHARED: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let make = || Arc::new(begun().with_root_certificates(platform_roots().clone()).with_no_client_auth());
    SHARED.get_or_init(make).clone()
}

/// What one client was told, for servers and for proxies; `None` where that is what is shared.
pub(super) fn own(tls: &Tls, files: Option<&ReadFile>) -> Result<Option<Pair>, BuildError> {
    if tls.ca.is_none() && tls.certificate.is_none() && tls.key.is_none() && tls.platform_roots {
        return Ok(None);
    }
    let mut roots = if tls.platform_roots { platform_roots().clone() } else { RootCertStore::empty() };
    match &tls.ca {
        Some(ca) => {
            for certificate in certificates("ca", ca, files)? {
                roots
                    .add(certificate)
                    .map_err(|error| wrong(format!("`ca` has a certificate that is none: {error}")))?;
            }
        }
        None if !tls.platform_roots => {
            return Err(wrong("nobody is trusted: give `ca`, or leave the platform's roots in".to_owned()));
        }
        None => {}
    }
    let proxies = Arc::new(begun().with_root_certificates(roots.clone()).with_no_client_auth());
    let config = begun().with_root_certificates(roots);
    let config = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            let (chain, key) = (certificates("certificate", certificate, files)?, private_key(key, files)?);
            let mismatch = |error| wrong(format!("`certificate` and `key` do not go together: {error}"));
            config.with_client_auth_cert(chain, key).map_err(mismatch)?
        }
        (None, None) => return Ok(Some((proxies.clone(), proxies))),
        (Some(_), None) => return Err(wrong("`certificate` needs its `key` beside it".to_owned())),
        (None, Some(_)) => return Err(wrong("`key` needs its `certificate` beside it".to_owned())),
    };
    Ok(Some((Arc::new(config), proxies)))
}

fn begun() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions")
}

/// The platform's roots, loaded once for the process.
fn platform_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let loaded = rustls_native_certs::load_native_certs();
        for error in &loaded.errors {
            warn!(target: CLIENT, %error, "a root certificate of the platform could not be read");
        }
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(loaded.certs);
        if added == 0 {
            warn!(
                target: CLIENT,
                "the platform has no root certificates, so that no server of `wss` is trusted without `ca`: install \
                 `ca-certificates`"
            );
        }
        roots
    })
}

fn certificates(option: &str, pem: &Pem, files: Option<&ReadFile>) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let text = text(option, pem, files)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(wrong(format!(
            "`{option}`{} has no certificate in PEM, which begins with `-----BEGIN CERTIFICATE-----`",
            place(pem)
        ))),
    }
}

fn private_key(pem: &Pem, files: Option<&ReadFile>) -> Result<PrivateKeyDer<'static>, BuildError> {
    PrivateKeyDer::from_pem_slice(&text("key", pem, files)?).map_err(|_| {
        wrong(format!(
            "`key`{} has no private key in PEM without a passphrase, which begins with `-----BEGIN PRIVATE KEY-----`",
            place(pem)
        ))
    })
}

fn text<'a>(option: &str, pem: &'a Pem, files: Option<&ReadFile>) -> Result<Cow<'a, [u8]>, BuildError> {
    match (pem, files) {
        (Pem::Text(text), _) => Ok(Cow::Borrowed(text)),
        (Pem::File(path), Some(read)) => read(path).map(Cow::Owned).map_err(|error| {
            wrong(format!("`{option}` names the file `{}`, which cannot be read: {error}", path.display()))
        }),
        (Pem::File(path), None) => Err(wrong(format!(
            "`{option}` names the file `{}`, and nobody here reads files: give the PEM text itself, or a reader to the \
             runtime (`RuntimeBuilder::read_files`)",
            path.display()
        ))),
    }
}

fn place(pem: &Pem) -> String {
    match pem {
        Pem::Text(_) => String::new(),
        Pem::File(path) => format!(" (`{}`)", path.display()),
    }
}

fn wrong(reason: String) -> BuildError {
    BuildError::Tls { reason }
}
