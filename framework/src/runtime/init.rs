//! The graph of `#[init]` hooks: which may run when, and what a failure does.

use super::call::call_strictly;
use super::problem::LaunchProblem;
use super::slots::timed_out;
use crate::client::Reconnect;
use crate::plugin::{HandlerError, Hook, HookId, InitEvent, InitHook, OnFailure, Origin, Plugin, Registry};
use crate::target::RUNTIME;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

/// How often a hook with `on_failure = "retry"` is run before its failure counts.
const RETRY_ATTEMPTS: u32 = 5;

/// One hook of the graph.
#[derive(Clone)]
struct Node {
    origin: Origin,
    hook: InitHook,
    /// The hooks that must have succeeded, as indices.
    after: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
    /// It failed, or one that it waits for did: the launch fails once the others have run.
    Failed,
    /// Its plugin is off: it says `on_failure = "disable"` and failed, or waits for one that does and did.
    Out,
}

/// All `#[init]` hooks in (plugin, file, line) order, with their edges checked.
pub(super) struct InitGraph {
    nodes: Vec<Node>,
}

/// How long hooks may take.
#[derive(Clone, Copy)]
pub(super) struct InitTimes {
    pub(super) timeout: Duration,
    pub(super) slow: Duration,
}

impl InitGraph {
    /// Builds the graph; edges that lead nowhere, contradict the tiers or form a cycle are problems. `absent` are the
    /// hooks of plugins that are off.
    pub(super) fn new(registry: &Registry, absent: &Registry, problems: &mut Vec<LaunchProblem>) -> Self {
        let hooks: Vec<_> = init_hooks(registry).collect();
        let ids: Vec<HookId> = hooks.iter().map(|(_, hook)| (hook.id)()).collect();
        let mut nodes = Vec::with_capacity(hooks.len());
        for (origin, hook) in &hooks {
            let mut after = Vec::new();
            for wanted in (hook.after)() {
                match ids.iter().position(|id| *id == wanted) {
                    Some(index) => after.push(index),
                    None => problems.push(missing_edge(*origin, wanted, absent)),
                }
            }
            nodes.push(Node { origin: *origin, hook: *hook, after });
        }
        let graph = Self { nodes };
        graph.check_tiers(problems);
        graph.check_cycles(problems);
        graph
    }

    fn check_tiers(&self, problems: &mut Vec<LaunchProblem>) {
        for node in &self.nodes {
            for other in node.after.iter().map(|&index| &self.nodes[index]) {
                if other.hook.order > node.hook.order {
                    let text = format!(
                        "`#[init]` hook `{}` has `order = {}` and waits for `{}`, which comes later with `order = {}`: \
                         give it an `order` of at least {}",
                        node.origin.name, node.hook.order, other.origin.name, other.hook.order, other.hook.order
                    );
                    problems.push(LaunchProblem::new(text).at(node.origin).at(other.origin));
                }
            }
        }
    }

    /// Follows the edges from every hook: whoever comes back to itself is in a cycle, which is named once.
    fn check_cycles(&self, problems: &mut Vec<LaunchProblem>) {
        let mut named = vec![false; self.nodes.len()];
        for start in 0..self.nodes.len() {
            if named[start] {
                continue;
            }
            if let Some(cycle) = self.path_back(start, start, &mut vec![false; self.nodes.len()]) {
                cycle.iter().for_each(|&index| named[index] = true);
                let names: Vec<_> = cycle.iter().chain([&start]).map(|&index| self.nodes[index].origin.name).collect();
                let text = format!(
                    "`#[init]` hooks wait for each other in a circle: {}. Take one `after` away",
                    names.join(" waits for ")
                );
                problems.push(cycle.iter().fold(LaunchProblem::new(text), |p, &index| p.at(self.nodes[index].origin)));
            }
        }
    }

    /// A path along `after` from `at` to `goal`, `at` first.
    fn path_back(&self, at: usize, goal: usize, seen: &mut [bool]) -> Option<Vec<usize>> {
        for &next in &self.nodes[at].after {
            if next == goal {
                return Some(vec![at]);
            }
            if !std::mem::replace(&mut seen[next], true)
                && let Some(mut path) = self.path_back(next, goal, seen)
            {
                path.insert(0, at);
                return Some(path);
            }
        }
        None
    }

    /// Runs every hook: those whose edges and tiers allow it at the same time. Collects all failures; a failure keeps
    /// only the hooks that wait for it from running. `done` hears of every success, in order.
    pub(super) async fn run(
        &self,
        plugins: &BTreeMap<&'static str, Plugin>,
        times: InitTimes,
        mut done: impl FnMut(Origin),
    ) -> Vec<LaunchProblem> {
        let mut states = vec![State::Waiting; self.nodes.len()];
        let mut problems = Vec::new();
        let mut running = JoinSet::new();
        loop {
            self.rule_out(&mut states, plugins);
            for index in self.runnable(&states) {
                states[index] = State::Running;
                let node = self.nodes[index].clone();
                let plugin = plugins[node.origin.plugin].clone();
                running.spawn(async move { (index, run_hook(&node, plugin, times).await) });
            }
            let Some(joined) = running.join_next().await else { return problems };
            let (index, outcome) = joined.expect("a hook's panic is caught, and nobody aborts it while this runs");
            let node = &self.nodes[index];
            match outcome {
                Ok(()) => {
                    states[index] = State::Done;
                    done(node.origin);
                }
                Err(failure) => states[index] = self.failed(node, &failure, plugins, &mut problems),
            }
        }
    }

