//! The table of all metrics: docs/METRICS.md says the same, and a test compares them.

use super::{Kind, Metric, Unit};

/// From a pong on the same machine to one that is about to be given up.
const LATENCIES: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// From a handler that only computes to one that waits for somebody.
const DURATIONS: &[f64] = &[0.000_01, 0.000_1, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// From a server that was restarted at once to an outage of an hour.
const DOWNTIMES: &[f64] = &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// A plugin's package, and the client's name: that of its static, or what the builder was given.
const OF_CLIENT: &[&str] = &["plugin", "client"];

/// A plugin's package, and the endpoint's static.
const OF_ENDPOINT: &[&str] = &["plugin", "endpoint"];

/// The plugin of the function, the attribute, the function, and the static that it serves.
const OF_HANDLER: &[&str] = &["plugin", "hook", "handler", "client", "endpoint"];

macro_rules! metrics {
    ($($metric:ident = $name:literal, $kind:expr, $unit:ident, $labels:expr, $help:literal;)*) => {
        $(pub(crate) const $metric: Metric =
            Metric { name: $name, kind: $kind, unit: Unit::$unit, labels: $labels, help: $help };)*

        /// Every metric.
        pub(crate) const ALL: &[Metric] = &[$($metric),*];
    };
}

metrics! {
    CLIENTS = "bristle_client_instances", Kind::Gauge, Count, OF_CLIENT,
        "Clients of this name that there are.";
    CLIENTS_OPEN = "bristle_client_open_connections", Kind::Gauge, Count, OF_CLIENT,
        "Those whose connection is open.";
    CLIENT_CONNECTIONS = "bristle_client_connections_total", Kind::Counter, Count, OF_CLIENT,
        "Connections opened.";
    CLIENT_RECONNECTS = "bristle_client_reconnects_total", Kind::Counter, Count, OF_CLIENT,
        "Connections opened after a client's first one.";
    CLIENT_FAILED = "bristle_client_failed_attempts_total", Kind::Counter, Count, OF_CLIENT,
        "Attempts that did not lead to a connection, or whose `on_open` failed.";
    CLIENT_DOWN = "bristle_client_down_seconds", Kind::Gauge, Seconds, OF_CLIENT,
        "How long there has been no connection; of several clients the longest. 0 while all are open, or were closed by their user.";
    CLIENT_DOWNTIME = "bristle_client_downtime_seconds", Kind::Histogram(DOWNTIMES), Seconds, OF_CLIENT,
        "How long there was no connection, each time when there is one again.";
    CLIENT_LATENCY = "bristle_client_latency_seconds", Kind::Histogram(LATENCIES), Seconds, OF_CLIENT,
        "How long the answer to a keepalive ping took.";
    CLIENT_RECEIVED = "bristle_client_received_messages_total", Kind::Counter, Count, OF_CLIENT,
        "Messages received.";
    CLIENT_RECEIVED_BYTES = "bristle_client_received_bytes_total", Kind::Counter, Bytes, OF_CLIENT,
        "Their payloads, inflated.";
    CLIENT_INBOX = "bristle_client_inbox_messages", Kind::Gauge, Count, OF_CLIENT,
        "Messages that wait for their handlers.";
    CLIENT_INBOX_BYTES = "bristle_client_inbox_bytes", Kind::Gauge, Bytes, OF_CLIENT,
        "Their payloads.";
    CLIENT_UNHANDLED = "bristle_client_unhandled_messages_total", Kind::Counter, Count, OF_CLIENT,
        "Messages that no handler took.";
    CLIENT_OUTBOX = "bristle_client_outbox_messages", Kind::Gauge, Count, OF_CLIENT,
        "Messages that wait to be written.";
    CLIENT_OUTBOX_BYTES = "bristle_client_outbox_bytes", Kind::Gauge, Bytes, OF_CLIENT,
        "Their payloads.";
    CLIENT_WRITTEN = "bristle_client_written_messages_total", Kind::Counter, Count, OF_CLIENT,
        "Messages written to a socket.";
    CLIENT_WRITTEN_BYTES = "bristle_client_written_bytes_total", Kind::Counter, Bytes, OF_CLIENT,
        "Their payloads, not yet deflated.";
    CLIENT_LOST = "bristle_client_lost_messages_total", Kind::Counter, Count, OF_CLIENT,
        "Messages taken and not written: cut when a connection broke, or still queued at the end.";
    CLIENT_DROPPED = "bristle_client_dropped_messages_total", Kind::Counter, Count, OF_CLIENT,
        "Messages not taken, since `while_down` is `drop` and there was no connection.";
    ENDPOINT_OPEN = "bristle_endpoint_open_connections", Kind::Gauge, Count, OF_ENDPOINT,
        "Connections that are open.";
    ENDPOINT_CONNECTIONS = "bristle_endpoint_connections_total", Kind::Counter, Count, OF_ENDPOINT,
        "Connections accepted.";
    ENDPOINT_REFUSED = "bristle_endpoint_refused_handshakes_total", Kind::Counter, Count, OF_ENDPOINT,
        "Requests that did not become connections: no WebSocket handshake, a foreign origin, no room.";
    ENDPOINT_LATENCY = "bristle_endpoint_latency_seconds", Kind::Histogram(LATENCIES), Seconds, OF_ENDPOINT,
        "How long the answer to a keepalive ping took.";
    ENDPOINT_RECEIVED = "bristle_endpoint_received_messages_total", Kind::Counter, Count, OF_ENDPOINT,
        "Messages received.";
    ENDPOINT_RECEIVED_BYTES = "bristle_endpoint_received_bytes_total", Kind::Counter, Bytes, OF_ENDPOINT,
        "Their payloads, inflated.";
    ENDPOINT_INBOX = "bristle_endpoint_inbox_messages", Kind::Gauge, Count, OF_ENDPOINT,
        "Messages that wait for their handlers, of all connections.";
    ENDPOINT_INBOX_BYTES = "bristle_endpoint_inbox_bytes", Kind::Gauge, Bytes, OF_ENDPOINT,
        "Their payloads.";
    ENDPOINT_UNHANDLED = "bristle_endpoint_unhandled_messages_total", Kind::Counter, Count, OF_ENDPOINT,
        "Messages that no handler took.";
    ENDPOINT_OUTBOX = "bristle_endpoint_outbox_messages", Kind::Gauge, Count, OF_ENDPOINT,
        "Messages that wait to be written, of all connections.";
    ENDPOINT_OUTBOX_BYTES = "bristle_endpoint_outbox_bytes", Kind::Gauge, Bytes, OF_ENDPOINT,
        "Their payloads.";
    ENDPOINT_WRITTEN = "bristle_endpoint_written_messages_total", Kind::Counter, Count, OF_ENDPOINT,
        "Messages written to a socket.";
    ENDPOINT_WRITTEN_BYTES = "bristle_endpoint_written_bytes_total", Kind::Counter, Bytes, OF_ENDPOINT,
        "Their payloads, not yet deflated.";
    ENDPOINT_LOST = "bristle_endpoint_lost_messages_total", Kind::Counter, Count, OF_ENDPOINT,
        "Messages taken and not written when their connection ended.";
    ENDPOINT_SKIPPED = "bristle_endpoint_skipped_messages_total", Kind::Counter, Count, OF_ENDPOINT,
        "Messages that a broadcast did not send to a connection whose outbox was full.";
    HANDLER_DURATION = "bristle_handler_duration_seconds", Kind::Histogram(DURATIONS), Seconds, OF_HANDLER,
        "How long a hook took, from its call to its end, with what it waited for.";
    HANDLER_FAILURES = "bristle_handler_failures_total", Kind::Counter, Count, OF_HANDLER,
        "Errors and panics of a hook.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const DOCUMENTED: &str = include_str!("../../../docs/METRICS.md");

    /// Without it operators would build alerts on metrics that there are not.
    #[test]
    fn the_documentation_lists_these_metrics_with_kind_labels_and_words() {
        let rows = DOCUMENTED.lines().filter(|line| line.starts_with("| `bristle_"));
        let documented: BTreeSet<_> = rows.map(str::to_owned).filter(|row| row.matches(" | ").count() == 3).collect();
        let described: BTreeSet<_> = ALL.iter().map(row).collect();
        let missing: Vec<_> = described.difference(&documented).collect();
        let stale: Vec<_> = documented.difference(&described).collect();
        assert!(missing.is_empty() && stale.is_empty(), "docs/METRICS.md lacks {missing:#?} and has {stale:#?}");
    }

    fn row(metric: &Metric) -> String {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {} | {} | {} |", metric.name, metric.kind.name(), labels.join(", "), metric.help)
    }

    /// Without it Prometheus' own tools would warn, and nobody would know whether a time is in seconds.
    #[test]
    fn names_are_as_prometheus_asks() {
        for Metric { name, kind, unit, .. } in ALL {
            assert!(name.starts_with("bristle_"), "{name}");
            assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert_eq!(*unit == Unit::Seconds, name.ends_with("_seconds"), "{name}");
            assert_eq!(*unit == Unit::Bytes, name.trim_end_matches("_total").ends_with("_bytes"), "{name}");
        }
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "a name stands twice");
    }

    /// Without it a histogram would be drawn with steps that are not in order, or be refused.
    #[test]
    fn buckets_grow() {
        for metric in ALL {
            if let Kind::Histogram(buckets) = metric.kind {
                assert!(buckets.is_sorted_by(|a, b| a < b) && !buckets.is_empty(), "{}", metric.name);
            }
        }
    }
}
