//! `PluginConfig`: what was configured for one plugin.

use crate::settings::{ConfigError, Problem, Section};
use serde::de::DeserializeOwned;

/// The keys of a section that are the framework's; all others are the plugin's own.
const ENABLED: &str = "enabled";
pub(super) const MAX_CLIENTS: &str = "max_clients";
pub(super) const CLIENTS: &str = "clients";
pub(super) const ENDPOINTS: &str = "endpoints";
pub(super) const RESERVED: [&str; 4] = [ENABLED, MAX_CLIENTS, CLIENTS, ENDPOINTS];

/// What was configured for one plugin: the table `[plugins.NAME]`.
#[derive(Debug, Clone)]
pub struct PluginConfig {
    pub(super) section: Section,
}

#[derive(serde::Deserialize)]
#[serde(default)]
pub(super) struct Reserved {
    enabled: bool,
    max_clients: Option<usize>,
}

impl Default for Reserved {
    fn default() -> Self {
        Self { enabled: true, max_clients: None }
    }
}

impl PluginConfig {
    /// The plugin's section, as [`Settings::plugin`](crate::settings::Settings::plugin) finds it.
    pub fn new(section: Section) -> Self {
        Self { section }
    }

    /// Whether the plugin is on: unless `enabled = false`.
    pub fn enabled(&self) -> bool {
        self.reserved().enabled
    }

    /// How many live clients the plugin may own, where its section says so.
    pub fn max_clients(&self) -> Option<usize> {
        self.reserved().max_clients
    }

    /// The plugin's own keys as a `T`.
    ///
    /// # Errors
    /// All values that do not fit, and a key that is missing. Keys that `T` does not know are left aside: another
    /// type of the same plugin may know them.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Vec<ConfigError>> {
        self.section.without(&RESERVED).parse()
    }

    /// The options of a client: what was configured for it over the JSON object of its attribute.
    ///
    /// # Errors
    /// All values that do not fit, and all unknown keys.
    pub fn client<T: DeserializeOwned>(&self, slot: &str, attribute: &str) -> Result<T, Vec<ConfigError>> {
        self.section.child(CLIENTS).child(slot).over(attribute, "attribute")?.parse_strict()
    }

    /// The options of an endpoint: what was configured for it over the JSON object of its attribute.
    ///
    /// # Errors
    /// All values that do not fit, and all unknown keys.
    pub fn endpoint<T: DeserializeOwned>(&self, slot: &str, attribute: &str) -> Result<T, Vec<ConfigError>> {
        self.section.child(ENDPOINTS).child(slot).over(attribute, "attribute")?.parse_strict()
    }

    /// What is wrong with one option of a client, with its key and its origin.
    pub(crate) fn client_error(&self, slot: &str, attribute: &str, option: &str, reason: String) -> ConfigError {
        let section = self.section.child(CLIENTS).child(slot);
        let section = section.over(attribute, "attribute").unwrap_or(section);
        section.error(&keys(option), Problem::Invalid { reason })
    }

    /// The same of an endpoint.
    pub(crate) fn endpoint_error(&self, slot: &str, attribute: &str, option: &str, reason: String) -> ConfigError {
        let section = self.section.child(ENDPOINTS).child(slot);
        let section = section.over(attribute, "attribute").unwrap_or(section);
        section.error(&keys(option), Problem::Invalid { reason })
    }

    /// One option of a client for showing, masked where it is secret.
    pub(crate) fn client_text(&self, slot: &str, attribute: &str, option: &str) -> Option<String> {
        self.section.child(CLIENTS).child(slot).over(attribute, "attribute").ok()?.text(option)
    }

    /// One option of an endpoint for showing, masked where it is secret.
    pub(crate) fn endpoint_text(&self, slot: &str, attribute: &str, option: &str) -> Option<String> {
        self.section.child(ENDPOINTS).child(slot).over(attribute, "attribute").ok()?.text(option)
    }

    /// The clients that something was configured for.
    pub fn client_names(&self) -> Vec<String> {
        self.section.child(CLIENTS).keys().map(str::to_owned).collect()
    }

    /// The endpoints that something was configured for.
    pub fn endpoint_names(&self) -> Vec<String> {
        self.section.child(ENDPOINTS).keys().map(str::to_owned).collect()
    }

    /// The sections of clients and endpoints that the plugin does not have.
    pub fn unknown_slots(&self, clients: &[&str], endpoints: &[&str]) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        for (table, slots) in [(CLIENTS, clients), (ENDPOINTS, endpoints)] {
            let section = self.section.child(table);
            for name in section.keys().filter(|name| !slots.iter().any(|slot| slot.eq_ignore_ascii_case(name))) {
                let known = slots.iter().map(|&slot| slot.to_owned()).collect();
                problems.push(section.error(&[name.to_owned()], Problem::Unknown { key: name.to_owned(), known }));
            }
        }
        problems
    }

    /// What is malformed counts as not said here; [`ConfigCheck`] reports it.
    fn reserved(&self) -> Reserved {
        self.section.parse().unwrap_or_default()
    }
}

