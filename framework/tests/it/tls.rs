//! What a user relies on with `wss`: who is trusted, and a sentence with the fix where somebody is not.

use crate::support::{launch_error, within};
use bristle::testing::accept_key;
use bristle::{BuildError, ConnectError, Tls, TlsError, WebSocketClient};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

pub type Ca = CertifiedIssuer<'static, KeyPair>;

/// A certificate and its key, in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

pub fn ca() -> Ca {
    let mut params = CertificateParams::new([]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ca::self_signed(params, KeyPair::generate().expect("random")).expect("a CA")
}

pub fn issued(ca: &Ca, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    change(&mut params);
    let key = KeyPair::generate().expect("random");
    let certificate = params.signed_by(&key, ca).expect("signed").pem();
    Identity { certificate, key: key.serialize_pem() }
}

fn self_signed(name: &str, is_ca: IsCa) -> Identity {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.is_ca = is_ca;
    let key = KeyPair::generate().expect("random");
    Identity { certificate: params.self_signed(&key).expect("signed").pem(), key: key.serialize_pem() }
}

fn parsed(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("our own")
}

/// A server of TLS; with `clients_of` it takes only clients that show a certificate of that CA.
pub fn acceptor(identity: &Identity, clients_of: Option<&Ca>) -> TlsAcceptor {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.expect("ring has them");
    let builder = match clients_of {
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(parsed(&ca.pem())).expect("our own");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("one root"))
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("our own");
    let config = builder.with_single_cert(vec![parsed(&identity.certificate)], key).expect("they go together");
    TlsAcceptor::from(Arc::new(config))
}

/// One attempt of a client at such a server: its outcome, and the name that it asked for (SNI).
async fn attempt(
    identity: &Identity,
    clients_of: Option<&Ca>,
    host: &str,
    tls: Tls,
) -> (Result<(), ConnectError>, Option<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let client = WebSocketClient::builder(format!("wss://{host}:{port}/")).tls(tls).build().expect("a good client");
    let serve = async {
        let (stream, _) = listener.accept().await.expect("the client connects");
        let mut stream = match acceptor(identity, clients_of).accept(stream).into_fallible().await {
            Ok(stream) => stream,
            Err((_, mut stream)) => {
                // To close with unread bytes would reset the connection, and the alert might be lost.
                let _ = stream.read_to_end(&mut Vec::new()).await;
                return None;
            }
        };
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.unwrap_or_default() == 0 {
                return None;
            }
        }
        let head = String::from_utf8(head).expect("a request");
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: ")).expect("a key");
        let accept = accept_key(key);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.expect("it is open");
        let name = stream.get_ref().1.server_name().map(str::to_owned);
        Some((stream, name))
    };
    let (outcome, served) = within(async { tokio::join!(client.connect(), serve) }).await;
    (outcome, served.and_then(|(_, name)| name))
}

/// Why an attempt failed, with the sentence.
async fn refused(identity: &Identity, clients_of: Option<&Ca>, tls: Tls) -> (Arc<TlsError>, String) {
    match attempt(identity, clients_of, "localhost", tls).await.0 {
        Err(ConnectError::Tls { host, source }) => {
            assert_eq!(host, "localhost");
            (source.clone(), source.to_string())
        }
        other => panic!("not TLS's error: {other:?}"),
    }
}

#[tokio::test]
async fn a_ca_of_ones_own_is_trusted_and_the_host_is_asked_for_by_name() {
    let ca = ca();
    let server = issued(&ca, "localhost", |_| {});
    let (outcome, name) = attempt(&server, None, "localhost", Tls::new().ca_pem(ca.pem())).await;
    outcome.expect("the CA is trusted");
    assert_eq!(name.as_deref(), Some("localhost"));
}

