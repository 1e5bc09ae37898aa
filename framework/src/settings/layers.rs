//! The settings: layers of values, of which the later one counts.

use super::attribute;
use super::leaf::{self, Leaf};
use super::problem::{ConfigError, Problem, SettingsError};
use super::reading::{Known, Reading};
use super::section::Section;
use super::shape::{MetricsSettings, NodeSettings, RuntimeSettings};
use super::{names, secret, toml};
use figment::Figment;
use figment::value::{Dict, Tag, Value};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// What every variable's name begins with.
const PREFIX: &str = "BRISTLE_";

/// Variables that begin so, and are for the command line: which file to read, and how to log.
const RESERVED: [&str; 2] = ["CONFIG", "LOG_FORMAT"];

/// The tables that a configuration may have.
const TABLES: [&str; 4] = ["metrics", "node", "plugins", "runtime"];

/// What was configured, in layers: a later one counts, table by table and key by key.
///
/// ```
/// use bristle::settings::Settings;
///
/// let settings = Settings::new()
///     .toml("bristle.toml", "[node]\nlisten = '127.0.0.1:1'")?
///     .environment([("BRISTLE_NODE__LISTEN".to_owned(), "127.0.0.1:2".to_owned())]);
/// assert_eq!(settings.node().expect("an address").listen, ["127.0.0.1:2".parse().expect("an address")]);
/// # Ok::<(), bristle::settings::SettingsError>(())
/// ```
#[derive(Clone, Default)]
pub struct Settings {
    layers: Figment,
}

/// One value that counts, for showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The key, as in `plugins.greeter.greeting`.
    pub key: String,
    /// The value as TOML, masked where it is secret.
    pub value: String,
    /// Where it came from: a file and a line, a variable, a flag, an attribute, `default`.
    pub origin: String,
}

impl Settings {
    /// Nothing configured.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a TOML text on top. `name` is shown as the origin of its values, with their lines.
    ///
    /// # Errors
    /// The text is no TOML.
    pub fn toml(self, name: impl Into<String>, text: &str) -> Result<Self, SettingsError> {
        Ok(self.put(toml::leaves(&name.into(), text)?, false))
    }

    /// Puts one value on top, by its dotted key.
    ///
    /// # Errors
    /// The key is none, or the value cannot stand in a configuration.
    pub fn set(self, key: &str, value: impl Serialize) -> Result<Self, SettingsError> {
        self.flag(key, value, "set by the program")
    }

    /// Puts one value on top that came from `flag`.
    pub(crate) fn flag(self, key: &str, value: impl Serialize, flag: &str) -> Result<Self, SettingsError> {
        let path = parse_key(key)?;
        let value = Value::serialize(value)
            .map_err(|error| SettingsError::Value { key: key.to_owned(), reason: error.to_string() })?;
        Ok(self.put(Leaf::all(path, value, flag, None), false))
    }

    /// Puts `KEY=VALUE` on top, as a flag of the command line gives it.
    pub(crate) fn assign(self, assignment: &str, flag: &str) -> Result<Self, SettingsError> {
        let (key, text) =
            assignment.split_once('=').ok_or_else(|| SettingsError::Assignment { text: assignment.to_owned() })?;
        Ok(self.put(Leaf::all(parse_key(key.trim())?, toml::value(text), flag, Some(text)), false))
    }

    /// Puts the variables on top whose names begin with `BRISTLE_`; two underscores nest, as in
    /// `BRISTLE_PLUGINS__GREETER__GREETING`. A value is read as TOML, and taken as a text where it is none.
    #[must_use]
    pub fn environment(self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        // Tables come before what is in them, whatever order the system lists its variables in.
        let mut variables: Vec<_> = variables.into_iter().collect();
        variables.sort();
        variables.into_iter().fold(self, |settings, (name, text)| match name.strip_prefix(PREFIX) {
            Some(key) if !key.is_empty() && !RESERVED.contains(&key) => {
                let leaves = Leaf::all(names::of_variable(key), toml::value(&text), &name, Some(&text));
                settings.put(leaves, true)
            }
            _ => settings,
        })
    }