/// The keys of an option: `reconnect.min` is in a table.
fn keys(option: &str) -> Vec<String> {
    option.split('.').map(str::to_owned).collect()
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

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Options {
        url: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    }

    fn config(text: &str) -> PluginConfig {
        PluginConfig::new(Settings::new().toml("b.toml", text).expect("TOML").plugin("greeter"))
    }

    fn told(problems: Vec<ConfigError>) -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_frameworks_keys_are_not_the_plugins() {
        let config =
            config("[plugins.greeter]\nenabled = false\nmax_clients = 3\ngreeting = 'hi'\nclients.A.url = 'x'");
        assert!(!config.enabled());
        assert_eq!(config.max_clients(), Some(3));
        assert_eq!(config.parse(), Ok(Greeting { greeting: "hi".into(), limit: 0 }));
        assert_eq!(config.parse::<BTreeMap<String, String>>().expect("one key").len(), 1);
        assert_eq!(config.client_names(), ["A"]);
    }

    #[test]
    fn what_is_configured_for_a_client_overrides_its_attribute_key_by_key() {
        let config = config("[plugins.greeter.clients.FEED]\nurl = 'ws://b'\nheaders.B = '2'");
        let options = config.client::<Options>("FEED", r#"{ "url": "ws://a", "headers": { "A": "1" } }"#);
        let headers = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
        assert_eq!(options, Ok(Options { url: "ws://b".into(), headers }));
        let options = config.client::<Options>("OTHER", r#"{ "url": "ws://a" }"#).expect("the attribute is enough");
        assert_eq!(options.url, "ws://a");
    }

    #[test]
    fn a_configured_header_replaces_that_of_the_attribute_in_whatever_case() {
        let config = config("[plugins.greeter.clients.FEED]\nheaders.authorization = 'b'");
        let attribute = r#"{ "url": "ws://a", "headers": [["Authorization", "a"], ["X-Id", "7"]] }"#;
        let headers = config.client::<Options>("FEED", attribute).expect("options").headers;
        let expected = [("X-Id", "7"), ("authorization", "b")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers, BTreeMap::from(expected));
    }

    #[test]
    fn an_option_that_does_not_fit_names_the_file_or_the_attribute() {
        let config = config("[plugins.greeter.clients.FEED]\nheader = { A = '1' }");
        assert_eq!(
            told(config.client::<Options>("FEED", r#"{ "url": 1 }"#).expect_err("two faults")),
            [
                "attribute: plugins.greeter.clients.FEED.url: the number 1 was found, a text was expected",
                "b.toml:2: plugins.greeter.clients.FEED.header: unknown key, did you mean `headers`?",
            ]
        );
    }

    #[test]
    fn a_section_for_a_client_that_there_is_not_is_reported() {
        let config = config("[plugins.greeter.clients.FED]\nurl = 'x'");
        assert_eq!(
            told(config.unknown_slots(&["FEED"], &[])),
            ["b.toml:2: plugins.greeter.clients.FED: unknown key, did you mean `FEED`?"]
        );
    }

    #[test]
    fn a_secret_that_does_not_fit_is_not_shown() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "read by serde")]
        struct Login {
            token: u16,
        }
        let problems = config("[plugins.greeter]\ntoken = 'hunter2'").parse::<Login>().expect_err("a text");
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
        assert!(!format!("{:?}", config("[plugins.greeter]\ntoken = 'hunter2'")).contains("hunter2"));
    }
}
