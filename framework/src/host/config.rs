//! `bristle config`: every value that counts, with its origin.

use super::failure::Failure;
use super::output;
use crate::plugin::{Hook, PluginConfig, Registration, Registry};
use crate::settings::{Entry, Settings};

pub(crate) fn run(settings: Settings, json: bool) -> Result<(), Failure> {
    let entries = with_defaults(settings, &Registry::linked()).entries();
    output::answer(&if json { as_json(&entries) } else { as_table(&entries) });
    Ok(())
}

/// The settings over what the attributes say, and over what counts where nobody says anything.
fn with_defaults(mut settings: Settings, registry: &Registry) -> Settings {
    let max_clients = settings.runtime().unwrap_or_default().max_clients;
    for Registration { origin, hook } in registry.items() {
        let (table, attribute, options) = match hook {
            Hook::Client(client) => ("clients", "#[client]", client.options),
            Hook::Endpoint(endpoint) => ("endpoints", "#[endpoint]", endpoint.options),
            _ => continue,
        };
        let place = format!("{attribute} {}:{}", origin.file, origin.line);
        let path = ["plugins", origin.plugin, table, origin.name].map(str::to_owned).to_vec();
        if let Hook::Endpoint(endpoint) = hook {
            let path = path.iter().cloned().chain(["path".to_owned()]).collect();
            settings = settings.beneath(path, endpoint.path, &place);
        }
        settings = settings.beneath_attribute(path, options, &place);
    }
    for plugin in registry.plugins() {
        let key = |key: &str| ["plugins", plugin, key].map(str::to_owned).to_vec();
        let limit = PluginConfig::new(settings.plugin(plugin)).max_clients().unwrap_or(max_clients);
        settings = settings.beneath(key("enabled"), true, "default").beneath(key("max_clients"), limit, "default");
    }
    settings
}

fn as_table(entries: &[Entry]) -> String {
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| vec![format!("{} = {}", entry.key, entry.value), format!("# {}", entry.origin)])
        .collect();
    output::table(&rows)
}

fn as_json(entries: &[Entry]) -> String {
    serde_json::to_string_pretty(entries).expect("texts are JSON")
}
