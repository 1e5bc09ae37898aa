//! The serving process, as the one with the clients sees it.

use crate::ledger::Report;
use crate::measure::Process;
use crate::options::Options;
use bristle::{Error, Result};
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub(crate) struct Other {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
    process: Process,
}

impl Other {
    pub(crate) async fn start(options: &Options) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(options.serving())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let process = Process::of(child.id().expect("it was not waited for"));
        let orders = child.stdin.take().expect("it is piped");
        let mut answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let first = answers.next_line().await?.ok_or_else(|| Error::msg("the serving process did not start"))?;
        Ok(Self { child, orders, answers, address: first.parse()?, process })
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// No connection is cut any more.
    pub(crate) async fn calm(&mut self) -> Result<()> {
        Ok(self.orders.write_all(b"calm\n").await?)
    }

    pub(crate) async fn report(&mut self) -> Result<Report> {
        self.orders.write_all(b"report\n").await?;
        let line = self.answers.next_line().await?.ok_or_else(|| Error::msg("the serving process has ended"))?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Ends it; whether it ended cleanly.
    pub(crate) async fn end(self) -> Result<bool> {
        let Self { mut child, orders, .. } = self;
        drop(orders);
        Ok(child.wait().await?.success())
    }
}
