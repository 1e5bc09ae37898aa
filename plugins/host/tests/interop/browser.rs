//! The echo endpoint, used by a page in a real browser.

use crate::host::Host;
use crate::page_server::PageServer;
use crate::peers::{Process, browser, require};
use std::process::Command;
use std::time::Duration;

/// Long enough for a browser's first start on any machine.
const GUARD: Duration = Duration::from_secs(120);

/// What keeps a browser from asking for a screen, for rights, or for anything but the page.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

#[tokio::test]
async fn a_page_in_a_browser_hears_itself() {
    let Some(browser) = require(browser()) else { return };
    let mut host = Host::start(&[]);
    let endpoint = format!("ws://{}/echo", host.address().await);
    let pages = PageServer::bind().await;
    let page = format!("http://{}/?{endpoint}", pages.address());

    let profile = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(browser);
    command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display())).arg(page);
    let mut running = Process::start(&mut command);
    let result = tokio::time::timeout(GUARD, pages.result()).await.expect("the page says how it went");
    assert_eq!(result, "ok 4001 späť clean");

    let left = host.logged("a peer left").await;
    assert!(left["close"].as_str().is_some_and(|close| close.contains("4001")), "{left}");
    // It ends its own helpers, which write into its profile.
    running.signal("TERM");
    running.end().await;
    host.stop("").await;
}
