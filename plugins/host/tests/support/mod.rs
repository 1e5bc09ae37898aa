//! Runs the binary and cargo in folders of their own.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What a process said and how it ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Both outputs hold nothing of this text.
    #[track_caller]
    pub fn hides(&self, secret: &str) -> &Self {
        assert!(!self.stdout.contains(secret), "{}", self.stdout);
        assert!(!self.stderr.contains(secret), "{}", self.stderr);
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no `{text}` in:\n{}", self.stdout);
        self
    }

    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no `{text}` in:\n{}", self.stderr);
        self
    }
}

/// A folder with this `bristle.toml`.
pub fn configured(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("bristle.toml"), text).expect("written");
    folder
}

/// The binary, in a folder, with only these variables of ours.
pub fn bristle<S: AsRef<OsStr>>(folder: &Path, arguments: &[S], variables: &[(&str, &str)]) -> Outcome {
    run(plain(env!("CARGO_BIN_EXE_bristle"), folder).args(arguments).envs(variables.iter().copied()))
}

/// Cargo, in a folder, offline, building into the target folder of these tests.
pub fn cargo(folder: &Path, arguments: &[&str]) -> Outcome {
    run(plain(env!("CARGO"), folder).args(arguments).env("CARGO_TARGET_DIR", target()).env("CARGO_NET_OFFLINE", "true"))
}

/// A program that cargo built.
pub fn built(name: &str, folder: &Path, arguments: &[&str]) -> Outcome {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    run(plain(target().join("debug").join(file), folder).args(arguments))
}

/// A workspace like this one, without its plugins, that takes the framework from here: so nothing but what is new in it
/// is compiled. Its host's binary gets another name, or it would overwrite the one under test.
pub fn workspace() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = root();
    let framework = toml_path(&root.join("framework"));
    let manifest = fs::read_to_string(root.join("Cargo.toml"))
        .expect("the workspace's manifest")
        .replace("members = [\"framework\", \"macros\", \"plugins/*\"]", "members = [\"plugins/*\"]")
        .replace("default-members = [\"plugins/*\"]\n", "")
        .replace("path = \"framework\"", &format!("path = {framework}"));
    assert!(manifest.contains(&framework), "{manifest}");
    write(folder.path(), "Cargo.toml", &manifest);
    fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("copied");
    folder
}

/// A package of a workspace.
pub fn package(workspace: &Path, name: &str, dependencies: &str, file: &str, source: &str) {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\nbristle.workspace = true\n{dependencies}"
    );
    write(workspace, &format!("plugins/{name}/Cargo.toml"), &manifest);
    write(workspace, &format!("plugins/{name}/src/{file}"), source);
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("below a folder")).expect("made");
    fs::write(path, text).expect("written");
}

fn plain(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_remove("RUST_LOG").env("NO_COLOR", "1");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BRISTLE_")) {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command) -> Outcome {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).expect("a host lies in `plugins/host`").to_owned()
}

/// Where the binary under test was built: what it was built from need not be built again.
fn target() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_bristle"));
    binary.ancestors().nth(2).expect("a binary lies in `target/debug`").to_owned()
}

fn toml_path(path: &Path) -> String {
    format!("'{}'", path.display())
}
