//! The peers in other languages, installed the way that the interop tests install them.

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../../../framework/tests/interop/peers/install.rs"]
mod install;

use crate::plan::Language;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What runs a script.
pub(super) struct Peer {
    language: Language,
    /// Python's interpreter, or the folder of Node's modules.
    tool: &'static Path,
}

/// Finds the peer, and installs it into `.interop/` where it is not there yet.
///
/// # Errors
/// Says what is missing.
pub(super) fn find(language: Language) -> Result<Peer, String> {
    let tool = match language {
        Language::Python => install::python(),
        Language::Node => install::node(),
    };
    tool.as_ref().map(|tool| Peer { language, tool }).map_err(Clone::clone)
}

impl Peer {
    /// The script with these arguments.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        let mut command = match self.language {
            Language::Python => {
                let mut command = Command::new(self.tool);
                command.arg(ours.join("client_websockets.py"));
                command
            }
            Language::Node => {
                let mut command = Command::new("node");
                command.env("NODE_PATH", self.tool).arg(ours.join("client_ws.cjs"));
                command
            }
        };
        command.args(arguments);
        command
    }
}

/// The repository; what is below is what `install` needs.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("this package lies in it")
}

fn scripts() -> PathBuf {
    root().join("framework/tests/interop/scripts")
}
