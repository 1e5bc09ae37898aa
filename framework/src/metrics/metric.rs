//! `Metric`: one of them, and how it reaches whichever recorder is installed.

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, with_recorder};

pub(crate) use metrics::Unit;

/// The names and values that tell the series of one metric apart.
pub(crate) type Labels = Vec<(&'static str, String)>;

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// It only grows.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How often which values were seen, in these buckets.
    Histogram(&'static [f64]),
}

impl Kind {
    /// As Prometheus calls it.
    #[cfg(test)]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// One metric, as docs/METRICS.md lists it.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    /// The labels of every series of it.
    pub(crate) labels: &'static [&'static str],
    pub(crate) help: &'static str,
}

/// Whose metrics they are, for recorders that filter.
const METADATA: Metadata<'static> = Metadata::new("bristle", Level::INFO, None);

impl Metric {
    /// Sets a total that was counted elsewhere.
    pub(crate) fn total(&self, labels: &Labels, total: u64) {
        self.counter(labels).absolute(total);
    }

    /// Sets what is now.
    pub(crate) fn now(&self, labels: &Labels, value: f64) {
        self.gauge(labels).set(value);
    }

    pub(crate) fn counter(&self, labels: &Labels) -> Counter {
        with_recorder(|recorder| recorder.register_counter(&self.key(labels), &METADATA))
    }

    fn gauge(&self, labels: &Labels) -> Gauge {
        with_recorder(|recorder| recorder.register_gauge(&self.key(labels), &METADATA))
    }

    pub(super) fn histogram(&self, labels: &Labels) -> Histogram {
        with_recorder(|recorder| recorder.register_histogram(&self.key(labels), &METADATA))
    }

    /// Tells the recorder what it is.
    pub(crate) fn describe(&self) {
        let name = || self.name.into();
        with_recorder(|recorder| match self.kind {
            Kind::Counter => recorder.describe_counter(name(), Some(self.unit), self.help.into()),
            Kind::Gauge => recorder.describe_gauge(name(), Some(self.unit), self.help.into()),
            Kind::Histogram(_) => recorder.describe_histogram(name(), Some(self.unit), self.help.into()),
        });
    }

    fn key(&self, labels: &Labels) -> Key {
        debug_assert!(labels.iter().all(|(name, _)| self.labels.contains(name)), "{}: {labels:?}", self.name);
        let labels: Vec<_> = labels.iter().map(|(name, value)| Label::new(*name, value.clone())).collect();
        Key::from_parts(self.name, labels)
    }
}
