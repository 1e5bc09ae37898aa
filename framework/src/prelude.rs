//! What plugin authors write at the top of a file: `use bristle::prelude::*;`.

pub use crate::client::{ConnectError, ConnectionState, WebSocketClient};
pub use crate::connection::{Connection, SendError};
pub use crate::error::{Error, Result};
pub use crate::message::{Close, Initiator, Message};
pub use crate::node::{Endpoint, Path};
pub use crate::plugin::{Binary, Config, HandlerError, Json, Plugin, Reject, SharedJson, Stop, Text};
pub use bristle_macros::{client, endpoint, init, on_close, on_error, on_message, on_open, route, shutdown};
pub use bytes::Bytes;
pub use once_cell::sync::OnceCell;
pub use tracing::{debug, error, info, trace, warn};
