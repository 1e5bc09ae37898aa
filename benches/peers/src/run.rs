//! A whole run: rounds of every workload, progress while it goes on, and results as they come.

use crate::host::Host;
use crate::measure::{NoFigure, measure};
use crate::plan::{Growth, Subject, Workload, growth, workloads};
use crate::report::{Curve, Document, Results, bars, curve, curve_table, machine, targets, workload_table};
use crate::tally::Report;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long one load lasts, in seconds.
const SECONDS: f64 = 1.0;

/// The same in a quick run.
const QUICK_SECONDS: f64 = 0.1;

/// A workload of more subjects than this gets a picture.
const PICTURED: usize = 3;

/// How many rounds a curve is measured.
const GROWTH_ROUNDS: usize = 3;

/// What a run is told.
pub(crate) struct Run {
    pub(crate) quick: bool,
    /// At most so many rounds of each workload.
    pub(crate) rounds: Option<usize>,
    pub(crate) only: Option<String>,
    /// So much time for measurements that the host spoilt.
    pub(crate) patience: Duration,
    pub(crate) write: Option<PathBuf>,
}

/// What goes on beside the results.
struct Course {
    failures: usize,
    host: Host,
}

/// Prints the workloads and their subjects.
pub(crate) fn list() {
    for Workload { name, title, subjects, .. } in workloads() {
        let labels: Vec<_> = subjects.iter().map(|subject| subject.label).collect();
        println!("{name:16} {title}: {}", labels.join(", "));
    }
    for Growth { name, title, axis, .. } in growth() {
        println!("{name:16} {title}, over {axis}");
    }
}

impl Run {
    /// Measures what was chosen, prints it, and writes it into the document where there is one. True if nothing failed.
    ///
    /// # Errors
    /// The document cannot be read or written.
    pub(crate) fn all(&self) -> Result<bool, String> {
        let start = Instant::now();
        let mut document = self.write.as_deref().map(Document::open).transpose()?;
        let machine = machine();
        println!("{machine}");
        let mut course = Course { failures: 0, host: Host::new(self.patience) };
        let mut all = Vec::new();
        for workload in workloads().into_iter().filter(|workload| self.wants(workload.name)) {
            let results = self.workload(workload, &mut course);
            let (name, table) = (results.workload.name, workload_table(&results));
            println!("### {}\n\n{table}", results.workload.title);
            if let Some(document) = &mut document {
                let crowded = results.workload.subjects.len() > PICTURED;
                let picture = if crowded { document.picture(name, &bars(&results))? } else { String::new() };
                document.fill(name, &format!("\n### {}\n\n{table}{picture}\n", results.workload.title))?;
                document.save()?;
            }
            all.push(results);
        }
        for growth in growth().into_iter().filter(|growth| self.wants(growth.name)) {
            let found = self.growth(growth, &mut course);
            let (name, table) = (found.growth.name, curve_table(&found));
            println!("### {}\n\n{table}", found.growth.title);
            if let Some(document) = &mut document {
                let picture = document.picture(name, &curve(&found))?;
                document.fill(name, &format!("\n### {}\n\n{table}{picture}\n", found.growth.title))?;
                document.save()?;
            }
        }
        let (targets, host, failures) = (targets(&all), course.host.line(), course.failures);
        println!("### What is to be reached\n\n{targets}\n{host}");
        if let Some(document) = document.as_mut().filter(|_| self.only.is_none()) {
            document.fill("machine", &(machine + &host))?;
            document.fill("targets", &targets)?;
            document.save()?;
        }
        eprintln!("{failures} measurements failed; all of it took {:.0} s", start.elapsed().as_secs_f64());
        Ok(failures == 0)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.starts_with(&**only))
    }

    fn rounds(&self, usual: usize) -> usize {
        if self.quick { 1 } else { self.rounds.map_or(usual, |most| most.min(usual)) }
    }

    fn workload(&self, workload: Workload, course: &mut Course) -> Results {
        let rounds = self.rounds(workload.rounds);
        let mut results = Results::new(workload);
        for round in 1..=rounds {
            for at in 0..results.workload.subjects.len() {
                let (name, subject) = (results.workload.name, &results.workload.subjects[at]);
                let label = subject.label;
                match self.measure(&mut course.host, name, round, rounds, subject) {
                    Ok(report) => results.add(label, Some(report)),
                    Err(problem) => {
                        results.add(label, None);
                        results.note(explained(label, problem, &mut course.failures));
                    }
                }
            }
        }
        results
    }

    fn growth(&self, growth: Growth, course: &mut Course) -> Curve {
        let rounds = self.rounds(GROWTH_ROUNDS);
        let mut curve = Curve::new(growth);
        for round in 1..=rounds {
            for at in 0..curve.growth.points.len() {
                let (name, (_, subject)) = (curve.growth.name, &curve.growth.points[at]);
                match self.measure(&mut course.host, name, round, rounds, subject) {
                    Ok(report) => curve.add(at, &report),
                    Err(problem) => drop(explained(name, problem, &mut course.failures)),
                }
            }
        }
        curve
    }

    fn measure(
        &self,
        host: &mut Host,
        name: &str,
        round: usize,
        rounds: usize,
        subject: &Subject,
    ) -> Result<Report, NoFigure> {
        let once = || {
            let start = Instant::now();
            let found = measure(subject.run, if self.quick { QUICK_SECONDS } else { SECONDS }, self.quick);
            eprintln!("{name} {round}/{rounds}: {}, {:.1} s", subject.label, start.elapsed().as_secs_f64());
            found
        };
        if subject.run.weighs() { once() } else { host.undisturbed(once) }
    }
}

/// Why there is no figure, as a sentence; counted where it is a failure.
fn explained(label: &str, problem: NoFigure, failures: &mut usize) -> String {
    let sentence = match problem {
        NoFigure::LeftOut(reason) => format!("{label} is left out: {reason}."),
        NoFigure::Failed(reason) => {
            *failures += 1;
            format!("{label} FAILED: {reason}")
        }
    };
    eprintln!("{sentence}");
    sentence
}
