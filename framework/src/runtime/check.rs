//! What is checked before anything runs: all of it, and every problem is reported.

use super::builder::{ExpectedPlugin, Runtime};
use super::dispatch::handled_slot;
use super::init::InitGraph;
use super::problem::{LaunchError, LaunchProblem};
use super::publish::PageSource;
use crate::client::{BuildError, ClientOptions, Surroundings, WebSocketClient};
use crate::node::{self, EndpointOptions};
use crate::plugin::{ConfigCheck, Hook, Origin, PluginConfig, Registration, Registry, SlotKind, SlotRef};
use crate::settings::{NodeSettings, Settings};
use std::collections::BTreeMap;

/// Checks everything that needs no socket.
pub(super) fn check(
    settings: Settings,
    registry: Registry,
    expected: &[ExpectedPlugin],
    surroundings: Surroundings,
    page: PageSource,
) -> Result<Runtime, LaunchError> {
    let mut problems = Vec::new();
    links(&registry, expected, &mut problems);
    names(&registry, &mut problems);

    let plugins = registry.plugins();
    problems.extend(settings.check(&plugins).iter().map(LaunchProblem::new_from));
    let node = settings.node().unwrap_or_default();
    let times = settings.runtime().unwrap_or_default();
    let metrics = settings.metrics().unwrap_or_default();

    let off: Vec<_> = plugins.iter().copied().filter(|name| !config(&settings, name).enabled()).collect();
    let absent = registry.clone().only(&off);
    let registry = registry.without(&off);
    for plugin in registry.plugins() {
        configuration(&registry.clone().only(&[plugin]), &config(&settings, plugin), &surroundings, &mut problems);
    }
    declarations(&registry, &mut problems);
    fillers(&registry, &absent, &mut problems);
    paths(&registry, &settings, metrics.prometheus.as_deref(), &mut problems);
    if metrics.prometheus.is_some() {
        problems.extend(
            unserved(&node, &page)
                .map(|reason| settings.metrics_error("prometheus", reason))
                .map(LaunchProblem::new_from),
        );
    }
    InitGraph::new(&registry, &absent, &mut problems);
    LaunchError::unless_empty(problems)?;
    Ok(Runtime { settings, registry, absent, node, times, metrics, page, surroundings })
}

pub(super) fn config(settings: &Settings, plugin: &str) -> PluginConfig {
    PluginConfig::new(settings.plugin(plugin))
}

impl LaunchProblem {
    /// A problem that says everything itself.
    pub(super) fn new_from(problem: impl ToString) -> Self {
        Self::new(problem.to_string())
    }
}

/// A plugin that is a dependency but was never named registers nothing, in silence.
fn links(registry: &Registry, expected: &[ExpectedPlugin], problems: &mut Vec<LaunchProblem>) {
    let plugins = registry.plugins();
    for ExpectedPlugin { name, fix } in expected.iter().filter(|expected| !plugins.contains(&expected.name.as_str())) {
        problems
            .push(LaunchProblem::new(format!("plugin `{name}` is a dependency, but nothing of it is linked: {fix}")));
    }
}

/// Two packages of one name would share a section of the configuration.
fn names(registry: &Registry, problems: &mut Vec<LaunchProblem>) {
    for plugin in registry.plugins() {
        let mut packages: Vec<Origin> = Vec::new();
        for Registration { origin, .. } in registry.items().iter().filter(|item| item.origin.plugin == plugin) {
            let known = packages.iter().any(|o| (o.version, o.manifest_dir) == (origin.version, origin.manifest_dir));
            if !known {
                packages.push(*origin);
            }
        }
        if packages.len() > 1 {
            let text = format!("two plugins are called `{plugin}`: rename the package of one in its Cargo.toml");
            problems.push(packages.into_iter().fold(LaunchProblem::new(text), LaunchProblem::at));
        }
    }
}

