//! An echo endpoint for the Autobahn TestSuite's fuzzing client: `autobahn_endpoint 127.0.0.1:9001`, and with
//! `127.0.0.1:9002 CERTIFICATE KEY` behind it (PEM files) over TLS, too. A node speaks none itself: as in production,
//! something in front of it does.

use bristle::prelude::*;
use bristle::settings::Settings;
use bristle::{Registry, Runtime};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// The suite opens one connection after the other; this many may still be closing.
const MAX_CONNECTIONS: usize = 64;

// Cases 9.3.1 and 9.4.1 come in 65,536 fragments, four times what an endpoint takes by default; other cases of section 9
// have 16 MiB, an endpoint's default.
#[endpoint("/", compression = true, max_fragments = 100_000)]
static ECHO: OnceCell<Endpoint> = OnceCell::new();

#[on_message(ECHO)]
async fn echo(message: Message) -> Message {
    message
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let served = match arguments.as_slice() {
        [plain] => serve(plain, None).await,
        [plain, tls, certificate, key] => serve(plain, Some((tls, certificate, key))).await,
        _ => {
            eprintln!("usage: autobahn_endpoint ADDRESS [TLS_ADDRESS CERTIFICATE KEY]");
            return ExitCode::from(2);
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(plain: &str, tls: Option<(&str, &str, &str)>) -> Result<()> {
    let settings = Settings::new().toml("the command line", &format!("node.listen = '{plain}'"))?;
    let runtime = Runtime::builder().settings(settings).registry(Registry::linked()).build()?;
    let _running = runtime.launch().await?;
    match tls {
        Some((address, certificate, key)) => forward(address, acceptor(certificate, key)?, plain).await,
        None => std::future::pending().await,
    }
}

fn acceptor(certificate: &str, key: &str) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Takes TLS off, and hands what is inside to the node.
async fn forward(address: &str, acceptor: TlsAcceptor, node: &str) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    let mut connections = JoinSet::new();
    loop {
        let (outside, _) = listener.accept().await?;
        outside.set_nodelay(true)?;
        while connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        let (acceptor, node) = (acceptor.clone(), node.to_owned());
        connections.spawn(async move {
            let mut outside = acceptor.accept(outside).await?;
            let mut inside = TcpStream::connect(node).await?;
            inside.set_nodelay(true)?;
            copy_bidirectional(&mut outside, &mut inside).await
        });
    }
}
