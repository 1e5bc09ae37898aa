//! The smallest plugin: an endpoint that sends every message back.

use bristle::prelude::*;
use serde::Deserialize;

/// `[plugins.echo]`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EchoConfig {
    /// What every peer is sent when it connects; nothing by default.
    welcome: Option<String>,
}

/// Whoever connects here hears itself.
#[endpoint("/echo")]
pub static ECHO: OnceCell<Endpoint> = OnceCell::new();

#[on_open(ECHO)]
async fn welcome(Config(config): Config<EchoConfig>, connection: Connection) -> Option<String> {
    info!(connection = %connection.id(), peer = ?connection.handshake().peer, "a peer connected");
    config.welcome.clone()
}

#[on_message(ECHO)]
async fn echo(message: Message) -> Message {
    message
}

#[on_close(ECHO)]
async fn left(close: Close, connection: Connection) {
    info!(connection = %connection.id(), %close, "a peer left");
}

#[cfg(test)]
mod tests {
    use super::*;
    use bristle::{Registry, Runtime, WebSocketClient, settings::Settings};
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn a_peer_is_welcomed_and_hears_itself() -> Result<()> {
        let config = "node.listen = '127.0.0.1:0'\nplugins.echo.welcome = 'hello, whoever you are'";
        let settings = Settings::new().toml("test.toml", config)?;
        let running = Runtime::builder().settings(settings).registry(Registry::linked()).build()?.launch().await?;

        let (sender, mut received) = mpsc::channel(4);
        let client = WebSocketClient::builder(format!("ws://{}/echo", running.addresses()[0]))
            .on_message(move |message: Message| {
                let sender = sender.clone();
                async move { sender.send(message).await }
            })
            .build()?;
        client.connect().await?;
        client.send("text").await?;
        client.send(vec![0, 255]).await?;
        for expected in [Message::text("hello, whoever you are"), Message::text("text"), Message::binary(vec![0, 255])]
        {
            assert_eq!(received.recv().await, Some(expected));
        }
        client.close().await;
        running.stop().await?;
        Ok(())
    }

    #[tokio::test]
    async fn a_handler_is_a_function_that_a_test_can_call() {
        assert_eq!(echo(Message::text("x")).await, Message::text("x"));
    }
}