/// What one plugin's section holds, against what the plugin takes.
fn configuration(registry: &Registry, config: &PluginConfig, around: &Surroundings, problems: &mut Vec<LaunchProblem>) {
    let mut check = ConfigCheck::new(config);
    let (mut clients, mut endpoints) = (Vec::new(), Vec::new());
    let mut makes_clients = false;
    let mut found = Vec::new();
    for Registration { origin, hook } in registry.items() {
        match hook {
            Hook::Init(hook) => {
                makes_clients = true;
                (hook.check)(config, &mut check);
            }
            Hook::Shutdown(hook) => (hook.check)(config, &mut check),
            Hook::Open(hook) => (hook.check)(config, &mut check),
            Hook::Message(hook) => (hook.check)(config, &mut check),
            Hook::Close(hook) => (hook.check)(config, &mut check),
            Hook::Error(hook) => (hook.check)(config, &mut check),
            Hook::Client(declaration) => {
                clients.push(origin.name);
                match config.client::<ClientOptions>(origin.name, declaration.options) {
                    Ok(options) => found.extend(client(*origin, declaration.options, options, config, around)),
                    Err(errors) => found.extend(errors.iter().map(|error| LaunchProblem::new_from(error).at(*origin))),
                }
            }
            Hook::Endpoint(declaration) => {
                endpoints.push(origin.name);
                let wrong = match config.endpoint::<EndpointOptions>(origin.name, declaration.options) {
                    Err(errors) => errors,
                    Ok(options) => options
                        .problems()
                        .into_iter()
                        .map(|(key, reason)| config.endpoint_error(origin.name, declaration.options, key, reason))
                        .collect(),
                };
                found.extend(wrong.iter().map(|error| LaunchProblem::new_from(error).at(*origin)));
            }
            Hook::Route(route) => {
                makes_clients = true;
                (route.check)(config, &mut check);
            }
        }
    }
    problems.extend(check.finish().iter().map(LaunchProblem::new_from));
    problems.extend(found);
    // A hook may make clients of any name: their sections are looked at when they are made.
    let named = config.client_names();
    if makes_clients {
        clients.extend(named.iter().map(String::as_str));
    }
    problems.extend(config.unknown_slots(&clients, &endpoints).iter().map(LaunchProblem::new_from));
}

/// What is wrong with a declared client, found by building one that is thrown away.
fn client(
    origin: Origin,
    attribute: &str,
    options: ClientOptions,
    config: &PluginConfig,
    around: &Surroundings,
) -> Vec<LaunchProblem> {
    if options.url.is_none() {
        let text = format!(
            "the client `{name}` has no URL: write `#[client(url = \"ws://…\")]`, or `url = \"ws://…\"` below \
             `[plugins.{plugin}.clients.{name}]`",
            name = origin.name,
            plugin = origin.plugin
        );
        return vec![LaunchProblem::new(text).at(origin)];
    }
    let told = |key: &str, reason| {
        LaunchProblem::new_from(config.client_error(origin.name, attribute, key, reason)).at(origin)
    };
    let mut builder = options.apply(WebSocketClient::builder(""));
    builder.binding.surroundings = around.clone();
    let out_of_range = builder.out_of_range();
    if !out_of_range.is_empty() {
        return out_of_range.iter().map(|wrong| told(wrong.option, wrong.reason())).collect();
    }
    let Err(error) = builder.build() else { return Vec::new() };
    let key = match error {
        BuildError::Url { .. } | BuildError::Scheme { .. } => "url",
        BuildError::Header { .. } => "headers",
        BuildError::Subprotocol { .. } => "subprotocols",
        BuildError::Proxy { .. } => "proxy",
        BuildError::Compression(_) => "compression",
        BuildError::Tls { .. } => "tls",
        _ => return vec![LaunchProblem::new_from(error).at(origin)],
    };
    vec![told(key, error.to_string())]
}

/// A static is filled by one attribute only, and its name is unique in its plugin's configuration.
fn declarations(registry: &Registry, problems: &mut Vec<LaunchProblem>) {
    let mut by_name: BTreeMap<(&str, &str), Vec<Origin>> = BTreeMap::new();
    for Registration { origin, .. } in registry.items().iter().filter(|item| declared_slot(item).is_some()) {
        by_name.entry((origin.plugin, origin.name)).or_default().push(*origin);
    }
    for ((plugin, name), origins) in by_name.into_iter().filter(|(_, origins)| origins.len() > 1) {
        let text = format!("plugin `{plugin}` declares `{name}` more than once: rename one of the statics");
        problems.push(origins.into_iter().fold(LaunchProblem::new(text), LaunchProblem::at));
    }
}

