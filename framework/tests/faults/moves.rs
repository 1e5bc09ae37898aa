//! Servers that restart, move, or change their certificate while clients are connected.

use crate::server::Server;
use crate::stage::{Log, Missing, Stage, hasty, until, within};
use bristle::{Tls, WebSocketClient};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_under_load_gets_everything_in_order() {
    let mut stage = Stage::set([]).await;
    stage.opened(1).await;
    for restart in 1..=5 {
        stage.send(200, 500).await;
        within(stage.server.hears(stage.sent() - 100)).await;
        stage.server.kill().await;
        stage.send(200, 500).await;
        stage.closed(restart - 1).await;
        stage.server.come_back().await;
        stage.opened(restart + 1).await;
    }
    assert_eq!((stage.log.count("connection lost"), stage.log.count("connected again")), (5, 5));
    stage.strike(Missing::OnTheWay).await;
}

#[tokio::test]
async fn a_server_that_moves_is_followed_where_each_attempt_asks_for_the_address() {
    let told = watch::Sender::new(None::<SocketAddr>);
    let asked = told.subscribe();
    let mut stage = Stage::set_with([], |builder| {
        builder.before_connect(move |request| {
            let now = *asked.borrow();
            async move {
                Ok(match now {
                    Some(address) => request.with_url(format!("ws://{address}/")),
                    None => request,
                })
            }
        })
    })
    .await;
    stage.opened(1).await;
    stage.send(100, 50).await;
    within(stage.server.hears(99)).await;
    for step in 1..4 {
        stage.server.kill().await;
        stage.closed(step - 1).await;
        let host = format!("127.0.0.{}:0", step + 1);
        let free = TcpListener::bind(host).await.expect("loopback has many addresses").local_addr().expect("bound");
        stage.server.come_back_at(free).await;
        told.send_replace(Some(free));
        stage.send(100, 50).await;
        stage.opened(step + 1).await;
        within(stage.server.hears(stage.sent() - 1)).await;
    }
    stage.strike(Missing::OnTheWay).await;
}

/// Whether a certificate is valid today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validity {
    Valid,
    Expired,
}

#[tokio::test]
async fn a_certificate_that_expires_between_attempts_is_told_and_its_renewal_ends_the_outage() {
    let log = Log::start();
    let mut params = CertificateParams::new([]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("random")).expect("a CA");
    let acceptor = |validity| {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        if validity == Validity::Expired {
            (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        }
        let key = KeyPair::generate().expect("random");
        let certificate = params.signed_by(&key, &ca).expect("signed").pem();
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("our own")];
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("our own");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(chain, key);
        TlsAcceptor::from(Arc::new(config.expect("they go together")))
    };
    let server = Server::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let certificate = watch::Sender::new(acceptor(Validity::Valid));
    let mut front = JoinSet::new();
    front.spawn(serve_tls(listener, certificate.subscribe(), server.address()));

    let client = WebSocketClient::builder(format!("wss://localhost:{port}/"))
        .tls(Tls::new().ca_pem(ca.pem()))
        .reconnect(hasty())
        .build()
        .expect("a good client");
    within(client.connect()).await.expect("the certificate is valid");
    client.send("0").await.expect("open");
    within(server.hears(0)).await;

    // The certificate is replaced for the next connection, and this one is cut.
    certificate.send_replace(acceptor(Validity::Expired));
    server.kill().await;
    server.come_back().await;
    until("the client has noticed", || !client.is_connected()).await;
    for number in 1..100 {
        client.send(number.to_string()).await.expect("kept");
    }
    let mut watch = client.watch();
    within(async {
        while !matches!(watch.state(), bristle::ConnectionState::Waiting { attempt: 3.., .. }) {
            watch.changed().await;
        }
    })
    .await;
    let reason = within(client.reconnect()).await.expect_err("it has expired");
    let bristle::ConnectError::Tls { source, .. } = &reason else { panic!("not TLS's error: {reason:?}") };
    assert!(source.to_string().contains("expired"), "{source}");
    assert_eq!(log.count("connected again"), 0);

    certificate.send_replace(acceptor(Validity::Valid));
    within(client.ready()).await.expect("the trying goes on");
    within(server.hears(99)).await;
    assert_eq!((log.count("connection lost"), log.count("connected again")), (1, 1));
    let heard = server.heard();
    let last: Vec<u64> = heard.last().expect("a connection").clone();
    assert_eq!(last.last(), Some(&99));
    assert!(heard.concat().is_sorted_by(|a, b| a < b), "{heard:?}");
    within(client.close()).await;
}

/// Passes on what comes over TLS, with the certificate that is valid when a connection comes.
async fn serve_tls(listener: TcpListener, certificate: watch::Receiver<TlsAcceptor>, server: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("loopback accepts");
        let acceptor = certificate.borrow().clone();
        connections.spawn(async move {
            // A client that does not like the certificate leaves.
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let Ok(mut upstream) = TcpStream::connect(server).await else { return };
            let _ = copy_bidirectional(&mut stream, &mut upstream).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
