//! Why TLS failed: what rustls says, as sentences with the fix.

use std::io;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Why there is no TLS with a server. "It" is the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate is another host's.
    #[error(
        "its certificate is not for `{name}` but for {}: connect by that name, or say which name to expect with \
         `server_name` of the TLS options", listed(.presented)
    )]
    WrongName {
        /// The name that was connected to.
        name: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The certificate is too old.
    #[error("its certificate expired{}: renew it, or set the clock of this machine", on(.at))]
    Expired {
        /// When.
        at: Option<SystemTime>,
    },
    /// The certificate is too new.
    #[error("its certificate is not valid yet{}: set the clock of this machine, or the server's", on(.at))]
    NotYetValid {
        /// From when on it is.
        at: Option<SystemTime>,
    },
    /// The certificate is signed by nobody who is trusted.
    #[error(
        "its certificate is signed by nobody who is trusted here: if it comes from a CA of your own, give that CA's \
         certificate as `ca` of the TLS options; if it is self-signed, give itself"
    )]
    UnknownIssuer,
    /// The certificate is a CA's, as self-signed ones often are.
    #[error(
        "its certificate is a CA's, as self-signed ones often are, and may not stand for a server: make it with \
         `basicConstraints = CA:FALSE`, and give it, or the CA that signed it, as `ca` of the TLS options"
    )]
    CaCertificate,
    /// The certificate is wrong in another way.
    #[error("its certificate is not valid: {0}")]
    Certificate(String),
    /// The server wants a certificate of ours.
    #[error("it asks for a client certificate: give `certificate` and `key` of the TLS options")]
    ClientCertificateRequired,
    /// The server does not take our certificate.
    #[error("it refused our client certificate ({0}): check that it is for this server and not expired")]
    ClientCertificateRefused(String),
    /// What answered is not TLS.
    #[error("it does not speak TLS at this port: write `ws://` instead of `wss://`, or check the port")]
    NotTls,
    /// The server knows no certificate for the name.
    #[error("it has no certificate for the name that was asked for (SNI): check the URL's host")]
    UnknownName,
    /// The server ended the handshake.
    #[error("it ended the TLS handshake with the alert {0}: have both sides a TLS version (1.2, 1.3) in common?")]
    Alert(String),
    /// The host cannot be asked for by TLS.
    #[error("`{0}` is neither a host's name nor an IP address")]
    Name(String),
    /// The handshake is not valid.
    #[error("the TLS handshake is not valid: {0}")]
    Protocol(String),
    /// The connection broke.
    #[error("the connection broke in the TLS handshake")]
    Io(#[source] io::Error),
}

impl TlsError {
    /// What an I/O error of a TLS stream means.
    pub(crate) fn of(error: io::Error) -> Self {
        match Self::within(&error) {
            Some(error) => error,
            None => Self::Io(error),
        }
    }

    /// What TLS says in an I/O error, if it is TLS that says something.
    pub(crate) fn within(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Error>().map(Self::from_rustls)
    }

    fn from_rustls(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::from_certificate(error),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            Error::AlertReceived(alert) => Self::from_alert(*alert),
            error => Self::Protocol(error.to_string()),
        }
    }

    fn from_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongName { name: shown(expected), presented: presented.iter().map(|name| plain(name)).collect() }
            }
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired { at: Some(time(*not_after)) },
            CertificateError::Expired => Self::Expired { at: None },
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid { at: Some(time(*not_before)) }
            }
            CertificateError::NotValidYet => Self::NotYetValid { at: None },
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            // rustls has no variant for it, and passes on the verifier's own error.
            CertificateError::Other(error) if format!("{error:?}").contains("CaUsedAsEndEntity") => Self::CaCertificate,
            error => Self::Certificate(error.to_string()),
        }
    }

    fn from_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired => Self::ClientCertificateRequired,
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError => Self::ClientCertificateRefused(format!("{alert:?}")),
            AlertDescription::UnrecognisedName => Self::UnknownName,
            alert => Self::Alert(format!("{alert:?}")),
        }
    }
}

fn shown(name: &ServerName<'_>) -> String {
    name.to_str().into_owned()
}

/// rustls hands names out as `DnsName("example.com")`, in the way of its own debug output.
fn plain(name: &str) -> String {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inside.trim_matches('"').to_owned()
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no name at all".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

fn on(at: &Option<SystemTime>) -> String {
    at.map(|at| format!(" ({})", httpdate::fmt_http_date(at))).unwrap_or_default()
}

fn time(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}
