//! Why no plugin was made.

use super::PLUGINS_FOLDER;
use std::io;
use std::path::PathBuf;

/// Why no plugin was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    #[error(
        "`{}` is in no workspace with plugins: go to a folder below a `Cargo.toml` that has `[workspace]` and a folder \
         `{PLUGINS_FOLDER}` beside it", from.display()
    )]
    NoWorkspace { from: PathBuf },
    #[error(
        "no member of the workspace `{}` is a host: one depends on `bristle` and has `bristle::roll_call!();` in its \
         `src/lib.rs` or `src/main.rs`", root.display()
    )]
    NoHost { root: PathBuf },
    #[error("the workspace has several hosts: say which one links the plugin, as in `--host {}`", names[0])]
    SeveralHosts { names: Vec<String> },
    #[error("`{name}` is no host of this workspace: there are {}", names.join(", "))]
    OtherHost { name: String, names: Vec<String> },
    #[error("`{}` exists already: choose another name", folder.display())]
    Exists { folder: PathBuf },
    #[error("the name `{name}` is taken by {owner}: choose another one")]
    Taken { name: String, owner: String },
    #[error("`{}` cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is no manifest", path.display())]
    Manifest { path: PathBuf, source: toml_edit::TomlError },
    #[error("`{}` cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
}
