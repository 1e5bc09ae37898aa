//! The stop, step by step; nothing waits for ever, and what did not stop in time is named.

use super::call::{call_strictly, log};
use super::check::is_init;
use super::core::Core;
use super::problem::StopError;
use super::slots::timed_out;
use crate::client::WebSocketClient;
use crate::message::code;
use crate::plugin::{Hook, Origin, Plugin, ShutdownEvent, ShutdownHook};
use crate::target::RUNTIME;
use futures_util::future::join_all;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How long tasks are joined once everything was told to end.
const JOIN_TIME: Duration = Duration::from_secs(1);

impl Core {
    /// Stops everything; when `force` resolves no step waits any longer.
    pub(super) async fn stop(&self, force: impl Future<Output = ()>) -> Result<(), StopError> {
        let forced = CancellationToken::new();
        let mut steps = pin!(self.steps(&forced));
        let stragglers = tokio::select! {
            biased;
            stragglers = &mut steps => stragglers,
            () = force => {
                warn!(target: RUNTIME, "stopping at once");
                forced.cancel();
                steps.await
            }
        };
        if stragglers.is_empty() { Ok(()) } else { Err(StopError { stragglers }) }
    }

    async fn steps(&self, forced: &CancellationToken) -> Vec<String> {
        // After a launch that failed, the reason is what matters.
        let quiet_end = self.failed.is_cancelled();
        if !quiet_end {
            info!(target: RUNTIME, "stopping");
        }
        let grace = self.times.shutdown_grace;
        let mut stragglers = Vec::new();
        let clients = self.clients();
        self.stopping.cancel();

        let node = async {
            if let Some(node) = self.node.get() {
                node.stop_accepting().await;
                node.quiesce().await;
            }
        };
        let quiet = |client: &WebSocketClient| {
            let client = client.clone();
            async move { within(grace, forced, client.quiesce()).await.is_none().then_some(client) }
        };
        let (node, busy) = tokio::join!(within(grace, forced, node), join_all(clients.iter().map(quiet)));
        let busy: Vec<_> = busy.into_iter().flatten().collect();
        if node.is_none() {
            stragglers.push(format!("handlers of the node did not finish within {grace:?}"));
        }
        stragglers.extend(busy.iter().map(|client| late_handlers(client, grace)));

        for (origin, hook, plugin) in self.shutdown_hooks() {
            stragglers.extend(self.shut_down(origin, hook, plugin, forced).await);
        }

        // A hook may have made others.
        let clients = self.clients();
        let node = async {
            if let Some(node) = self.node.get() {
                node.close(code::GOING_AWAY, "shutting down").await;
            }
        };
        let ends = join_all(clients.iter().map(|client| end(client, busy.contains(client), grace, forced)));
        let (_, ends) = tokio::join!(within(grace, forced, node), ends);
        stragglers.extend(ends.into_iter().flatten());
        if let Some(node) = self.node.get() {
            stragglers.extend(node.abort());
        }
        clients.iter().for_each(WebSocketClient::abort);
        stragglers.extend(self.join_tasks().await);
        self.measured.stop().await;
        for (slot, count) in self.dispatcher.unhandled() {
            info!(target: RUNTIME, slot, count, "messages that no handler took");
        }
        if forced.is_cancelled() && stragglers.is_empty() {
            stragglers.push("it was cut short by a second signal".to_owned());
        }
        if !quiet_end {
            info!(target: RUNTIME, clean = stragglers.is_empty(), "stopped");
        }
        stragglers
    }

    async fn shut_down(
        &self,
        origin: Origin,
        hook: ShutdownHook,
        plugin: &Plugin,
        forced: &CancellationToken,
    ) -> Option<String> {
        let limit = hook.timeout.unwrap_or(self.times.shutdown_grace);
        let run = call_strictly(origin, || (hook.call)(&ShutdownEvent { plugin }));
        let failure = match within(limit, forced, run).await {
            Some(Ok(())) => return None,
            Some(Err(failure)) => failure,
            None if forced.is_cancelled() => {
                return Some(format!("`#[shutdown]` hook {origin} was cut: the stop was forced"));
            }
            None => timed_out(origin, limit),
        };
        log("shutdown", &failure);
        Some(format!("`#[shutdown]` hook {failure}"))
    }

    /// The `#[shutdown]` hooks of the plugins that are on, in reverse order of init: plugins that were initialised
    /// last come first, those without an `#[init]` hook last. Where none of a plugin's `#[init]` hooks succeeded there is
    /// nothing to undo, and a hook would find its slots empty: it is not run.
    fn shutdown_hooks(&self) -> Vec<(Origin, ShutdownHook, &Plugin)> {
        let initialised = self.initialised.lock().expect("nothing panics while it holds the list").clone();
        let rank = |plugin: &str| initialised.iter().rposition(|origin| origin.plugin == plugin);
        let mut hooks: Vec<_> = self
            .registry
            .items()
            .iter()
            .filter_map(|item| match item.hook {
                Hook::Shutdown(hook) => Some((item.origin, hook, &self.dispatcher.plugins[item.origin.plugin])),
                _ => None,
            })
            .filter(|(origin, _, plugin)| {
                plugin.is_enabled() && (rank(origin.plugin).is_some() || !self.has_init(origin.plugin))
            })
            .collect();
        hooks.reverse();
        hooks.sort_by_key(|(origin, _, _)| std::cmp::Reverse(rank(origin.plugin)));
        hooks
    }

    fn has_init(&self, plugin: &str) -> bool {
        self.registry.items().iter().any(|item| item.origin.plugin == plugin && is_init(item))
    }

    async fn join_tasks(&self) -> Vec<String> {
        let plugins = self.dispatcher.plugins.values();
        for plugin in plugins.clone() {
            plugin.scope().stopped.cancel();
            plugin.scope().tasks.close();
        }
        let joined = join_all(plugins.map(|plugin| async move {
            let scope = plugin.scope();
            let ended = timeout(JOIN_TIME, scope.tasks.wait()).await.is_ok();
            (!ended).then(|| format!("{} tasks of plugin `{}` did not end", scope.tasks.len(), plugin.name()))
        }));
        joined.await.into_iter().flatten().collect()
    }
}

/// Closes a client and lets its `#[on_close]` hooks end, unless handlers before them never do. What did not stop, if
/// anything.
async fn end(client: &WebSocketClient, busy: bool, grace: Duration, forced: &CancellationToken) -> Option<String> {
    let steps = async {
        if !busy {
            client.quiesce().await;
        }
        client.close_with(code::GOING_AWAY, "shutting down").await;
        if !busy {
            client.quiesce().await;
        }
    };
    if within(grace, forced, steps).await.is_some() {
        None
    } else if client.is_connected() {
        Some(format!("client `{}` did not close in time", client.name()))
    } else {
        (!forced.is_cancelled()).then(|| late_handlers(client, grace))
    }
}

fn late_handlers(client: &WebSocketClient, grace: Duration) -> String {
    format!("handlers of client `{}` did not finish within {grace:?}", client.name())
}

/// Runs a step for at most `limit`, and not at all once the stop is forced. `None` where it was cut.
async fn within<T>(limit: Duration, forced: &CancellationToken, step: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = forced.cancelled() => None,
        outcome = timeout(limit, step) => outcome.ok(),
    }
}
