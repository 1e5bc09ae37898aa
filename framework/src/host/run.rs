//! `bristle run`: runs every linked plugin until a signal says stop.

use super::failure::Failure;
use super::roll_call;
use super::signals::Signals;
use crate::__private::roll_calls;
use crate::client::ProxyEnvironment;
use crate::plugin::Registry;
use crate::runtime::{LaunchError, RunError, Runtime};
use crate::settings::Settings;

pub(crate) fn run(settings: Settings) -> Result<(), Failure> {
    let runtime = prepare(settings).map_err(RunError::from)?;
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let threads = threads.map_err(|source| Failure::Threads { source })?;
    let signals = Signals::listen().map_err(|source| Failure::Signals { source })?;
    let outcome = threads.block_on(runtime.run_with(signals.first(), signals.second()));
    // Every task was joined or has been reported; a blocking call that hangs must not keep the process.
    threads.shutdown_background();
    Ok(outcome?)
}

/// Everything that can be known without opening a socket.
pub(crate) fn prepare(settings: Settings) -> Result<Runtime, LaunchError> {
    Runtime::builder()
        .settings(settings)
        .proxy_environment(ProxyEnvironment::from_variables(super::variables()))
        .read_files(|path| std::fs::read(path))
        .install_recorder()
        .registry(Registry::linked())
        .expect_plugins(roll_call::expected(roll_calls()))
        .build()
}
