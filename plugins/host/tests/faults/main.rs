//! The real binary in a network that breaks: what its plugins hear, what it logs, and what it leaves behind.
#![cfg(target_os = "linux")]
#![allow(unreachable_pub, reason = "a test binary exports nothing: `pub` says what other modules use")]

mod host;
mod names;
#[path = "../../../../framework/tests/faults/proxy.rs"]
mod proxy;
mod relayed;
mod served;
mod side;
