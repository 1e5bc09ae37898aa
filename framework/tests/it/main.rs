//! The framework as its users meet it: real sockets on loopback, peers that the test plays.
#![allow(unreachable_pub, reason = "a test binary exports nothing: `pub` says what other modules use")]

mod addresses;
mod client_close;
mod client_connect;
mod client_handshake;
mod client_reconnect;
mod client_send;
mod compression;
mod handler_failures;
mod handler_phases;
mod handlers;
mod holding;
mod keepalive;
mod launch;
mod launch_problems;
mod limits;
mod metrics;
mod node_endpoint;
mod node_handshake;
mod node_routes;
mod node_stop;
mod node_wire;
mod original_faults;
mod plugins_of_clients;
mod prometheus;
mod proxies;
mod races;
mod redirects;
mod shutdown;
mod stats;
mod support;
mod tls;
