//! `bristle list`: the linked plugins, with everything that they registered.

use super::failure::Failure;
use super::output;
use crate::plugin::{Hook, PluginConfig, Registration, Registry};
use crate::settings::Settings;
use serde::Serialize;

pub(crate) fn run(settings: &Settings, json: bool) -> Result<(), Failure> {
    let list = List::of(settings, &Registry::linked());
    output::answer(&if json {
        serde_json::to_string_pretty(&list).expect("texts and numbers are JSON")
    } else {
        list.to_string()
    });
    Ok(())
}

/// What `--json` prints. These names are public: tools read them.
#[derive(Debug, Serialize)]
struct List {
    plugins: Vec<PluginItem>,
}

#[derive(Debug, Serialize)]
struct PluginItem {
    /// The package's name.
    name: String,
    version: String,
    /// Whether the configuration leaves it on.
    enabled: bool,
    /// Functions: `init`, `shutdown`, `on_open`, `on_message`, `on_close`, `on_error`.
    hooks: Vec<HookItem>,
    clients: Vec<ClientItem>,
    endpoints: Vec<EndpointItem>,
    routes: Vec<RouteItem>,
}

#[derive(Debug, Serialize)]
struct HookItem {
    kind: &'static str,
    name: String,
    /// The slot whose connections it serves, as its attribute names it.
    slot: Option<String>,
    file: String,
    line: u32,
}

#[derive(Debug, Serialize)]
struct ClientItem {
    slot: String,
    /// The URL that counts, with its secrets masked.
    url: Option<String>,
    file: String,
    line: u32,
}

#[derive(Debug, Serialize)]
struct EndpointItem {
    slot: String,
    /// The path that counts.
    path: String,
    file: String,
    line: u32,
}

#[derive(Debug, Serialize)]
struct RouteItem {
    method: String,
    path: String,
    handler: String,
    file: String,
    line: u32,
}

impl List {
    fn of(settings: &Settings, registry: &Registry) -> Self {
        let plugins = registry.plugins().into_iter().map(|name| {
            let config = PluginConfig::new(settings.plugin(name));
            PluginItem::of(name, &config, registry.items().iter().filter(|item| item.origin.plugin == name))
        });
        Self { plugins: plugins.collect() }
    }
}

impl PluginItem {
    fn of<'a>(name: &str, config: &PluginConfig, items: impl Iterator<Item = &'a Registration>) -> Self {
        let mut plugin = Self {
            name: name.to_owned(),
            version: String::new(),
            enabled: config.enabled(),
            hooks: Vec::new(),
            clients: Vec::new(),
            endpoints: Vec::new(),
            routes: Vec::new(),
        };
        for Registration { origin, hook } in items {
            origin.version.clone_into(&mut plugin.version);
            let (name, file, line) = (origin.name.to_owned(), origin.file.to_owned(), origin.line);
            let mut add = |kind: &'static str, slot: Option<&str>| {
                let (name, file) = (name.clone(), file.clone());
                plugin.hooks.push(HookItem { kind, name, slot: slot.map(str::to_owned), file, line });
            };
            match hook {
                Hook::Init(_) => add("init", None),
                Hook::Shutdown(_) => add("shutdown", None),
                Hook::Open(hook) => add("on_open", Some(hook.slot.path)),
                Hook::Message(hook) => add("on_message", Some(hook.slot.path)),
                Hook::Close(hook) => add("on_close", Some(hook.slot.path)),
                Hook::Error(hook) => add("on_error", hook.slot.map(|slot| slot.path)),
                Hook::Client(client) => {
                    let url = config.client_text(origin.name, client.options, "url");
                    plugin.clients.push(ClientItem { slot: name, url, file, line });
                }
                Hook::Endpoint(endpoint) => {
                    let path = config.endpoint_text(origin.name, endpoint.options, "path");
                    let path = path.unwrap_or_else(|| endpoint.path.to_owned());
                    plugin.endpoints.push(EndpointItem { slot: name, path, file, line });
                }
                Hook::Route(route) => {
                    let (method, path) = (route.method.to_owned(), route.path.to_owned());
                    plugin.routes.push(RouteItem { method, path, handler: name, file, line });
                }
            }
        }
        plugin
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |kind: &str, name: &str, about: &str, file: &str, line: u32| {
            vec![format!("  {kind}"), name.to_owned(), about.to_owned(), format!("{file}:{line}")]
        };
        let mut rows = Vec::new();
        for client in &self.clients {
            let url = client.url.as_deref().unwrap_or("no URL");
            rows.push(row("client", &client.slot, url, &client.file, client.line));
        }
        for endpoint in &self.endpoints {
            rows.push(row("endpoint", &endpoint.slot, &endpoint.path, &endpoint.file, endpoint.line));
        }
        for route in &self.routes {
            let about = format!("{} {}", route.method, route.path);
            rows.push(row("route", &route.handler, &about, &route.file, route.line));
        }
        for hook in &self.hooks {
            rows.push(row(hook.kind, &hook.name, hook.slot.as_deref().unwrap_or(""), &hook.file, hook.line));
        }
        rows
    }
}

/// A table, with a heading for each plugin and the columns of all of them aligned.
impl std::fmt::Display for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.plugins.is_empty() {
            return f
                .write_str("no plugin is linked: write `use NAME as _;` for each in the host, or `bristle new NAME`");
        }
        let rows: Vec<Vec<String>> = self.plugins.iter().flat_map(PluginItem::rows).collect();
        let table = output::table(&rows);
        let mut lines = table.lines();
        for (index, plugin) in self.plugins.iter().enumerate() {
            let (gap, off) = (if index == 0 { "" } else { "\n\n" }, if plugin.enabled { "" } else { " (disabled)" });
            write!(f, "{gap}{} {}{off}", plugin.name, plugin.version)?;
            for line in lines.by_ref().take(plugin.rows().len()) {
                write!(f, "\n{line}")?;
            }
        }
        Ok(())
    }
}
