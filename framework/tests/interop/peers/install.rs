//! Brings the peers' libraries into `.interop/`, once for all tests.

use super::{root, scripts};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names that browsers of the Chromium family go by.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A tool, or why there is none and what to do about it.
type Tool = Result<PathBuf, String>;

/// The tool. Where there is none the test has nothing to run: that is said, or a failure where all of them must run.
#[track_caller]
pub(crate) fn require(tool: &'static Tool) -> Option<&'static Path> {
    let missing = match tool {
        Ok(path) => return Some(path),
        Err(missing) => missing,
    };
    let all = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    assert!(!all("CI") && !all("INTEROP"), "all interop tests must run here, but {missing}");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not `eprintln!`, which the test harness keeps to itself while a test passes.
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {missing}, or run `bash .ci/run`");
    None
}

/// A Python that has the libraries of `requirements.txt`.
pub(crate) fn python() -> &'static Tool {
    static PYTHON: OnceLock<Tool> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let wanted = "requirements.txt";
        let folder = installed("python", "python3", wanted, |folder| {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
            run(Command::new(folder.join("bin/python")).args(pip).arg(scripts().join(wanted)))
        });
        let folder = folder.map_err(|error| {
            format!("the Python peers are not there ({error}): install Python 3.10 or later with `venv` and `pip`")
        })?;
        Ok(folder.join("bin/python"))
    })
}

/// The modules of `package.json`, for the `node` that is there.
pub(crate) fn node() -> &'static Tool {
    static NODE: OnceLock<Tool> = OnceLock::new();
    NODE.get_or_init(|| {
        let wanted = "package.json";
        let folder = installed("node", "node", wanted, |folder| {
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
            fs::copy(scripts().join(wanted), folder.join(wanted)).map_err(|error| error.to_string())?;
            let npm = ["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"];
            run(Command::new("npm").args(npm).current_dir(folder))
        });
        let folder = folder.map_err(|error| {
            format!("the Node.js peers are not there ({error}): install Node.js 18 or later with `npm`")
        })?;
        Ok(folder.join("node_modules"))
    })
}

/// A browser that can run without a screen.
pub(crate) fn browser() -> &'static Tool {
    static BROWSER: OnceLock<Tool> = OnceLock::new();
    BROWSER.get_or_init(|| found(&BROWSERS).ok_or_else(|| "there is no browser: install `chromium`".to_owned()))
}

/// What makes certificates.
pub(crate) fn openssl() -> &'static Tool {
    static OPENSSL: OnceLock<Tool> = OnceLock::new();
    OPENSSL.get_or_init(|| found(&["openssl"]).ok_or_else(|| "there is no `openssl`: install it".to_owned()))
}

/// The first program of these names.
fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let mut candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.find(|file| file.is_file())
}

/// The folder of that name, made by `install` unless it was made before, for the same list of libraries and the same
/// version of what runs them. Other test binaries may want it at the same time: the first one makes it.
fn installed(name: &str, program: &str, list: &str, install: impl FnOnce(&Path) -> Result<String, String>) -> Tool {
    let version = run(Command::new(program).arg("--version"))?;
    let folder = root().join(".interop");
    let problem = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(problem)?;
    let lock = File::create(folder.join(format!("{name}.lock"))).map_err(problem)?;
    lock.lock().map_err(problem)?;
    let wanted = version + &fs::read_to_string(scripts().join(list)).map_err(problem)?;
    let (target, made_for) = (folder.join(name), folder.join(format!("{name}.{list}")));
    if fs::read_to_string(&made_for).is_ok_and(|there| there == wanted) && target.is_dir() {
        return Ok(target);
    }
    install(&target)?;
    fs::write(made_for, wanted).map_err(problem)?;
    Ok(target)
}

/// Runs a program and returns what it said, or the last line of it where it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("`{program}`: {error}"))?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok(stdout.into_owned());
    }
    let last = stderr.lines().chain(stdout.lines()).rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(format!("`{program}` failed: {}", last.trim()))
}
