//! How long cargo takes to build the host.

use super::NoFigure;
use super::peers::root;
use crate::tally::Report;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

/// The plugin that changes.
const CHANGED: &str = "plugins/echo/src/lib.rs";

/// Builds the host in the dev profile, in a folder of its own: from nothing, or after a change of a plugin.
pub(super) fn build(clean: bool, quick: bool) -> Result<Report, NoFigure> {
    if quick {
        return Err(NoFigure::LeftOut("a build from nothing takes minutes".to_owned()));
    }
    let target = target();
    if clean {
        // It may not be there.
        let _ = fs::remove_dir_all(&target);
        return timed(&target);
    }
    if !target.is_dir() {
        timed(&target)?;
    }
    let changed = root().join(CHANGED);
    let file = fs::File::options().append(true).open(&changed).map_err(|error| format!("{CHANGED}: {error}"))?;
    file.set_modified(SystemTime::now()).map_err(|error| format!("{CHANGED}: {error}"))?;
    let report = timed(&target);
    let _ = fs::remove_dir_all(&target);
    report
}

fn target() -> PathBuf {
    std::env::temp_dir().join(format!("bristle-build-{}", std::process::id()))
}

fn timed(target: &PathBuf) -> Result<Report, NoFigure> {
    let start = Instant::now();
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--package", "host"]).current_dir(root()).env("CARGO_TARGET_DIR", target);
    let output = cargo.stdin(Stdio::null()).output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(NoFigure::Failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Report { messages: 1, seconds, ..Report::default() }.with("wall", seconds))
}
