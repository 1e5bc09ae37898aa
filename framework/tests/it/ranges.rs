//! What a user is told whose number makes no sense: before anything runs, with the place, the value and the range.

use crate::support::{launch_error, runtime};
use bristle::{BuildError, Keepalive, Reconnect, WebSocketClient, WebSocketClientBuilder};
use std::time::Duration;

mod declared {
    use bristle::prelude::*;

    #[client(url = "ws://127.0.0.1:1/")]
    static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

    #[client(url = "ws://127.0.0.1:1/", tcp_keepalive = "10ms")]
    static QUICK: OnceCell<WebSocketClient> = OnceCell::new();

    #[endpoint("/chat")]
    static CHAT: OnceCell<Endpoint> = OnceCell::new();
}

/// Taken in silence, each of them makes a program that does nothing, or one that does it all at once.
#[tokio::test]
async fn every_number_out_of_range_is_told_at_once_with_its_place_and_its_range() {
    let toml = "[node]\nmax_connections = 0\nheader_timeout = '0s'\nbody_timeout = '2d'\nmax_body_size = 0\n\
                [runtime]\nshutdown_grace = '0ms'\nmax_clients = 0\n\
                [plugins.bristle]\nmax_clients = 99_999_999\n\
                [plugins.bristle.clients.CLIENT]\nconnect_timeout = '0s'\nping_after = '9000d'\ninbox_messages = 0\n\
                outbox_bytes = 9_000_000_000\nreconnect = { min = '0s', slow_min = '10m' }\n\
                [plugins.bristle.endpoints.CHAT]\nmax_connections = 0\norigins = ['example.com']\nmax_fragments = 0";
    let error = match runtime(concat!(module_path!(), "::declared"), toml) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("`bristle check` says that all is well"),
    };
    for expected in [
        "test.toml:2: node.max_connections: `0` is out of range: write a value from 1 to 16777216",
        "test.toml:3: node.header_timeout: `0s` is out of range: write a value from 1ms to 1d",
        "test.toml:4: node.body_timeout: `2d` is out of range: write a value from 1ms to 1d",
        "test.toml:5: node.max_body_size: `0` is out of range: write a value from 1 to 4294967295",
        "test.toml:7: runtime.shutdown_grace: `0s` is out of range",
        "test.toml:8: runtime.max_clients: `0` is out of range",
        "test.toml:10: plugins.bristle.max_clients: `99999999` is out of range",
        "test.toml:12: plugins.bristle.clients.CLIENT.connect_timeout: `0s` is out of range",
        "test.toml:13: plugins.bristle.clients.CLIENT.ping_after: `9000d` is out of range",
        "test.toml:14: plugins.bristle.clients.CLIENT.inbox_messages: `0` is out of range",
        "test.toml:15: plugins.bristle.clients.CLIENT.outbox_bytes: `9000000000` is out of range",
        "test.toml:16: plugins.bristle.clients.CLIENT.reconnect.min: `0s` is out of range",
        "CLIENT.reconnect.slow_min: `10m` is out of range: write a value of at most `reconnect.slow_max`, which is 5m",
        "attribute: plugins.bristle.clients.QUICK.tcp_keepalive: `10ms` is out of range: write a value from 1s to",
        "test.toml:18: plugins.bristle.endpoints.CHAT.max_connections: `0` is out of range",
        "test.toml:19: plugins.bristle.endpoints.CHAT.origins: `example.com` is no origin",
        "test.toml:20: plugins.bristle.endpoints.CHAT.max_fragments: `0` is out of range",
    ] {
        assert!(error.contains(expected), "{expected}\n--- is not in ---\n{error}");
    }
}

#[test]
fn a_builder_that_is_given_such_a_number_says_which() {
    type Change = fn(WebSocketClientBuilder) -> WebSocketClientBuilder;
    let cases: [(&str, Change); 8] = [
        ("connect_timeout", |builder| builder.connect_timeout(Duration::ZERO)),
        ("close_timeout", |builder| builder.close_timeout(Duration::MAX)),
        ("tcp_keepalive", |builder| builder.tcp_keepalive(Some(Duration::from_millis(1)))),
        ("lost_after", |builder| builder.keepalive(Some(Keepalive::new(Duration::from_secs(1), Duration::ZERO)))),
        ("max_message_size", |builder| builder.max_message_size(0)),
        ("inbox_bytes", |builder| builder.inbox(1, 0)),
        ("outbox_messages", |builder| builder.outbox(usize::MAX, 1)),
        ("reconnect.max_attempts", |builder| {
            let mut policy = Reconnect::default();
            policy.max_attempts = Some(0);
            builder.reconnect(policy)
        }),
    ];
    for (name, change) in cases {
        match change(WebSocketClient::builder("ws://127.0.0.1:1/")).build() {
            Err(BuildError::OutOfRange { option, value, range }) => {
                assert_eq!(option, name);
                assert!(!value.is_empty() && range.starts_with("from "), "{option} = {value}: {range}");
            }
            other => panic!("`{name}` was taken: {other:?}"),
        }
    }
}

mod made {
    use bristle::prelude::*;

    #[init]
    async fn make(plugin: Plugin) -> Result<()> {
        plugin.websocket_client("ws://127.0.0.1:1/").name("feed").build()?;
        Ok(())
    }
}

#[tokio::test]
async fn a_client_that_a_hook_makes_is_told_the_line_too() {
    let toml = "[plugins.bristle.clients.feed]\nclose_timeout = '0s'";
    let error = launch_error(concat!(module_path!(), "::made"), toml).await;
    assert!(error.contains("test.toml:2: plugins.bristle.clients.feed.close_timeout: `0s` is out of range"), "{error}");
}
