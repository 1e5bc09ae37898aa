//! The binary as the server: killed under load, and started again where it was.

use crate::host::{Host, within};
use bristle::{Message, Reconnect, WebSocketClient};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

#[tokio::test]
async fn a_host_that_is_killed_under_load_and_started_again_is_found_again_with_what_was_held() {
    let host = Host::start("node.listen = '127.0.0.1:0'\nplugins.greeter.enabled = false");
    let address = host.listens().await;
    let toml = format!("node.listen = '{address}'\nplugins.greeter.enabled = false");
    let echoes = Arc::new(watch::Sender::new(Vec::<u64>::new()));
    let mut policy = Reconnect::default();
    (policy.min, policy.max) = (Duration::from_millis(1), Duration::from_millis(1));
    let into = echoes.clone();
    let client = WebSocketClient::builder(format!("ws://{address}/echo"))
        .reconnect(policy)
        .on_message(move |message: Message| {
            into.send_modify(|echoes| echoes.push(message.as_text().and_then(|text| text.parse().ok()).expect("ours")));
            async {}
        })
        .build()
        .expect("a good client");
    client.start().await;

    let (mut host, mut sent, mut seen) = (Some(host), 0, echoes.subscribe());
    for restart in 1..=3 {
        let enough = sent + 200;
        while sent < enough + 200 {
            client.send(sent.to_string()).await.expect("kept");
            sent += 1;
        }
        within(seen.wait_for(|echoes| echoes.last().is_some_and(|last| *last >= enough))).await.expect("it is ours");
        host.take().expect("it runs").kill();
        for _ in 0..100 {
            client.send(sent.to_string()).await.expect("kept while there is no host");
            sent += 1;
        }
        host = Some(Host::start(&toml));
        let mut state = client.watch();
        within(async {
            while client.stats().reconnects < restart {
                state.changed().await;
            }
        })
        .await;
    }
    client.send(sent.to_string()).await.expect("open");
    within(seen.wait_for(|echoes| echoes.last() == Some(&sent))).await.expect("it is ours");
    assert!(echoes.borrow().is_sorted_by(|a, b| a < b), "an echo came twice or late: {:?}", echoes.borrow());
    within(client.close()).await;
    let stats = client.stats();
    assert_eq!((stats.written + stats.lost, stats.queued), (sent + 1, 0), "{stats:?}");
    within(host.take().expect("it runs").stop()).await;
}