/// A slot that nothing can fill: not declared, and no `#[init]` hook that might fill it, or would were its plugin on.
fn fillers(registry: &Registry, absent: &Registry, problems: &mut Vec<LaunchProblem>) {
    if registry.items().iter().chain(absent.items()).any(is_init) {
        return;
    }
    let declared: Vec<_> =
        registry.items().iter().chain(absent.items()).filter_map(declared_slot).map(|slot| slot.slot.id()).collect();
    for item in registry.items() {
        if let Some(slot) = handled_slot(item).filter(|slot| !declared.contains(&slot.slot.id())) {
            problems.push(unfilled(slot, item.origin));
        }
    }
}

pub(super) fn is_init(registration: &Registration) -> bool {
    matches!(registration.hook, Hook::Init(_))
}

/// A handler whose slot holds nothing.
pub(super) fn unfilled(slot: SlotRef, origin: Origin) -> LaunchProblem {
    let path = slot.path;
    let fix = match slot.slot.kind() {
        SlotKind::Client => format!(
            "write `#[client(url = \"ws://…\")]` over the static, or fill it in an `#[init]` hook with \
             `{path}.set(plugin.websocket_client(\"ws://…\").build()?)?`"
        ),
        SlotKind::Endpoint => "write `#[endpoint(\"/path\")]` over the static".to_owned(),
    };
    LaunchProblem::new(format!("`{}` handles `{path}`, which nothing fills: {fix}", origin.name)).at(origin)
}

/// The slot that an attribute fills.
pub(super) fn declared_slot(registration: &Registration) -> Option<SlotRef> {
    match registration.hook {
        Hook::Client(declaration) => Some(declaration.slot),
        Hook::Endpoint(declaration) => Some(declaration.slot),
        _ => None,
    }
}

/// Why nobody could read the page.
fn unserved(node: &NodeSettings, page: &PageSource) -> Option<String> {
    if node.listen.is_empty() {
        let text = "the page is served by the node, and `node.listen` is empty: write an address there, as in \
                    `\"127.0.0.1:20001\"`, or take `metrics.prometheus` out";
        Some(text.to_owned())
    } else if matches!(page, PageSource::Unknown) {
        let text = "there is no recorder to make the page: call `RuntimeBuilder::install_recorder`, or \
                    `RuntimeBuilder::metrics_page` where the program has one of its own";
        Some(text.to_owned())
    } else {
        None
    }
}

/// Paths of endpoints, routes and the page of metrics that are wrong or in each other's way.
fn paths(registry: &Registry, settings: &Settings, page: Option<&str>, problems: &mut Vec<LaunchProblem>) {
    let mut mounted = Vec::new();
    for Registration { origin, hook } in registry.items() {
        match hook {
            Hook::Endpoint(declaration) => {
                let configured = config(settings, origin.plugin)
                    .endpoint::<EndpointOptions>(origin.name, declaration.options)
                    .ok()
                    .and_then(|options| options.path);
                mounted.push((Some(*origin), "GET", configured.unwrap_or_else(|| declaration.path.to_owned())));
            }
            Hook::Route(route) => mounted.push((Some(*origin), route.method, route.path.to_owned())),
            _ => {}
        }
    }
    mounted.extend(page.map(|path| (None, "GET", path.to_owned())));
    let views: Vec<_> = mounted.iter().map(|(_, method, path)| (*method, path.as_str())).collect();
    for conflict in node::check_paths(&views) {
        let places: Vec<_> = conflict.places.iter().map(|&index| mounted[index].0).collect();
        let problem = if places.contains(&None) {
            LaunchProblem::new_from(settings.metrics_error("prometheus", conflict.reason))
        } else {
            LaunchProblem::new(conflict.reason)
        };
        problems.push(places.into_iter().flatten().fold(problem, LaunchProblem::at));
    }
}
