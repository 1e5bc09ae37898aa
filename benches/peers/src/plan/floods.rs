//! One connection, and as much as goes through it.

use super::figure::{Figure, Source, at_least, at_most, limit};
use super::{Run, Subject, Workload, client, libraries, scripts};
use crate::work::Work;

const TCP: &str = "raw TCP (limit)";
const TUNGSTENITE: &str = "tokio-tungstenite";
const FAST: &str = "fastwebsockets";
const EZ: &str = "ezsockets";
const NODE: &str = "Node `ws`";
const PYTHON: &str = "Python `websockets`";
const RAW: [&str; 5] = [TUNGSTENITE, FAST, "tokio-websockets", "yawc", "sockudo-ws"];

const RATE: &[Figure] = &[Figure::RATE, Figure::CPU];

pub(super) fn workloads() -> Vec<Workload> {
    vec![
        round_trip("round-trip-32", "Round trips of 32 B", 32, 0.95),
        round_trip("round-trip-16k", "Round trips of 16 KiB", 16 * 1024, 0.90),
        inbound(),
        json(),
        compressed(),
        paced(),
        timer(),
        outbound(),
    ]
}

fn round_trip(name: &'static str, title: &'static str, size: usize, ratio: f64) -> Workload {
    const ECHO: &str = "bristle `#[on_message]`";
    let work = Work::Echo { size };
    let mut subjects = vec![client(TCP, "tcp", work), client(ECHO, "bristle:echo", work)];
    subjects.extend(libraries(&RAW, work));
    subjects.push(client(EZ, EZ, work));
    subjects.extend(scripts(work));
    let mut targets = vec![at_least(ECHO, TCP, ratio)];
    targets.extend([EZ, NODE, PYTHON].map(|peer| at_least(ECHO, peer, 1.1)));
    Workload { name, title, figures: RATE, subjects, targets, rounds: 15 }
}

fn inbound() -> Workload {
    const ONE: &str = "bristle `#[on_message]`";
    const TEN: &str = "bristle, 10 handlers";
    let work = Work::Flood { size: 128 };
    let mut subjects = vec![
        client(TCP, "tcp", work),
        client(ONE, "bristle:message", work),
        client("bristle, a builder's callback", "bristle:callback", work),
        client(TEN, "bristle:message-10", work),
        client("bristle, 100 handlers", "bristle:message-100", work),
    ];
    subjects.extend(libraries(&RAW, work));
    subjects.push(client(EZ, EZ, work));
    subjects.extend(scripts(work));
    let mut targets = vec![at_least(ONE, TUNGSTENITE, 0.95), at_least(ONE, FAST, 0.85), at_least(TEN, ONE, 0.40)];
    targets.extend(floods(ONE));
    Workload { name: "inbound", title: "Inbound flood of 128 B", figures: RATE, subjects, targets, rounds: 5 }
}

/// What a flood is to be faster than.
fn floods(subject: &'static str) -> [super::Target; 3] {
    [at_least(subject, EZ, 3.0), at_least(subject, NODE, 3.0), at_least(subject, PYTHON, 20.0)]
}

fn json() -> Workload {
    const REFERENCE: &str = "tokio-tungstenite and serde_json";
    const ONE: &str = "bristle `Json<T>`";
    const TEN: &str = "bristle `SharedJson<T>`, 10 handlers";
    let work = Work::Json;
    let mut subjects = vec![
        client(REFERENCE, TUNGSTENITE, work),
        client("fastwebsockets and serde_json", FAST, work),
        client(ONE, "bristle:json", work),
        client("bristle `Json<T>`, 10 handlers", "bristle:json-10", work),
        client("bristle `SharedJson<T>`", "bristle:shared", work),
        client(TEN, "bristle:shared-10", work),
        client("bristle `SharedJson<T>`, 100 handlers", "bristle:shared-100", work),
    ];
    subjects.extend(scripts(work));
    let targets = vec![at_least(ONE, REFERENCE, 0.95), at_least(TEN, ONE, 0.70)];
    let title = "Inbound flood of JSON, 128 B, decoded";
    Workload { name: "json", title, figures: RATE, subjects, targets, rounds: 5 }
}

