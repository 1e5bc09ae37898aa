//! What must hold in the end, and whether it does.

use crate::fleet::Totals;
use crate::ledger::Report;
use crate::measure::Sample;
use crate::options::Options;
use std::fmt::Write;

/// By how much resident memory may grow from the first to the last third of the run: a tenth, and what an allocator's
/// arenas come to.
const GROWTH: f64 = 1.10;
const ARENAS: u64 = 8 * 1024;

/// One thing that must hold.
pub(crate) struct Verdict {
    what: &'static str,
    found: String,
    pub(crate) holds: bool,
}

#[allow(clippy::too_many_arguments, reason = "each is what a different place measured")]
pub(crate) fn all(
    options: &Options,
    samples: &[Sample],
    totals: &Totals,
    report: &Report,
    before: (usize, usize),
    after: (usize, usize),
    clean: bool,
) -> Vec<Verdict> {
    let Totals { sent, words, written, lost, queued, wrong, echoed, .. } = totals;
    let Report { received, missing, connections, complete, exact, late, .. } = report;
    let verdict = |what, found, holds| Verdict { what, found, holds };
    let complaints = report.complaints.iter().fold(String::new(), |text, complaint| format!("{text}; {complaint}"));
    vec![
        verdict("connections were cut", format!("{} reconnects", totals.reconnects), totals.reconnects > 0),
        verdict(
            "what was sent is written, lost or queued",
            format!("{sent} numbers + {words} words = {written} + {lost} + {queued}"),
            sent + words == written + lost + *queued as u64,
        ),
        verdict(
            "every number came, but for those that were on their way when a connection was cut",
            format!("{sent} = {received} + {missing}; {late} came after the client had left their connection"),
            *sent == received + missing,
        ),
        verdict(
            "nothing that was held was lost: each connection began with the number that was due",
            format!("{} of {connections} did not{complaints}", report.wrong),
            report.wrong == 0,
        ),
        verdict(
            "where all was passed on before the cut, what is missing is what the client counts as lost",
            format!("{exact} connections"),
            *exact > 0,
        ),
        verdict(
            "what a client counts as lost is among what did not come",
            format!("{lost} of {missing} and {words} words"),
            *lost <= missing + words,
        ),
        verdict(
            "echoes came once, in order, without gaps within a connection",
            format!("{wrong} of {echoed} did not"),
            *wrong == 0,
        ),
        verdict(
            "every client heard that all had arrived",
            format!("{complete} goodbyes of {}", options.clients),
            *complete >= options.clients as u64,
        ),
        flat("the clients' memory is flat", samples, |sample| sample.clients),
        flat("the server's memory is flat", samples, |sample| sample.server),
        verdict("no task is left", format!("{} before, {} after", before.0, after.0), before.0 == after.0),
        verdict("no file is left open", format!("{} before, {} after", before.1, after.1), before.1 == after.1),
        verdict("the serving process ended cleanly", if clean { "yes" } else { "no" }.to_owned(), clean),
    ]
}

/// Compares the last third of the run with the first, without the time in which everything was opened.
fn flat(what: &'static str, samples: &[Sample], memory: impl Fn(&Sample) -> u64) -> Verdict {
    let settled = &samples[samples.len() / 10..];
    let third = (settled.len() / 3).max(1);
    let mean = |part: &[Sample]| part.iter().map(&memory).sum::<u64>() / part.len().max(1) as u64;
    let (first, last) =
        (mean(&settled[..third.min(settled.len())]), mean(&settled[settled.len() - third.min(settled.len())..]));
    let limit = (first as f64 * GROWTH) as u64 + ARENAS;
    Verdict { what, found: format!("{first} KiB, then {last} KiB; at most {limit} KiB"), holds: last <= limit }
}

pub(crate) fn table(verdicts: &[Verdict]) -> String {
    let mut table = "\n| what must hold | found | |\n|---|---|---|\n".to_owned();
    for Verdict { what, found, holds } in verdicts {
        let holds = if *holds { "holds" } else { "FAILS" };
        writeln!(table, "| {what} | {found} | {holds} |").expect("writing to a text cannot fail");
    }
    table
}
