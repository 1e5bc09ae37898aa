//! The roll call: the plugins that the host's manifest depends on, as it is taken down at compile time.

use crate::runtime::ExpectedPlugin;
use std::path::{Component, Path, PathBuf};
use toml_edit::{Document, Item, TableLike};

/// The folder that plugins live in.
pub(crate) const PLUGINS_FOLDER: &str = "plugins";

/// Takes down which plugins this host depends on, so that one that was never named is an error at launch.
///
/// A plugin that is only a dependency in `Cargo.toml` registers nothing, and no compiler says so. Write this once in
/// the crate that names the plugins; where that is a library, call the function `plugins()` that it makes from `main`,
/// for a binary that never names its own library loses what the library names.
///
/// A dependency counts as a plugin if its `path` leads into a folder `plugins`, or if the manifest lists it:
///
/// ```toml
/// [package.metadata.bristle]
/// plugins = ["clock"]     # from a registry, from git, or from elsewhere in the workspace
/// ```
///
/// ```text
/// // plugins/host/src/lib.rs
/// use echo as _;
/// use greeter as _;
///
/// bristle::roll_call!();
///
/// // plugins/host/src/main.rs
/// fn main() -> std::process::ExitCode {
///     host::plugins();
///     bristle::main()
/// }
/// ```
#[macro_export]
macro_rules! roll_call {
    () => {
        /// Links the plugins: a binary that calls this keeps every plugin that this crate names.
        #[allow(dead_code, unreachable_pub)]
        pub fn plugins() {}

        $crate::__private::inventory::submit! {
            $crate::__private::RollCall {
                host: ::core::env!("CARGO_PKG_NAME"),
                file: ::core::file!(),
                manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
                manifest: ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
            }
        }
    };
}

/// What [`roll_call!`](crate::roll_call) takes down.
#[derive(Debug, Clone, Copy)]
pub struct RollCall {
    /// The host's package.
    pub host: &'static str,
    /// The file that names the plugins.
    pub file: &'static str,
    /// The host's folder.
    pub manifest_dir: &'static str,
    /// The host's `Cargo.toml`.
    pub manifest: &'static str,
}

/// The plugins that must have registered something, because a host's manifest depends on them.
pub(crate) fn expected<'a>(calls: impl IntoIterator<Item = &'a RollCall>) -> Vec<ExpectedPlugin> {
    let expected = |call: &RollCall| {
        let (host, file) = (call.host, call.file);
        called(call).into_iter().map(move |plugin| ExpectedPlugin {
            fix: format!(
                "add `use {} as _;` to {file} (a crate without hooks is no plugin: `{host}` takes it from outside of \
                 `{PLUGINS_FOLDER}/`)",
                plugin.key.replace('-', "_")
            ),
            name: plugin.package,
        })
    };
    calls.into_iter().flat_map(expected).collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Called {
    /// The name in the list of dependencies, by which the host's source names it.
    key: String,
    /// The package's name, by which it registers.
    package: String,
}

fn called(call: &RollCall) -> Vec<Called> {
    let Ok(manifest) = Document::parse(call.manifest) else { return Vec::new() };
    let root = manifest.as_item();
    let listed: Vec<&str> = root
        .get("package")
        .and_then(|package| package.get("metadata")?.get("bristle")?.get("plugins")?.as_array())
        .map(|names| names.iter().filter_map(toml_edit::Value::as_str).collect())
        .unwrap_or_default();
    let dependencies = root.get("dependencies").and_then(Item::as_table_like);
    let mut called = Vec::new();
    for (key, dependency) in dependencies.into_iter().flat_map(TableLike::iter) {
        let text = |name: &str| dependency.get(name).and_then(Item::as_str);
        let optional = dependency.get("optional").and_then(Item::as_bool).unwrap_or(false);
        let is_plugin = listed.contains(&key)
            || text("path").is_some_and(|path| lies_in_plugins(&Path::new(call.manifest_dir).join(path)));
        if is_plugin && !optional {
            called.push(Called { key: key.to_owned(), package: text("package").unwrap_or(key).to_owned() });
        }
    }
    called
}

fn lies_in_plugins(folder: &Path) -> bool {
    let mut folders: Vec<Component<'_>> = Vec::new();
    for component in folder.components() {
        match component {
            Component::ParentDir => drop(folders.pop()),
            Component::CurDir => {}
            other => folders.push(other),
        }
    }
    let folder: PathBuf = folders.into_iter().collect();
    folder.parent().and_then(Path::file_name).is_some_and(|name| name == PLUGINS_FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(manifest: &'static str) -> RollCall {
        RollCall { host: "host", file: "plugins/host/src/lib.rs", manifest_dir: "/w/plugins/host", manifest }
    }

    fn keys(manifest: &'static str) -> Vec<String> {
        called(&call(manifest)).into_iter().map(|plugin| plugin.key).collect()
    }

    #[test]
    fn a_plugin_that_was_never_named_is_told_with_the_line_to_add() {
        let call = call("[dependencies]\nwall-clock = { path = '../wall-clock' }");
        assert_eq!(
            expected([&call]),
            [ExpectedPlugin {
                name: "wall-clock".into(),
                fix: "add `use wall_clock as _;` to plugins/host/src/lib.rs (a crate without hooks is no plugin: \
                    `host` takes it from outside of `plugins/`)"
                    .into(),
            }]
        );
    }

    #[test]
    fn a_path_into_a_folder_plugins_or_a_place_in_the_list_makes_a_plugin() {
        assert_eq!(
            keys(
                "[package.metadata.bristle]\nplugins = ['remote', 'not-there']\n[dependencies]\nbristle.workspace = true\n\
                 remote = '1'\nother = '1'\nnear = { path = '../near' }\nutil = { path = '../../util' }\n\
                 maybe = { path = '../maybe', optional = true }"
            ),
            ["remote", "near"]
        );
    }

    #[test]
    fn a_renamed_plugin_is_named_by_its_key_and_registers_as_its_package() {
        let plugins = called(&call("[dependencies]\nc = { path = '../clock', package = 'clock' }"));
        assert_eq!(plugins, [Called { key: "c".into(), package: "clock".into() }]);
    }
}
