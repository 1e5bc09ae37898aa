//! Every attribute with every option compiles, or an author could not use what the documentation shows.

use bristle::prelude::*;

#[client(
    url = "wss://example.org/feed?version=2",
    headers = [("Authorization", "Bearer x"), ("X-Id", "1")],
    subprotocols = ["feed.v2", "feed.v1"],
    require_subprotocol = true,
    required = true,
    reconnect = false,
    while_down = "fail",
    keepalive = true,
    ping_after = "20s",
    lost_after = "20s",
    control_frames = true,
    connect_timeout = "10s",
    proxy = "http://proxy:3128",
    max_redirects = 3,
    tcp_keepalive = "60s",
    max_head_size = 65_536,
    max_headers = 128,
    close_timeout = "5s",
    max_message_size = 1_048_576,
    max_frame_size = 65_536,
    max_fragments = 64,
    compression = true,
    inbox_messages = 256,
    inbox_bytes = 4_194_304,
    outbox_messages = 256,
    outbox_bytes = 4_194_304
)]
static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[endpoint(
    "/chat/{room}",
    subprotocols = ["chat"],
    origins = ["https://example.com"],
    keepalive = true,
    ping_after = "20s",
    lost_after = "20s",
    control_frames = false,
    close_timeout = "500ms",
    max_connections = 100,
    max_message_size = 1_024,
    max_frame_size = 1_024,
    max_fragments = 16,
    compression = true,
    inbox_messages = 1,
    inbox_bytes = 1_024,
    outbox_messages = 1,
    outbox_bytes = 1_024
)]
static CHAT: OnceCell<Endpoint> = OnceCell::new();

#[init]
async fn first() {}

#[init(order = -1, after = [first, self::first], timeout = "1m", on_failure = "retry")]
async fn second(plugin: Plugin) -> Result<()> {
    drop(plugin);
    Ok(())
}

#[shutdown(timeout = "5s")]
async fn last() -> Result<()> {
    Ok(())
}

#[on_open(CLIENT, priority = 1)]
async fn opened(connection: Connection) -> &'static str {
    drop(connection);
    "hello"
}

#[on_message(CHAT, priority = -10)]
async fn said(message: Message, plugin: Plugin) -> Option<Message> {
    drop(plugin);
    Some(message)
}

#[on_close(CLIENT)]
async fn closed(close: Close) {
    drop(close);
}

#[on_error(CHAT)]
async fn failed(error: HandlerError) -> String {
    error.to_string()
}

#[on_error]
async fn failed_anywhere() {}

#[route(GET, "/hello")]
async fn hello() -> &'static str {
    "hello"
}

#[route(POST, "/files/{*path}")]
async fn store(body: String) -> String {
    body
}

fn main() {}
