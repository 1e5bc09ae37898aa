//! Joins two WebSocket servers: what one sends goes to the other, each direction through a filter.
//!
//! It does nothing until both sides are configured.

mod filter;

use bristle::prelude::*;
use filter::Filter;
use serde::Deserialize;
use std::sync::Arc;

/// `[plugins.relay]`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RelayConfig {
    /// The URL of one side. More of it, as headers, below `[plugins.relay.clients.LEFT]`.
    left: Option<String>,
    /// The URL of the other side. More of it below `[plugins.relay.clients.RIGHT]`.
    right: Option<String>,
    /// What passes from left to right; everything by default.
    left_to_right: Filter,
    /// What passes from right to left; everything by default.
    right_to_left: Filter,
}

/// The side that is configured as `left`.
pub static LEFT: OnceCell<WebSocketClient> = OnceCell::new();

/// The side that is configured as `right`.
pub static RIGHT: OnceCell<WebSocketClient> = OnceCell::new();

#[init]
async fn join(plugin: Plugin, Config(config): Config<RelayConfig>) -> Result<()> {
    let (left, right) = match (&config.left, &config.right) {
        (Some(left), Some(right)) => (left, right),
        (None, None) => {
            debug!("nothing to relay: `left` and `right` of [plugins.relay] are not set");
            return Ok(());
        }
        (Some(_), None) => return Err(Error::msg("`left` of [plugins.relay] is set: set `right`, too")),
        (None, Some(_)) => return Err(Error::msg("`right` of [plugins.relay] is set: set `left`, too")),
    };
    let left = side(&plugin, "LEFT", left, &RIGHT, config.left_to_right.clone())?;
    let right = side(&plugin, "RIGHT", right, &LEFT, config.right_to_left.clone())?;
    LEFT.set(left.clone())?;
    RIGHT.set(right.clone())?;
    left.start().await;
    right.start().await;
    Ok(())
}

/// One side. Sending waits while the other side's outbox is full, and a side that waits is not read: TCP slows whoever
/// sends more than the other takes, and nothing is lost.
fn side(
    plugin: &Plugin,
    name: &str,
    url: &str,
    other: &'static OnceCell<WebSocketClient>,
    filter: Filter,
) -> Result<WebSocketClient> {
    let filter = Arc::new(filter);
    let client = plugin.websocket_client(url).name(name).on_message(move |message: Message| {
        let passed = filter.passes(&message).then_some(message);
        async move {
            let (Some(message), Some(other)) = (passed, other.get()) else { return Ok(()) };
            other.send(message.detach()).await
        }
    });
    Ok(client.build()?)
}

#[cfg(test)]
mod tests;
