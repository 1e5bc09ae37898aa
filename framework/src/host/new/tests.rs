//! `bristle new` in workspaces of other people, as far as no compiler is needed.

use super::super::arguments::NewArguments;
use super::{NewError, run};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const VIRTUAL: &str = "[workspace]\nmembers = [\"app\", \"plugins/*\"]\n";
const HOST: &str = "[package]\nname = \"app\"\nedition = \"2024\"\n\n[dependencies]\n\
    bristle = { version = \"0.1\", path = \"../vendor/bristle\", features = [\"x\"] }\n";
const CALL: &str = "//! The host.\n\nbristle::roll_call!();\n\nfn main() {}\n";

fn workspace(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("plugins")).expect("made");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

fn new(from: &Path, name: &str, host: Option<&str>) -> Result<String, NewError> {
    run(&NewArguments { name: name.parse().expect("a name"), host: host.map(str::to_owned) }, from)
}

fn text(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).expect("a file")
}

#[test]
fn a_plugin_takes_the_framework_from_where_the_host_takes_it() {
    let folder = workspace(&[("Cargo.toml", VIRTUAL), ("app/Cargo.toml", HOST), ("app/src/main.rs", CALL)]);
    new(&folder.path().join("app/src"), "wall-clock", None).expect("a plugin");
    let manifest = text(&folder, "plugins/wall-clock/Cargo.toml");
    assert!(manifest.contains("edition = \"2024\""), "{manifest}");
    let framework = "bristle = { version = \"0.1\", path = \"../../vendor/bristle\" }\n";
    assert!(manifest.contains(framework), "{manifest}");
    assert!(manifest.contains("serde = { version = \"1\""), "{manifest}");
    assert!(text(&folder, "app/Cargo.toml").ends_with("wall-clock = { path = \"../plugins/wall-clock\" }\n"));
    assert_eq!(text(&folder, "app/src/main.rs"), CALL.replace("bristle::", "use wall_clock as _;\n\nbristle::"));
    assert!(text(&folder, "plugins/wall-clock/src/lib.rs").contains("#[endpoint(\"/wall-clock\")]"));
    assert_eq!(text(&folder, "Cargo.toml"), VIRTUAL);
}

#[test]
fn a_workspace_that_lists_its_members_lists_the_plugin_too() {
    let root = "[workspace]\nmembers = [\"app\"]\n\n[workspace.dependencies]\nserde = \"1\"\n";
    let folder = workspace(&[("Cargo.toml", root), ("app/Cargo.toml", HOST), ("app/src/lib.rs", CALL)]);
    new(folder.path(), "clock", None).expect("a plugin");
    assert!(text(&folder, "Cargo.toml").starts_with("[workspace]\nmembers = [\"app\", \"plugins/clock\"]\n"));
    assert!(text(&folder, "plugins/clock/Cargo.toml").contains("serde = { workspace = true, features"));
}

#[test]
fn where_there_are_several_hosts_one_must_be_named() {
    let root = "[workspace]\nmembers = [\"*\"]\n";
    let other = HOST.replace("\"app\"", "\"other\"");
    let folder = workspace(&[
        ("Cargo.toml", root),
        ("app/Cargo.toml", HOST),
        ("app/src/lib.rs", CALL),
        ("other/Cargo.toml", &other),
        ("other/src/lib.rs", CALL),
    ]);
    let error = new(folder.path(), "clock", None).expect_err("two hosts");
    assert!(error.to_string().contains("--host app"), "{error}");
    assert!(matches!(new(folder.path(), "clock", Some("third")), Err(NewError::OtherHost { .. })));
    new(folder.path(), "clock", Some("other")).expect("a plugin");
    assert!(text(&folder, "other/src/lib.rs").contains("use clock as _;"));
    assert_eq!(text(&folder, "app/src/lib.rs"), CALL);
}

#[test]
fn what_cannot_be_made_changes_nothing_and_says_why() {
    let nothing = tempfile::tempdir().expect("a folder");
    assert!(matches!(new(nothing.path(), "clock", None), Err(NewError::NoWorkspace { .. })));

    let no_call = CALL.replace("bristle::roll_call!();", "// bristle::roll_call!();");
    let folder = workspace(&[("Cargo.toml", VIRTUAL), ("app/Cargo.toml", HOST), ("app/src/lib.rs", &no_call)]);
    assert!(matches!(new(folder.path(), "clock", None), Err(NewError::NoHost { .. })));

    let folder = workspace(&[("Cargo.toml", VIRTUAL), ("app/Cargo.toml", HOST), ("app/src/lib.rs", CALL)]);
    assert!(matches!(new(folder.path(), "app", None), Err(NewError::Taken { .. })));
    fs::create_dir(folder.path().join("plugins/clock")).expect("made");
    assert!(matches!(new(folder.path(), "clock", None), Err(NewError::Exists { .. })));
    assert_eq!(text(&folder, "app/src/lib.rs"), CALL);
    assert_eq!(text(&folder, "app/Cargo.toml"), HOST);
}
