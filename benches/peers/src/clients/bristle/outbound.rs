//! The outbound flood: one task or several that send through one client.

use super::super::Task;
use super::super::raw::SIZE;
use crate::tally::{Report, Stopwatch};
use bristle::prelude::*;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// After how many messages a task looks at the clock.
const STRIDE: u64 = 256;

#[derive(Clone, Copy)]
enum Way {
    Send,
    TrySend,
    Deliver,
}

/// Sends for as long as the task says, from as many tasks as the variant says (`send-16`); then closes, which sends what
/// waits.
pub(super) async fn flood(variant: &str, task: Task) -> Report {
    let (way, tasks) = variant.rsplit_once('-').expect("a way and a number of tasks");
    let way = match way {
        "send" => Way::Send,
        "try_send" => Way::TrySend,
        "deliver" => Way::Deliver,
        _ => panic!("bristle has no way `{way}` to send"),
    };
    let client = WebSocketClient::builder(task.url()).without_reconnect().build().expect("a good client");
    client.connect().await.expect("the load generator accepts");
    let watch = Stopwatch::start();
    let mut senders: JoinSet<u64> = JoinSet::new();
    for _ in 0..tasks.parse::<usize>().expect("a number of tasks") {
        let client = client.clone();
        let end = Instant::now() + Duration::from_secs_f64(task.seconds);
        senders.spawn(async move {
            let (message, mut sent): (_, u64) = (Message::binary(vec![b'x'; SIZE]), 0);
            while !sent.is_multiple_of(STRIDE) || Instant::now() < end {
                sent += u64::from(one(&client, way, message.clone()).await);
            }
            sent
        });
    }
    let sent = senders.join_all().await.into_iter().sum();
    client.close().await;
    watch.report(sent)
}

/// Whether the message was taken: `try_send` says no while the outbox is full.
async fn one(client: &WebSocketClient, way: Way, message: Message) -> bool {
    match way {
        Way::Send => client.send(message).await.expect("the connection holds"),
        Way::Deliver => client.deliver(message).await.expect("the connection holds"),
        Way::TrySend => {
            if client.try_send(message).is_err() {
                tokio::task::yield_now().await;
                return false;
            }
        }
    }
    true
}
