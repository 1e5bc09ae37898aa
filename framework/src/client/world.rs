//! What a simulation puts in place of the network and of chance (feature `testing`).

use super::ConnectError;
use super::handshake::handshake;
use super::shared::Request;
use crate::connection::{Handshake, Transport};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream to a server.
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub))]
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// The attempt to reach a server.
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub))]
pub type Dialling = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// A world in which every connection and every random wait of a client is the test's: with tokio's clock paused, the same
/// world lets the same things happen again.
///
/// Names, proxies, TLS and the process's budget of attempts are left out; the handshake is not.
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub))]
pub trait World: Send + Sync + 'static {
    /// One attempt to reach the server. Dropped when the attempt is given up.
    fn dial(&self) -> Dialling;

    /// Drawn evenly from 0 to 1: where in its range a wait lies.
    fn chance(&self) -> f64;
}

/// A client's world, which is the real one where there is none.
#[derive(Clone, Default)]
pub(super) struct Place(Option<Arc<dyn World>>);

impl Place {
    #[cfg(feature = "testing")]
    pub(super) fn of(world: impl World) -> Self {
        Self(Some(Arc::new(world)))
    }

    pub(super) fn world(&self) -> Option<&dyn World> {
        self.0.as_deref()
    }

    pub(super) fn chance(&self) -> f64 {
        self.world().map_or_else(rand::random, World::chance)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Simulated" } else { "Real" })
    }
}

pub(super) async fn attempt(world: &dyn World, request: &Request) -> Result<(Transport, Handshake), ConnectError> {
    let stream = world.dial().await.map_err(|error| {
        let (address, source) = (request.address.endpoint(), Arc::new(error));
        match source.kind() {
            io::ErrorKind::ConnectionRefused => ConnectError::Refused { address, source },
            _ => ConnectError::Io { address, source },
        }
    })?;
    let (stream, read_ahead, agreed) = handshake(stream, request).await?;
    Ok((Transport::split(stream, read_ahead), agreed))
}
