//! `bristle new`: makes a plugin, a member of the workspace, linked into its host.

mod edit;
mod error;
mod name;
mod plugin;
#[cfg(test)]
mod tests;
mod workspace;

use super::arguments::NewArguments;
use super::roll_call::PLUGINS_FOLDER;
pub(crate) use error::NewError;
pub(crate) use name::PackageName;
use std::fs;
use std::path::{Path, PathBuf};
use workspace::Workspace;

/// Makes the plugin, and returns what was done.
///
/// Everything is thought out before the first byte is written, so that a refusal leaves no half of a plugin.
pub(crate) fn run(arguments: &NewArguments, from: &Path) -> Result<String, NewError> {
    let name = arguments.name.as_str();
    let workspace = Workspace::around(from)?;
    let host = workspace.host(arguments.host.as_deref())?;
    let folder = workspace.root.join(PLUGINS_FOLDER).join(name);
    if folder.exists() {
        return Err(NewError::Exists { folder });
    }
    if let Some(owner) = workspace.owner_of(name, host) {
        return Err(NewError::Taken { name: name.to_owned(), owner });
    }

    let mut files = vec![
        File::new(folder.join("Cargo.toml"), plugin::manifest(name, &folder, host, &workspace)),
        File::new(folder.join("src").join("lib.rs"), plugin::source(name)),
        File::edited(host.manifest_path(), edit::with_dependency(&host.manifest, &host.folder, name, &folder)),
        File::edited(host.source_path.clone(), edit::with_plugin_named(&host.source, &arguments.name.crate_name())),
    ];
    if !workspace.covers(&folder) {
        files.push(File::edited(workspace.manifest_path(), edit::with_member(&workspace.manifest, name)));
    }
    for file in &files {
        file.write()?;
    }
    Ok(report(name, &files, &workspace.root))
}

struct File {
    path: PathBuf,
    text: String,
    verb: &'static str,
}

impl File {
    fn new(path: PathBuf, text: String) -> Self {
        Self { path, text, verb: "made" }
    }

    fn edited(path: PathBuf, text: String) -> Self {
        Self { path, text, verb: "edited" }
    }

    fn write(&self) -> Result<(), NewError> {
        let failed = |source| NewError::Write { path: self.path.clone(), source };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(&self.path, &self.text).map_err(failed)
    }
}

fn report(name: &str, files: &[File], root: &Path) -> String {
    let mut text = String::new();
    for file in files {
        let path = file.path.strip_prefix(root).unwrap_or(&file.path);
        text.push_str(&format!("{:>6} {}\n", file.verb, path.display()));
    }
    text.push_str(&format!("\nNext:\n  cargo test -p {name}\n  cargo run"));
    text
}
