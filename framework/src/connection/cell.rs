//! A place for one handler's future after another.

use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_util::sync::ReusableBoxFuture;

/// Holds a future on the heap. The next one takes the memory of the last where it has the same layout, as all futures of
/// one handler do: a message that is handled at once costs no allocation.
#[derive(Debug)]
pub struct FutureCell<T>(ReusableBoxFuture<'static, T>);

impl<T> FutureCell<T> {
    /// Replaces what is in it.
    pub fn set<F: Future<Output = T> + Send + 'static>(&mut self, future: F) {
        self.0.set(future);
    }

    /// Polls what is in it. A future that is done must be replaced before it is polled again.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        self.0.poll(context)
    }
}

impl<T: 'static> Default for FutureCell<T> {
    fn default() -> Self {
        Self(ReusableBoxFuture::new(pending()))
    }
}

impl<T> Future for FutureCell<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.0.poll(context)
    }
}
