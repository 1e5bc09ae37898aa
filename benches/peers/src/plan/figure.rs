//! What is read from a report, and what it is compared with.

use crate::tally::Report;

/// A column: where its values come from.
pub(crate) struct Figure {
    pub(crate) title: &'static str,
    pub(crate) from: Source,
}

pub(crate) enum Source {
    /// Messages for each second.
    Rate,
    /// Processor nanoseconds for each message.
    CpuEach,
    /// Processor time as a share of the time.
    CpuShare,
    /// What a report calls so.
    More(&'static str),
}

impl Figure {
    pub(crate) const RATE: Self = Self { title: "a second", from: Source::Rate };
    pub(crate) const CPU: Self = Self { title: "CPU ns each", from: Source::CpuEach };

    pub(crate) fn of(&self, report: &Report) -> Option<f64> {
        match self.from {
            Source::Rate => Some(report.messages as f64 / report.seconds),
            Source::CpuEach => Some(report.cpu * 1e9 / report.messages as f64),
            Source::CpuShare => Some(report.cpu / report.seconds * 100.0),
            Source::More(name) => report.more.get(name).copied(),
        }
    }
}

/// Something to reach.
pub(crate) struct Target {
    pub(crate) subject: &'static str,
    pub(crate) against: Against,
    pub(crate) bound: Bound,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Against {
    /// The figure, divided by this subject's.
    Ratio(&'static str),
    /// The figure less this subject's.
    Difference(&'static str),
    /// The figure itself.
    Nothing,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

/// `subject` is to reach this share of `against`, or more.
pub(super) fn at_least(subject: &'static str, against: &'static str, ratio: f64) -> Target {
    Target { subject, against: Against::Ratio(against), bound: Bound::AtLeast(ratio) }
}

/// `subject` may need this many times what `against` needs.
pub(super) fn at_most(subject: &'static str, against: &'static str, ratio: f64) -> Target {
    Target { subject, against: Against::Ratio(against), bound: Bound::AtMost(ratio) }
}

/// What `subject` may need.
pub(super) fn limit(subject: &'static str, value: f64) -> Target {
    Target { subject, against: Against::Nothing, bound: Bound::AtMost(value) }
}
