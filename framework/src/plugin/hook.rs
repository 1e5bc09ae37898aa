//! The kinds of hooks, as the attributes register them.

use super::{
    CloseEvent, ConfigCheck, ErrorEvent, InitEvent, MessageEvent, OpenEvent, PluginConfig, Reject, Reply,
    ShutdownEvent, SlotRef,
};
use crate::connection::{FutureCell, Key};
use crate::error::Result;
use std::any::TypeId;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A hook's future: the arguments are in it, so it borrows nothing.
pub type HookFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Reports what a hook's arguments need and the plugin's configuration lacks.
pub(crate) type Check = fn(&PluginConfig, &mut ConfigCheck);

/// Begins an `#[on_message]` handler: takes its arguments, puts its future into the cell and polls it.
type BeginHandler = for<'a> fn(
    &mut MessageEvent<'a>,
    &mut FutureCell<Result<Reply>>,
    &mut Context<'_>,
) -> Result<Poll<Result<Reply>>, Reject>;

/// Which function a hook is: the identity behind `after = [path]`.
#[derive(Debug, Clone, Copy)]
pub struct HookId {
    id: TypeId,
    path: &'static str,
}

impl HookId {
    /// The identity of a function item.
    pub fn of<F: 'static>(_function: &F) -> Self {
        Self { id: TypeId::of::<F>(), path: std::any::type_name::<F>() }
    }

    /// The function's path.
    pub fn path(&self) -> &'static str {
        self.path
    }
}

impl PartialEq for HookId {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for HookId {}

/// What becomes of the launch when an `#[init]` hook fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// The launch ends, after every failure has been collected.
    #[default]
    Abort,
    /// This plugin and the hooks that wait for this one are off; the rest runs.
    Disable,
    /// It is tried again, a few times with growing pauses; then the launch ends.
    Retry,
}

/// An `#[init]` hook.
#[derive(Debug, Clone, Copy)]
pub struct InitHook {
    /// Which function it is.
    pub id: fn() -> HookId,
    /// The hooks that must have succeeded before.
    pub after: fn() -> Vec<HookId>,
    /// The coarse tier: all hooks of a lower one come first. 0 by default.
    pub order: i32,
    /// How long one run may take; `None` for the runtime's default.
    pub timeout: Option<Duration>,
    /// What a failure does.
    pub on_failure: OnFailure,
    /// Runs it.
    pub call: for<'a, 'b> fn(&'a InitEvent<'b>) -> Result<HookFuture<Result<()>>, Reject>,
    /// What it needs of the configuration.
    pub check: Check,
}

/// A `#[shutdown]` hook.
#[derive(Debug, Clone, Copy)]
pub struct ShutdownHook {
    /// How long it may take; `None` for the runtime's default.
    pub timeout: Option<Duration>,
    /// Runs it.
    pub call: for<'a, 'b> fn(&'a ShutdownEvent<'b>) -> Result<HookFuture<Result<()>>, Reject>,
    /// What it needs of the configuration.
    pub check: Check,
}

/// A `#[client]`.
#[derive(Debug, Clone, Copy)]
pub struct ClientDeclaration {
    /// The static that it fills.
    pub slot: SlotRef,
    /// The attribute's options, as a JSON object with the keys of the configuration.
    pub options: &'static str,
    /// Makes what tells which messages are handled one at a time, where several are.
    pub key: Option<fn() -> Key>,
}

/// An `#[endpoint]`.
#[derive(Debug, Clone, Copy)]
pub struct EndpointDeclaration {
    /// The static that it fills.
    pub slot: SlotRef,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The attribute's options, as a JSON object with the keys of the configuration.
    pub options: &'static str,
    /// Makes what tells which messages are handled one at a time, where several are.
    pub key: Option<fn() -> Key>,
}

/// An `#[on_open]` hook.
#[derive(Debug, Clone, Copy)]
pub struct OpenHook {
    /// Whose connections it serves.
    pub slot: SlotRef,
    /// Higher runs first. 0 by default.
    pub priority: i32,
    /// Runs it.
    pub call: for<'a, 'b> fn(&'a OpenEvent<'b>) -> Result<HookFuture<Result<Reply>>, Reject>,
    /// What it needs of the configuration.
    pub check: Check,
}

/// An `#[on_message]` handler.
#[derive(Debug, Clone, Copy)]
pub struct MessageHook {
    /// Whose connections it serves.
    pub slot: SlotRef,
    /// Higher runs first. 0 by default.
    pub priority: i32,
    /// Begins it: its future is put into the cell and polled.
    pub call: BeginHandler,
    /// What it needs of the configuration.
    pub check: Check,
}

/// An `#[on_close]` hook.
#[derive(Debug, Clone, Copy)]
pub struct CloseHook {
    /// Whose connections it serves.
    pub slot: SlotRef,
    /// Higher runs first. 0 by default.
    pub priority: i32,
    /// Runs it.
    pub call: for<'a, 'b> fn(&'a CloseEvent<'b>) -> Result<HookFuture<Result<()>>, Reject>,
    /// What it needs of the configuration.
    pub check: Check,
}

/// An `#[on_error]` hook.
#[derive(Debug, Clone, Copy)]
pub struct ErrorHook {
    /// Whose connections it serves; `None` for every connection that a handler of this plugin serves.
    pub slot: Option<SlotRef>,
    /// Runs it.
    pub call: for<'a, 'b> fn(&'a ErrorEvent<'b>) -> Result<HookFuture<Result<Reply>>, Reject>,
    /// What it needs of the configuration.
    pub check: Check,
}

/// A `#[route]`.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Makes axum's handler of the function.
    pub handler: fn() -> axum::routing::MethodRouter,
    /// What it needs of the configuration.
    pub check: Check,
}

/// What an attribute registers.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Hook {
    /// `#[init]`
    Init(InitHook),
    /// `#[shutdown]`
    Shutdown(ShutdownHook),
    /// `#[client]`
    Client(ClientDeclaration),
    /// `#[endpoint]`
    Endpoint(EndpointDeclaration),
    /// `#[on_open]`
    Open(OpenHook),
    /// `#[on_message]`
    Message(MessageHook),
    /// `#[on_close]`
    Close(CloseHook),
    /// `#[on_error]`
    Error(ErrorHook),
    /// `#[route]`
    Route(Route),
}
