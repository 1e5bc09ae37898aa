//! The main job, as the README promises it: the host starts, its plugins talk, Ctrl-C stops it cleanly.
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};

/// A running host whose log is read as it comes.
struct Host {
    process: Child,
    log: std::io::Lines<BufReader<ChildStderr>>,
    address: SocketAddr,
}

impl Host {
    /// Starts one on a port of its own, so that tests, and whoever runs a host beside them, don't meet.
    fn start(variables: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound");
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_bristle"))
            .current_dir(folder.path())
            .env("BRISTLE_NODE__LISTEN", free.to_string())
            .env("BRISTLE_PLUGINS__GREETER__CLIENTS__CLIENT__URL", format!("ws://{free}/echo"))
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        Self { process, log, address: free }
    }

    /// Reads the log up to a line with this text.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        for line in self.log.by_ref() {
            let line = line.expect("the log is text");
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no `{text}` in:\n{}", seen.join("\n"));
    }

    /// What a path of it answers.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success());
    }

    fn code(mut self) -> Option<i32> {
        self.process.wait().expect("it ends").code()
    }
}

#[test]
fn without_configuration_greeter_and_echo_talk_and_ctrl_c_stops_them_cleanly() {
    let mut host = Host::start(&[]);
    host.until("listening");
    host.until("greeter says to ws://127.0.0.1:");
    host.until("the server answers: hello");
    host.signal("-INT");
    host.until("the conversation is over: closed by us, code 1001");
    host.until("stopped");
    assert_eq!(host.code(), Some(0));
}

#[test]
fn a_supervisors_sigterm_is_as_good_as_ctrl_c_and_the_log_can_be_json() {
    let mut host = Host::start(&[("BRISTLE_LOG_FORMAT", "json")]);
    let line = host.until("the server answers");
    let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
    assert_eq!(line["message"], "the server answers: hello");
    host.signal("-TERM");
    host.until("stopped");
    assert_eq!(host.code(), Some(0));
}

/// How often a page is looked at for what is about to be on it.
const LOOKS: usize = 1000;

/// Without it the page that an operator switches on would not be there in the program that is shipped.
#[test]
fn the_page_for_prometheus_is_there_when_asked_for_and_not_else() {
    let mut host = Host::start(&[("BRISTLE_METRICS__PROMETHEUS", "/metrics")]);
    host.until("the server answers: hello");
    // The answer may be there before the writer has counted what was answered.
    let written = r#"bristle_client_written_messages_total{plugin="greeter",client="CLIENT"} 1"#;
    let mut page = host.get("/metrics");
    for _ in 0..LOOKS {
        if page.lines().any(|line| line == written) {
            break;
        }
        page = host.get("/metrics");
    }
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    for line in [
        written,
        r#"bristle_client_open_connections{plugin="greeter",client="CLIENT"} 1"#,
        r#"bristle_endpoint_connections_total{plugin="echo",endpoint="ECHO"} 1"#,
        r#"bristle_handler_duration_seconds_count{plugin="echo",hook="on_message",handler="echo",endpoint="ECHO"} 1"#,
        "# TYPE bristle_handler_duration_seconds histogram",
    ] {
        assert!(page.lines().any(|found| found == line), "no `{line}` in:\n{page}");
    }
    host.signal("-INT");
    host.until("stopped");
    assert_eq!(host.code(), Some(0));

    let mut host = Host::start(&[]);
    host.until("launched");
    assert!(host.get("/metrics").starts_with("HTTP/1.1 404 "));
    host.signal("-INT");
    assert_eq!(host.code(), Some(0));
}

#[test]
fn a_port_in_use_is_named_and_the_host_fails() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let outcome = support::bristle(folder.path(), &["run"], &[("BRISTLE_NODE__LISTEN", &address)]);
    outcome.expect(1).complains(&address).complains("another program listens there already");
}