fn compressed() -> Workload {
    let work = Work::Compressed;
    let mut subjects =
        vec![client("bristle `Json<T>`", "bristle:compressed", work), client("yawc and serde_json", "yawc", work)];
    subjects.extend(scripts(work));
    let title = "Inbound flood of compressed JSON, 1 KiB inflated";
    Workload { name: "compressed", title, figures: RATE, subjects, targets: Vec::new(), rounds: 5 }
}

fn paced() -> Workload {
    const OURS: &str = "bristle `#[on_message]`";
    const FIGURES: &[Figure] = &[
        Figure { title: "p99 µs", from: Source::More("p99") },
        Figure { title: "p50 µs", from: Source::More("p50") },
        Figure { title: "p99 µs of all", from: Source::More("p99_of_all") },
        Figure { title: "p99.9 µs", from: Source::More("p999") },
        Figure { title: "CPU %", from: Source::CpuShare },
    ];
    let work = Work::Paced { rate: 50_000 };
    let mut subjects = vec![client(OURS, "bristle:paced", work)];
    subjects.extend(libraries(&RAW, work));
    let targets = vec![at_most(OURS, TUNGSTENITE, 1.10)];
    let title = "A paced feed of 50,000 messages/s: latency from due to handled";
    Workload { name: "paced", title, figures: FIGURES, subjects, targets, rounds: 15 }
}

fn timer() -> Workload {
    const OURS: &str = "bristle `#[on_message]`";
    const FIGURES: &[Figure] = &[
        Figure { title: "late by, p99 µs", from: Source::More("late_p99") },
        Figure { title: "p50 µs", from: Source::More("late_p50") },
        Figure::RATE,
    ];
    let under = |label, subject, work| Subject { label, run: Run::Client { subject, work, timer: true } };
    let work = Work::Flood { size: 128 };
    let subjects = vec![
        under(OURS, "bristle:message", work),
        under("bristle `Json<T>`", "bristle:json", Work::Json),
        under(TUNGSTENITE, TUNGSTENITE, work),
        under(FAST, FAST, work),
    ];
    let targets = vec![limit(OURS, 200.0)];
    let title = "A 1 ms timer on the thread of an inbound flood";
    Workload { name: "timer", title, figures: FIGURES, subjects, targets, rounds: 5 }
}

fn outbound() -> Workload {
    const ONE: &str = "bristle `send`, 1 task";
    const SIXTEEN: &str = "bristle `send`, 16 tasks";
    const DELIVER: &str = "bristle `deliver`, 16 tasks";
    let work = Work::Sink;
    let mut subjects = vec![
        client(TCP, "tcp", work),
        client(ONE, "bristle:send-1", work),
        client(SIXTEEN, "bristle:send-16", work),
        client("bristle `try_send`, 1 task", "bristle:try_send-1", work),
        client("bristle `try_send`, 16 tasks", "bristle:try_send-16", work),
        client("bristle `deliver`, 1 task", "bristle:deliver-1", work),
        client(DELIVER, "bristle:deliver-16", work),
    ];
    subjects.extend(libraries(&RAW, work));
    // What no design could pass that waits for each message of 16 tasks.
    subjects.push(client("tokio-tungstenite, flushed each 16", "tokio-tungstenite:16", work));
    subjects.push(client(EZ, EZ, work));
    subjects.extend(scripts(work));
    let mut targets =
        vec![at_least(ONE, TUNGSTENITE, 0.65), at_least(SIXTEEN, TUNGSTENITE, 0.65), at_least(DELIVER, SIXTEEN, 0.40)];
    targets.extend(floods(ONE));
    let title = "Outbound flood of 128 B; raw libraries flush each 256";
    Workload { name: "outbound", title, figures: RATE, subjects, targets, rounds: 5 }
}
