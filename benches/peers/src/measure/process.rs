//! A child process on one core, and what it prints.

use crate::tally::Report;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A process of ours; killed if it is dropped while it runs.
pub(super) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts this program in another role.
    pub(super) fn role(core: usize, role: &[&str]) -> Result<Self, String> {
        let mut command = Command::new(this()?);
        command.args(role);
        Self::start(core, command)
    }

    /// Starts a command on one core.
    pub(super) fn start(core: usize, command: Command) -> Result<Self, String> {
        let mut pinned = Command::new(this()?);
        pinned.args(["pin", &core.to_string()]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            pinned.env(name, value.unwrap_or_default());
        }
        let child = pinned.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("{pinned:?}: {error}"))?;
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Ok(Self { child, output })
    }

    /// The next line that it prints.
    pub(super) fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim().to_owned())
    }

    /// Waits for its end, and reads the report that is its last line.
    pub(super) fn report(mut self) -> Result<Report, String> {
        let text = self.end()?;
        let report = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
        report.ok_or_else(|| format!("a process ended without a report; it said `{}`", text.trim()))
    }

    /// Waits for its end.
    pub(super) fn succeeded(mut self) -> Result<(), String> {
        self.end().map(drop)
    }

    fn end(&mut self) -> Result<String, String> {
        let mut text = String::new();
        self.output.read_to_string(&mut text).map_err(|error| error.to_string())?;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() {
            Ok(text)
        } else {
            Err(format!("a process ended with {status}; it said `{}`", text.trim()))
        }
    }
}

fn this() -> Result<std::path::PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("nobody knows where this program lies: {error}"))
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
