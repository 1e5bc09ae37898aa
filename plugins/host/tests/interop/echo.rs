//! The echo endpoint, used by clients of other people.

use crate::host::Host;
use crate::peers::{Process, node, node_script, python, python_script, require};
use std::process::Command;

#[tokio::test]
async fn websockets_hears_itself() {
    if let Some(python) = require(python()) {
        succeeds(python_script(python, "client_websockets.py")).await;
    }
}

#[tokio::test]
async fn ws_hears_itself() {
    if let Some(modules) = require(node()) {
        succeeds(node_script(modules, "client_ws.cjs")).await;
    }
}

/// Runs a client that does all that it can do, and checks it.
async fn succeeds(mut client: Command) {
    let mut host = Host::start(&[]);
    let address = host.address().await;
    let mut client = Process::start(client.arg(format!("ws://{address}/echo")));
    client.after("ok").await;
    assert_eq!(client.end().await.1, Some(0));
    let left = host.logged("a peer left").await;
    assert!(left["close"].as_str().is_some_and(|close| close.contains("4001") && close.contains("späť")), "{left}");
    host.stop("").await;
}

#[tokio::test]
async fn somebody_at_a_prompt_hears_themselves() {
    let Some(python) = require(python()) else { return };
    let mut host = Host::start(&[]);
    let address = host.address().await;
    let mut prompt = Process::start(Command::new(python).args(["-m", "websockets", &format!("ws://{address}/echo")]));
    prompt.line("a connection", |line| line.contains("Connected to").then_some(())).await;
    prompt.say("hello from a prompt");
    prompt.line("the echo", |line| line.contains("< hello from a prompt").then_some(())).await;
    prompt.end_input();
    prompt.line("the close", |line| line.contains("Connection closed: 1000").then_some(())).await;
    assert_eq!(prompt.end().await.1, Some(0));
    host.stop("").await;
}

#[tokio::test]
async fn a_client_that_is_killed_has_left() {
    let Some(python) = require(python()) else { return };
    let mut host = Host::start(&[]);
    let address = host.address().await;
    let mut prompt = Process::start(Command::new(python).args(["-m", "websockets", &format!("ws://{address}/echo")]));
    prompt.line("a connection", |line| line.contains("Connected to").then_some(())).await;
    prompt.kill();
    let left = host.logged("a peer left").await;
    assert!(left["close"].as_str().is_some_and(|close| close.contains("1006")), "{left}");
    host.stop("").await;
}
