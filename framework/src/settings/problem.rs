//! What can be wrong with a configuration, said so that it can be put right.

use super::names;

/// A text or a value that cannot become a layer of the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The text is no TOML.
    #[error(
        "{place}: {}{reason}\n  {line} | {source_line}",
        key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default()
    )]
    Syntax {
        /// The file's name, the line and the column, from 1, as in `bristle.toml:3:12`.
        place: String,
        /// The line.
        line: usize,
        /// The key whose value cannot be read, where the line names one.
        key: Option<String>,
        /// The line itself, with its secrets masked.
        source_line: String,
        /// What was expected there.
        reason: String,
    },
    /// A dotted key that is none.
    #[error("`{key}` is no key: write one as in `plugins.greeter.greeting`")]
    Key {
        /// The key.
        key: String,
    },
    /// `KEY=VALUE` without the `=`.
    #[error("`{text}` sets nothing: write `KEY=VALUE`, as in `plugins.greeter.greeting=hello`")]
    Assignment {
        /// What was given.
        text: String,
    },
    /// A value that a configuration cannot hold.
    #[error("the value of `{key}` cannot stand in a configuration: {reason}")]
    Value {
        /// The key.
        key: String,
        /// Why not.
        reason: String,
    },
}

/// One thing that is wrong with the configuration.
///
/// It displays as one line, as in ``bristle.toml:7: plugins.greeter.greting: unknown key, did you mean `greeting`?``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{key}: {problem}", origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default())]
pub struct ConfigError {
    key: String,
    origin: Option<String>,
    value: Option<String>,
    problem: Problem,
}

impl ConfigError {
    pub(crate) fn new(key: String, origin: Option<String>, value: Option<String>, problem: Problem) -> Self {
        Self { key, origin, value, problem }
    }

    /// The key, as in `plugins.greeter.greeting`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the value came from: a file and a line, the name of a variable, a flag, an attribute. `None` where there
    /// is no value.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The value as TOML, masked where it is secret.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong with a key or its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Nothing reads this key.
    #[error("unknown key{}", hint(key, known))]
    Unknown {
        /// The last part of the key.
        key: String,
        /// The keys that are read there.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("missing: write `{key} = …` below `[{table}]`")]
    Missing {
        /// The key.
        key: String,
        /// The table that it belongs in.
        table: String,
    },
    /// The value does not fit.
    #[error("{reason}")]
    Invalid {
        /// What was found, and what was expected instead.
        reason: String,
    },
    /// The section of a plugin that is not linked.
    #[error("no plugin `{name}` is linked{}", hint(name, linked))]
    NotLinked {
        /// The plugin.
        name: String,
        /// The plugins that are.
        linked: Vec<String>,
    },
}

/// What was probably meant, or else what there is.
fn hint(name: &str, known: &[String]) -> String {
    if let Some(nearest) = names::nearest(name, known.iter().map(String::as_str)) {
        return format!(", did you mean `{nearest}`?");
    }
    if known.is_empty() {
        return String::new();
    }
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!(", there are {}", known.join(", "))
}
