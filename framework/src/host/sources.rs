//! Makes the settings of files, variables and flags: the only place that reads them.

use super::arguments::Sources;
use crate::settings::{Settings, SettingsError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is read if it is in the working directory.
const DEFAULT_FILE: &str = "bristle.toml";

/// The variable that names another file, where no flag does.
pub(crate) const CONFIG_VARIABLE: &str = "BRISTLE_CONFIG";

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("the configuration file `{}`, named by {named_by}, cannot be read", path.display())]
    File { path: PathBuf, named_by: &'static str, source: io::Error },
    #[error(transparent)]
    Syntax(SettingsError),
    #[error("the flag `{flag}` is wrong")]
    Flag { flag: &'static str, source: SettingsError },
}

impl SourceError {
    /// Whether the command line is wrong rather than what it names.
    pub(crate) fn is_usage(&self) -> bool {
        !matches!(self, Self::Syntax(_))
    }
}

/// The settings: the file, under the variables, under the flags.
pub(crate) fn settings(
    sources: &Sources,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, SourceError> {
    let variables: Vec<_> = variables.into_iter().collect();
    let by_variable = variables.iter().find(|(name, text)| name == CONFIG_VARIABLE && !text.is_empty());
    let mut settings = match (&sources.config, by_variable) {
        (Some(path), _) => file(path, "--config")?,
        (None, Some((_, path))) => file(Path::new(path), CONFIG_VARIABLE)?,
        (None, None) => default_file()?,
    };
    settings = settings.environment(variables);
    settings = match sources.listen.as_slice() {
        [] => settings,
        addresses => settings
            .flag("node.listen", addresses, "--listen")
            .map_err(|source| SourceError::Flag { flag: "--listen", source })?,
    };
    for assignment in &sources.set {
        settings =
            settings.assign(assignment, "--set").map_err(|source| SourceError::Flag { flag: "--set", source })?;
    }
    Ok(settings)
}

fn file(path: &Path, named_by: &'static str) -> Result<Settings, SourceError> {
    match std::fs::read_to_string(path) {
        Ok(text) => layer(path, &text),
        Err(source) => Err(SourceError::File { path: path.to_owned(), named_by, source }),
    }
}

fn default_file() -> Result<Settings, SourceError> {
    match file(Path::new(DEFAULT_FILE), "its place in the working directory") {
        Err(SourceError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Settings::new()),
        settings => settings,
    }
}

fn layer(path: &Path, text: &str) -> Result<Settings, SourceError> {
    Settings::new().toml(path.display().to_string(), text).map_err(SourceError::Syntax)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        Sources { config: None, set: Vec::new(), listen: Vec::new() }
    }

    #[test]
    fn flags_count_over_variables_and_variables_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("b.toml");
        std::fs::write(&path, "[plugins.x]\na = 1\nb = 1\nc = 1").expect("written");
        let variables = ["B", "C"].map(|key| (format!("BRISTLE_PLUGINS__X__{key}"), "2".to_owned()));
        let sources =
            Sources { config: Some(path), set: vec!["plugins.x.c=3".to_owned()], listen: vec!["[::1]:1".to_owned()] };
        let entries = settings(&sources, variables).expect("settings").entries();
        let value = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        assert_eq!(["a", "b", "c"].map(|key| value(&format!("plugins.x.{key}"))), [Some("1"), Some("2"), Some("3")]);
        assert_eq!(value("node.listen"), Some(r#"["[::1]:1"]"#));
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let variables = [(CONFIG_VARIABLE.to_owned(), "/nowhere/b.toml".to_owned())];
        let error = settings(&sources(), variables).expect_err("no such file");
        assert!(error.is_usage());
        let text = "the configuration file `/nowhere/b.toml`, named by BRISTLE_CONFIG, cannot be read";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_flag_that_sets_nothing_is_bad_usage() {
        let error = settings(&Sources { set: vec!["x".to_owned()], ..sources() }, []).expect_err("no `=`");
        assert!(error.is_usage());
    }
}
