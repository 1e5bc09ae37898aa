//! What became of a hook that failed: an error or a panic, with its place in the source.

use super::Origin;
use crate::error::Error;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// How a hook failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It returned an error.
    Error(Error),
    /// It panicked, with this message.
    Panic(String),
}

/// A hook's failure. What an `#[on_error]` hook is given.
#[derive(Debug, Clone)]
pub struct HandlerError(Arc<(Origin, Failure)>);

impl HandlerError {
    pub(crate) fn new(origin: Origin, failure: Failure) -> Self {
        Self(Arc::new((origin, failure)))
    }

    /// The plugin of the hook that failed.
    pub fn plugin(&self) -> &'static str {
        self.0.0.plugin
    }

    /// The function's name.
    pub fn handler(&self) -> &'static str {
        self.0.0.name
    }

    /// The file that it stands in.
    pub fn file(&self) -> &'static str {
        self.0.0.file
    }

    /// Its line.
    pub fn line(&self) -> u32 {
        self.0.0.line
    }

    /// How it failed.
    pub fn failure(&self) -> &Failure {
        &self.0.1
    }

    /// Whether it panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.failure(), Failure::Panic(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => f.write_str(&error.chain()),
            Self::Panic(message) => write!(f, "panicked: {message}"),
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.0, self.0.1)
    }
}

impl Failure {
    /// From what `catch_unwind` caught.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        Self::Panic(crate::error::panic_message(payload))
    }
}