    /// Puts a value beneath everything: it counts where nothing else was said.
    pub(crate) fn beneath(self, path: Vec<String>, value: impl Serialize, origin: &str) -> Self {
        let Ok(value) = Value::serialize(value) else { return self };
        Self { layers: Leaf::all_under(self.layers, path, value, origin) }
    }

    /// Puts the options of an attribute beneath everything, as [`Section::over`] does for one section.
    pub(crate) fn beneath_attribute(self, path: Vec<String>, json: &str, origin: &str) -> Self {
        let Ok(value) = attribute::value(json) else { return self };
        if value.as_dict().is_some_and(Dict::is_empty) {
            return self;
        }
        Self { layers: Leaf::all_under(self.layers, path, value, origin) }
    }

    /// The table of one plugin, empty where there is none.
    pub fn plugin(&self, name: &str) -> Section {
        let mut path = vec!["plugins".to_owned(), name.to_owned()];
        names::settle(&mut path, &leaf::root(&self.layers), false);
        Section::at(Arc::new(self.layers.clone()), path)
    }

    /// The table `[node]`.
    ///
    /// # Errors
    /// All values that do not fit.
    pub fn node(&self) -> Result<NodeSettings, Vec<ConfigError>> {
        let section = self.table("node");
        let settings: NodeSettings = section.parse()?;
        section.in_range(settings.out_of_range()).map(|()| settings)
    }

    /// The table `[runtime]`.
    ///
    /// # Errors
    /// All values that do not fit.
    pub fn runtime(&self) -> Result<RuntimeSettings, Vec<ConfigError>> {
        let section = self.table("runtime");
        let settings: RuntimeSettings = section.parse()?;
        section.in_range(settings.out_of_range()).map(|()| settings)
    }

    /// The table `[metrics]`.
    ///
    /// # Errors
    /// All values that do not fit.
    pub fn metrics(&self) -> Result<MetricsSettings, Vec<ConfigError>> {
        self.table("metrics").parse()
    }

    /// What is wrong with a value of `[metrics]` that fits by itself.
    pub(crate) fn metrics_error(&self, key: &str, reason: String) -> ConfigError {
        self.table("metrics").error(&[key.to_owned()], Problem::Invalid { reason })
    }

    /// What is wrong beside the sections of `plugins`: unknown tables, the sections of other plugins, and what is
    /// unknown or does not fit in `[node]`, `[runtime]` and `[metrics]`.
    pub fn check(&self, plugins: &[&str]) -> Vec<ConfigError> {
        let root = Section::at(Arc::new(self.layers.clone()), Vec::new());
        let mut problems = Vec::new();
        for (key, value) in root.table() {
            let path = [key.clone()];
            if !TABLES.contains(&key.as_str()) {
                let known = TABLES.map(str::to_owned).to_vec();
                problems.push(root.error(&path, Problem::Unknown { key: key.clone(), known }));
            } else if value.as_dict().is_none() {
                let reason = format!("a table was expected: write `[{key}]` and its keys below");
                problems.push(root.error(&path, Problem::Invalid { reason }));
            }
        }
        problems.extend(self.node().err().into_iter().flatten());
        problems.extend(unknown::<NodeSettings>(&self.table("node")));
        problems.extend(self.runtime().err().into_iter().flatten());
        problems.extend(unknown::<RuntimeSettings>(&self.table("runtime")));
        problems.extend(self.metrics().err().into_iter().flatten());
        problems.extend(unknown::<MetricsSettings>(&self.table("metrics")));
        problems.extend(unlinked(&self.table("plugins"), plugins));
        problems
    }

    /// Every value that counts, with the defaults of `[node]`, `[runtime]` and `[metrics]`, sorted by key; secrets are
    /// masked.
    pub fn entries(&self) -> Vec<Entry> {
        let table = |name: &str| vec![name.to_owned()];
        let complete = self
            .clone()
            .beneath(table("node"), NodeSettings::default(), "default")
            .beneath(table("runtime"), RuntimeSettings::default(), "default")
            .beneath(table("metrics"), MetricsSettings::default(), "default");
        let root = Value::Dict(Tag::Default, leaf::root(&complete.layers));
        let mut entries = Vec::new();
        collect(&mut entries, &complete.layers, &root, &mut Vec::new());
        entries
    }

