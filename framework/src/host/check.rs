//! `bristle check`: everything that a launch checks before it opens a socket.

use super::failure::Failure;
use super::output;
use super::run::prepare;
use crate::plugin::Registry;
use crate::settings::Settings;

pub(crate) fn run(settings: Settings) -> Result<(), Failure> {
    drop(prepare(settings)?);
    let registry = Registry::linked();
    let (plugins, hooks) = (registry.plugins().len(), registry.items().len());
    output::answer(&format!("ok: {} with {}", counted(plugins, "plugin"), counted(hooks, "hook")));
    Ok(())
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
