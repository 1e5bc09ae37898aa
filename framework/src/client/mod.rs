//! The WebSocket client: a handle to a supervised connection. It has never heard of plugins.

mod address;
mod backoff;
mod beginning;
#[cfg(feature = "testing")]
pub(crate) mod bench;
mod budget;
mod builder;
mod callbacks;
mod environment;
mod error;
#[cfg(any(test, fuzzing))]
#[path = "fuzz_tests.rs"]
pub(crate) mod fuzz;
mod handle;
mod handshake;
mod http1;
mod options;
mod policy;
mod prepare;
mod proxy;
mod proxy_error;
mod ranges;
mod reach;
mod session;
mod shared;
mod state;
mod stats;
mod status;
mod supervisor;
mod surroundings;
mod tls;
mod transport;
mod world;

pub use backoff::Reconnect;
pub(crate) use builder::Binding;
pub use builder::WebSocketClientBuilder;
pub use callbacks::{CloseCallback, MessageCallback, OpenCallback};
pub use environment::ProxyEnvironment;
pub use error::{BuildError, ConnectError};
pub use handle::{StateWatch, WebSocketClient};
pub(crate) use options::ClientOptions;
pub use policy::Reaction;
pub use prepare::ConnectRequest;
pub use proxy_error::ProxyError;
pub(crate) use shared::{Membership, Shared as ClientShared};
pub use state::ConnectionState;
pub use stats::Stats;
pub(crate) use surroundings::Surroundings;
pub use tls::{Tls, TlsError};
#[cfg(feature = "testing")]
pub use world::{Dialling, Stream, World};
