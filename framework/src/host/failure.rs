//! Why the process ends with a failure.

use super::logging::LogError;
use super::new::NewError;
use super::output;
use super::sources::SourceError;
use crate::error::chain;
use crate::runtime::{LaunchError, RunError};
use crate::target::HOST;
use std::io;

/// Why the process ends with a failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the working directory is gone")]
    Folder { source: io::Error },
    #[error(transparent)]
    New(#[from] NewError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("the asynchronous runtime cannot be started")]
    Threads { source: io::Error },
    #[error("signals cannot be listened to")]
    Signals { source: io::Error },
}

impl Failure {
    /// Whether whoever called the program is told to call it otherwise.
    pub(crate) fn is_usage(&self) -> bool {
        match self {
            Self::Source(error) => error.is_usage(),
            Self::Log(error) => !matches!(error, LogError::Start { .. }),
            _ => false,
        }
    }

    /// Says it on stderr; where logs are written already, as a log, so that a machine can read it like all others.
    pub(crate) fn report(&self) {
        let text = chain(self);
        if matches!(self, Self::Run(_) | Self::Threads { .. } | Self::Signals { .. }) {
            tracing::error!(target: HOST, "{text}");
        } else {
            output::complain(&format!("error: {text}"));
        }
    }
}
