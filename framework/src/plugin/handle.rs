//! `Plugin`: what a hook uses to act as its plugin.

use super::ledger::Place;
use super::{Ledger, PluginConfig};
use crate::client::{
    Binding, BuildError, ClientOptions, ClientShared, Membership, Surroundings, WebSocketClient, WebSocketClientBuilder,
};
use crate::connection::Events;
use crate::settings::ConfigError;
use crate::target::RUNTIME;
use axum::extract::FromRequestParts;
use futures_util::FutureExt;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;

/// The plugin that a hook belongs to: makes clients that the runtime owns, spawns tasks that end with the plugin, reads
/// its configuration. An argument of every hook, also of a `#[route]`.
///
/// ```
/// use bristle::prelude::*;
///
/// static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();
///
/// #[init]
/// async fn on_init(plugin: Plugin) -> Result<()> {
///     let client = plugin.websocket_client("ws://192.168.1.3:20001/").build()?;
///     client.start().await;
///     let _ = CLIENT.set(client);
///     plugin.spawn(async { info!("in the background") });
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Plugin(Arc<PluginScope>);

/// What a runtime keeps for one plugin.
pub(crate) struct PluginScope {
    pub(crate) name: &'static str,
    pub(crate) config: PluginConfig,
    pub(crate) max_clients: usize,
    /// What the process provides to clients.
    pub(crate) surroundings: Surroundings,
    /// Makes the handlers' side of a client; `None` once the runtime is gone.
    pub(crate) handlers: Box<dyn Fn() -> Option<Arc<dyn Events>> + Send + Sync>,
    /// Cancelled once the launch is done.
    pub(crate) gate: CancellationToken,
    /// Cancelled when the runtime begins to stop.
    pub(crate) stopping: CancellationToken,
    /// Cancelled when the plugin's tasks must end.
    pub(crate) stopped: CancellationToken,
    /// Joins the plugin's tasks and its clients'.
    pub(crate) tasks: TaskTracker,
    pub(crate) enabled: AtomicBool,
    live: Arc<AtomicUsize>,
    /// The numbers of its clients, where somebody looks.
    ledger: Option<Arc<Ledger>>,
    clients: Mutex<Vec<Weak<ClientShared>>>,
    /// The names that builders were given.
    named: Mutex<BTreeSet<String>>,
    /// The section, read as each type that an argument wanted.
    parsed: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl PluginScope {
    #[allow(clippy::too_many_arguments, reason = "each is a different part of one scope, made in one place")]
    pub(crate) fn plugin(
        name: &'static str,
        config: PluginConfig,
        max_clients: usize,
        surroundings: Surroundings,
        handlers: impl Fn() -> Option<Arc<dyn Events>> + Send + Sync + 'static,
        gate: CancellationToken,
        stopping: CancellationToken,
        measured: bool,
    ) -> Plugin {
        Plugin(Arc::new(Self {
            name,
            config,
            max_clients,
            surroundings,
            handlers: Box::new(handlers),
            gate,
            stopping,
            stopped: CancellationToken::new(),
            tasks: TaskTracker::new(),
            enabled: AtomicBool::new(true),
            live: Arc::default(),
            ledger: measured.then(|| Arc::new(Ledger::new(name, max_clients))),
            clients: Mutex::default(),
            named: Mutex::default(),
            parsed: Mutex::default(),
        }))
    }
}

impl Plugin {
    /// The plugin's name: its package's.
    pub fn name(&self) -> &str {
        self.0.name
    }

    /// Begins to build a client that the runtime owns: it is named in logs, counted, closed at shutdown, and serves the
    /// handlers of the slot that it is stored in.
    ///
    /// Give it a [`name`](WebSocketClientBuilder::name), and `[plugins.<plugin>.clients.<name>]` overrides what the
    /// builder says. A plugin owns at most `max_clients` live clients; one whose last handle is dropped is closed and
    /// counted out.
    pub fn websocket_client(&self, url: impl Into<String>) -> WebSocketClientBuilder {
        let mut builder = WebSocketClient::builder(url);
        let (scope, named) = (self.0.clone(), self.0.clone());
        builder.binding = Binding {
            handlers: (self.0.handlers)(),
            gate: self.0.gate.clone(),
            key: None,
            tracker: self.0.tasks.clone(),
            surroundings: self.0.surroundings.clone(),
            admit: Some(Box::new(move |client| scope.admit(client))),
            configure: Some(Box::new(move |name, builder| named.configure(name, builder))),
        };
        builder
    }

