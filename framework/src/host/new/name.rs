//! A name that a plugin's package may have.

use std::str::FromStr;

/// Words that no crate can be named by: `use NAME as _;` would not compile.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Crates that every build has already, and names that a build gives a meaning of its own.
const BUILT_IN: [&str; 8] = ["alloc", "bristle", "build", "core", "deps", "proc_macro", "std", "test"];

/// Names that a folder cannot have on Windows.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// The name of a package that is a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageName(String);

impl PackageName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name by which Rust knows the package.
    pub(crate) fn crate_name(&self) -> String {
        self.0.replace('-', "_")
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    #[error("a name has small letters, digits, `-` and `_`, and begins with a letter, as in `clock` or `wall-clock`")]
    Characters,
    #[error("`{0}` is a keyword of Rust: choose another name, as in `{0}-plugin`")]
    Keyword(String),
    #[error("`{0}` means something else to cargo, Rust or Windows: choose another name, as in `{0}-plugin`")]
    BuiltIn(String),
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        let rest = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
        let name = Self(text.to_owned());
        let crate_name = name.crate_name();
        if !begins || !rest {
            Err(NameError::Characters)
        } else if KEYWORDS.contains(&crate_name.as_str()) {
            Err(NameError::Keyword(text.to_owned()))
        } else if BUILT_IN.contains(&crate_name.as_str()) || DEVICES.contains(&text) {
            Err(NameError::BuiltIn(text.to_owned()))
        } else {
            Ok(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_crate_can_have() {
        for name in ["clock", "wall-clock", "a1_b"] {
            assert!(name.parse::<PackageName>().is_ok(), "{name}");
        }
        for name in ["", "1st", "-x", "Clock", "a.b", "a/b", "größe", "../up"] {
            assert_eq!(name.parse::<PackageName>(), Err(NameError::Characters), "{name}");
        }
        assert_eq!("match".parse::<PackageName>(), Err(NameError::Keyword("match".into())));
        assert_eq!("proc-macro".parse::<PackageName>(), Err(NameError::BuiltIn("proc-macro".into())));
    }
}
