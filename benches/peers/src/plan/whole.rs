//! Many connections, and whole programs.

use super::figure::{Against, Bound, Figure, Source, at_least, limit};
use super::{Run, Subject, Target, Workload};
use crate::work::{Swarm, Work};

/// A crowd's size in memory.
const CROWD: usize = 10_000;

const BYTES: &[Figure] = &[Figure { title: "bytes each", from: Source::More("bytes") }];
const RATE: &[Figure] = &[Figure::RATE, Figure { title: "CPU µs each", from: Source::More("cpu_us") }];
const SECONDS: &[Figure] = &[Figure { title: "seconds", from: Source::More("wall") }];

pub(super) fn workloads() -> Vec<Workload> {
    vec![
        broadcast("broadcast-1", "Broadcast to 1 connection, each message before the next", 1),
        broadcast("broadcast-100", "Broadcast to 100 connections, each message before the next", 100),
        broadcast("broadcast-2000", "Broadcast to 2,000 connections, each message before the next", 2000),
        idle_clients(),
        idle_endpoint(),
        opened(),
        accepted(),
        startup(),
        build(),
    ]
}

fn broadcast(name: &'static str, title: &'static str, connections: usize) -> Workload {
    const OURS: &str = "bristle `broadcast`";
    const RAW: &str = "raw loop over the same frame";
    let swarm = Swarm::Broadcast;
    let of = |label, subject| Subject { label, run: Run::Endpoint { subject, swarm, connections } };
    let targets = if connections == 2000 { vec![at_least(OURS, RAW, 0.80)] } else { Vec::new() };
    Workload { name, title, figures: RATE, subjects: vec![of(OURS, "bristle"), of(RAW, "raw")], targets, rounds: 11 }
}

fn idle_clients() -> Workload {
    const OURS: &str = "bristle, supervised";
    let of = |label, subject| Subject { label, run: Run::Crowd { subject, work: Work::Idle, connections: CROWD } };
    let mut subjects = vec![of(OURS, "bristle")];
    let raw = ["tokio-tungstenite", "fastwebsockets", "tokio-websockets", "yawc", "sockudo-ws"];
    subjects.extend(raw.map(|name| of(name, name)));
    let title = "Memory of an idle client, 10,000 in a process";
    Workload { name: "idle-clients", title, figures: BYTES, subjects, targets: vec![limit(OURS, 8192.0)], rounds: 2 }
}

fn idle_endpoint() -> Workload {
    const OURS: &str = "bristle endpoint";
    let of = |label, subject| Subject { label, run: Run::Endpoint { subject, swarm: Swarm::Idle, connections: CROWD } };
    let subjects = vec![of(OURS, "bristle"), of("tokio-tungstenite", "tungstenite")];
    let title = "Memory of an idle connection of an endpoint, 10,000 in a process";
    Workload { name: "idle-endpoint", title, figures: BYTES, subjects, targets: vec![limit(OURS, 8192.0)], rounds: 2 }
}

fn opened() -> Workload {
    let of = |label, subject| Subject { label, run: Run::Crowd { subject, work: Work::Open, connections: 256 } };
    let subjects = vec![of("bristle", "bristle"), of("tokio-tungstenite", "tokio-tungstenite")];
    let title = "Connections that clients open, 64 at a time (after the first 256, bristle opens 1,000/s on purpose)";
    Workload { name: "opened", title, figures: RATE, subjects, targets: Vec::new(), rounds: 5 }
}

fn accepted() -> Workload {
    let of =
        |label, subject| Subject { label, run: Run::Endpoint { subject, swarm: Swarm::Accept, connections: 4000 } };
    let subjects = vec![of("bristle endpoint", "bristle"), of("tokio-tungstenite", "tungstenite")];
    let title = "Connections that an endpoint accepts";
    Workload { name: "accepted", title, figures: RATE, subjects, targets: Vec::new(), rounds: 5 }
}

fn startup() -> Workload {
    const ONE: &str = "1 plugin";
    const MANY: &str = "200 plugins";
    const FIGURES: &[Figure] = &[Figure { title: "ms", from: Source::More("wall_ms") }];
    let of = |label, plugins| Subject { label, run: Run::Startup { plugins } };
    let targets = vec![Target { subject: MANY, against: Against::Difference(ONE), bound: Bound::AtMost(30.0) }];
    let title = "Start of a process until its node listens";
    let subjects = vec![of(ONE, 1), of(MANY, 200)];
    Workload { name: "startup", title, figures: FIGURES, subjects, targets, rounds: 5 }
}

fn build() -> Workload {
    let of = |label, clean| Subject { label, run: Run::Build { clean } };
    let subjects =
        vec![of("`cargo build` of the host from nothing", true), of("the same after a change of one plugin", false)];
    Workload { name: "build", title: "Build time", figures: SECONDS, subjects, targets: Vec::new(), rounds: 1 }
}
