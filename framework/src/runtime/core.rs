//! What runs: the phases of a launch, in order.

use super::builder::Runtime;
use super::check::{config, declared_slot, is_init, unfilled};
use super::declared::{Declared, DeclaredClient, declare};
use super::dispatch::{Dispatcher, handled_slot};
use super::init::{InitGraph, InitTimes};
use super::problem::{LaunchError, LaunchProblem, StopError};
use super::publish::{Measured, Publisher, observe};
use crate::client::{ConnectError, WebSocketClient};
use crate::node::{Node, NodeConfig};
use crate::plugin::{Hook, Origin, Plugin, PluginScope, Registry, Route, SlotId};
use crate::settings::{NodeSettings, RuntimeSettings};
use crate::target::RUNTIME;
use axum::Extension;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// A runtime that was launched. Dropped without [`stop`](Self::stop), everything ends at once, without a closing
/// handshake.
#[must_use = "dropped, everything ends at once"]
pub struct Running(pub(super) Core);

impl Running {
    /// The addresses that the node listens at, with the real ports where port 0 was asked for.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.node.get().map(|node| node.addresses().to_vec()).unwrap_or_default()
    }

    /// The plugins that are on.
    pub fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        self.0.dispatcher.plugins.values().filter(|plugin| plugin.is_enabled())
    }

    /// How many messages no handler took, by slot.
    pub fn unhandled(&self) -> BTreeMap<&'static str, u64> {
        self.0.dispatcher.unhandled().collect()
    }

    /// Stops: handlers in flight finish, `#[shutdown]` hooks run, outboxes are drained, connections closed.
    ///
    /// # Errors
    /// What did not stop in time, by name.
    pub async fn stop(self) -> Result<(), StopError> {
        self.0.stop(pending()).await
    }
}

/// Everything that a runtime holds while it runs.
pub(super) struct Core {
    pub(super) registry: Registry,
    pub(super) times: RuntimeSettings,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) node: OnceLock<Node>,
    /// Every `#[init]` hook that succeeded, in order.
    pub(super) initialised: Mutex<Vec<Origin>>,
    /// Cancelled once handlers may run.
    gate: CancellationToken,
    /// Cancelled when the launch has failed.
    pub(super) failed: CancellationToken,
    /// Cancelled when the stop begins.
    pub(super) stopping: CancellationToken,
    graph: InitGraph,
    declared: Declared,
    /// The slots that plugins fill which are off.
    absent_slots: Vec<SlotId>,
    /// Whether such plugins have `#[init]` hooks, which might have filled any slot.
    absent_init: bool,
    node_settings: NodeSettings,
    publisher: Arc<Publisher>,
    pub(super) measured: Measured,
}

impl Core {
    /// Makes the plugins, the clients and the endpoints, and fills their slots.
    pub(super) fn new(runtime: Runtime) -> Result<Self, LaunchError> {
        let Runtime { settings, registry, absent, node, times, metrics, page, surroundings } = runtime;
        let measured = Measured::prepare(&metrics, page).map_err(problem)?;
        let (gate, stopping) = (CancellationToken::new(), CancellationToken::new());
        let dispatcher = Arc::new_cyclic(|dispatcher: &Weak<Dispatcher>| {
            let plugins = registry.plugins().into_iter().map(|name| {
                let config = config(&settings, name);
                let max_clients = config.max_clients().unwrap_or(times.max_clients);
                let dispatcher = dispatcher.clone();
                let handlers = move || dispatcher.upgrade().map(|dispatcher| dispatcher.events());
                (name, {
                    let around = surroundings.clone();
                    let (gate, stopping) = (gate.clone(), stopping.clone());
                    PluginScope::plugin(name, config, max_clients, around, handlers, gate, stopping, measured.is_on())
                })
            });
            Dispatcher::new(&registry, plugins.collect(), measured.is_on())
        });
        let mut problems = Vec::new();
        let graph = InitGraph::new(&registry, &absent, &mut problems);
        let declared = declare(&registry, &dispatcher, &gate, &mut problems);
        if measured.is_on() {
            declared.endpoints.iter().for_each(observe);
        }
        LaunchError::unless_empty(problems)?;
        let plugins = dispatcher.plugins.values().cloned().collect();
        let publisher = Arc::new(Publisher { plugins, endpoints: declared.endpoints.clone() });
        Ok(Self {
            registry,
            times,
            dispatcher,
            node: OnceLock::new(),
            initialised: Mutex::default(),
            gate,
            failed: CancellationToken::new(),
            stopping,
            graph,
            declared,
            absent_slots: absent.items().iter().filter_map(declared_slot).map(|slot| slot.slot.id()).collect(),
            absent_init: absent.items().iter().any(is_init),
            node_settings: node,
            publisher,
            measured,
        })
    }

    /// The phases of a launch. Cancelled, it leaves things running that `stop` ends.
    pub(super) async fn launch(&self) -> Result<(), LaunchError> {
        let launched = self.phases().await;
        if launched.is_err() {
            self.failed.cancel();
        }
        launched
    }

    async fn phases(&self) -> Result<(), LaunchError> {
        self.measured.start(&self.publisher);
        self.bind().await?;
        self.init().await?;
        self.check_slots()?;
        self.warn_of_unused_sections();
        self.open().await?;
        for connection in self.clients().iter().filter_map(WebSocketClient::connection) {
            self.dispatcher.announce_late(&connection);
        }
        self.gate.cancel();
        let (plugins, clients) = (self.dispatcher.plugins.len(), self.clients().len());
        let endpoints = self.declared.endpoints.len();
        info!(target: RUNTIME, plugins, clients, endpoints, "launched");
        Ok(())
    }

