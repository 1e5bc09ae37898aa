//! A program that runs beside a test, and the lines that it writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::sync::mpsc;

/// Long enough for any machine: it only keeps a broken test from hanging.
const GUARD: Duration = Duration::from_secs(60);

/// More lines than a test's program writes before they are read: the program must not wait for the test.
const LINES: usize = 100_000;

/// How many of the last lines a failure shows.
const SHOWN: usize = 40;

/// A running program. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    /// What was read, for the message of a failure.
    read: Vec<String>,
}

impl Process {
    /// Starts a program. Its lines are those of both outputs; only those of one of them are in order.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let (sender, lines) = mpsc::channel(LINES);
        forward(child.stdout.take().expect("it is piped"), sender.clone());
        forward(child.stderr.take().expect("it is piped"), sender);
        Self { input: child.stdin.take(), child, lines, read: Vec::new() }
    }

    /// Writes a line to the program.
    pub(crate) fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input was not ended");
        writeln!(input, "{line}").expect("the program reads its input");
    }

    /// Ends the program's input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for a line that `pick` takes and returns what it makes of it. Lines before it are passed over.
    pub(crate) async fn line<T>(&mut self, what: &str, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        loop {
            match tokio::time::timeout(GUARD, self.lines.recv()).await {
                Ok(Some(line)) => {
                    let picked = pick(&line);
                    self.read.push(line);
                    if let Some(picked) = picked {
                        return picked;
                    }
                }
                Ok(None) => panic!("the program ended without {what}:\n{}", self.last_lines()),
                Err(_) => panic!("{what} did not come within {GUARD:?}:\n{}", self.last_lines()),
            }
        }
    }

    /// Waits for a line that begins with `prefix` and returns the rest of it.
    pub(crate) async fn after(&mut self, prefix: &str) -> String {
        self.line(&format!("a line `{prefix}…`"), |line| line.strip_prefix(prefix).map(str::to_owned)).await
    }

    /// Waits for the end of both outputs and returns the lines until there, then the exit code; none after a signal.
    pub(crate) async fn end(&mut self) -> (Vec<String>, Option<i32>) {
        let from = self.read.len();
        loop {
            match tokio::time::timeout(GUARD, self.lines.recv()).await {
                Ok(Some(line)) => self.read.push(line),
                Ok(None) => break,
                Err(_) => panic!("the program did not end within {GUARD:?}:\n{}", self.last_lines()),
            }
        }
        let status = self.child.wait().expect("it was started here");
        (self.read[from..].to_vec(), status.code())
    }

    /// Every line that was read.
    pub(crate) fn seen(&self) -> &[String] {
        &self.read
    }

    /// Sends it a signal by name, as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} cannot be sent");
    }

    /// Ends it at once, as a crash does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it was started here");
        self.child.wait().expect("it was started here");
    }

    fn last_lines(&self) -> String {
        self.read[self.read.len().saturating_sub(SHOWN)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes lines on until the output ends, or nobody wants them any more.
fn forward(output: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if lines.blocking_send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                break;
            }
        }
    });
}
