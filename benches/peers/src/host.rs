//! The host of a virtual machine, which takes the machine's cores away now and then: a measurement that it spoilt is repeated.

use std::fs;
use std::time::{Duration, Instant};

/// The share of all cores' time that the host may take from a measurement.
const MOST_STOLEN: f64 = 0.05;

/// How often one measurement is tried, so that none takes all of the patience.
const TRIES: usize = 6;

/// Ticks of `/proc/stat` in a second (`USER_HZ`), 100 on every architecture of Linux.
const TICKS: f64 = 100.0;

/// Repeats what the host spoilt, as long as there is patience.
pub(crate) struct Host {
    patience: Duration,
    repeated: usize,
    accepted: usize,
}

impl Host {
    /// With so much time for repetitions in the whole run.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience, repeated: 0, accepted: 0 }
    }

    /// What `measure` comes to while the host leaves the machine alone; once patience has run out, what it comes to at all.
    pub(crate) fn undisturbed<T>(&mut self, mut measure: impl FnMut() -> T) -> T {
        let mut tries = 0;
        loop {
            tries += 1;
            let (start, before) = (Instant::now(), Times::now());
            let found = measure();
            let stolen = Times::now().stolen_since(&before);
            if stolen <= MOST_STOLEN {
                return found;
            }
            eprintln!("the host took {:.0} % of the cores' time", stolen * 100.0);
            if self.patience.is_zero() || tries == TRIES {
                self.accepted += 1;
                return found;
            }
            self.patience = self.patience.saturating_sub(start.elapsed());
            self.repeated += 1;
        }
    }

    /// How it went, as a line of a list in Markdown.
    pub(crate) fn line(&self) -> String {
        let Self { repeated, accepted, .. } = self;
        format!(
            "- measurements repeated, because the host took more than {:.0} % of the cores' time: {repeated}; taken in spite of \
             that: {accepted}\n",
            MOST_STOLEN * 100.0
        )
    }
}

/// When it is, and how much of the cores' time the host has taken until now.
struct Times {
    at: Instant,
    cores: usize,
    stolen: f64,
}

impl Times {
    fn now() -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        Self { at: Instant::now(), cores: cores(&text), stolen: stolen(&text) }
    }

    fn stolen_since(&self, before: &Self) -> f64 {
        let time = (self.at - before.at).as_secs_f64() * self.cores.max(1) as f64;
        (self.stolen - before.stolen) / time
    }
}

/// The lines `cpu0`, `cpu1` and so on.
fn cores(stat: &str) -> usize {
    stat.lines().filter(|line| line.strip_prefix("cpu").is_some_and(|rest| !rest.starts_with(' '))).count()
}

/// Seconds that the host has taken from all cores: the eighth number behind `cpu`. None where nobody counts them.
fn stolen(stat: &str) -> f64 {
    let ticks = stat.lines().next().and_then(|line| line.split_whitespace().nth(8)?.parse().ok());
    ticks.unwrap_or(0.0) / TICKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_the_host_took_is_read_of_all_cores() {
        let stat = "cpu  2442493 9 445062 7473805 47785 0 102069 142503 0 0\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n";
        assert_eq!(cores(stat), 2);
        assert_eq!(stolen(stat), 1425.03, "a spoilt measurement would be taken for a good one");
        assert_eq!((cores(""), stolen("")), (0, 0.0), "where nobody counts, nothing is repeated");
    }

    #[test]
    fn what_nobody_disturbs_is_measured_once_and_what_is_disturbed_not_for_ever() {
        let mut host = Host::new(Duration::ZERO);
        let mut calls = 0;
        host.undisturbed(|| calls += 1);
        assert_eq!((calls, host.repeated), (1, 0), "a run would never end on a busy host");
    }
}
