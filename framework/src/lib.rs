#![doc = include_str!("../../README.md")]

extern crate self as bristle;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
#[path = "fuzz.rs"]
pub mod __fuzz;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod client;
mod connection;
mod error;
mod host;
mod message;
mod metrics;
mod node;
pub mod plugin;
pub mod prelude;
mod runtime;
pub mod settings;
mod target;
#[cfg(feature = "testing")]
pub mod testing;

pub use bristle_macros::{client, endpoint, init, on_close, on_error, on_message, on_open, route, shutdown};
pub use client::{
    BuildError, CloseCallback, ConnectError, ConnectRequest, ConnectionState, MessageCallback, OpenCallback,
    ProxyEnvironment, ProxyError, Reaction, Reconnect, StateWatch, Stats, Tls, TlsError, WebSocketClient,
    WebSocketClientBuilder,
};
pub use connection::{
    Compression, Connection, ConnectionId, Handshake, Keepalive, Limits, OwnerId, SendError, WhileDown,
};
pub use error::{Error, Result};
pub use host::main;
pub use message::{Close, Initiator, Kind, MAX_CLOSE_REASON, MAX_CONTROL_PAYLOAD, Message, code};
pub use node::{Broadcast, Endpoint, EndpointStats, Path};
pub use plugin::{
    Binary, Config, ConfigError, HandlerError, Json, Plugin, Registration, Registry, Reject, Reply, SharedJson, Slot,
    Stop, Text,
};
pub use runtime::{ExpectedPlugin, LaunchError, LaunchProblem, RunError, Running, Runtime, RuntimeBuilder, StopError};