    fn table(&self, name: &str) -> Section {
        Section::at(Arc::new(self.layers.clone()), vec![name.to_owned()])
    }

    fn put(mut self, leaves: Vec<Leaf>, blind: bool) -> Self {
        for leaf in leaves {
            self.layers = leaf.settled(&self.layers, blind).over(self.layers);
        }
        self
    }
}

/// Values may be secret: they are shown masked.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

fn parse_key(key: &str) -> Result<Vec<String>, SettingsError> {
    let keys = toml_edit::Key::parse(key).map_err(|_| SettingsError::Key { key: key.to_owned() })?;
    Ok(keys.iter().map(|key| key.get().to_owned()).collect())
}

fn unknown<T: serde::de::DeserializeOwned>(section: &Section) -> Vec<ConfigError> {
    let mut known = Known::default();
    known.add(Reading::<T>::of(section).trace);
    known.unknown(section)
}

fn unlinked(sections: &Section, plugins: &[&str]) -> Vec<ConfigError> {
    let describe = |(name, value): (&String, &Value)| {
        let path = [name.clone()];
        if !plugins.iter().any(|plugin| names::same_plugin(plugin, name)) {
            let linked = plugins.iter().map(|&plugin| plugin.to_owned()).collect();
            return Some(sections.error(&path, Problem::NotLinked { name: name.clone(), linked }));
        }
        let reason = format!("a table was expected: write `[plugins.{name}]` and its keys below");
        value.as_dict().is_none().then(|| sections.error(&path, Problem::Invalid { reason }))
    };
    sections.table().iter().filter_map(describe).collect()
}

