//! An echo client for the Autobahn TestSuite's fuzzing server: `autobahn_client ws://127.0.0.1:9001 AGENT`, for `wss` with
//! the PEM file of the CA behind it.

use bristle::{Close, Compression, Message, Tls, WebSocketClient, WebSocketClientBuilder};
use std::process::ExitCode;
use tokio::sync::mpsc;

/// Autobahn's largest messages have 16 MiB; the client's own default would do, too.
const MAX_MESSAGE_SIZE: usize = 64 * 1024 * 1024;

/// Its cases 9.3.1 and 9.4.1 come in 65,536 fragments, four times what a client takes by default.
const MAX_FRAGMENTS: usize = 100_000;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [url, agent] => run(&Server { url, ca: None }, agent).await,
        [url, agent, ca] => match std::fs::read(ca) {
            Ok(pem) => run(&Server { url, ca: Some(pem) }, agent).await,
            Err(error) => Err(error.into()),
        },
        _ => {
            eprintln!("usage: autobahn_client URL AGENT [CA]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Where the suite is, and whom its certificate is from.
struct Server<'a> {
    url: &'a str,
    ca: Option<Vec<u8>>,
}

impl Server<'_> {
    fn builder(&self, resource: &str) -> WebSocketClientBuilder {
        let builder = WebSocketClient::builder(format!("{}{resource}", self.url));
        match &self.ca {
            Some(pem) => builder.tls(Tls::new().ca_pem(pem.clone())),
            None => builder,
        }
    }
}

async fn run(server: &Server<'_>, agent: &str) -> bristle::Result<()> {
    let (sender, mut counts) = mpsc::channel(1);
    let builder = server.builder("/getCaseCount").on_message(move |message: Message| {
        let sender = sender.clone();
        async move { sender.send(message).await }
    });
    until_closed(builder).await?;
    let count = counts.recv().await.and_then(|message| message.as_text()?.parse().ok()).unwrap_or(0);
    for case in 1..=count {
        let builder = server
            .builder(&format!("/runCase?case={case}&agent={agent}"))
            .compression(Some(Compression::default()))
            .max_message_size(MAX_MESSAGE_SIZE)
            .max_fragments(MAX_FRAGMENTS)
            .on_message(|message: Message, client: WebSocketClient| async move { client.send(message).await });
        until_closed(builder).await?;
    }
    until_closed(server.builder(&format!("/updateReports?agent={agent}"))).await
}

/// Connects, and waits until the server has had enough.
async fn until_closed(builder: WebSocketClientBuilder) -> bristle::Result<()> {
    let (sender, mut closed) = mpsc::channel(1);
    let builder = builder.without_reconnect().on_close(move |_: Close| {
        let _ = sender.try_send(());
        async {}
    });
    let client = builder.build()?;
    client.connect().await?;
    closed.recv().await;
    Ok(())
}