#[tokio::test]
async fn a_server_reached_by_an_address_may_be_expected_by_another_name() {
    let ca = ca();
    let server = issued(&ca, "feed.internal", |_| {});
    let tls = Tls::new().ca_pem(ca.pem()).platform_roots(false).server_name("feed.internal");
    let (outcome, name) = attempt(&server, None, "127.0.0.1", tls).await;
    outcome.expect("the name is in the certificate");
    assert_eq!(name.as_deref(), Some("feed.internal"));
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_given_is_trusted() {
    let server = self_signed("localhost", IsCa::NoCa);
    let (outcome, _) = attempt(&server, None, "localhost", Tls::new().ca_pem(server.certificate.clone())).await;
    outcome.expect("it is trusted");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_told_with_its_names() {
    let ca = ca();
    let server = issued(&ca, "example.com", |_| {});
    let (error, text) = refused(&server, None, Tls::new().ca_pem(ca.pem())).await;
    assert!(matches!(&*error, TlsError::WrongName { presented, .. } if presented == &["example.com"]), "{error:?}");
    assert!(text.starts_with("its certificate is not for `localhost` but for `example.com`: "), "{text}");
    assert!(text.contains("`server_name`"), "{text}");
}

#[tokio::test]
async fn a_certificate_that_is_too_old_or_too_new_is_told_with_its_date() {
    let ca = ca();
    let old = issued(&ca, "localhost", |params| params.not_after = date_time_ymd(2001, 2, 3));
    let (error, text) = refused(&old, None, Tls::new().ca_pem(ca.pem())).await;
    assert!(matches!(&*error, TlsError::Expired { at: Some(_) }), "{error:?}");
    assert!(text.contains("expired (Sat, 03 Feb 2001 00:00:00 GMT): renew it"), "{text}");
    let new = issued(&ca, "localhost", |params| params.not_before = date_time_ymd(2999, 1, 1));
    let (error, text) = refused(&new, None, Tls::new().ca_pem(ca.pem())).await;
    assert!(matches!(&*error, TlsError::NotYetValid { at: Some(_) }), "{error:?}");
    assert!(text.contains("2999") && text.contains("clock"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_nobody_who_is_trusted_is_told_what_to_give() {
    let server = issued(&ca(), "localhost", |_| {});
    let (error, text) = refused(&server, None, Tls::new()).await;
    assert!(matches!(&*error, TlsError::UnknownIssuer), "{error:?}");
    assert!(text.contains("as `ca` of the TLS options"), "{text}");
    let (error, _) = refused(&self_signed("localhost", IsCa::NoCa), None, Tls::new()).await;
    assert!(matches!(&*error, TlsError::UnknownIssuer), "{error:?}");
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_a_cas_is_told_how_to_make_a_right_one() {
    let server = self_signed("localhost", IsCa::Ca(BasicConstraints::Unconstrained));
    let (error, text) = refused(&server, None, Tls::new().ca_pem(server.certificate.clone())).await;
    assert!(matches!(&*error, TlsError::CaCertificate), "{error:?}");
    assert!(text.contains("self-signed") && text.contains("CA:FALSE"), "{text}");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_is_shown_ours_or_says_so() {
    let (ca, stranger) = (ca(), ca());
    let server = issued(&ca, "localhost", |_| {});
    let trusting = || Tls::new().ca_pem(ca.pem());
    let (error, text) = refused(&server, Some(&ca), trusting()).await;
    assert!(matches!(&*error, TlsError::ClientCertificateRequired), "{error:?}");
    assert!(text.contains("`certificate` and `key`"), "{text}");

    let own = issued(&ca, "me", |_| {});
    let (outcome, _) =
        attempt(&server, Some(&ca), "localhost", trusting().client_certificate_pem(own.certificate, own.key)).await;
    outcome.expect("our certificate is of its CA");

    let foreign = issued(&stranger, "me", |_| {});
    let tls = trusting().client_certificate_pem(foreign.certificate, foreign.key);
    let (error, text) = refused(&server, Some(&ca), tls).await;
    assert!(matches!(&*error, TlsError::ClientCertificateRefused(_)), "{error:?}");
    assert!(text.contains("refused our client certificate"), "{text}");
}

#[test]
fn tls_options_that_do_not_fit_say_what_is_wrong_when_the_client_is_built() {
    let wrong = |tls: Tls| match WebSocketClient::builder("wss://localhost/").tls(tls).build() {
        Err(BuildError::Tls { reason }) => reason,
        other => panic!("not an error of TLS: {other:?}"),
    };
    assert!(wrong(Tls::new().ca_pem("nonsense")).contains("`ca` has no certificate in PEM"));
    assert!(wrong(Tls::new().platform_roots(false)).contains("nobody is trusted"));
    assert!(wrong(Tls::new().server_name("two words")).contains("`server_name = \"two words\"`"));
    let (one, two) = (self_signed("a", IsCa::NoCa), self_signed("b", IsCa::NoCa));
    let keyless = wrong(Tls::new().client_certificate_pem(one.certificate.clone(), "nonsense"));
    assert!(keyless.contains("`key` has no private key in PEM"), "{keyless}");
    let mixed = wrong(Tls::new().client_certificate_pem(one.certificate, two.key));
    assert!(mixed.contains("do not go together"), "{mixed}");
}

mod configured {
    use bristle::prelude::*;

    #[client(url = "wss://localhost/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
}

#[tokio::test]
async fn files_that_the_configuration_names_are_read_by_whoever_was_given_the_reading() {
    let toml = "[plugins.bristle.clients.CLIENT]\ntls = { ca = 'ca.pem' }";
    let error = launch_error("it::tls::configured", toml).await;
    assert!(error.contains("`ca.pem`, and nobody here reads files"), "{error}");

    let settings = || {
        let settings = bristle::settings::Settings::new().toml("test.toml", toml).expect("good TOML");
        let registry = bristle::Registry::linked().in_module("it::tls::configured");
        bristle::Runtime::builder().settings(settings).registry(registry)
    };
    let pem = ca().pem();
    let _ = settings()
        .read_files(move |path| {
            assert_eq!(path.to_str(), Some("ca.pem"));
            Ok(pem.clone().into_bytes())
        })
        .build()
        .expect("the CA is one");
    let missing = settings().read_files(|_| Err(std::io::ErrorKind::NotFound.into())).build().expect_err("no file");
    let text = missing.to_string();
    assert!(text.contains("test.toml:2") && text.contains("`ca.pem`, which cannot be read"), "{text}");
}
