//! `ConfigCheck`: whether a plugin's section has what the hooks' arguments need, and nothing that none of them knows.

use super::PluginConfig;
use super::section::{CLIENTS, ENDPOINTS, MAX_CLIENTS, RESERVED, Reserved};
use crate::settings::range::{COUNT, RangeCheck};
use crate::settings::{ConfigError, Known, Problem, Section};
use serde::de::DeserializeOwned;

/// What the arguments of one plugin's hooks need of its configuration, and whether that is there.
///
/// Hooks of one plugin may read its section as different types, so a key is unknown only if no type knows it.
#[derive(Debug)]
pub struct ConfigCheck {
    own: Section,
    known: Known,
    anything: bool,
    problems: Vec<ConfigError>,
}

impl ConfigCheck {
    /// Begins with the keys that are the framework's.
    pub fn new(config: &PluginConfig) -> Self {
        let mut problems = config.section.parse::<Reserved>().err().unwrap_or_default();
        if let Some(clients) = config.max_clients() {
            let mut range = RangeCheck::default();
            range.count(MAX_CLIENTS, clients, COUNT);
            problems.extend(range.finish().iter().map(|wrong| config.section.out_of_range(wrong)));
        }
        for table in [CLIENTS, ENDPOINTS] {
            problems.extend(tables_only(&config.section, table));
        }
        Self { own: config.section.without(&RESERVED), known: Known::default(), anything: false, problems }
    }

    /// A hook reads the section as a `T`.
    pub fn reads<T: DeserializeOwned>(&mut self) {
        let (problems, trace) = self.own.inspect::<T>();
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        self.known.add(trace);
    }

    /// Something reads the section that cannot be asked what it knows: no key is unknown.
    pub fn takes_anything(&mut self) {
        self.anything = true;
    }

    /// Everything that is wrong.
    pub fn finish(mut self) -> Vec<ConfigError> {
        if !self.anything && !self.known.is_empty() {
            // What is left of the section has none of these keys: they are added for the sake of the hints.
            self.known.add(self.own.inspect::<Reserved>().1);
            self.problems.extend(self.known.unknown(&self.own));
        }
        self.problems
    }
}

fn tables_only(section: &Section, table: &str) -> Vec<ConfigError> {
    let expected = |what: &str| Problem::Invalid { reason: format!("a table was expected: write {what}") };
    let path = [table.to_owned()];
    let Some(value) = section.value(&path) else { return Vec::new() };
    let Some(slots) = value.as_dict() else {
        return vec![section.error(&path, expected("a table for each name, as in `[plugins.NAME.clients.CLIENT]`"))];
    };
    slots
        .iter()
        .filter(|(_, options)| options.as_dict().is_none())
        .map(|(slot, _)| section.error(&[table.to_owned(), slot.clone()], expected("its options below its name")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Greeting {
        greeting: String,
        #[serde(default)]
        limit: u16,
    }

    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "read by serde")]
    struct Retries {
        #[serde(default)]
        retries: u16,
    }

    fn config(text: &str) -> PluginConfig {
        PluginConfig::new(Settings::new().toml("b.toml", text).expect("TOML").plugin("greeter"))
    }

    fn told(problems: Vec<ConfigError>) -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_value_that_does_not_fit_is_reported_not_only_the_first() {
        let config = config("[plugins.greeter]\ngreeting = 1\nlimit = 70000\nenabled = 'yes'");
        let mut check = ConfigCheck::new(&config);
        check.reads::<Greeting>();
        assert_eq!(
            told(check.finish()),
            [
                "b.toml:4: plugins.greeter.enabled: the text \"yes\" was found, `true` or `false` was expected",
                "b.toml:2: plugins.greeter.greeting: the number 1 was found, a text was expected",
                "b.toml:3: plugins.greeter.limit: the number 70000 was found, a whole number from 0 (u16) was expected",
            ]
        );
    }

    #[test]
    fn a_missing_key_says_what_to_write_and_where() {
        let mut check = ConfigCheck::new(&config(""));
        check.reads::<Greeting>();
        assert_eq!(
            told(check.finish()),
            ["plugins.greeter.greeting: missing: write `greeting = …` below `[plugins.greeter]`"]
        );
    }

    #[test]
    fn a_key_is_unknown_only_if_no_type_of_the_plugin_knows_it() {
        let config = config("[plugins.greeter]\ngreeting = 'hi'\nretries = 1\nlimitt = 2");
        let mut check = ConfigCheck::new(&config);
        check.reads::<Greeting>();
        check.reads::<Retries>();
        assert_eq!(told(check.finish()), ["b.toml:4: plugins.greeter.limitt: unknown key, did you mean `limit`?"]);

        let mut check = ConfigCheck::new(&config);
        check.reads::<Greeting>();
        check.reads::<BTreeMap<String, serde_json::Value>>();
        assert_eq!(told(check.finish()), [""; 0]);
    }

    #[test]
    fn a_misspelled_key_of_the_frameworks_own_is_told_like_one_of_the_plugins() {
        let mut check = ConfigCheck::new(&config("[plugins.greeter]\nenabeld = true"));
        check.reads::<Retries>();
        assert_eq!(told(check.finish()), ["b.toml:2: plugins.greeter.enabeld: unknown key, did you mean `enabled`?"]);
    }

    #[test]
    fn where_nothing_reads_the_section_nothing_is_unknown() {
        assert_eq!(ConfigCheck::new(&config("[plugins.greeter]\nx = 1")).finish(), []);
    }

    #[test]
    fn a_client_that_is_no_table_is_reported() {
        assert_eq!(
            told(ConfigCheck::new(&config("[plugins.greeter]\nclients.FEED = 'ws://x'")).finish()),
            ["b.toml:2: plugins.greeter.clients.FEED: a table was expected: write its options below its name"]
        );
    }
}
