//! One measurement: two fresh processes on two cores, and whether nothing was lost between them.

mod build;
mod peers;
mod process;

use crate::plan::Run;
use crate::tally::Report;
use process::Process;
use std::time::Instant;

/// The load generator's core.
const GENERATOR: usize = 0;

/// The core of the process under test.
const UNDER_TEST: usize = 1;

/// Why there is no figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoFigure {
    /// This machine cannot measure it; the sentence says what is missing.
    LeftOut(String),
    /// It went wrong.
    Failed(String),
}

impl From<String> for NoFigure {
    fn from(problem: String) -> Self {
        Self::Failed(problem)
    }
}

/// Measures once. `seconds` is how long the load lasts, where that can be chosen.
pub(crate) fn measure(run: Run, seconds: f64, quick: bool) -> Result<Report, NoFigure> {
    let time = seconds.to_string();
    match run {
        Run::Client { subject, work, timer } => {
            let (generator, address) = generator(&work.to_string(), 1, &time)?;
            let mut role = vec!["client", subject, &address];
            let work = work.to_string();
            role.extend([&*work, &*time]);
            role.extend(timer.then_some("--timer"));
            let client = Process::role(UNDER_TEST, &role)?;
            agreed(generator, client)
        }
        Run::Script { language, work } => {
            let peer = peers::find(language).map_err(NoFigure::LeftOut)?;
            let (generator, address) = generator(&work.to_string(), 1, &time)?;
            let client = Process::start(UNDER_TEST, peer.command(&[&address, &work.to_string(), &time]))?;
            agreed(generator, client)
        }
        Run::Crowd { subject, work, connections } => {
            let (generator, address) = generator(&work.to_string(), connections, &time)?;
            let connections = connections.to_string();
            let crowd = Process::role(UNDER_TEST, &["crowd", subject, &address, &work.to_string(), &connections])?;
            agreed(generator, crowd)
        }
        Run::Endpoint { subject, swarm, connections } => {
            let (name, connections) = (swarm.name(), connections.to_string());
            let mut server = Process::role(UNDER_TEST, &["endpoint", subject, name, &connections, &time])?;
            let address = server.line()?;
            let swarm = Process::role(GENERATOR, &["swarm", name, &address, &connections])?;
            let mut report = server.report()?;
            let clients = swarm.report()?;
            same(clients.messages, report.messages)?;
            if name == "accept" {
                // How long it took is known to who connected.
                report.seconds = clients.seconds;
            }
            Ok(report)
        }
        Run::Startup { plugins } => {
            let start = Instant::now();
            let mut host = Process::role(UNDER_TEST, &["startup", &plugins.to_string()])?;
            let address = host.line()?;
            let seconds = start.elapsed().as_secs_f64();
            host.succeeded()?;
            let listens = address.starts_with("127.0.0.1:");
            let report = Report { messages: 1, seconds, ..Report::default() }.with("wall_ms", seconds * 1e3);
            listens.then_some(report).ok_or_else(|| NoFigure::Failed(format!("it says `{address}`")))
        }
        Run::Build { clean } => build::build(clean, quick),
    }
}

fn generator(work: &str, connections: usize, seconds: &str) -> Result<(Process, String), String> {
    let mut generator = Process::role(GENERATOR, &["serve", work, &connections.to_string(), seconds])?;
    let address = generator.line()?;
    Ok((generator, address))
}

/// What the process under test says, if the load generator counted the same.
fn agreed(generator: Process, client: Process) -> Result<Report, NoFigure> {
    let report = client.report()?;
    same(generator.report()?.messages, report.messages)?;
    Ok(report)
}

fn same(generator: u64, under_test: u64) -> Result<(), NoFigure> {
    if generator == under_test && generator > 0 {
        return Ok(());
    }
    Err(NoFigure::Failed(format!(
        "the load generator counts {generator} messages, the process under test {under_test}"
    )))
}
