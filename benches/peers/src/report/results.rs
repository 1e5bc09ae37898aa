//! Many rounds as one figure: medians, spread and ratios.

use crate::plan::{Against, Figure, Growth, Target, Workload};
use crate::tally::Report;
use std::collections::BTreeMap;

/// What came of a workload.
pub(crate) struct Results {
    pub(crate) workload: Workload,
    /// What each subject reported, round by round; nothing where it failed.
    reports: BTreeMap<&'static str, Vec<Option<Report>>>,
    /// Why somebody has no figures.
    pub(crate) notes: Vec<String>,
}

/// A figure and how far its rounds lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    /// Half of the distance between the lowest and the highest, as a share of the median.
    pub(crate) spread: f64,
}

/// What became of a target.
pub(crate) struct Outcome<'a> {
    pub(crate) target: &'a Target,
    pub(crate) value: f64,
    pub(crate) reached: bool,
}

impl Results {
    pub(crate) fn new(workload: Workload) -> Self {
        Self { workload, reports: BTreeMap::new(), notes: Vec::new() }
    }

    /// Adds what a subject reported in a round.
    pub(crate) fn add(&mut self, label: &'static str, report: Option<Report>) {
        self.reports.entry(label).or_default().push(report);
    }

    /// Adds a sentence below the table, once.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A figure of a subject, unless it has none.
    pub(crate) fn summary(&self, label: &str, figure: &Figure) -> Option<Summary> {
        Summary::of(self.values(label, figure).flatten().collect())
    }

    /// The targets of a subject, as far as both sides have figures.
    pub(crate) fn outcomes(&self, label: &str) -> Vec<Outcome<'_>> {
        let targets = self.workload.targets.iter().filter(|target| target.subject == label);
        targets
            .filter_map(|target| {
                let value = self.compared(target)?;
                Some(Outcome { target, value, reached: target.bound.holds(value) })
            })
            .collect()
    }

    /// The median over the rounds: what drifts from round to round drifts for both.
    fn compared(&self, target: &Target) -> Option<f64> {
        let figure = &self.workload.figures[0];
        let own = || self.values(target.subject, figure);
        let with = |other, of: fn(f64, f64) -> f64| {
            own().zip(self.values(other, figure)).filter_map(|(own, other)| Some(of(own?, other?))).collect()
        };
        let values = match target.against {
            Against::Ratio(other) => with(other, |own, other| own / other),
            Against::Difference(other) => with(other, |own, other| own - other),
            Against::Nothing => own().flatten().collect(),
        };
        Summary::of(values).map(|summary| summary.median)
    }

    fn values(&self, label: &str, figure: &Figure) -> impl Iterator<Item = Option<f64>> {
        let reports = self.reports.get(label).map(Vec::as_slice).unwrap_or_default();
        reports.iter().map(|report| report.as_ref().and_then(|report| figure.of(report)))
    }
}

impl Summary {
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (low, high) = (values.first()?, values.last()?);
        let median = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        let spread = if median == 0.0 { 0.0 } else { (high - low) / 2.0 / median };
        Some(Self { median, spread })
    }
}

/// What came of a growth.
pub(crate) struct Curve {
    pub(crate) growth: Growth,
    /// The values at each point, round by round.
    values: Vec<Vec<f64>>,
}

impl Curve {
    pub(crate) fn new(growth: Growth) -> Self {
        Self { values: vec![Vec::new(); growth.points.len()], growth }
    }

    pub(crate) fn add(&mut self, point: usize, report: &Report) {
        self.values[point].push((self.growth.value)(report, self.growth.points[point].0));
    }

    /// Where it was measured, and what was found there.
    pub(crate) fn points(&self) -> Vec<(f64, Summary)> {
        let points = self.growth.points.iter().zip(&self.values);
        points.filter_map(|((at, _), values)| Some((*at, Summary::of(values.clone())?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_round_does_not_move_the_figure_but_shows_in_the_spread() {
        let found = Summary::of(vec![10.0, 90.0, 11.0]);
        assert_eq!(found, Some(Summary { median: 11.0, spread: 40.0 / 11.0 }));
        assert_eq!(Summary::of(vec![1.0, 3.0]).map(|found| found.median), Some(2.0));
        assert_eq!(Summary::of(Vec::new()), None);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        let mut workloads = crate::plan::workloads();
        let workload = workloads.remove(0);
        let (own, other) = (workload.targets[0].subject, "raw TCP (limit)");
        let mut results = Results::new(workload);
        // The machine halves its speed in the second round, and the peer fails in the third.
        for (own_count, other_count) in [(90, Some(100)), (45, Some(50)), (1, None)] {
            let report = |messages| Report { messages, seconds: 1.0, ..Report::default() };
            results.add(own, Some(report(own_count)));
            results.add(other, other_count.map(report));
        }
        let outcomes = results.outcomes(own);
        assert_eq!((outcomes[0].value, outcomes[0].reached, outcomes.len()), (0.9, false, 1));
    }
}
