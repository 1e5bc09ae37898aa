//! What the figures were measured on and with.

use std::fs;
use std::process::Command;

/// Libraries whose versions matter.
const PEERS: [&str; 7] =
    ["ezsockets", "fastwebsockets", "sockudo-ws", "tokio", "tokio-tungstenite", "tokio-websockets", "yawc"];

/// Processor, memory, kernel, compiler and the peers' versions, as a list in Markdown.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kib: u64 = field(&memory, "MemTotal").split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or_default();
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.filter(|text| !text.is_empty()).unwrap_or_else(|| format!("no `{program}`"))
    };
    let tools = [("rustc", "--version"), ("node", "--version"), ("python3", "--version")];
    let [rustc, node, python] = tools.map(|(program, argument)| said(program, &[argument]));
    let lines = [
        format!("- {} × {}, {:.0} GiB of memory", cores, field(&cpu, "model name"), kib as f64 / 1024.0 / 1024.0),
        format!(
            "- Linux {}, loopback; load generator on core 0, process under test on core 1",
            read("/proc/sys/kernel/osrelease").trim()
        ),
        format!("- {rustc}, fat LTO, one codegen unit; Node.js {node}, {python}"),
        format!("- {}", versions(include_str!("../../Cargo.lock")).join(", ")),
        format!("- commit {}", said("git", &["describe", "--always", "--dirty"])),
        format!("- load average before the run: {}", read("/proc/loadavg").split(' ').next().unwrap_or_default()),
    ];
    lines.join("\n") + "\n"
}

fn versions(lock: &str) -> Vec<String> {
    let version = |name: &str| {
        // The last one is the newest: a peer may bring an older one of its own.
        let (_, package) = lock.rsplit_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", package.split_once('"')?.0))
    };
    PEERS.into_iter().filter_map(version).collect()
}
