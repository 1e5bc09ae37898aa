//! Thousands of clients of one process against one endpoint of another, cut at random, every message counted.
//!
//! `cargo run --release --example soak` runs ten minutes with 5,000 clients; `--clients 500 --minutes 1` is the small one.
//! The second process, which it starts itself, serves the endpoint behind a proxy that cuts connections. The result is
//! docs/SOAK.md; the program fails where a number is not what it must be.
#![allow(clippy::print_stdout, reason = "what it measures is its output")]

mod cutter;
mod fleet;
mod ledger;
mod measure;
mod options;
mod other;
mod server;
mod verdict;

use bristle::settings::Settings;
use bristle::{Registry, Result, Runtime};
use measure::{Process, Sample, tasks};
use options::Options;
use other::Other;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Options::parse() {
        Ok(options) if options.serve => server::run(&options).await.map(|()| true),
        Ok(options) => soak(&options).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}

/// Runs the whole of it; whether everything was as it must be.
async fn soak(options: &Options) -> Result<bool> {
    options::allow_files(options.clients)?;
    println!("{}", options.describe());
    let mut other = Other::start(options).await?;
    let before = (tasks(), Process::own().files()?);

    // A plugin is named after its package.
    let toml = format!("plugins.bristle = {{ max_clients = {} }}", options.clients);
    let settings = Settings::new().toml("soak", &toml)?;
    fleet::prepare(other.address(), options);
    let runtime = Runtime::builder().settings(settings).registry(Registry::linked().in_module("soak::fleet"));
    let running = runtime.build()?.launch().await?;
    let fleet = fleet::launched();

    let begun = Instant::now();
    println!("{}", Sample::HEAD);
    let mut samples = Vec::new();
    let senders = fleet.begin(options);
    while begun.elapsed() < options.time {
        sleep(options.sample()).await;
        let sample = Sample::take(begun.elapsed(), &fleet.totals(), other.process())?;
        println!("{sample}");
        samples.push(sample);
    }

    // No more cuts and no more messages: every client must be open, and hear that everything has arrived.
    other.calm().await?;
    senders.end().await?;
    fleet.say_goodbye().await?;
    let totals = fleet.totals();
    fleet.close().await;
    running.stop().await?;
    drop(fleet);
    fleet::forget();
    let report = other.report().await?;
    let after = settled(before).await?;
    let clean = other.end().await?;

    let verdicts = verdict::all(options, &samples, &totals, &report, before, after, clean);
    println!("{}", verdict::table(&verdicts));
    Ok(verdicts.iter().all(|verdict| verdict.holds))
}

/// Tasks and files, once they are what they were before, or after a while in which they were not.
async fn settled(before: (usize, usize)) -> Result<(usize, usize)> {
    let mut now = (tasks(), Process::own().files()?);
    for _ in 0..100 {
        if now == before {
            break;
        }
        // A connection that was reset leaves its task a moment later.
        sleep(Duration::from_millis(50)).await;
        now = (tasks(), Process::own().files()?);
    }
    Ok(now)
}
