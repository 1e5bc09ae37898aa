//! The workspace that a plugin is made in: its members, and which of them is the host.

use super::{NewError, PLUGINS_FOLDER};
use std::fs;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item};

/// What names a host, beside the dependency on the framework.
const ROLL_CALL: &str = "roll_call!";
const FRAMEWORK: &str = "bristle";

/// A workspace and its hosts.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) manifest: DocumentMut,
    packages: Vec<String>,
    hosts: Vec<Host>,
}

/// A package that links plugins.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: DocumentMut,
    /// The file that names the plugins.
    pub(crate) source_path: PathBuf,
    pub(crate) source: String,
}

impl Workspace {
    /// The nearest workspace around a folder that has a folder of plugins.
    pub(crate) fn around(from: &Path) -> Result<Self, NewError> {
        for root in from.ancestors().filter(|folder| folder.join(PLUGINS_FOLDER).is_dir()) {
            let path = root.join("Cargo.toml");
            if path.is_file() {
                let manifest = read_manifest(&path)?;
                if manifest.get("workspace").is_some() {
                    return Self::new(root, manifest);
                }
            }
        }
        Err(NewError::NoWorkspace { from: from.to_owned() })
    }

    fn new(root: &Path, manifest: DocumentMut) -> Result<Self, NewError> {
        let mut workspace = Self { root: root.to_owned(), manifest, packages: Vec::new(), hosts: Vec::new() };
        for folder in workspace.folders() {
            let manifest = read_manifest(&folder.join("Cargo.toml"))?;
            let Some(name) = package_name(&manifest) else { continue };
            workspace.packages.push(name.clone());
            let depends = manifest.get("dependencies").and_then(|table| table.get(FRAMEWORK)).is_some();
            if let Some((source_path, source)) = depends.then(|| roll_call(&folder)).flatten() {
                workspace.hosts.push(Host { name, folder, manifest, source_path, source });
            }
        }
        Ok(workspace)
    }

    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// The host of that name, or the only one.
    pub(crate) fn host(&self, name: Option<&str>) -> Result<&Host, NewError> {
        let names = || self.hosts.iter().map(|host| host.name.clone()).collect();
        match (name, self.hosts.as_slice()) {
            (_, []) => Err(NewError::NoHost { root: self.root.clone() }),
            (None, [host]) => Ok(host),
            (None, _) => Err(NewError::SeveralHosts { names: names() }),
            (Some(name), hosts) => hosts
                .iter()
                .find(|host| host.name == name)
                .ok_or_else(|| NewError::OtherHost { name: name.to_owned(), names: names() }),
        }
    }

    /// What has the name already.
    pub(crate) fn owner_of(&self, name: &str, host: &Host) -> Option<String> {
        let same = |other: &str| other.replace('-', "_") == name.replace('-', "_");
        let listed = |table: Option<&Item>| {
            table.and_then(Item::as_table_like).is_some_and(|table| table.iter().any(|(key, _)| same(key)))
        };
        if self.packages.iter().any(|package| same(package)) {
            return Some("a package of this workspace".to_owned());
        }
        if listed(host.manifest.get("dependencies")) {
            return Some(format!("a dependency of `{}`", host.name));
        }
        listed(self.shared()).then(|| "a dependency of this workspace".to_owned())
    }

    /// Whether the workspace shares a dependency of that name.
    pub(crate) fn shares(&self, name: &str) -> bool {
        self.shared().and_then(|table| table.get(name)).is_some()
    }

    /// Whether a folder is a member without being listed.
    pub(crate) fn covers(&self, folder: &Path) -> bool {
        self.patterns().iter().any(|pattern| {
            let pattern = self.root.join(pattern);
            pattern.components().count() == folder.components().count()
                && pattern.components().zip(folder.components()).all(|(pattern, component)| {
                    let (pattern, component) = (pattern.as_os_str(), component.as_os_str());
                    pattern == component || matches(&pattern.to_string_lossy(), &component.to_string_lossy())
                })
        })
    }

    fn shared(&self) -> Option<&Item> {
        self.manifest.get("workspace")?.get("dependencies")
    }

    fn patterns(&self) -> Vec<String> {
        let members = self.manifest.get("workspace").and_then(|workspace| workspace.get("members")?.as_array());
        members.into_iter().flatten().filter_map(|member| member.as_str().map(str::to_owned)).collect()
    }

    /// The folders of all members, and the root's own where it is a package, too.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.root.clone()];
        for pattern in self.patterns() {
            let found = pattern.split('/').fold(vec![self.root.clone()], |found, component| {
                found.iter().flat_map(|folder| below(folder, component)).collect()
            });
            folders.extend(found);
        }
        folders.retain(|folder| folder.join("Cargo.toml").is_file());
        folders.sort();
        folders.dedup();
        folders
    }
}

impl Host {
    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }
}

/// The folders that one part of a member's pattern stands for.
fn below(folder: &Path, component: &str) -> Vec<PathBuf> {
    if !component.contains('*') {
        return vec![folder.join(component)];
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| matches(component, &entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// Whether a name fits a pattern with at most one `*`, which is all that members are written with.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        None => pattern == name,
    }
}

fn roll_call(folder: &Path) -> Option<(PathBuf, String)> {
    let calls = |line: &str| line.contains(ROLL_CALL) && !line.trim_start().starts_with("//");
    ["lib.rs", "main.rs"].into_iter().find_map(|file| {
        let path = folder.join("src").join(file);
        let source = fs::read_to_string(&path).ok()?;
        source.lines().any(calls).then_some((path, source))
    })
}

fn package_name(manifest: &DocumentMut) -> Option<String> {
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

fn read_manifest(path: &Path) -> Result<DocumentMut, NewError> {
    let text = fs::read_to_string(path).map_err(|source| NewError::Read { path: path.to_owned(), source })?;
    text.parse().map_err(|source| NewError::Manifest { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_members_pattern_fits_the_folders_that_cargo_takes() {
        assert!(matches("*", "clock"));
        assert!(matches("plugin-*", "plugin-clock"));
        assert!(!matches("plugin-*", "clock"));
    }
}
