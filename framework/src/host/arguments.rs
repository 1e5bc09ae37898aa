//! The command line.

use super::new::PackageName;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A host of plugins: runs them, and shows what they are and how they are configured.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    before: Common,
    #[command(subcommand)]
    command: Option<Commands>,
}

/// What every command takes, before its name and behind it. They are no `global` arguments of clap's: of those the ones
/// behind the command replace the ones before it without a word.
#[derive(Debug, Default, Args)]
struct Common {
    #[command(flatten)]
    sources: Sources,
    /// How logs are written to stderr
    #[arg(long, value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
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
#[derive(Debug, Default, Args)]
pub(crate) struct Sources {
    /// The configuration file; without it, `bristle.toml` in the working directory, if there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets one value over file and environment, as in `plugins.greeter.greeting=hello`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Where the node listens, as in `127.0.0.1:20001`; short for `--set node.listen=…`; may be repeated
    #[arg(long, value_name = "ADDR")]
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
#[derive(Debug)]
pub(crate) enum Command {
    Run,
    List(ListArguments),
    Check,
    Config(ConfigArguments),
    New(NewArguments),
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// Run the plugins until SIGINT or SIGTERM; the default
    #[command(after_help = "Examples:\n  bristle run\n  bristle run --listen 127.0.0.1:8080 --log-format json\n  \
        bristle run --set plugins.greeter.enabled=false\n\n\
        The first signal stops in good order, a second one at once. Exit code 0 after a clean stop, 1 otherwise.")]
    Run(With<Nothing>),
    /// List the linked plugins with their hooks, clients, endpoints and routes
    #[command(after_help = "Examples:\n  bristle list\n  bristle list --json")]
    List(With<ListArguments>),
    /// Check plugins and configuration without opening a socket
    #[command(after_help = "Examples:\n  bristle check\n  bristle check --config production.toml\n\n\
        Exit code 0 if a launch would get as far as its first hook, 1 otherwise.")]
    Check(With<Nothing>),
    /// Show every configured value with its origin; secrets are masked
    #[command(after_help = "Examples:\n  bristle config\n  bristle config --config production.toml --json")]
    Config(With<ConfigArguments>),
    /// Make a new plugin: a crate in `plugins/`, linked into the host, with a test that passes
    #[command(after_help = "Examples:\n  bristle new clock\n  bristle new clock --host my-host")]
    New(With<NewArguments>),
}

/// A command's own arguments, and what every command takes.
#[derive(Debug, Args)]
struct With<A: Args> {
    #[command(flatten)]
    own: A,
    #[command(flatten)]
    behind: Common,
}

#[derive(Debug, Args)]
struct Nothing {}

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
    /// What stands before the command and behind it, together.
    ///
    /// # Errors
    /// A flag that may stand once stands on both sides.
    pub(crate) fn split(self) -> Result<(Sources, Option<LogFormat>, Command), clap::Error> {
        let (command, behind) = match self.command {
            None => (Command::Run, Common::default()),
            Some(Commands::Run(With { behind, .. })) => (Command::Run, behind),
            Some(Commands::List(With { own, behind })) => (Command::List(own), behind),
            Some(Commands::Check(With { behind, .. })) => (Command::Check, behind),
            Some(Commands::Config(With { own, behind })) => (Command::Config(own), behind),
            Some(Commands::New(With { own, behind })) => (Command::New(own), behind),
        };
        let Common { sources: Sources { config, mut set, mut listen }, log_format } = self.before;
        set.extend(behind.sources.set);
        listen.extend(behind.sources.listen);
        let config = once("--config", config, behind.sources.config)?;
        Ok((Sources { config, set, listen }, once("--log-format", log_format, behind.log_format)?, command))
    }
}

/// The one of two that is there.
fn once<T>(flag: &str, before: Option<T>, behind: Option<T>) -> Result<Option<T>, clap::Error> {
    if before.is_some() && behind.is_some() {
        let text = format!("`{flag}` stands before the command and behind it: leave one");
        return Err(Arguments::command().error(ErrorKind::ArgumentConflict, text));
    }
    Ok(before.or(behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    fn parsed(line: &str) -> Result<(Sources, Option<LogFormat>, Command), clap::Error> {
        Arguments::try_parse_from(line.split(' ')).and_then(Arguments::split)
    }

    #[test]
    fn no_command_is_run_and_flags_may_stand_on_either_side_of_one() {
        assert!(matches!(parsed("bristle --listen 127.0.0.1:1"), Ok((_, None, Command::Run))));
        let line =
            "bristle --set a=1 --listen [::1]:1 --config a.toml check --set b=2 --listen [::1]:2 --log-format json";
        let (sources, log_format, command) = parsed(line).expect("flags");
        assert!(matches!(command, Command::Check));
        assert_eq!(sources.set, ["a=1", "b=2"], "a value that was typed must not be lost");
        assert_eq!(sources.listen, ["[::1]:1", "[::1]:2"]);
        assert_eq!((sources.config, log_format), (Some("a.toml".into()), Some(LogFormat::Json)));
    }

    #[test]
    fn a_flag_that_may_stand_once_is_refused_on_both_sides_and_twice_on_one() {
        for line in [
            "bristle --config a run --config b",
            "bristle --log-format json list --log-format human",
            "bristle run --config a --config b",
        ] {
            let error = parsed(line).expect_err("one of them would be ignored");
            assert!(error.use_stderr() && error.exit_code() == 2, "{line}");
            let (text, flag) = (error.to_string(), if line.contains("config") { "--config" } else { "--log-format" });
            assert!(text.contains(flag), "{line}: {text}");
        }
    }
}
