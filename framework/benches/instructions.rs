//! How many instructions a message costs on its way, counted by valgrind, which no load on the machine changes:
//! `cargo bench -p bristle --bench instructions`. With `-- --save` it writes what it found beside this file, to compare with.
//!
//! Each case is a real client in a process of its own, on a real socket, twice: what the longer run needs more is what its
//! additional messages cost. The system's own work is not in it.

#![expect(clippy::print_stdout, reason = "its table is what it is run for")]

#[path = "instructions/cases.rs"]
mod cases;
#[path = "instructions/feed.rs"]
mod feed;
#[path = "shared/socket.rs"]
mod socket;

use cases::{CASES, Case};
use feed::Feed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// Messages in the shorter run: enough for every buffer to have grown.
const SHORT: u64 = 20_000;

/// Messages in the longer run.
const LONG: u64 = 60_000;

/// From which change on a case is marked. Where reads fall together differs from run to run, and moves a figure by less.
const NOTABLE: f64 = 0.03;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["client", case, port, messages] => {
            let case = CASES.iter().find(|known| known.name == *case).expect("the parent knows the cases");
            case.run(port.parse().expect("a port"), messages.parse().expect("a number"));
        }
        others => compare(others.contains(&"--save")),
    }
}

/// Counts every case, prints it beside what was saved, and saves it where that is asked for.
fn compare(save: bool) {
    let saved: BTreeMap<String, f64> =
        fs::read(file()).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let mut found = BTreeMap::new();
    println!("| instructions for each message | now | saved | change |\n|---|---:|---:|---:|");
    for case in &CASES {
        let each = (counted(case, LONG) - counted(case, SHORT)) as f64 / (LONG - SHORT) as f64;
        let (before, change) = match saved.get(case.name) {
            Some(before) => {
                let change = each / before - 1.0;
                let mark = if change.abs() > NOTABLE { " **!**" } else { "" };
                (format!("{before:.0}"), format!("{:+.1} %{mark}", change * 100.0))
            }
            None => Default::default(),
        };
        println!("| {} | {each:.0} | {before} | {change} |", case.title);
        found.insert(case.name, each.round());
    }
    if save {
        let text = serde_json::to_string_pretty(&found).expect("numbers are JSON");
        fs::write(file(), text + "\n").expect("the benchmark's folder can be written");
    }
}

/// The instructions of one run under valgrind.
fn counted(case: &Case, messages: u64) -> u64 {
    let feed = Feed::start(case.load, messages);
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(env::current_exe().expect("we run"));
    valgrind.args(["client", case.name, &feed.port().to_string(), &messages.to_string()]);
    let output = valgrind.stdout(Stdio::null()).output().expect("`valgrind` is installed");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}", case.name);
    assert_eq!(feed.end(), messages, "{}: every message comes and goes", case.name);
    let collected =
        text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim().parse());
    collected.expect("callgrind says what it collected").expect("that is a number")
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/saved.json")
}
