//! To a server on this machine: a WebSocket over a Unix socket.

use crate::client::ConnectError;
use crate::client::handshake::handshake;
use crate::client::shared::Request;
use crate::connection::{Handshake, Transport};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::UnixStream;

pub(super) async fn attempt(path: &Path, request: &Request) -> Result<(Transport, Handshake), ConnectError> {
    let stream = UnixStream::connect(path).await.map_err(|error| {
        let (address, source) = (request.address.endpoint(), Arc::new(error));
        match source.kind() {
            io::ErrorKind::ConnectionRefused => ConnectError::Refused { address, source },
            _ => ConnectError::Io { address, source },
        }
    })?;
    let (stream, read_ahead, agreed) = handshake(stream, request).await?;
    Ok((Transport::unix(stream, read_ahead), agreed))
}
