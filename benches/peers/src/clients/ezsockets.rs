//! ezsockets: the other framework with handlers, over two unbounded queues each way.

use super::Task;
use super::raw::{BATCH, SIZE};
use crate::tally::{self, Report, Stopwatch};
use crate::work::Work;
use async_trait::async_trait;
use ezsockets::client::ClientCloseMode;
use ezsockets::{Bytes, Client, ClientConfig, ClientExt, CloseFrame, Error, MessageStatus, Utf8Bytes};
use tokio::sync::Notify;

/// What is sent before is thrown away.
static CONNECTED: Notify = Notify::const_new();

struct Handler {
    client: Client<Self>,
    echoes: bool,
}

#[async_trait]
impl ClientExt for Handler {
    type Call = ();

    async fn on_text(&mut self, text: Utf8Bytes) -> Result<(), Error> {
        tally::count();
        if self.echoes {
            self.client.text(text)?;
        }
        Ok(())
    }

    async fn on_binary(&mut self, _bytes: Bytes) -> Result<(), Error> {
        tally::count();
        Ok(())
    }

    async fn on_call(&mut self, (): ()) -> Result<(), Error> {
        Ok(())
    }

    async fn on_connect(&mut self) -> Result<(), Error> {
        CONNECTED.notify_one();
        Ok(())
    }

    async fn on_close(&mut self, _frame: Option<CloseFrame>) -> Result<ClientCloseMode, Error> {
        Ok(ClientCloseMode::Close)
    }

    async fn on_disconnect(&mut self) -> Result<ClientCloseMode, Error> {
        Ok(ClientCloseMode::Close)
    }
}

pub(super) async fn run(task: Task) -> Report {
    let config = ClientConfig::new(task.url().as_str());
    let echoes = matches!(task.work, Work::Echo { .. });
    let (client, ended) = ezsockets::connect(|client| Handler { client, echoes }, config).await;
    CONNECTED.notified().await;
    let watch = Stopwatch::start();
    match task.work {
        Work::Echo { size } => drop(client.binary(vec![b'x'; size]).expect("the connection holds")),
        Work::Sink => {
            let sent = send(&client, &watch, task.seconds).await;
            client.close(None).expect("the connection holds");
            let _ = ended.await;
            return watch.report(sent);
        }
        _ => {}
    }
    let _ = ended.await;
    watch.report(tally::counted())
}

/// Its queue has no bound, so that each batch waits until the one before was written.
async fn send(client: &Client<Handler>, watch: &Stopwatch, seconds: f64) -> u64 {
    let (message, mut sent) = (Bytes::from(vec![b'x'; SIZE]), 0);
    while watch.seconds() < seconds {
        let mut last = None;
        for _ in 0..BATCH {
            last = Some(client.binary(message.clone()).expect("the connection holds"));
        }
        sent += BATCH as u64;
        while last.as_ref().is_some_and(|signal| signal.status() == MessageStatus::Sending) {
            tokio::task::yield_now().await;
        }
    }
    sent
}
