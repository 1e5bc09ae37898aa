//! Results as small SVG pictures, with no font but the reader's own.

use super::results::{Curve, Results};
use super::table::{human, whole};
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const ROW: f64 = 22.0;
/// Where bars begin: below title and unit.
const TOP: f64 = 48.0;
/// Where bars begin: right of the longest label.
const LEFT: f64 = 250.0;
/// What is kept free for a bar's number.
const RIGHT: f64 = 70.0;
const OURS: &str = "#c2410c";
const OTHERS: &str = "#64748b";
const WRITTEN: &str = "a string takes everything";

/// The subjects of a workload as bars of its first figure. The physical limit is left out: beside it nothing else is seen.
pub(crate) fn bars(results: &Results) -> String {
    let figure = &results.workload.figures[0];
    let subjects = results.workload.subjects.iter().filter(|subject| !subject.label.contains("(limit)"));
    let bars: Vec<_> =
        subjects.filter_map(|subject| Some((subject.label, results.summary(subject.label, figure)?.median))).collect();
    let longest = bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let mut body = String::new();
    for (at, (label, value)) in bars.iter().enumerate() {
        let (y, length) = (TOP + at as f64 * ROW, value / longest * (WIDTH - LEFT - RIGHT));
        let colour = if label.starts_with("bristle") { OURS } else { OTHERS };
        let label = label.replace('`', "").replace('<', "&lt;").replace('>', "&gt;");
        writeln!(
            body,
            r#"<text x="{:.0}" y="{:.0}" text-anchor="end">{label}</text><rect x="{LEFT}" y="{y:.0}" width="{length:.0}" height="{:.0}" fill="{colour}"/><text x="{:.0}" y="{:.0}">{}</text>"#,
            LEFT - 8.0,
            y + 13.0,
            ROW - 5.0,
            LEFT + length + 6.0,
            y + 13.0,
            human(*value)
        )
        .expect(WRITTEN);
    }
    picture(results.workload.title, figure.title, TOP + 6.0 + bars.len() as f64 * ROW, &body)
}

/// A curve on two logarithmic axes, with the line on which it would grow in proportion to what grows.
pub(crate) fn curve(curve: &Curve) -> String {
    const HEIGHT: f64 = 300.0;
    let points: Vec<_> = curve.points().into_iter().map(|(at, found)| (at, found.median)).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return picture("", "", TOP, "") };
    let top = points.iter().map(|(_, value)| *value).fold(first.1 * last.0 / first.0, f64::max);
    let bottom = points.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let x = |at: f64| 70.0 + scale(at, first.0, last.0) * (WIDTH - 170.0);
    let y = |value: f64| HEIGHT - 40.0 - scale(value, bottom, top) * (HEIGHT - 110.0);
    let mut body = format!(
        r#"<line x1="{:.0}" y1="{:.0}" x2="{:.0}" y2="{:.0}" stroke="{OTHERS}" stroke-dasharray="4 4"/>"#,
        x(first.0),
        y(first.1),
        x(last.0),
        y(first.1 * last.0 / first.0)
    );
    let line: Vec<_> = points.iter().map(|(at, value)| format!("{:.0},{:.0}", x(*at), y(*value))).collect();
    writeln!(body, r#"<polyline points="{}" fill="none" stroke="{OURS}" stroke-width="2"/>"#, line.join(" "))
        .expect(WRITTEN);
    for (at, value) in &points {
        let (x, y) = (x(*at), y(*value));
        writeln!(
            body,
            r#"<circle cx="{x:.0}" cy="{y:.0}" r="3" fill="{OURS}"/><text x="{x:.0}" y="{:.0}" text-anchor="middle">{}</text><text x="{x:.0}" y="{:.0}" text-anchor="middle">{}</text>"#,
            y - 8.0,
            human(*value),
            HEIGHT - 18.0,
            whole(*at)
        )
        .expect(WRITTEN);
    }
    let axis = format!(
        r#"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text>"#,
        WIDTH - 10.0,
        HEIGHT - 4.0,
        curve.growth.axis
    );
    let unit = format!("{}; dashed: in proportion", curve.growth.unit);
    picture(curve.growth.title, &unit, HEIGHT, &(body + &axis))
}

/// Where a value lies between two others on a logarithmic scale, from 0 to 1.
fn scale(value: f64, low: f64, high: f64) -> f64 {
    if high <= low { 0.0 } else { (value / low).ln() / (high / low).ln() }
}

fn picture(title: &str, unit: &str, height: f64, body: &str) -> String {
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0}" font-family="sans-serif" font-size="12" fill="#1e293b">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="10" y="20" font-weight="bold">{title}</text>
<text x="10" y="36">{unit}</text>
{body}</svg>
"##
    )
}
