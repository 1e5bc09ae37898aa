//! The command line.

use super::new::PackageName;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A host of plugins: runs them, and shows what they are and how they are configured.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// How logs are written to stderr
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Configuration, a later layer counts:
  bristle.toml                      [plugins.greeter]  greeting = \"hello\"
  BRISTLE_PLUGINS__GREETER__GREETING=hello
  --set plugins.greeter.greeting=hello

Examples:
  bristle                           run every linked plugin
  bristle check                     everything that can be known without opening a socket, for CI
  bristle config                    what is configured, and where it comes from
  bristle new clock                 a new plugin, linked and tested

RUST_LOG filters the logs, as in RUST_LOG=info,bristle::client=debug.";

/// Where the configuration comes from.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// The configuration file; without it, `bristle.toml` in the working directory, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets one value over file and environment, as in `plugins.greeter.greeting=hello`; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Where the node listens, as in `127.0.0.1:20001`; short for `--set node.listen=…`; may be repeated
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) listen: Vec<String>,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the plugins until SIGINT or SIGTERM; the default
    #[command(after_help = "Examples:\n  bristle run\n  bristle run --listen 127.0.0.1:8080 --log-format json\n  \
        bristle run --set plugins.greeter.enabled=false\n\n\
        The first signal stops in good order, a second one at once. Exit code 0 after a clean stop, 1 otherwise.")]
    Run,
    /// List the linked plugins with their hooks, clients, endpoints and routes
    #[command(after_help = "Examples:\n  bristle list\n  bristle list --json")]
    List(ListArguments),
    /// Check plugins and configuration without opening a socket
    #[command(after_help = "Examples:\n  bristle check\n  bristle check --config production.toml\n\n\
        Exit code 0 if a launch would get as far as its first hook, 1 otherwise.")]
    Check,
    /// Show every configured value with its origin; secrets are masked
    #[command(after_help = "Examples:\n  bristle config\n  bristle config --config production.toml --json")]
    Config(ConfigArguments),
    /// Make a new plugin: a crate in `plugins/`, linked into the host, with a test that passes
    #[command(after_help = "Examples:\n  bristle new clock\n  bristle new clock --host my-host")]
    New(NewArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// As one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The plugin's name: its package's and its folder's
    pub(crate) name: PackageName,
    /// The package that links it, where the workspace has several hosts
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) host: Option<String>,
}

impl Arguments {
    pub(crate) fn split(self) -> (Sources, Option<LogFormat>, Command) {
        (self.sources, self.log_format, self.command.unwrap_or(Command::Run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn no_command_is_run_and_flags_may_stand_on_either_side_of_one() {
        let arguments = Arguments::try_parse_from(["bristle", "--listen", "127.0.0.1:1"]).expect("flags alone");
        assert!(matches!(arguments.split(), (_, None, Command::Run)));
        let arguments = Arguments::try_parse_from(["bristle", "--set", "a=1", "check", "--set", "b=2"]).expect("flags");
        let (sources, _, command) = arguments.split();
        assert!(matches!(command, Command::Check));
        assert_eq!(sources.set, ["b=2"]);
    }
}
