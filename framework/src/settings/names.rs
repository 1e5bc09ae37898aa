//! Which spellings of a key are the same key.

use figment::value::{Dict, Value};

/// The tables below `[plugins.NAME]` whose keys are names of statics.
pub(crate) const SLOT_TABLES: [&str; 2] = ["clients", "endpoints"];

/// Where a path names a plugin, and where the static of a client or an endpoint.
const PLUGIN: usize = 1;
const SLOT: usize = 3;

/// Whether two spellings name the same plugin: a package is `my-plugin` where its crate is `my_plugin`, and an
/// environment variable can be neither but `MY_PLUGIN`.
pub(crate) fn same_plugin(one: &str, other: &str) -> bool {
    let fold = |c: char| if c == '_' { '-' } else { c.to_ascii_lowercase() };
    one.chars().map(fold).eq(other.chars().map(fold))
}

/// The path of a variable's name, less the prefix: `PLUGINS__GREETER__CLIENTS__CLIENT__URL`. A static keeps its
/// capitals, all other keys of Rust are small.
pub(crate) fn of_variable(name: &str) -> Vec<String> {
    let mut path: Vec<String> = name.split("__").map(str::to_ascii_lowercase).collect();
    if is_slot(&path, SLOT) {
        let slot = name.split("__").nth(SLOT).unwrap_or_default();
        path[SLOT] = slot.to_owned();
    }
    path
}

/// Replaces each key of `path` by the spelling that `root` has already. `blind` takes any case for the same key: a
/// variable's name has only one.
pub(crate) fn settle(path: &mut [String], root: &Dict, blind: bool) {
    let mut table = Some(root);
    for at in 0..path.len() {
        let Some(known) = table else { return };
        if !known.contains_key(&path[at]) {
            let names_plugin = at == PLUGIN && path[0] == "plugins";
            let same = |key: &&String| {
                (names_plugin && same_plugin(key, &path[at]))
                    || ((blind || is_slot(path, at)) && key.eq_ignore_ascii_case(&path[at]))
            };
            if let Some(spelling) = known.keys().find(same) {
                path[at] = spelling.clone();
            }
        }
        table = known.get(&path[at]).and_then(Value::as_dict);
    }
}

fn is_slot(path: &[String], at: usize) -> bool {
    at == SLOT && path.len() > SLOT && path[0] == "plugins" && SLOT_TABLES.contains(&path[SLOT - 1].as_str())
}

/// A path as TOML writes it: `plugins.greeter.headers."X-Id.1"`.
pub(crate) fn dotted<S: AsRef<str>>(path: &[S]) -> String {
    let keys: Vec<String> =
        path.iter().map(|key| toml_edit::Key::new(key.as_ref()).display_repr().into_owned()).collect();
    keys.join(".")
}

/// The candidate that `name` is probably meant to be.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this two names have nothing in common; found by trying misspellings and unrelated words.
    const ALIKE: f64 = 0.8;
    let name = name.to_lowercase();
    let typos = |candidate: &str| strsim::osa_distance(&name, candidate);
    let likeness = |candidate: &str| strsim::jaro_winkler(&name, candidate);
    // A short name is unlike itself after one slip of the fingers: slips are counted, too.
    let is_slip = |candidate: &str| typos(candidate) <= (name.len() / 3).max(1) && name.len() > 2;
    candidates
        .into_iter()
        .map(|candidate| (candidate.to_lowercase(), candidate))
        .filter(|(small, _)| likeness(small) >= ALIKE || is_slip(small))
        .max_by(|(one, _), (other, _)| likeness(one).total_cmp(&likeness(other)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variables_name_is_small_but_for_the_static_in_it() {
        assert_eq!(of_variable("NODE__LISTEN"), ["node", "listen"]);
        assert_eq!(
            of_variable("PLUGINS__MY_BOT__CLIENTS__FEED_A__URL"),
            ["plugins", "my_bot", "clients", "FEED_A", "url"]
        );
    }

    #[test]
    fn dashes_underscores_and_case_do_not_tell_plugins_apart() {
        assert!(same_plugin("my-bot", "MY_BOT"));
        assert!(!same_plugin("my-bot", "mybot"));
    }

    #[test]
    fn the_nearest_name_is_a_likely_misspelling_or_none() {
        assert_eq!(nearest("greting", ["greeting", "limit"]), Some("greeting"));
        assert_eq!(nearest("ulr", ["headers", "url"]), Some("url"));
        assert_eq!(nearest("colour", ["greeting", "limit"]), None);
    }
}
