//! An authority that signed a certificate for loopback, made by `openssl`.

use crate::peers::{openssl, require};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The files of an authority and of a server, in a folder that lives as long.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    /// `None` where there is nothing to make them with, and need not be.
    pub(crate) fn new() -> Option<Self> {
        require(openssl())?;
        let folder = tempfile::tempdir().expect("a folder");
        let authority = ["-subj", "/CN=an authority of the tests", "-addext", "keyUsage=critical,keyCertSign"];
        request(folder.path(), "ca", &authority);
        let server = [
            ["-CA", "ca.pem"],
            ["-CAkey", "ca.key"],
            ["-subj", "/CN=localhost"],
            ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            ["-addext", "basicConstraints=critical,CA:FALSE"],
        ];
        request(folder.path(), "server", server.as_flattened());
        Some(Self(folder))
    }

    /// The file with the authority's certificate.
    pub(crate) fn authority(&self) -> String {
        self.file("ca.pem")
    }

    /// The files with the server's certificate and its key.
    pub(crate) fn of_the_server(&self) -> [String; 2] {
        [self.file("server.pem"), self.file("server.key")]
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

fn request(folder: &Path, name: &str, more: &[&str]) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")]).args(more).current_dir(folder);
    let output = command.output().expect("it was found");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
