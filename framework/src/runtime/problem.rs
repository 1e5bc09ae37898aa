//! What keeps a runtime from launching or from stopping cleanly: always the whole list.

use crate::plugin::Origin;
use std::fmt;

/// One problem of a launch: what is wrong, what to do, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchProblem {
    text: String,
    /// The places in the source, each with its line.
    places: Vec<Origin>,
}

impl LaunchProblem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), places: Vec::new() }
    }

    /// Adds a place in the source.
    pub(crate) fn at(mut self, origin: Origin) -> Self {
        self.places.push(origin);
        self
    }

    /// What is wrong and what to do.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands in the source; empty for what is no matter of the source, as a port in use.
    pub fn places(&self) -> &[Origin] {
        &self.places
    }
}

impl fmt::Display for LaunchProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        for place in &self.places {
            write!(f, "\n    at {}:{} (`{}` of plugin `{}`)", place.file, place.line, place.name, place.plugin)?;
        }
        Ok(())
    }
}

/// Why the launch failed: everything that was found, not only the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchError {
    problems: Vec<LaunchProblem>,
}

impl LaunchError {
    /// An error if there is any problem.
    pub(crate) fn unless_empty(problems: Vec<LaunchProblem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }

    /// All problems.
    pub fn problems(&self) -> &[LaunchProblem] {
        &self.problems
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the launch failed:")?,
            count => write!(f, "the launch failed with {count} problems:")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for LaunchError {}

/// What did not stop in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopError {
    pub(crate) stragglers: Vec<String>,
}

impl StopError {
    /// What did not stop in time, or stopped with an error, by name.
    pub fn stragglers(&self) -> &[String] {
        &self.stragglers
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stop was not clean:")?;
        self.stragglers.iter().try_for_each(|straggler| write!(f, "\n  - {straggler}"))
    }
}

impl std::error::Error for StopError {}

/// Why a run ended with a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It never ran.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// It ran, and did not stop cleanly.
    #[error(transparent)]
    Stop(#[from] StopError),
}
