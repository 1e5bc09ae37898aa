//! What changes in files that are there already: their format and their comments stay.

use super::PLUGINS_FOLDER;
use std::path::{Component, Path};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

/// The host's manifest with the plugin among its dependencies; where they are sorted, they stay so.
pub(crate) fn with_dependency(manifest: &DocumentMut, host: &Path, name: &str, plugin: &Path) -> String {
    let mut manifest = manifest.clone();
    let dependencies = manifest.entry("dependencies").or_insert_with(|| Item::Table(Table::new()));
    if let Some(dependencies) = dependencies.as_table_mut() {
        let sorted = dependencies.iter().map(|(key, _)| key).is_sorted();
        let path = InlineTable::from_iter([("path", Value::from(relative(host, plugin)))]);
        dependencies.insert(name, Item::Value(Value::InlineTable(path)));
        if sorted {
            dependencies.sort_values();
        }
    }
    manifest.to_string()
}

/// The workspace's manifest with the plugin among its members, and among those that commands are for by default.
pub(crate) fn with_member(manifest: &DocumentMut, name: &str) -> String {
    let mut manifest = manifest.clone();
    let folder = format!("{PLUGINS_FOLDER}/{name}");
    let Some(workspace) = manifest.get_mut("workspace").and_then(Item::as_table_like_mut) else {
        return manifest.to_string();
    };
    if let Some(default) = workspace.get_mut("default-members").and_then(Item::as_array_mut) {
        default.push(folder.as_str());
    }
    let members = workspace.entry("members").or_insert_with(|| Item::Value(Value::Array(Array::new())));
    if let Some(members) = members.as_array_mut() {
        members.push(folder.as_str());
    }
    manifest.to_string()
}

/// The host's source with the plugin named, in order among the others, else above the roll call.
pub(crate) fn with_plugin_named(source: &str, crate_name: &str) -> String {
    let newline = if source.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<&str> = source.lines().collect();
    let named: Vec<usize> = (0..lines.len()).filter(|&at| linked(lines[at]).is_some()).collect();
    let line = format!("use {crate_name} as _;");
    let later = named.iter().copied().find(|&at| linked(lines[at]).is_some_and(|other| other > crate_name));
    match (later, named.last()) {
        (Some(at), _) => lines.insert(above_its_attributes(&lines, at), &line),
        (None, Some(last)) => lines.insert(last + 1, &line),
        (None, None) => {
            let call = lines.iter().position(|text| text.contains("roll_call!") && !is_comment(text));
            let at = above_its_attributes(&lines, call.unwrap_or(lines.len()));
            lines.insert(at, "");
            lines.insert(at, &line);
        }
    }
    lines.join(newline) + newline
}

/// A path that leads from one folder to another, as manifests write it.
pub(crate) fn relative(from: &Path, to: &Path) -> String {
    let shared = from.components().zip(to.components()).take_while(|(from, to)| from == to).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to.components().skip(shared).map(|component| component.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A path with its `.` and `..` resolved by name.
pub(crate) fn plain(path: &Path) -> std::path::PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.into_iter().collect()
}

/// The crate that a line links.
fn linked(line: &str) -> Option<&str> {
    line.strip_prefix("use ")?.trim_end().strip_suffix(" as _;")
}

fn above_its_attributes(lines: &[&str], at: usize) -> usize {
    let belongs = |line: &&&str| line.starts_with("#[") || (is_comment(line) && !line.starts_with("//!"));
    at - lines[..at].iter().rev().take_while(belongs).count()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_named_in_order_and_nothing_else_moves() {
        let source = "//! Host.\n\nuse a as _;\n// Why d.\nuse d as _;\n\nbristle::roll_call!();\n";
        let with = |name| with_plugin_named(source, name);
        assert_eq!(
            with("b"),
            "//! Host.\n\nuse a as _;\nuse b as _;\n// Why d.\nuse d as _;\n\nbristle::roll_call!();\n"
        );
        assert_eq!(
            with("e"),
            "//! Host.\n\nuse a as _;\n// Why d.\nuse d as _;\nuse e as _;\n\nbristle::roll_call!();\n"
        );
    }

    #[test]
    fn the_first_plugin_is_named_above_the_roll_call() {
        assert_eq!(
            with_plugin_named("//! Host.\n\nbristle::roll_call!();\n", "a"),
            "//! Host.\n\nuse a as _;\n\nbristle::roll_call!();\n"
        );
    }

    #[test]
    fn sorted_dependencies_stay_sorted_and_comments_stay_with_their_lines() {
        let manifest: DocumentMut =
            "[dependencies]\nb.workspace = true\n# Why d.\nd = \"1\" # so\n\n[lints]\n".parse().expect("TOML");
        assert_eq!(
            with_dependency(&manifest, Path::new("/w/plugins/host"), "c", Path::new("/w/plugins/c")),
            "[dependencies]\nb.workspace = true\nc = { path = \"../c\" }\n# Why d.\nd = \"1\" # so\n\n[lints]\n"
        );
    }

    #[test]
    fn a_path_leads_from_folder_to_folder() {
        assert_eq!(relative(Path::new("/w/app/host"), Path::new("/w/plugins/c")), "../../plugins/c");
        assert_eq!(relative(Path::new("/w"), Path::new("/w/plugins/c")), "plugins/c");
        assert_eq!(plain(Path::new("/w/a/../b/./c")), Path::new("/w/b/c"));
    }
}
