//! How bristle's figures grow with the number of clients, of handlers, and with a message's size.

use super::{Run, Subject};
use crate::tally::Report;
use crate::work::Work;

/// One curve.
pub(crate) struct Growth {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What grows.
    pub(crate) axis: &'static str,
    /// What one point's report is worth, and its unit.
    pub(crate) unit: &'static str,
    pub(crate) value: fn(&Report, f64) -> f64,
    /// How much of it there is, and what to measure there.
    pub(crate) points: Vec<(f64, Subject)>,
}

/// Every curve.
pub(crate) fn growth() -> Vec<Growth> {
    vec![clients(), handlers(), sizes()]
}

fn clients() -> Growth {
    let point = |connections: usize| {
        let run = Run::Crowd { subject: "bristle", work: Work::Flood { size: 128 }, connections };
        (connections as f64, Subject { label: "bristle", run })
    };
    Growth {
        name: "growth-clients",
        title: "An inbound flood of 128 B spread over many clients",
        axis: "clients",
        unit: "CPU µs for a message to each",
        value: |report, clients| report.cpu * 1e6 / report.messages as f64 * clients,
        points: [1, 10, 100, 1000, 10_000].map(point).into(),
    }
}

fn handlers() -> Growth {
    let point = |(handlers, subject)| {
        let run = Run::Client { subject, work: Work::Flood { size: 128 }, timer: false };
        (handlers, Subject { label: "bristle", run })
    };
    Growth {
        name: "growth-handlers",
        title: "An inbound flood of 128 B, each message handled by many",
        axis: "handlers",
        unit: "CPU ns for each message",
        value: |report, _| report.cpu * 1e9 / report.messages as f64,
        points: [
            (1.0, "bristle:message"),
            (3.0, "bristle:message-3"),
            (10.0, "bristle:message-10"),
            (30.0, "bristle:message-30"),
            (100.0, "bristle:message-100"),
        ]
        .map(point)
        .into(),
    }
}

fn sizes() -> Growth {
    let point = |kib: usize| {
        let size = kib * 1024;
        let run = Run::Client { subject: "bristle:message", work: Work::Flood { size }, timer: false };
        (size as f64, Subject { label: "bristle", run })
    };
    Growth {
        name: "growth-size",
        title: "An inbound flood of larger messages",
        axis: "bytes",
        unit: "CPU µs for each message",
        value: |report, _| report.cpu * 1e6 / report.messages as f64,
        points: [1, 4, 16, 64, 256, 1024, 4096, 16_384].map(point).into(),
    }
}
