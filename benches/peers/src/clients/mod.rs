//! The processes under test: one library, one connection, one workload each.

mod bristle;
pub(crate) mod crowd;
mod ezsockets;
mod fastwebsockets;
mod handshake;
mod raw;
mod sockudo;
mod tcp;
mod timer;
mod tokio_websockets;
mod tungstenite;
mod yawc;

pub(crate) use raw::SIZE;

use crate::tally::Report;
use crate::work::Work;
use std::net::SocketAddr;

/// What a process under test is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    /// Where the load generator listens.
    pub(crate) address: SocketAddr,
    /// What it does.
    pub(crate) work: Work,
    /// How long to send, where the client does the sending.
    pub(crate) seconds: f64,
    /// Whether a timer runs on the same thread.
    pub(crate) timer: bool,
}

impl Task {
    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }
}

/// Runs a subject in this process, on a runtime of one thread. `subject` is a library's name, with a variant behind a
/// colon where it has some.
pub(crate) fn run(subject: &str, task: Task) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    runtime
        .block_on(async { if task.timer { timer::beside(one(subject, task)).await } else { one(subject, task).await } })
}

async fn one(subject: &str, task: Task) -> Report {
    let (library, variant) = subject.split_once(':').unwrap_or((subject, ""));
    match library {
        "bristle" => bristle::run(variant, task).await,
        "tcp" => raw::run::<tcp::Tcp>(variant, task).await,
        "tokio-tungstenite" => raw::run::<tungstenite::Tungstenite>(variant, task).await,
        "fastwebsockets" => raw::run::<fastwebsockets::Fast>(variant, task).await,
        "tokio-websockets" => raw::run::<tokio_websockets::TokioWebsockets>(variant, task).await,
        "yawc" => raw::run::<yawc::Yawc>(variant, task).await,
        "sockudo-ws" => raw::run::<sockudo::Sockudo>(variant, task).await,
        "ezsockets" => ezsockets::run(task).await,
        _ => panic!("nobody knows `{subject}`"),
    }
}
