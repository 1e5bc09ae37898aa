//! The relay between two servers that the test plays.

use bristle::prelude::*;
use bristle::testing::Peer;
use bristle::{LaunchError, Registry, Running, Runtime, settings::Settings};

async fn launch(config: &str) -> Result<Running, LaunchError> {
    let settings = Settings::new().toml("test.toml", config).expect("good TOML");
    Runtime::builder().settings(settings).registry(Registry::linked()).build()?.launch().await
}

#[tokio::test]
async fn a_side_alone_is_told_to_name_the_other() {
    let error = launch("plugins.relay.left = 'ws://127.0.0.1:1/'").await.map(|_| ()).expect_err("one side is missing");
    assert!(error.to_string().contains("set `right`, too"), "{error}");
}

#[tokio::test]
async fn each_direction_passes_its_filter_in_order_also_after_a_reconnect() -> Result<()> {
    let (left, right) = (Peer::bind().await?, Peer::bind().await?);
    let config = format!(
        "[plugins.relay]\nleft = '{}'\nright = '{}'\nleft_to_right = {{ without = ['secret'] }}\n\
         right_to_left = {{ only = 'binary' }}\n[plugins.relay.clients.LEFT]\nheaders = {{ X-Token = 'abc' }}",
        left.url("/feed"),
        right.url("/node")
    );
    let running = launch(&config).await?;
    let (feed, node) = tokio::join!(left.accept(), right.accept());
    let (mut feed, mut node) = (feed?, node?);
    assert_eq!(feed.headers()["x-token"], "abc");

    for message in ["1", "a secret", "2"] {
        feed.send(message).await?;
    }
    assert_eq!(node.receive().await, Some(Message::text("1")));
    assert_eq!(node.receive().await, Some(Message::text("2")));
    node.send("dropped").await?;
    node.send(vec![1, 2]).await?;
    assert_eq!(feed.receive().await, Some(Message::binary(vec![1, 2])));

    node.vanish();
    let mut node = right.accept().await?;
    feed.send("3").await?;
    assert_eq!(node.receive().await, Some(Message::text("3")));
    let (stopped, ..) = tokio::join!(running.stop(), feed.ended(), node.ended());
    Ok(stopped?)
}
