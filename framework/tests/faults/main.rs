//! Everything that a network does to a connection, done by a proxy that the test scripts, with every message counted.
#![allow(unreachable_pub, reason = "a test binary exports nothing: `pub` says what other modules use")]

mod attempts;
mod breaks;
mod moves;
mod proxy;
mod rounds;
mod server;
mod stage;
