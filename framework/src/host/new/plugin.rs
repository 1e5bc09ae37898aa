//! The files of a new plugin.

use super::edit;
use super::workspace::{Host, Workspace};
use std::path::Path;
use toml_edit::{DocumentMut, Item, Value};

const MANIFEST: &str = include_str!("template/manifest.toml");
const SOURCE: &str = include_str!("template/lib.rs");

/// What stands for the plugin's name in the templates.
const NAME: &str = "PLUGIN_NAME";

/// What a package may share with the others of its workspace.
const SHARED_KEYS: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// Where a dependency comes from: the plugin takes the framework from where the host takes it.
const PLACES: [&str; 8] = ["workspace", "version", "path", "git", "branch", "tag", "rev", "registry"];

/// The plugin's source.
pub(crate) fn source(name: &str) -> String {
    SOURCE.replace(NAME, name)
}

/// The plugin's manifest, after the host's.
pub(crate) fn manifest(name: &str, folder: &Path, host: &Host, workspace: &Workspace) -> String {
    let mut manifest: DocumentMut =
        MANIFEST.replace(NAME, name).parse().expect("the template is TOML with any name in it");
    if let Some(package) = host.manifest.get("package") {
        for key in SHARED_KEYS {
            if let Some(value) = package.get(key) {
                manifest["package"][key] = value.clone();
            }
        }
    }
    if let Some(framework) = host.manifest.get("dependencies").and_then(|table| table.get("bristle")) {
        manifest["dependencies"]["bristle"] = place(framework, &host.folder, folder);
    }
    for table in ["dependencies", "dev-dependencies"] {
        let names: Vec<String> = keys(&manifest[table]).filter(|name| workspace.shares(name)).collect();
        for name in names {
            let features = manifest[table][&name].get("features").cloned();
            manifest[table][&name] = shared(features);
        }
    }
    if let Some(lints) = host.manifest.get("lints") {
        manifest["lints"] = lints.clone();
    }
    manifest.to_string()
}

fn keys(table: &Item) -> impl Iterator<Item = String> {
    table.as_table_like().into_iter().flat_map(|table| table.iter()).map(|(key, _)| key.to_owned())
}

/// A dependency on the same package from the same place, seen from another folder; features are not the plugin's.
fn place(dependency: &Item, from: &Path, to: &Path) -> Item {
    let Some(table) = dependency.as_table_like() else { return dependency.clone() };
    let mut place = toml_edit::InlineTable::new();
    for key in PLACES {
        match (key, table.get(key).and_then(Item::as_value)) {
            ("path", Some(path)) => {
                let target = edit::plain(&from.join(path.as_str().unwrap_or_default()));
                place.insert(key, Value::from(edit::relative(to, &target)));
            }
            (_, Some(value)) => drop(place.insert(key, value.clone().decorated(" ", ""))),
            (_, None) => {}
        }
    }
    if place.len() == 1 && place.contains_key("workspace") {
        return dotted_workspace();
    }
    place.fmt();
    Item::Value(Value::InlineTable(place))
}

/// A dependency on what the workspace shares.
fn shared(features: Option<Item>) -> Item {
    let Some(features) = features.and_then(|features| features.into_value().ok()) else { return dotted_workspace() };
    let mut table = toml_edit::InlineTable::new();
    table.insert("workspace", Value::from(true));
    table.insert("features", features);
    table.fmt();
    Item::Value(Value::InlineTable(table))
}

/// `NAME.workspace = true`
fn dotted_workspace() -> Item {
    let mut table = toml_edit::Table::new();
    table.insert("workspace", toml_edit::value(true));
    table.set_dotted(true);
    Item::Table(table)
}
