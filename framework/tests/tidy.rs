//! The house rules as tests: which room may import which, what is named where, how long a file may be.

#[path = "tidy/source.rs"]
mod source;

use source::{ImportPath, Token, begins, paths, tokens};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room of the framework and the rooms below it, which it may import. A new arrow changes ARCHITECTURE.md, too.
const ROOMS: [(&str, &[&str]); 10] = [
    ("message", &[]),
    ("settings", &[]),
    ("metrics", &[]),
    ("connection", &["message", "settings", "metrics"]),
    ("client", &["connection", "message", "settings", "metrics"]),
    ("node", &["connection", "message", "settings", "metrics"]),
    ("testing", &["client", "connection", "message"]),
    ("plugin", &["client", "node", "connection", "message", "settings", "metrics"]),
    ("runtime", &["plugin", "client", "node", "connection", "message", "settings", "metrics"]),
    ("host", &["runtime", "plugin", "client", "node", "connection", "message", "settings"]),
];

/// What belongs to no room: everybody may use it.
const DOORS: [&str; 3] = ["error", "target", "__private"];

/// What is copied into other people's crates, and is none of the framework's code.
const TEMPLATES: &str = "host/new/template/";

/// Paths that only some files of the framework may name, as the beginnings of those files, and what to do instead.
const NAMES: [(&str, &[&str], &str); 11] = [
    ("tokio_tungstenite", &["connection/wire.rs"], "say what you need of the protocol in connection/wire.rs"),
    ("tungstenite", &["connection/wire.rs"], "say what you need of the protocol in connection/wire.rs"),
    ("metrics_exporter_prometheus", &["metrics/recorder.rs"], "ask metrics/recorder.rs for the page"),
    ("inventory", &["plugin/registry.rs", "private.rs", "host/roll_call.rs"], "take a `Registry` as a value"),
    ("std::env", &["host/"], "take it as a value: only the host reads the environment"),
    ("std::fs", &["host/"], "take it as a value: only the host reads files"),
    ("tokio::fs", &["host/"], "take it as a value: only the host reads files"),
    ("tokio::signal", &["host/"], "take a future: only the host listens to signals"),
    ("process::exit", &["host/"], "return an error: only the host ends the process"),
    ("mpsc::unbounded_channel", &[], "bound the channel, and say what happens when it is full"),
    ("thread::sleep", &[], "wait for what is to come, or for tokio's clock"),
];

/// What writes to the log.
const LOGS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Attributes that no test has, and what to do instead.
const ATTRIBUTES: [(&str, &str); 2] =
    [("ignore", "say at run time why a test cannot run"), ("should_panic", "assert on the value or the error")];

/// How many lines a file has at most, tests included.
const MAX_LINES: usize = 400;

#[test]
fn rooms_import_only_what_lies_below_them() {
    let exports = exports(&fs::read_to_string(root().join("framework/src/lib.rs")).expect("it is there"));
    tidy(&["framework/src"], |file, source| directions(file, source, &exports));
}

#[test]
fn what_belongs_in_one_place_is_named_there_only() {
    tidy(&["framework/src"], names);
}

#[test]
fn what_is_logged_has_a_target_that_operators_can_rely_on() {
    tidy(&["framework/src"], |file, source| {
        let logs = |at: usize| LOGS.iter().any(|log| begins(&source[at..], &[log, "!", "("]));
        let targeted = |at: usize| begins(&source[at + 3..], &["target", ":"]);
        let found = source.iter().enumerate().filter(|&(at, token)| !token.test && logs(at) && !targeted(at));
        let ours = !file.contains(TEMPLATES);
        found
            .filter(|_| ours)
            .map(|(_, token)| (token.line, "begin with `target: …`, one of framework/src/target.rs".to_owned()))
            .collect()
    });
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    tidy(&["framework/src", "macros/src", "plugins"], |file, source| {
        if is_test_file(file) {
            return Vec::new();
        }
        let unwrapped = |(at, token): (usize, &Token)| !token.test && begins(&source[at..], &[".", "unwrap", "("]);
        let found = source.iter().enumerate().filter(|&entry| unwrapped(entry));
        found.map(|(_, token)| (token.line, "use `expect` and state the invariant, or `?`".to_owned())).collect()
    });
}

