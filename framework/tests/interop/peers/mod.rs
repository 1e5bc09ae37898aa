//! Real peers: programs of other people, installed once, that a test starts and reads the lines of.

#![allow(dead_code, unused_imports, reason = "each of the test binaries uses a part of it")]

mod install;
mod process;
mod server;

pub(crate) use install::{browser, node, openssl, python, require};
pub(crate) use process::Process;
pub(crate) use server::{Peer, Server};

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python script of ours, run by a Python that has the libraries.
pub(crate) fn python_script(python: &Path, script: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(scripts().join(script)).env("PYTHONUNBUFFERED", "1");
    command
}

/// A script of ours, run by Node.js with the libraries in `modules`.
pub(crate) fn node_script(modules: &Path, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(scripts().join(script)).env("NODE_PATH", modules);
    command
}

/// Where the peers' scripts lie.
pub(crate) fn scripts() -> PathBuf {
    root().join("framework/tests/interop/scripts")
}

/// The workspace's folder. Two packages use this module, so it is searched for.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).expect("a package lies in the workspace")
}