    /// Spawns a task of the plugin: a panic in it is contained and logged, and at shutdown it is dropped at its next
    /// `.await`, after the `#[shutdown]` hooks. To end in an orderly way, wait for [`stopping`](Self::stopping).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) {
        let scope = self.0.clone();
        self.0.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = scope.stopped.cancelled() => {}
                outcome = AssertUnwindSafe(future).catch_unwind() => {
                    if let Err(panic) = outcome {
                        let message = crate::error::panic_message(&*panic);
                        error!(target: RUNTIME, plugin = scope.name, panic = %message, "a task of the plugin panicked");
                    }
                }
            }
        });
    }

    /// Waits until the runtime begins to stop. Cancel-safe.
    pub async fn stopping(&self) {
        self.0.stopping.cancelled().await;
    }

    /// The plugin's section of the configuration as a `T`.
    ///
    /// # Errors
    /// All values that do not fit, with their origins.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, Vec<ConfigError>> {
        self.0.config.parse()
    }

    /// The same, read once and shared.
    pub(crate) fn shared_config<T>(&self) -> Result<Arc<T>, Vec<ConfigError>>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let known = |parsed: &HashMap<TypeId, Arc<dyn Any + Send + Sync>>| parsed.get(&TypeId::of::<T>()).cloned();
        let parsed = || self.0.parsed.lock().expect("nothing panics while it holds them");
        let known = known(&parsed());
        if let Some(known) = known {
            return Ok(known.downcast().expect("it lies under its own type"));
        }
        // Not under the lock: what a type does when it is read is its author's code.
        let value = Arc::new(self.config::<T>()?);
        parsed().insert(TypeId::of::<T>(), value.clone());
        Ok(value)
    }

    /// How many live clients it owns.
    pub fn live_clients(&self) -> usize {
        self.0.live.load(Ordering::Acquire)
    }

    pub(crate) fn scope(&self) -> &PluginScope {
        &self.0
    }

    /// The clients that are still there.
    pub(crate) fn clients(&self) -> Vec<WebSocketClient> {
        let clients = self.0.clients.lock().expect("nothing panics while it holds the list");
        clients.iter().filter_map(Weak::upgrade).map(WebSocketClient::from_shared).collect()
    }

    /// Whether a builder was given this name.
    pub(crate) fn made_client(&self, name: &str) -> bool {
        let named = self.0.named.lock().expect("nothing panics while it holds the names");
        named.contains(&name.to_ascii_lowercase())
    }

    pub(crate) fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.0.ledger.as_ref()
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.0.enabled.load(Ordering::Acquire)
    }
}

impl PluginScope {
    /// Counts a client in, or says that there are too many.
    fn admit(&self, client: &WebSocketClient) -> Result<Box<dyn Membership>, BuildError> {
        if self.live.fetch_add(1, Ordering::AcqRel) >= self.max_clients {
            self.live.fetch_sub(1, Ordering::AcqRel);
            return Err(BuildError::TooManyClients { plugin: self.name.to_owned(), limit: self.max_clients });
        }
        let mut clients = self.clients.lock().expect("nothing panics while it holds the list");
        clients.retain(|client| client.strong_count() > 0);
        clients.push(client.downgrade());
        drop(clients);
        Ok(Box::new(Place::of(client, self.live.clone(), self.ledger.as_ref())))
    }

    /// What the configuration says of a client that a builder names.
    fn configure(
        &self,
        name: Option<&str>,
        mut builder: WebSocketClientBuilder,
    ) -> Result<WebSocketClientBuilder, BuildError> {
        if let Some(name) = name {
            self.named.lock().expect("nothing panics while it holds the names").insert(name.to_ascii_lowercase());
            let options: ClientOptions = self.config.client(name, "{}").map_err(|problems| {
                let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
                BuildError::Config { client: name.to_owned(), problems: problems.join("; ") }
            })?;
            if let Some(Err(error)) = options.url.as_ref().map(|url| WebSocketClient::builder(url).build()) {
                let problem = self.config.client_error(name, "{}", "url", error.to_string());
                return Err(BuildError::Config { client: name.to_owned(), problems: problem.to_string() });
            }
            builder = options.apply(builder);
            for wrong in builder.out_of_range() {
                let problem = self.config.client_error(name, "{}", wrong.option, wrong.reason());
                // What the builder itself was told is its own error.
                if problem.origin().is_some() {
                    return Err(BuildError::Config { client: name.to_owned(), problems: problem.to_string() });
                }
            }
        }
        let shown = builder.name.take();
        builder.name = shown.map(|name| format!("{}/{name}", self.name));
        Ok(builder)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plugin").field(&self.0.name).finish()
    }
}

/// In a `#[route]`: the plugin whose route it is.
impl<S: Sync> FromRequestParts<S> for Plugin {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let refused = (StatusCode::INTERNAL_SERVER_ERROR, "no `Plugin` came with the request: it is for a `#[route]`");
        parts.extensions.get::<Self>().cloned().ok_or(refused)
    }
}
