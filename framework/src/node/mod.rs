//! The server side: HTTP routes and WebSocket endpoints on one listener.

mod bind;
mod body;
mod endpoint;
#[cfg(any(test, fuzzing))]
#[path = "fuzz_tests.rs"]
pub(crate) mod fuzz;
mod handshake;
mod http;
mod lifecycle;
mod member;
mod options;
mod path;
mod paths;
mod router;
mod seats;
mod server;
mod session;
mod upgrade;

pub(crate) use bind::BindError;
pub use endpoint::{Broadcast, Endpoint, EndpointStats};
pub(crate) use options::EndpointError;
pub(crate) use options::EndpointOptions;
pub use path::Path;
pub(crate) use paths::check_paths;
pub(crate) use server::{Node, NodeConfig};
