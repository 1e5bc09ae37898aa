//! The process: the only room that reads the command line, files, the environment and signals, or ends the process.

mod arguments;
mod check;
mod config;
mod failure;
mod list;
mod logging;
mod new;
mod output;
mod roll_call;
mod run;
mod signals;
mod sources;

use arguments::{Arguments, Command, LogFormat};
use clap::Parser;
use failure::Failure;
pub use roll_call::RollCall;
use std::process::ExitCode;

/// Bad usage, as `clap` says it, too.
const USAGE: u8 = 2;

/// The whole of a host: reads the command line, and runs, lists, checks or makes plugins.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     bristle::main()
/// }
/// ```
///
/// Its exit code is 0 after a clean end, 1 after a failure and 2 for bad usage. `--help` says everything else.
pub fn main() -> ExitCode {
    let (sources, log_format, command) = match Arguments::try_parse().and_then(Arguments::split) {
        Ok(split) => split,
        Err(error) => {
            // Help and version are such an error, too; whoever closed the pipe wants neither.
            let _ = error.print();
            return if error.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    match execute(&sources, log_format, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            if failure.is_usage() { USAGE.into() } else { ExitCode::FAILURE }
        }
    }
}

fn execute(sources: &arguments::Sources, log_format: Option<LogFormat>, command: Command) -> Result<(), Failure> {
    if let Command::New(arguments) = &command {
        let from = std::env::current_dir().map_err(|source| Failure::Folder { source })?;
        output::answer(&new::run(arguments, &from)?);
        return Ok(());
    }
    let settings = sources::settings(sources, variables())?;
    match command {
        Command::List(arguments) => list::run(&settings, arguments.json),
        Command::Config(arguments) => config::run(settings, arguments.json),
        Command::Check => check::run(settings),
        Command::Run | Command::New(_) => {
            logging::start(logging::format(log_format)?)?;
            run::run(settings)
        }
    }
}

/// The variables of the environment whose names and values are text.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
}
