//! The binary and its plugins against programs of other people, which are installed on the way.
#![cfg(unix)]

mod browser;
mod certificates;
mod echo;
mod greeter;
mod host;
mod page_server;
#[path = "../../../../framework/tests/interop/peers/mod.rs"]
mod peers;
mod two_hosts;
