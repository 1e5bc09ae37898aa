//! The framework as its users meet it: real sockets on loopback, peers that the test plays.

mod client_close;
mod client_connect;
mod client_handshake;
mod client_reconnect;
mod client_send;
mod handlers;
mod launch;
mod limits;
mod original_faults;
mod shutdown;
mod support;