    fn failed(
        &self,
        node: &Node,
        failure: &HandlerError,
        plugins: &BTreeMap<&'static str, Plugin>,
        problems: &mut Vec<LaunchProblem>,
    ) -> State {
        let Origin { plugin, name, .. } = node.origin;
        if node.hook.on_failure == OnFailure::Disable {
            plugins[plugin].scope().enabled.store(false, Ordering::Release);
            warn!(
                target: RUNTIME,
                plugin, hook = name, error = %failure.failure(), "an #[init] hook failed: its plugin is off"
            );
            State::Out
        } else {
            error!(target: RUNTIME, plugin, hook = name, error = %failure.failure(), "an #[init] hook failed");
            let text = format!("`#[init]` hook `{name}` of plugin `{plugin}` failed: {}", failure.failure());
            problems.push(LaunchProblem::new(text).at(node.origin));
            State::Failed
        }
    }

    /// Rules out what waits for a hook that is out, and the hooks of plugins that are off, until nothing changes.
    fn rule_out(&self, states: &mut [State], plugins: &BTreeMap<&'static str, Plugin>) {
        loop {
            let next = (0..self.nodes.len()).find(|&index| {
                let node = &self.nodes[index];
                let waits_in_vain = node.after.iter().any(|&after| matches!(states[after], State::Failed | State::Out));
                states[index] == State::Waiting && (waits_in_vain || !plugins[node.origin.plugin].is_enabled())
            });
            let Some(index) = next else { return };
            let node = &self.nodes[index];
            let plugin = &plugins[node.origin.plugin];
            if node.after.iter().any(|&after| states[after] == State::Failed) {
                // Its plugin stays on: other hooks of it may have failures of their own to tell.
                states[index] = State::Failed;
            } else {
                states[index] = State::Out;
                // A plugin whose hook cannot run is not fit to handle anything.
                plugin.scope().enabled.store(false, Ordering::Release);
            }
            warn!(
                target: RUNTIME,
                plugin = plugin.name(), hook = node.origin.name, "not run: a hook that it waits for failed"
            );
        }
    }

    fn runnable(&self, states: &[State]) -> Vec<usize> {
        let open = |index: usize| matches!(states[index], State::Waiting | State::Running);
        let tier = (0..self.nodes.len()).filter(|&index| open(index)).map(|index| self.nodes[index].hook.order).min();
        (0..self.nodes.len())
            .filter(|&index| {
                let node = &self.nodes[index];
                states[index] == State::Waiting
                    && Some(node.hook.order) == tier
                    && node.after.iter().all(|&after| states[after] == State::Done)
            })
            .collect()
    }
}

fn init_hooks(registry: &Registry) -> impl Iterator<Item = (Origin, InitHook)> {
    registry.items().iter().filter_map(|registration| match registration.hook {
        Hook::Init(hook) => Some((registration.origin, hook)),
        _ => None,
    })
}

fn missing_edge(origin: Origin, wanted: HookId, absent: &Registry) -> LaunchProblem {
    let name = wanted.path();
    let text = match init_hooks(absent).find(|(_, hook)| (hook.id)() == wanted) {
        Some((off, _)) => format!(
            "`#[init]` hook `{}` waits for `{name}`, whose plugin `{}` is off: switch it on, or this one off too",
            origin.name, off.plugin
        ),
        None => format!(
            "`#[init]` hook `{}` waits for `{name}`, which is no `#[init]` hook: write `#[init]` over it, or take it \
             out of `after`",
            origin.name
        ),
    };
    LaunchProblem::new(text).at(origin)
}

/// Runs one hook, again where it says so.
async fn run_hook(node: &Node, plugin: Plugin, times: InitTimes) -> Result<(), HandlerError> {
    let attempts = if node.hook.on_failure == OnFailure::Retry { RETRY_ATTEMPTS } else { 1 };
    let pauses = Reconnect::default();
    for attempt in 1.. {
        let started = Instant::now();
        match run_once(node, &plugin, times).await {
            Ok(()) => {
                let took = started.elapsed();
                info!(target: RUNTIME, plugin = plugin.name(), hook = node.origin.name, ?took, "initialised");
                return Ok(());
            }
            Err(failure) if attempt < attempts => {
                let pause = pauses.pause(attempt - 1);
                warn!(
                    target: RUNTIME,
                    plugin = plugin.name(),
                    hook = node.origin.name,
                    error = %failure.failure(),
                    attempt,
                    retry_in = ?pause,
                    "an #[init] hook failed and is tried again"
                );
                sleep(pause).await;
            }
            Err(failure) => return Err(failure),
        }
    }
    unreachable!("the last attempt returns")
}

async fn run_once(node: &Node, plugin: &Plugin, times: InitTimes) -> Result<(), HandlerError> {
    let limit = node.hook.timeout.unwrap_or(times.timeout);
    let run = call_strictly(node.origin, || (node.hook.call)(&InitEvent { plugin }));
    let watched = async {
        tokio::pin!(run);
        if let Ok(outcome) = timeout(times.slow, &mut run).await {
            return outcome;
        }
        warn!(
            target: RUNTIME,
            plugin = plugin.name(), hook = node.origin.name, running = ?times.slow, "an #[init] hook is slow"
        );
        run.await
    };
    timeout(limit, watched).await.unwrap_or_else(|_| Err(timed_out(node.origin, limit)))
}
