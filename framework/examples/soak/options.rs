//! The command line, and the limit on open files.

use bristle::{Error, Result};
use clap::Parser;
use std::time::Duration;

/// Open files of the serving process for each client: both ends of the proxy, and the endpoint's.
pub(crate) const FILES_PER_CLIENT: usize = 3;

/// Open files that are not a client's.
const OTHER_FILES: usize = 200;

/// Many clients against one endpoint, cut at random, every message counted.
#[derive(Debug, Clone, Parser)]
#[command(name = "soak")]
struct Arguments {
    /// How many clients there are.
    #[arg(long, default_value_t = 5000)]
    clients: usize,
    /// How long they send, in minutes.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// How long they send, in seconds, instead of minutes.
    #[arg(long)]
    seconds: Option<u64>,
    /// How long a connection lasts on average before it is cut, in seconds.
    #[arg(long, default_value_t = 30)]
    life: u64,
    /// How long a client pauses on average between bursts of one to four messages, in seconds.
    #[arg(long, default_value_t = 4)]
    pause: u64,
    /// What all randomness is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Serves the endpoint: how this program starts itself.
    #[arg(long, hide = true)]
    serve: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) clients: usize,
    pub(crate) time: Duration,
    pub(crate) life: Duration,
    pub(crate) pause: Duration,
    pub(crate) seed: u64,
    pub(crate) serve: bool,
}

impl Options {
    pub(crate) fn parse() -> Result<Self> {
        let given = Arguments::parse();
        if given.clients == 0 || given.life == 0 || given.pause == 0 {
            return Err(Error::msg("`--clients`, `--life` and `--pause` must be at least 1"));
        }
        Ok(Self {
            clients: given.clients,
            time: Duration::from_secs(given.seconds.unwrap_or(given.minutes * 60)),
            life: Duration::from_secs(given.life),
            pause: Duration::from_secs(given.pause),
            seed: given.seed,
            serve: given.serve,
        })
    }

    /// How the serving process is started.
    pub(crate) fn serving(&self) -> Vec<String> {
        let numbers = [("--clients", self.clients as u64), ("--life", self.life.as_secs()), ("--seed", self.seed)];
        let numbers = numbers.into_iter().flat_map(|(name, number)| [name.to_owned(), number.to_string()]);
        std::iter::once("--serve".to_owned()).chain(numbers).collect()
    }

    /// How often it is measured: every ten seconds, or a fifth of a short run.
    pub(crate) fn sample(&self) -> Duration {
        Duration::from_secs(10).min(self.time / 5).max(Duration::from_secs(1))
    }

    pub(crate) fn describe(&self) -> String {
        let Self { clients, time, life, pause, seed, .. } = self;
        format!(
            "{clients} clients for {time:?}; a connection lasts {life:?} on average; one to four messages each {pause:?} \
             on average; seed {seed}\n"
        )
    }
}

/// Raises the limit on open files as far as this process may.
pub(crate) fn allow_files(files: usize) -> Result<()> {
    let needed = (files + OTHER_FILES) as u64;
    let allowed = rlimit::increase_nofile_limit(u64::MAX)?;
    if allowed < needed {
        return Err(Error::msg(format!(
            "{needed} files must be open at once and {allowed} may be: raise the hard limit (`ulimit -Hn {needed}` as \
             root), or take fewer `--clients`"
        )));
    }
    Ok(())
}
