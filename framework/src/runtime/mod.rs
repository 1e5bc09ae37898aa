//! The runtime: checks, launches, dispatches and stops plugins. The one room that knows all others but `host`.

mod builder;
mod call;
mod check;
mod core;
mod declared;
mod dispatch;
mod init;
mod problem;
mod publish;
mod row;
mod shutdown;
mod slots;

pub use builder::{ExpectedPlugin, Runtime, RuntimeBuilder};
pub use core::Running;
pub use problem::{LaunchError, LaunchProblem, RunError, StopError};
