//! Logs: to stderr, for people or for machines, filtered by `RUST_LOG`.

use super::arguments::LogFormat;
use clap::ValueEnum;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What is logged where `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info";

/// The variable that says how logs are written, where no flag does.
const FORMAT_VARIABLE: &str = "BRISTLE_LOG_FORMAT";
const FILTER_VARIABLE: &str = "RUST_LOG";

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("`{FILTER_VARIABLE}={text}` is no filter: write one as in `info,bristle=debug`")]
    Filter { text: String, source: tracing_subscriber::filter::ParseError },
    #[error("`{FORMAT_VARIABLE}={text}` is no format: write `human` or `json`")]
    Format { text: String },
    #[error("the logs cannot be set up")]
    Start { source: TryInitError },
}

/// The format that the flag says, or the variable, or the one for people.
pub(crate) fn format(flag: Option<LogFormat>) -> Result<LogFormat, LogError> {
    match (flag, variable(FORMAT_VARIABLE)) {
        (Some(format), _) => Ok(format),
        (None, Some(text)) => LogFormat::from_str(&text, true).map_err(|_| LogError::Format { text }),
        (None, None) => Ok(LogFormat::Human),
    }
}

/// Begins to write logs.
pub(crate) fn start(format: LogFormat) -> Result<(), LogError> {
    let text = variable(FILTER_VARIABLE).unwrap_or_else(|| DEFAULT_FILTER.to_owned());
    let filter = EnvFilter::try_new(&text).map_err(|source| LogError::Filter { text, source })?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Human => logs.with_ansi(is_coloured()).finish().try_init(),
        LogFormat::Json => logs.json().flatten_event(true).finish().try_init(),
    };
    started.map_err(|source| LogError::Start { source })
}

fn is_coloured() -> bool {
    io::stderr().is_terminal() && variable("NO_COLOR").is_none()
}

/// A variable that is there and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
