//! The one door between generated code and the framework. Nothing here is public API.

use crate::connection::FutureCell;
pub use crate::connection::Key;
pub use crate::host::RollCall;
pub use crate::plugin::{
    ClientDeclaration, CloseEvent, CloseHook, ConfigCheck, EndpointDeclaration, ErrorEvent, ErrorHook, FromEvent, Hook,
    HookFuture, HookId, InitEvent, InitHook, IntoOutcome, IntoReply, MessageEvent, MessageHook, OnFailure, OpenEvent,
    OpenHook, Origin, PluginConfig, Registration, Reject, Reply, Route, ShutdownEvent, ShutdownHook, SlotRef,
};
pub use axum;
pub use inventory;
pub use std::result::Result;
use std::task::{Context, Poll};
pub use std::time::Duration;

/// Boxes a hook's future. A macro spans the call at the hook's name, so that a future that is not `Send` is
/// reported there.
pub fn boxed<T, F: Future<Output = T> + Send + 'static>(future: F) -> HookFuture<T> {
    Box::pin(future)
}

/// Puts a handler's future into its cell and polls it; spanned as `boxed` is.
#[inline(always)]
pub fn begin<T, F, C>(cell: &mut FutureCell<T>, future: F, convert: C, context: &mut Context<'_>) -> Poll<T>
where
    T: 'static,
    F: Future + Send + 'static,
    C: Fn(F::Output) -> T + Send + 'static,
{
    cell.begin(future, convert, context)
}

/// What benchmarks reach.
#[cfg(feature = "testing")]
pub mod bench {
    pub use crate::client::bench::delay;
    pub use crate::connection::bench::{Decoding, frame};
}

inventory::collect!(RollCall);

/// The roll calls of the hosts that are linked into this program: one, or none.
pub(crate) fn roll_calls() -> impl Iterator<Item = &'static RollCall> {
    inventory::iter::<RollCall>()
}