fn collect(entries: &mut Vec<Entry>, layers: &Figment, value: &Value, path: &mut Vec<String>) {
    match value.as_dict() {
        Some(table) if !table.is_empty() || path.is_empty() => {
            for (key, value) in table {
                path.push(key.clone());
                collect(entries, layers, value, path);
                path.pop();
            }
        }
        _ => entries.push(Entry {
            key: names::dotted(path),
            value: secret::show(value, path.iter().any(|key| secret::is_secret(key))),
            origin: leaf::origin(layers, value).unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<const N: usize>(variables: [(&str, &str); N]) -> [(String, String); N] {
        variables.map(|(name, text)| (name.to_owned(), text.to_owned()))
    }

    fn shown(settings: &Settings, key: &str) -> Option<(String, String)> {
        let entry = settings.entries().into_iter().find(|entry| entry.key == key)?;
        Some((entry.value, entry.origin))
    }

    #[test]
    fn a_later_layer_counts_and_each_value_keeps_its_own_origin() {
        let settings = Settings::new()
            .toml("b.toml", "[plugins.bot]\na = 1\nb = 2\nc = 3")
            .expect("TOML")
            .environment(variables([("BRISTLE_PLUGINS__BOT__B", "20"), ("PATH", "/"), ("BRISTLE_CONFIG", "x")]))
            .assign("plugins.bot.c=30", "--set")
            .expect("an assignment");
        assert_eq!(shown(&settings, "plugins.bot.a"), Some(("1".into(), "b.toml:2".into())));
        assert_eq!(shown(&settings, "plugins.bot.b"), Some(("20".into(), "BRISTLE_PLUGINS__BOT__B".into())));
        assert_eq!(shown(&settings, "plugins.bot.c"), Some(("30".into(), "--set".into())));
        assert_eq!(shown(&settings, "node.listen"), Some((r#"["127.0.0.1:20001"]"#.into(), "default".into())));
        assert_eq!(settings.check(&["bot"]), []);
    }

    #[test]
    fn a_variable_finds_plugin_slot_and_key_in_whatever_case_they_are_written() {
        let settings = Settings::new()
            .toml("b.toml", "[plugins.my-bot]\nmaxSize = 1\n[plugins.my-bot.clients.Feed]\nurl = 'ws://a'")
            .expect("TOML")
            .environment(variables([
                ("BRISTLE_PLUGINS__MY_BOT__CLIENTS__FEED__URL", "ws://b"),
                ("BRISTLE_PLUGINS__MY_BOT__MAXSIZE", "2"),
            ]));
        let keys: Vec<_> = settings.entries().into_iter().filter(|entry| entry.key.starts_with("plugins")).collect();
        assert_eq!(keys.len(), 2, "{keys:?}");
        assert_eq!(shown(&settings, "plugins.my-bot.maxSize").map(|(value, _)| value).as_deref(), Some("2"));
        assert_eq!(settings.plugin("my_bot").keys().count(), 2);
    }

    #[test]
    fn a_number_in_a_variable_may_be_meant_as_a_text() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Login {
            password: String,
            port: u16,
        }
        let settings = Settings::new().environment(variables([
            ("BRISTLE_PLUGINS__BOT__PASSWORD", "1_000"),
            ("BRISTLE_PLUGINS__BOT__PORT", "80"),
        ]));
        assert_eq!(settings.plugin("bot").parse(), Ok(Login { password: "1_000".into(), port: 80 }));
    }

    #[test]
    fn what_nobody_reads_is_reported_with_what_was_meant() {
        let settings = Settings::new()
            .toml("b.toml", "[nod]\n[node]\nlistn = []\n[plugins.greter]\nx = 1")
            .expect("TOML")
            .environment(variables([("BRISTLE_RUNTIME__SHUTDOWN_GRAZE", "1s")]));
        let told: Vec<String> = settings.check(&["greeter"]).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "b.toml:1: nod: unknown key, did you mean `node`?",
                "b.toml:3: node.listn: unknown key, did you mean `listen`?",
                "BRISTLE_RUNTIME__SHUTDOWN_GRAZE: runtime.shutdown_graze: unknown key, did you mean `shutdown_grace`?",
                "b.toml:5: plugins.greter: no plugin `greter` is linked, did you mean `greeter`?",
            ]
        );
    }

    #[test]
    fn the_node_listens_on_one_address_or_many_or_none() {
        let listen = |text: &str| Settings::new().assign(text, "--set").expect("a key").node();
        assert_eq!(listen("node.listen=127.0.0.1:1").map(|node| node.listen.len()), Ok(1));
        assert_eq!(listen("node.listen=['127.0.0.1:1', '[::1]:1']").map(|node| node.listen.len()), Ok(2));
        assert_eq!(listen("node.listen=[]").map(|node| node.listen.len()), Ok(0));
        assert_eq!(
            listen("node.listen=['nowhere']").expect_err("no address")[0].to_string(),
            "--set: node.listen.0: `nowhere` is no address: write an IP address and a port, as in `\"127.0.0.1:20001\"`"
        );
    }

    #[test]
    fn a_duration_without_a_unit_is_told_to_write_one() {
        let settings = Settings::new().set("runtime.init_timeout", 10).expect("a number");
        assert_eq!(
            settings.runtime().expect_err("no unit")[0].to_string(),
            "set by the program: runtime.init_timeout: \
            a duration needs a unit: write `\"10s\"` or `\"10ms\"`"
        );
    }

    #[test]
    fn secrets_are_shown_masked_and_nowhere_else() {
        let settings = Settings::new()
            .toml("b.toml", "[plugins.bot]\ntoken = 'hunter2'\n[plugins.bot.clients.A]\nurl = 'ws://me:hunter2@h/'")
            .expect("TOML")
            .environment(variables([("BRISTLE_PLUGINS__BOT__CLIENTS__A__HEADERS", "{ Authorization = 'hunter2' }")]));
        assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
        assert_eq!(shown(&settings, "plugins.bot.token").map(|(value, _)| value).as_deref(), Some("\"***\""));
    }

    #[test]
    fn a_key_or_an_assignment_that_is_none_says_how_one_looks() {
        assert!(matches!(Settings::new().set("a..b", 1), Err(SettingsError::Key { .. })));
        assert!(matches!(Settings::new().assign("a.b", "--set"), Err(SettingsError::Assignment { .. })));
    }
}
