//! A name whose address changes while the host is connected: it has a list of names of its own, which the test rewrites.

use crate::host::{Host, until, within};
use bristle::Message;
use bristle::testing::Peer;
use std::process::{Command, Stdio};

/// Runs the binary with a file of the test's in the place of the list of names, and with nothing else changed.
const WITH_NAMES: &str = r#"mount --bind "$1" /etc/hosts && exec "$2""#;

#[tokio::test]
async fn a_name_that_gets_another_address_leads_to_the_server_that_is_there_now() {
    let allowed = Command::new("unshare").args(["-rm", "true"]).stderr(Stdio::null()).status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("not run: this system lets nobody have a list of names of their own (`unshare -rm`)");
        return;
    }
    let first = Peer::bind_at("127.0.0.2:0").await.expect("loopback has many addresses");
    let port = first.address().port();
    let names = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(names.path(), "127.0.0.2 moving.test\n").expect("written");
    let toml = format!(
        "node.listen = '127.0.0.1:0'
         [plugins.greeter]
         greeting = 'hello'
         every = '1h'
         [plugins.greeter.clients.CLIENT]
         url = 'ws://moving.test:{port}/'
         reconnect = {{ min = '1ms', max = '1ms' }}"
    );
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", WITH_NAMES, "sh"]).arg(names.path()).arg(env!("CARGO_BIN_EXE_bristle"));
    let host = Host::start_by(&toml, command);
    let mut server = within(first.accept()).await.expect("the host asks");
    assert_eq!(within(server.receive()).await, Some(Message::text("hello")));

    let second = Peer::bind_at(("127.0.0.3", port)).await.expect("the port is free there");
    std::fs::write(names.path(), "127.0.0.3 moving.test\n").expect("written");
    drop(first);
    server.vanish();
    let mut server = within(second.accept()).await.expect("the host follows the name");
    assert_eq!(within(server.receive()).await, Some(Message::text("hello")));
    until("the return was logged", || host.count(&["connected again"]) == 1).await;
    assert_eq!(host.count(&["WARN", "connection lost"]), 1);
    let (close, ()) = within(async { tokio::join!(server.ended(), host.stop()) }).await;
    assert_eq!(close.code, 1001);
}
