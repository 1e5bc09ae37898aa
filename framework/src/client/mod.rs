//! The WebSocket client: a handle to a supervised connection. It has never heard of plugins.

mod address;
mod backoff;
mod budget;
mod builder;
mod callbacks;
mod error;
mod handle;
mod handshake;
mod options;
mod policy;
mod prepare;
mod reach;
mod session;
mod shared;
mod state;
mod supervisor;
mod surroundings;
mod tls;
mod transport;

pub use backoff::Reconnect;
pub(crate) use builder::Binding;
pub use builder::WebSocketClientBuilder;
pub use callbacks::{CloseCallback, MessageCallback, OpenCallback};
pub use error::{BuildError, ConnectError};
pub use handle::{StateWatch, Stats, WebSocketClient};
pub(crate) use options::ClientOptions;
pub use policy::Reaction;
pub use prepare::ConnectRequest;
pub(crate) use shared::Shared as ClientShared;
pub use state::ConnectionState;
pub(crate) use surroundings::Surroundings;
pub use tls::{Tls, TlsError};
