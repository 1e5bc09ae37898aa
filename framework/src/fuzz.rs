//! The doors through which fuzzing reaches every parser: `fuzz/` feeds them, and the tests feed them its corpus.

/// What is fed.
type Target = fn(&[u8]);

/// What takes an input, by the name of its fuzz target and of its folder in `fuzz/corpus`. Whatever comes, it must return.
pub const TARGETS: [(&str, Target); 9] = [
    ("frames", crate::connection::fuzz::frames),
    ("deflate", crate::connection::fuzz::deflate),
    ("extensions", crate::connection::fuzz::extensions),
    ("address", crate::client::fuzz::address),
    ("proxy", crate::client::fuzz::proxy),
    ("answer", crate::client::fuzz::answer),
    ("request", crate::node::fuzz::request),
    ("paths", crate::node::fuzz::paths),
    ("config", config),
];

/// Runs one target.
pub fn run(name: &str, input: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target has a line in `TARGETS`");
    target(input);
}

/// Everything a configuration goes through: a file, then variables, one a line behind a line `---`.
fn config(input: &[u8]) {
    use crate::settings::{Settings, duration};
    let text = String::from_utf8_lossy(input);
    let (file, variables) = text.split_once("\n---\n").unwrap_or((&text, ""));
    if let Ok(time) = duration::parse(file) {
        assert_eq!(duration::parse(&duration::format(time)), Ok(time), "what is written must be read back");
    }
    let Ok(settings) = Settings::new().toml("fuzz.toml", file) else { return };
    let secret = ("BRISTLE_PLUGINS__Q__TOKEN", "hunter2");
    let pairs = variables.lines().filter_map(|line| line.split_once('=')).chain([secret]);
    let settings = settings.environment(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let problems = settings.check(&["p"]).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let shown = format!("{:?}{problems}", settings.entries());
    assert!(text.contains("hunter2") || !shown.contains("hunter2"), "a secret is shown: {shown}");
    crate::client::fuzz::configured(&settings.plugin("p"));
    crate::node::fuzz::configured(&settings.plugin("p"));
}

#[cfg(test)]
#[path = "fuzz_tests.rs"]
mod tests;
