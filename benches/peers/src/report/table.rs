//! Results as Markdown.

use super::results::{Curve, Outcome, Results};
use crate::plan::{Against, Bound};
use std::fmt::Write;

const WRITTEN: &str = "a string takes everything";

/// A workload's table: each subject, and beside it the ratios that it is to reach.
pub(crate) fn workload(results: &Results) -> String {
    let figures = results.workload.figures;
    let mut text = String::new();
    let mut columns = vec!["", figures[0].title, "spread"];
    columns.extend(figures[1..].iter().map(|figure| figure.title));
    let mut rule = "|---|".to_owned() + &"---:|".repeat(columns.len() - 1);
    let compared = !results.workload.targets.is_empty();
    if compared {
        columns.extend(["against", "is", "to reach", ""]);
        rule += "---|---:|---:|---|";
    }
    writeln!(text, "| {} |\n{rule}", columns.join(" | ")).expect(WRITTEN);
    for subject in &results.workload.subjects {
        let Some(first) = results.summary(subject.label, &figures[0]) else { continue };
        let mut cells = vec![subject.label.to_owned(), human(first.median), format!("±{:.0} %", first.spread * 100.0)];
        cells.extend(
            figures[1..].iter().map(|figure| {
                results.summary(subject.label, figure).map(|found| human(found.median)).unwrap_or_default()
            }),
        );
        let mut outcomes = results.outcomes(subject.label).into_iter();
        if compared {
            cells.extend(outcomes.next().map_or_else(Default::default, |outcome| compare(&outcome)));
        }
        writeln!(text, "| {} |", cells.join(" | ")).expect(WRITTEN);
        for outcome in outcomes {
            let empty = " |".repeat(figures.len() + 2);
            writeln!(text, "|{empty} {} |", compare(&outcome).join(" | ")).expect(WRITTEN);
        }
    }
    results.notes.iter().for_each(|note| writeln!(text, "\n{note}").expect(WRITTEN));
    text
}

/// Every target in one table.
pub(crate) fn targets(all: &[Results]) -> String {
    let mut text = "| workload | who | against | is | to reach | |\n|---|---|---|---:|---:|---|\n".to_owned();
    for results in all {
        let subjects = results.workload.subjects.iter().map(|subject| subject.label);
        for outcome in subjects.flat_map(|label| results.outcomes(label)) {
            let (title, subject) = (results.workload.title, outcome.target.subject);
            writeln!(text, "| {title} | {subject} | {} |", compare(&outcome).join(" | ")).expect(WRITTEN);
        }
    }
    text
}

/// A curve's points.
pub(crate) fn curve(curve: &Curve) -> String {
    let mut text = format!("| {} | {} | spread |\n|---:|---:|---:|\n", curve.growth.axis, curve.growth.unit);
    for (at, found) in curve.points() {
        writeln!(text, "| {} | {} | ±{:.0} % |", whole(at), human(found.median), found.spread * 100.0).expect(WRITTEN);
    }
    text
}

fn compare(outcome: &Outcome<'_>) -> [String; 4] {
    let (against, digits) = match outcome.target.against {
        Against::Ratio(other) => (other.to_owned(), true),
        Against::Difference(other) => (format!("more than {other}"), false),
        Against::Nothing => (String::new(), false),
    };
    let show = |value: f64| if digits { format!("{value:.2}") } else { human(value) };
    let bound = match outcome.target.bound {
        Bound::AtLeast(bound) => format!("≥ {}", show(bound)),
        Bound::AtMost(bound) => format!("≤ {}", show(bound)),
    };
    [against, show(outcome.value), bound, if outcome.reached { "reached" } else { "**missed**" }.to_owned()]
}

/// A number with three digits that mean something.
pub(super) fn human(value: f64) -> String {
    match value.abs() {
        1e7.. => format!("{:.1} M", value / 1e6),
        1e6.. => format!("{:.2} M", value / 1e6),
        1e4.. => format!("{:.1} k", value / 1e3),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A count as it was chosen: 1,024 and not 1.02 k.
pub(super) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let grouped = digits.as_bytes().rchunks(3).rev().map(|three| String::from_utf8_lossy(three).into_owned());
    grouped.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_counts_have_all() {
        let texts = [12_345_678.0, 8_123_456.0, 46_700.0, 1234.0, 23.45, 0.956, -3.0].map(human);
        assert_eq!(texts, ["12.3 M", "8.12 M", "46.7 k", "1234", "23.4", "0.96", "-3.00"]);
        assert_eq!([1.0, 1024.0, 16_777_216.0].map(whole), ["1", "1,024", "16,777,216"]);
    }
}
