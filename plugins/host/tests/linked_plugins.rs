//! Hosts of other people: a plugin that is never named, and a plugin that `bristle new` makes.

mod support;

use std::fs;
use support::{bristle, built, cargo, package, workspace};

const CLOCK: &str = "use bristle::prelude::*;\n\n#[init]\nasync fn wind() {}\n";

#[test]
fn a_plugin_that_is_only_a_dependency_is_told_with_the_line_to_add() {
    let folder = workspace();
    let main =
        "use set as _;\n\nbristle::roll_call!();\n\nfn main() -> std::process::ExitCode {\n    bristle::main()\n}\n";
    let dependencies = "clock = { path = \"../clock\" }\nset = { path = \"../set\" }\n";
    package(folder.path(), "forgetful", dependencies, "main.rs", main);
    package(folder.path(), "clock", "", "lib.rs", CLOCK);
    package(folder.path(), "set", "", "lib.rs", CLOCK);
    cargo(folder.path(), &["build", "--package", "forgetful"]).expect(0);
    let outcome = built("forgetful", folder.path(), &["check"]);
    outcome
        .expect(1)
        .complains("plugin `clock` is a dependency")
        .complains("add `use clock as _;` to plugins/forgetful/src/main.rs");
    assert!(!outcome.stderr.contains("`set`"), "{}", outcome.stderr);
    built("forgetful", folder.path(), &["run"]).expect(1).complains("add `use clock as _;`");

    let path = folder.path().join("plugins/forgetful/src/main.rs");
    fs::write(&path, format!("use clock as _;\n{main}")).expect("written");
    cargo(folder.path(), &["build", "--package", "forgetful"]).expect(0);
    built("forgetful", folder.path(), &["check"]).expect(0).says("ok: 2 plugins with 2 hooks");
}

#[test]
fn a_new_plugin_compiles_is_linked_and_passes_its_own_test() {
    let folder = workspace();
    let lib = "#![warn(unused_crate_dependencies)]\n\nuse set as _;\n\nbristle::roll_call!();\n";
    package(folder.path(), "showcase", "set = { path = \"../set\" }\n", "lib.rs", lib);
    package(folder.path(), "set", "", "lib.rs", CLOCK);
    let main = "fn main() -> std::process::ExitCode {\n    showcase::plugins();\n    bristle::main()\n}\n";
    fs::write(folder.path().join("plugins/showcase/src/main.rs"), main).expect("written");

    bristle(&folder.path().join("plugins/set"), &["new", "wall-clock"], &[])
        .expect(0)
        .says("cargo test -p wall-clock")
        .says("plugins/showcase/src/lib.rs");
    let source = fs::read_to_string(folder.path().join("plugins/showcase/src/lib.rs")).expect("a file");
    assert!(source.contains("use set as _;\nuse wall_clock as _;\n"), "{source}");

    cargo(folder.path(), &["test", "--package", "wall-clock"]).expect(0).says("1 passed");
    cargo(folder.path(), &["build", "--package", "showcase"]).expect(0);
    built("showcase", folder.path(), &["check"]).expect(0);
    built("showcase", folder.path(), &["list"]).expect(0).says("wall-clock").says("/wall-clock");
    let misspelled = ["check", "--set", "plugins.wall-clock.prefx=x"];
    built("showcase", folder.path(), &misspelled).expect(1).complains("did you mean `prefix`?");

    bristle(folder.path(), &["new", "wall-clock"], &[]).expect(1).complains("exists already");
    bristle(folder.path(), &["new", "set"], &[]).expect(1);
    bristle(folder.path(), &["new", "match"], &[]).expect(2).complains("keyword");
}
