//! A running `bristle`, and what it logs.

use crate::peers::Process;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use tempfile::TempDir;

/// The variable that says where the greeter connects: the only one that a real use of it needs.
pub(crate) const GREETER_URL: &str = "BRISTLE_PLUGINS__GREETER__CLIENTS__CLIENT__URL";

/// A host that runs in a folder of its own.
pub(crate) struct Host {
    process: Process,
    _folder: TempDir,
}

impl Host {
    /// Starts one that listens on a free port.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_at("127.0.0.1:0", variables)
    }

    /// Starts one. Where it listens stands in its file, so that `variables` are all that a user sets.
    pub(crate) fn start_at(address: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bristle.toml"), format!("node.listen = '{address}'\n")).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_bristle"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BRISTLE_")) {
            command.env_remove(name);
        }
        command.args(["--log-format", "json"]).current_dir(folder.path());
        command.env_remove("RUST_LOG").env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        Self { process: Process::start(command.envs(variables.iter().copied())), _folder: folder }
    }

    /// Where it listens, once it does.
    pub(crate) async fn address(&mut self) -> SocketAddr {
        let record = self.logged("listening").await;
        record["address"].as_str().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// Waits for a record whose message begins like this.
    pub(crate) async fn logged(&mut self, message: &str) -> Value {
        self.process.line(&format!("a record `{message}…`"), |line| record(line, message)).await
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it as Ctrl-C does; that must be clean. Returns every record of its life whose message begins like this.
    pub(crate) async fn stop(mut self, message: &str) -> Vec<Value> {
        self.process.signal("INT");
        let (_, code) = self.process.end().await;
        assert_eq!(code, Some(0), "{:#?}", self.process.seen());
        self.process.seen().iter().filter_map(|line| record(line, message)).collect()
    }
}

fn record(line: &str, message: &str) -> Option<Value> {
    let record: Value = serde_json::from_str(line).ok()?;
    record["message"].as_str()?.starts_with(message).then_some(record)
}
