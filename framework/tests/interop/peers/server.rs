//! The servers: three libraries, one play. What a server does on a connection is said by the path.

use super::{Process, install, node_script, python_script};
use std::ffi::OsStr;
use std::process::Command;

/// Whose server it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Server {
    /// Python's `websockets`.
    Websockets,
    /// Python's `aiohttp`.
    Aiohttp,
    /// `ws` of Node.js.
    Ws,
}

/// A server that listens on loopback.
pub(crate) struct Peer {
    pub(crate) process: Process,
    pub(crate) port: u16,
    server: Server,
}

impl Server {
    /// Starts it on a free port. `None` where it cannot be installed, and need not be.
    pub(crate) async fn start(self) -> Option<Peer> {
        self.start_with::<&str>(&[]).await
    }

    /// As `start`, with more arguments for the script.
    pub(crate) async fn start_with<A: AsRef<OsStr>>(self, arguments: &[A]) -> Option<Peer> {
        let mut command = self.command()?;
        let (process, port) = listening(command.arg("0").args(arguments)).await;
        Some(Peer { process, port, server: self })
    }

    fn command(self) -> Option<Command> {
        Some(match self {
            Self::Websockets => python_script(install::require(install::python())?, "server_websockets.py"),
            Self::Aiohttp => python_script(install::require(install::python())?, "server_aiohttp.py"),
            Self::Ws => node_script(install::require(install::node())?, "server_ws.cjs"),
        })
    }
}

impl Peer {
    /// The URL of a path on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// Starts the server again where it was. It must have been killed.
    pub(crate) async fn restart(&mut self) {
        let mut command = self.server.command().expect("it was started before");
        (self.process, self.port) = listening(command.arg(self.port.to_string())).await;
    }
}

async fn listening(command: &mut Command) -> (Process, u16) {
    let mut process = Process::start(command);
    let port = process.after("listening on ").await;
    (process, port.parse().expect("a port"))
}