#[test]
fn no_test_is_ignored_or_panics_on_purpose() {
    tidy(&["framework", "macros", "plugins"], |_, source| {
        let attribute = |at: usize| ATTRIBUTES.iter().find(|(name, _)| begins(&source[at..], &["#", "[", name]));
        let found = source.iter().enumerate().filter_map(|(at, token)| Some((token.line, attribute(at)?)));
        found.map(|(line, (name, instead))| (line, format!("`#[{name}]`: {instead}"))).collect()
    });
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let problems: Vec<_> = files(&["framework", "macros", "plugins"])
        .into_iter()
        .flat_map(|file| {
            let text = fs::read_to_string(root().join(&file)).expect("it is there");
            let (first, lines) = (text.lines().next().unwrap_or_default().to_owned(), text.lines().count());
            let headless = !first.starts_with("//!") && !first.starts_with("#![doc = include_str!(");
            let head = headless.then(|| format!("{file}:1: begin with one `//!` sentence: what the file is for"));
            let long = (lines > MAX_LINES)
                .then(|| format!("{file}:{MAX_LINES}: it has {lines} lines, {MAX_LINES} are allowed: split it"));
            head.into_iter().chain(long)
        })
        .collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// A place in a file, and what is wrong there.
type Problem = (usize, String);

fn directions(file: &str, source: &[Token], exports: &BTreeMap<String, String>) -> Vec<Problem> {
    let inside = file.strip_prefix("framework/src/").expect("a file of the framework");
    let Some((room, _)) = inside.split_once('/').filter(|_| !inside.starts_with(TEMPLATES)) else {
        return Vec::new();
    };
    let Some((_, below)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![(1, format!("`{room}` is a new room: give it a line in the table of framework/tests/tidy.rs"))];
    };
    let mut problems = Vec::new();
    for path in paths(source) {
        let Some(name) = from_root(inside, &path) else { continue };
        let target = exports.get(name).map_or(name, String::as_str);
        let free = target == room || DOORS.contains(&target) || below.contains(&target);
        if !free {
            let allowed = if below.is_empty() { "no other room".to_owned() } else { below.join(", ") };
            problems.push((path.line, format!("`{room}` imports `{}`; it may import {allowed}", path.text())));
        }
    }
    problems
}

/// The name that a path has at the crate's root, if it begins there.
fn from_root<'a>(file: &str, path: &'a ImportPath) -> Option<&'a str> {
    let supers = path.parts.iter().take_while(|part| *part == "super").count();
    let at = match path.parts[0].as_str() {
        "crate" | "bristle" => 1,
        "super" if supers == module_depth(file) + path.inline => supers,
        _ => return None,
    };
    path.parts.get(at).map(String::as_str)
}

/// How many modules a file is below the root: `client/mod.rs` is one, `client/handle.rs` two.
fn module_depth(file: &str) -> usize {
    let slashes = file.matches('/').count();
    // `session_tests.rs` is the module `tests` within `session`.
    slashes + usize::from(!file.ends_with("/mod.rs")) + usize::from(file.ends_with("_tests.rs"))
}

fn names(file: &str, source: &[Token]) -> Vec<Problem> {
    let inside = file.strip_prefix("framework/src/").expect("a file of the framework");
    let mut problems = Vec::new();
    for path in paths(source).into_iter().filter(|path| !path.test && !is_test_file(file)) {
        let text = format!("::{}::", path.text());
        let named = NAMES.iter().find(|(name, ..)| text.contains(&format!("::{name}::")));
        if let Some((name, places, instead)) = named
            && !places.iter().any(|place| inside.starts_with(place))
        {
            problems.push((path.line, format!("`{name}` is not named here: {instead}")));
        }
    }
    problems
}

fn is_test_file(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("tests.rs")
}

/// Which room or door the names that `lib.rs` exports come from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let ours = |part: &String| DOORS.contains(&part.as_str()) || ROOMS.iter().any(|(room, _)| room == part);
    let paths = paths(&tokens(lib)).into_iter().filter(|path| ours(&path.parts[0]));
    paths.map(|path| (path.parts[path.parts.len() - 1].clone(), path.parts[0].clone())).collect()
}

/// Looks at every file and fails with all problems, each with its file and line.
fn tidy(folders: &[&str], look: impl Fn(&str, &[Token]) -> Vec<Problem>) {
    let mut problems = Vec::new();
    for file in files(folders) {
        let source = tokens(&fs::read_to_string(root().join(&file)).expect("it is there"));
        problems.extend(look(&file, &source).into_iter().map(|(line, problem)| format!("{file}:{line}: {problem}")));
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// The Rust files below these folders, relative to the workspace, but for what is built.
fn files(folders: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() && !path.ends_with("target") {
            open.extend(fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.strip_prefix(root()).expect("below the root").display().to_string());
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are no files in {folders:?}");
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the framework lies in the workspace")
}

mod the_rules_themselves {
    use super::*;

    fn wrong(file: &str, source: &str) -> Vec<usize> {
        let exports = exports("pub use client::{Reconnect, WebSocketClient};");
        directions(file, &tokens(source), &exports).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn an_import_of_a_room_above_is_found_however_it_is_written() {
        let file = "framework/src/node/path.rs";
        assert_eq!(wrong(file, "use crate::{\n    message::Message,\n    client::{self, Reconnect as R},\n};"), [3, 3]);
        assert_eq!(wrong(file, "fn f() { let x: crate::Reconnect; }"), [1]);
        assert_eq!(wrong(file, "use super::super::plugin::Reply;"), [1]);
        assert_eq!(wrong(file, "mod tests {\n    use super::super::super::plugin::Reply;\n}"), [2]);
        assert!(
            wrong(file, "use super::options;\nuse crate::error::Error;\nmod tests { use super::super::x::Y; }")
                .is_empty()
        );
    }

    #[test]
    fn comments_texts_and_tests_are_no_code() {
        let source = "//! std::env::var\n/* std::env */ fn f() { r#\"std::env::x\"#; '\"'; 'a'; b\"\\\"std::env::y\" }";
        assert!(names("framework/src/client/x.rs", &tokens(source)).is_empty());
        let source = "#[cfg(test)]\nmod tests {\n    use std::env::var;\n}\nuse std::{env, io};";
        assert_eq!(names("framework/src/client/x.rs", &tokens(source)).len(), 1);
        assert!(names("framework/src/host/x.rs", &tokens(source)).is_empty());
    }
}
