//! What the system says of a process, and the line of the table that is made of it.

use crate::fleet::Totals;
use bristle::{Error, Result};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The tasks that this process's runtime has.
pub(crate) fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// A process, by its folder in `/proc`.
#[derive(Debug, Clone)]
pub(crate) struct Process(PathBuf);

impl Process {
    pub(crate) fn own() -> Self {
        Self("/proc/self".into())
    }

    pub(crate) fn of(id: u32) -> Self {
        Self(format!("/proc/{id}").into())
    }

    /// How much memory is resident, in KiB.
    pub(crate) fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(self.0.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        number.ok_or_else(|| Error::msg("there is no VmRSS in the process's status: this needs Linux"))
    }

    /// How many files are open, with the one that this needs.
    pub(crate) fn files(&self) -> Result<usize> {
        Ok(std::fs::read_dir(self.0.join("fd"))?.count())
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    at: Duration,
    totals: Totals,
    /// KiB of the process with the clients.
    pub(crate) clients: u64,
    /// KiB of the process with endpoint and proxy.
    pub(crate) server: u64,
    files: usize,
    tasks: usize,
}

impl Sample {
    pub(crate) const HEAD: &'static str = "\
| s | open | reconnects | sent | echoed | queued | lost | clients' KiB | server's KiB | files | tasks |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

    pub(crate) fn take(at: Duration, totals: &Totals, server: &Process) -> Result<Self> {
        let own = Process::own();
        Ok(Self {
            at,
            totals: totals.clone(),
            clients: own.resident()?,
            server: server.resident()?,
            files: own.files()?,
            tasks: tasks(),
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, totals, clients, server, files, tasks } = self;
        let Totals { open, reconnects, sent, echoed, queued, lost, .. } = totals;
        write!(
            f,
            "| {} | {open} | {reconnects} | {sent} | {echoed} | {queued} | {lost} | {clients} | {server} | {files} | {tasks} |",
            at.as_secs()
        )
    }
}
