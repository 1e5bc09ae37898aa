//! What is recorded as it happens, since a total would not tell it: how long something took.

use super::{CLIENT_DOWNTIME, CLIENT_LATENCY, Labels, Metric};
use metrics::Histogram;
use std::fmt;
use std::time::{Duration, Instant};

/// Records how long something takes. Cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Meter(Histogram);

impl Meter {
    pub(crate) fn new(metric: &Metric, labels: &Labels) -> Self {
        Self(metric.histogram(labels))
    }

    pub(crate) fn record(&self, took: Duration) {
        self.0.record(took.as_secs_f64());
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

/// When something began that `meter` is to record: the clock is read only where there is one.
pub(crate) fn since(meter: Option<&Meter>) -> Option<Instant> {
    meter.map(|_| Instant::now())
}

/// What a client records as it happens.
#[derive(Debug, Clone)]
pub(crate) struct ClientMeters {
    /// Each time without a connection, when it ends.
    pub(crate) downtime: Meter,
    /// Each answer to a ping of our own.
    pub(crate) latency: Meter,
}

impl ClientMeters {
    pub(crate) fn new(labels: &Labels) -> Self {
        Self { downtime: Meter::new(&CLIENT_DOWNTIME, labels), latency: Meter::new(&CLIENT_LATENCY, labels) }
    }
}