    /// A port in use is found before any hook runs, and a hook can connect to its own node.
    async fn bind(&self) -> Result<(), LaunchError> {
        let mut routes = self.routes();
        routes.extend(self.measured.route(&self.publisher));
        if routes.is_empty() && self.declared.endpoints.is_empty() {
            debug!(target: RUNTIME, "no endpoint and no route: the node does not listen");
            return Ok(());
        }
        let config = NodeConfig {
            settings: self.node_settings.clone(),
            grace: self.times.shutdown_grace,
            endpoints: self.declared.endpoints.clone(),
            routes,
            gate: self.gate.clone(),
            failed: self.failed.clone(),
        };
        let node =
            Node::start(config).await.map_err(|error| problem(LaunchProblem::new(crate::error::chain(&error))))?;
        for address in node.addresses() {
            info!(target: RUNTIME, %address, "listening");
        }
        assert!(self.node.set(node).is_ok(), "a core is launched once");
        Ok(())
    }

    fn routes(&self) -> Vec<(String, axum::routing::MethodRouter)> {
        let of = |hook: &Hook| match hook {
            Hook::Route(Route { path, handler, .. }) => Some((path.to_string(), handler())),
            _ => None,
        };
        let items = self.registry.items().iter();
        items
            .filter_map(|item| {
                let (path, handler) = of(&item.hook)?;
                Some((path, handler.layer(Extension(self.dispatcher.plugins[item.origin.plugin].clone()))))
            })
            .collect()
    }

    async fn init(&self) -> Result<(), LaunchError> {
        let times = InitTimes { timeout: self.times.init_timeout, slow: self.times.slow_init };
        let done = |origin| self.initialised.lock().expect("nothing panics while it holds the list").push(origin);
        LaunchError::unless_empty(self.graph.run(&self.dispatcher.plugins, times, done).await)
    }

    fn check_slots(&self) -> Result<(), LaunchError> {
        let mut problems = Vec::new();
        for item in self.registry.items() {
            let on = self.dispatcher.plugins[item.origin.plugin].is_enabled();
            if let Some(slot) = handled_slot(item).filter(|slot| on && slot.slot.owner().is_none()) {
                if self.filler_is_off(slot.slot.id()) {
                    info!(
                        target: RUNTIME,
                        slot = slot.path, handler = item.origin.name, "not bound: the plugin that fills it is off"
                    );
                } else {
                    problems.push(unfilled(slot, item.origin));
                }
            }
        }
        LaunchError::unless_empty(problems)
    }

    /// Whether the slot is another plugin's that is off, so that it stays empty by intention.
    fn filler_is_off(&self, slot: SlotId) -> bool {
        self.absent_init
            || self.absent_slots.contains(&slot)
            || self.dispatcher.plugins.values().any(|plugin| !plugin.is_enabled())
    }

    /// A section for a client that nobody made: a route may make it yet, so that it is no error, but more likely its name
    /// is misspelled.
    fn warn_of_unused_sections(&self) {
        for plugin in self.dispatcher.plugins.values().filter(|plugin| plugin.is_enabled()) {
            let declared = |name: &str| {
                let of_plugin = self.declared.clients.iter().filter(|client| client.origin.plugin == plugin.name());
                of_plugin.map(|client| client.origin.name).any(|known| known.eq_ignore_ascii_case(name))
            };
            for name in plugin.scope().config.client_names() {
                if !declared(&name) && !plugin.made_client(&name) {
                    let known: Vec<_> = self.declared.clients.iter().map(|client| client.client.name()).collect();
                    warn!(
                        target: RUNTIME,
                        section = format!("plugins.{}.clients.{name}", plugin.name()),
                        declared = known.join(", "),
                        "configured, but no client of this name was made: is it misspelled?"
                    );
                }
            }
        }
    }

    /// Opens what was declared. A first attempt that fails is retried and reported, unless the client is required.
    async fn open(&self) -> Result<(), LaunchError> {
        // What a hook had made before its plugin was switched off must not go on.
        let off: Vec<_> = self.dispatcher.plugins.values().filter(|plugin| !plugin.is_enabled()).collect();
        off.iter().for_each(|plugin| plugin.scope().stopped.cancel());
        let off = off.into_iter().flat_map(Plugin::clients);
        join_all(off.map(|client| async move { client.close().await })).await;
        let on = self.declared.clients.iter().filter(|declared| declared.plugin.is_enabled());
        let problems = join_all(on.map(|DeclaredClient { client, required, origin, .. }| async move {
            if !required {
                client.start().await;
                return None;
            }
            let error = match client.connect().await {
                // An `#[init]` hook did it already.
                Err(ConnectError::AlreadyStarted) => client.attempted().await.err()?,
                outcome => outcome.err()?,
            };
            let (name, error) = (client.name(), crate::error::chain(&error));
            let text = format!("the required client `{name}` cannot connect: {error}");
            Some(LaunchProblem::new(text).at(*origin))
        }));
        LaunchError::unless_empty(problems.await.into_iter().flatten().collect())
    }

    /// Every client of every plugin that is still there.
    pub(super) fn clients(&self) -> Vec<WebSocketClient> {
        self.dispatcher.plugins.values().flat_map(Plugin::clients).collect()
    }
}

fn problem(problem: LaunchProblem) -> LaunchError {
    LaunchError::unless_empty(vec![problem]).expect_err("there is one problem")
}

impl Drop for Core {
    /// What was not stopped is ended: nothing of a runtime outlives it.
    fn drop(&mut self) {
        self.stopping.cancel();
        self.failed.cancel();
        if let Some(node) = self.node.get() {
            node.abort();
        }
        self.clients().iter().for_each(WebSocketClient::abort);
        for plugin in self.dispatcher.plugins.values() {
            plugin.scope().stopped.cancel();
        }
    }
}
