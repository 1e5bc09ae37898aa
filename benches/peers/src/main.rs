//! Measures bristle beside other WebSocket clients: `cargo run --release`.

mod clients;
mod clock;
mod endpoints;
mod frames;
mod host;
mod measure;
mod plan;
mod report;
mod run;
mod server;
mod startup;
mod tally;
mod trade;
mod work;

use clap::{Parser, Subcommand};
use clients::Task;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use run::Run;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;
use work::{Swarm, Work};

#[derive(Parser)]
#[command(about = "Measures bristle beside other WebSocket clients")]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    /// One short round of everything: whether every workload works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Only workloads whose name begins so.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// At most so many rounds; each measures every subject of a workload once.
    #[arg(long)]
    rounds: Option<usize>,
    /// Minutes in the whole run for repeating what the host of a virtual machine spoilt.
    #[arg(long, value_name = "MINUTES", default_value_t = 10)]
    patience: u64,
    /// Writes tables and plots into this document, between its markers.
    #[arg(long, value_name = "FILE", conflicts_with = "quick")]
    write: Option<PathBuf>,
    /// Lists the workloads and their subjects.
    #[arg(long)]
    list: bool,
}

/// What the processes are that a measurement starts.
#[derive(Subcommand)]
#[command(hide = true)]
enum Role {
    /// Runs a command on one core.
    Pin {
        core: usize,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// The load generator as a server.
    Serve { work: Work, connections: usize, seconds: f64 },
    /// The load generator as many clients.
    Swarm { swarm: Swarm, address: SocketAddr, connections: usize },
    /// A client under test.
    Client {
        subject: String,
        address: SocketAddr,
        work: Work,
        seconds: f64,
        #[arg(long)]
        timer: bool,
    },
    /// Many clients under test.
    Crowd { subject: String, address: SocketAddr, work: Work, connections: usize },
    /// A server under test.
    Endpoint { subject: String, swarm: Swarm, connections: usize, seconds: f64 },
    /// A host that starts.
    Startup { plugins: usize },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(role) = arguments.role else {
        if arguments.list {
            run::list();
            return ExitCode::SUCCESS;
        }
        let Arguments { quick, rounds, only, patience, write, .. } = arguments;
        let patience = Duration::from_mins(if quick { 0 } else { patience });
        return match (Run { quick, rounds, only, patience, write }).all() {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(problem) => {
                eprintln!("{problem}");
                ExitCode::FAILURE
            }
        };
    };
    let report = match role {
        Role::Pin { core, command } => pin(core, &command),
        Role::Serve { work, connections, seconds } => {
            server::serve(work, connections, seconds).expect("the process under test behaves")
        }
        Role::Swarm { swarm, address, connections } => {
            server::swarm(swarm, address, connections).expect("the process under test behaves")
        }
        Role::Client { subject, address, work, seconds, timer } => {
            clients::run(&subject, Task { address, work, seconds, timer })
        }
        Role::Crowd { subject, address, work, connections } => {
            clients::crowd::run(&subject, Task { address, work, seconds: 0.0, timer: false }, connections)
        }
        Role::Endpoint { subject, swarm, connections, seconds } => {
            endpoints::run(&subject, endpoints::Task { swarm, connections, seconds })
        }
        Role::Startup { plugins } => {
            startup::run(plugins);
            return ExitCode::SUCCESS;
        }
    };
    println!("{}", serde_json::to_string(&report).expect("numbers are JSON"));
    ExitCode::SUCCESS
}

/// Becomes the command, on one core, with as many open files as the system allows.
fn pin(core: usize, command: &[String]) -> ! {
    let mut cores = CpuSet::new();
    cores.set(core).expect("a core's number is small");
    sched_setaffinity(Pid::from_raw(0), &cores).expect("this machine has two cores");
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("a process may ask for its limits");
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("a process may use what it is allowed");
    let [program, arguments @ ..] = command else { panic!("a command to run") };
    panic!("{program} does not start: {}", Command::new(program).args(arguments).exec());
}
