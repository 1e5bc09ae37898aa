//! What is measured and what is to be reached, as values.

mod figure;
mod floods;
mod growth;
mod whole;

pub(crate) use figure::{Against, Bound, Figure, Target};
pub(crate) use growth::{Growth, growth};

use crate::work::{Swarm, Work};

/// One kind of load, and who is put under it.
pub(crate) struct Workload {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What is read from each report; targets speak of the first.
    pub(crate) figures: &'static [Figure],
    pub(crate) subjects: Vec<Subject>,
    pub(crate) targets: Vec<Target>,
    /// How many rounds: fewer where one takes long, more where the machine's own doings are most of what is measured.
    pub(crate) rounds: usize,
}

/// Somebody who is measured.
pub(crate) struct Subject {
    /// What tables call it, and targets.
    pub(crate) label: &'static str,
    pub(crate) run: Run,
}

/// What a measurement starts.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// The load generator, and a client of it; with a timer beside it on the same thread, where that is asked for.
    Client { subject: &'static str, work: Work, timer: bool },
    /// The same, a client in another language.
    Script { language: Language, work: Work },
    /// The load generator, and that many clients in one process.
    Crowd { subject: &'static str, work: Work, connections: usize },
    /// A server, and the load generator as its many clients.
    Endpoint { subject: &'static str, swarm: Swarm, connections: usize },
    /// A host with that many plugins, until its node listens.
    Startup { plugins: usize },
    /// Cargo builds the host: from nothing, or after a change of one plugin.
    Build { clean: bool },
}

impl Run {
    /// Whether its figure is one of memory, and not of time.
    pub(crate) fn weighs(self) -> bool {
        matches!(self, Self::Crowd { work: Work::Idle, .. } | Self::Endpoint { swarm: Swarm::Idle, .. })
    }
}

/// Who runs a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    Node,
}

/// Every workload, in the order in which they run.
pub(crate) fn workloads() -> Vec<Workload> {
    let mut all = floods::workloads();
    all.extend(whole::workloads());
    all
}

fn client(label: &'static str, subject: &'static str, work: Work) -> Subject {
    Subject { label, run: Run::Client { subject, work, timer: false } }
}

/// The raw libraries, each under its own name.
fn libraries(names: &[&'static str], work: Work) -> Vec<Subject> {
    names.iter().map(|name| client(name, name, work)).collect()
}

fn scripts(work: Work) -> [Subject; 2] {
    [("Node `ws`", Language::Node), ("Python `websockets`", Language::Python)]
        .map(|(label, language)| Subject { label, run: Run::Script { language, work } })
}
