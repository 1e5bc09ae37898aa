//! Greets a server and shows what it answers: the example of the documentation.

use bristle::prelude::*;
use serde::Deserialize;
use std::time::Duration;

/// `[plugins.greeter]`
#[derive(Debug, Deserialize)]
#[serde(default)]
struct GreeterConfig {
    /// What it says.
    greeting: String,
    /// How often it says it again, as `"10s"`.
    #[serde(with = "bristle::settings::duration")]
    every: Duration,
}

impl Default for GreeterConfig {
    fn default() -> Self {
        Self { greeting: "hello".to_owned(), every: Duration::from_secs(10) }
    }
}

/// Connects to the echo endpoint of this very host, unless the configuration says where else.
#[client(url = "ws://127.0.0.1:20001/echo")]
pub static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

/// Runs on every connection, also after a reconnect: what it returns is sent.
#[on_open(CLIENT)]
async fn greet(Config(config): Config<GreeterConfig>, client: WebSocketClient) -> String {
    info!("greeter says to {}: {}", client.url(), config.greeting);
    config.greeting.clone()
}

#[on_message(CLIENT)]
async fn answered(message: Message) {
    info!("the server answers: {message}");
}

#[on_close(CLIENT)]
async fn closed(close: Close) {
    info!("the conversation is over: {close}");
}

#[init]
async fn keep_talking(plugin: Plugin, Config(config): Config<GreeterConfig>) {
    plugin.spawn(async move {
        let mut pause = tokio::time::interval(config.every);
        // The first greeting is `greet`'s.
        pause.tick().await;
        for count in 2_u64.. {
            pause.tick().await;
            let Some(client) = CLIENT.get().filter(|client| client.is_connected()) else { continue };
            let again = format!("{} ({count})", config.greeting);
            info!("greeter says: {again}");
            if let Err(error) = client.send(again).await {
                warn!(%error, "the greeting was not sent");
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use bristle::testing::Peer;
    use bristle::{Registry, Runtime, settings::Settings};

    #[tokio::test]
    async fn the_configured_server_is_greeted_on_every_connection_and_again_after_a_while() -> Result<()> {
        let peer = Peer::bind().await?;
        let config = format!(
            "plugins.greeter = {{ greeting = 'good day', every = '50ms', clients.CLIENT.url = '{}' }}",
            peer.url("/any/path")
        );
        let settings = Settings::new().toml("test.toml", &config)?;
        let running = Runtime::builder().settings(settings).registry(Registry::linked()).build()?.launch().await?;

        let mut server = peer.accept().await?;
        assert_eq!(server.resource(), "/any/path");
        assert_eq!(server.receive().await, Some(Message::text("good day")));
        let again = server.receive().await.and_then(|message| message.into_text().ok());
        assert!(again.is_some_and(|text| text.starts_with("good day (")));
        server.vanish();
        let mut server = peer.accept().await?;
        assert_eq!(server.receive().await, Some(Message::text("good day")));
        let (stopped, close) = tokio::join!(running.stop(), server.ended());
        stopped?;
        assert_eq!(close.code, 1001);
        Ok(())
    }
}
