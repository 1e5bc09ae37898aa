//! A host as a process of its own: its log, and what the system says of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// Long enough for any machine: it only keeps a broken test from hanging.
const GUARD: Duration = Duration::from_secs(60);

/// Waits for what must come.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(GUARD, future).await.expect("it did not come within 60 s")
}

/// Waits for a state of things that nobody announces.
pub async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let came = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(GUARD, came).await.unwrap_or_else(|_| panic!("within 60 s it did not come to this: {what}"));
}

pub struct Host {
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
    reading: Option<JoinHandle<()>>,
    /// Where its configuration is.
    _folder: TempDir,
}

impl Host {
    /// Starts one in a folder with this `bristle.toml`.
    pub fn start(toml: &str) -> Self {
        Self::start_by(toml, Command::new(env!("CARGO_BIN_EXE_bristle")))
    }

    /// As `start`, by way of another command.
    pub fn start_by(toml: &str, mut command: Command) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bristle.toml"), toml).expect("written");
        let mut process = command
            .current_dir(folder.path())
            .env_remove("RUST_LOG")
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (into, stderr) = (log.clone(), process.stderr.take().expect("it is piped"));
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                into.lock().expect("not poisoned").push(line.expect("the log is text"));
            }
        });
        Self { process, log, reading: Some(reading), _folder: folder }
    }

    /// How many lines of its log hold all of these.
    pub fn count(&self, texts: &[&str]) -> usize {
        let log = self.log.lock().expect("not poisoned");
        log.iter().filter(|line| texts.iter().all(|text| line.contains(text))).count()
    }

    /// Where it listens, once it has said so.
    pub async fn listens(&self) -> String {
        until("the host listens", || self.count(&["listening"]) > 0).await;
        let log = self.log.lock().expect("not poisoned");
        let line = log.iter().find(|line| line.contains("listening")).expect("counted above");
        line.split("address=").nth(1).expect("it says where").split_whitespace().next().expect("an address").to_owned()
    }

    /// How many files it has open.
    pub fn files(&self) -> usize {
        fs::read_dir(self.proc("fd")).expect("it runs").count()
    }

    pub fn threads(&self) -> usize {
        fs::read_dir(self.proc("task")).expect("it runs").count()
    }

    /// How much of its memory is resident, in KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Ends as by a crash.
    pub fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
        self.read_to_end();
    }

    /// Asks it to end, and fails unless it does so cleanly.
    pub async fn stop(self) {
        let stopping = tokio::task::spawn_blocking(|| self.end());
        stopping.await.expect("it ends cleanly");
    }

    fn end(mut self) {
        let sent = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success());
        let code = self.process.wait().expect("it ends").code();
        self.read_to_end();
        let log = self.log.lock().expect("not poisoned");
        assert_eq!(code, Some(0), "{}", log.join("\n"));
    }

    fn read_to_end(&mut self) {
        let reading = self.reading.take().expect("it is read to its end once");
        reading.join().expect("the log is text");
    }

    fn proc(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.process.id()).into()
    }
}

impl Drop for Host {
    /// Nothing of a test that failed goes on.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
