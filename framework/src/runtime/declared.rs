//! Makes what `#[client]` and `#[endpoint]` declare, and fills their slots.

use super::check::declared_slot;
use super::dispatch::Dispatcher;
use super::problem::LaunchProblem;
use crate::client::{ClientOptions, WebSocketClient};
use crate::node::{Endpoint, EndpointOptions};
use crate::plugin::{ClientDeclaration, EndpointDeclaration, Hook, Origin, Plugin, Registration, Registry};
use std::any::Any;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A client to be opened at the end of the launch.
pub(super) struct DeclaredClient {
    pub(super) plugin: Plugin,
    pub(super) origin: Origin,
    pub(super) client: WebSocketClient,
    /// The launch fails where its first attempt does.
    pub(super) required: bool,
}

/// What was declared.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) clients: Vec<DeclaredClient>,
    pub(super) endpoints: Vec<Endpoint>,
}

/// Makes everything and fills the slots; what cannot be made, or whose slot is full, is a problem.
pub(super) fn declare(
    registry: &Registry,
    dispatcher: &Arc<Dispatcher>,
    gate: &CancellationToken,
    problems: &mut Vec<LaunchProblem>,
) -> Declared {
    let mut declared = Declared::default();
    for registration in registry.items() {
        let Some(slot) = declared_slot(registration) else { continue };
        let Registration { origin, hook } = *registration;
        if slot.slot.owner().is_some() {
            problems.push(full(origin));
            continue;
        }
        let plugin = &dispatcher.plugins[origin.plugin];
        let made: Result<Box<dyn Any>, String> = match hook {
            Hook::Client(declaration) => client(plugin, origin, declaration).map(|made| {
                let client = made.client.clone();
                declared.clients.push(made);
                Box::new(client) as Box<dyn Any>
            }),
            Hook::Endpoint(declaration) => endpoint(plugin, origin, declaration, dispatcher, gate).map(|made| {
                declared.endpoints.push(made.clone());
                Box::new(made) as Box<dyn Any>
            }),
            _ => continue,
        };
        match made {
            Ok(value) => {
                if !slot.slot.fill(value) {
                    let text =
                        format!("`{}` cannot hold what its attribute makes: check the static's type", origin.name);
                    problems.push(LaunchProblem::new(text).at(origin));
                }
            }
            Err(reason) => problems.push(LaunchProblem::new(reason).at(origin)),
        }
    }
    declared
}

fn full(origin: Origin) -> LaunchProblem {
    let text = format!(
        "the slot `{}` is full already: something set it before its attribute could, or another runtime of this \
         process holds it. Leave the filling to the attribute",
        origin.name
    );
    LaunchProblem::new(text).at(origin)
}

fn client(plugin: &Plugin, origin: Origin, declaration: ClientDeclaration) -> Result<DeclaredClient, String> {
    let options: ClientOptions = plugin.scope().config.client(origin.name, declaration.options).map_err(lines)?;
    let required = options.required.unwrap_or(false);
    let mut builder = options.apply(plugin.websocket_client(""));
    // The section was merged with the attribute already.
    builder.binding.configure = None;
    builder.binding.key = declaration.key.map(|key| key());
    let client =
        builder.name(format!("{}/{}", origin.plugin, origin.name)).build().map_err(|error| error.to_string())?;
    Ok(DeclaredClient { plugin: plugin.clone(), origin, client, required })
}

fn endpoint(
    plugin: &Plugin,
    origin: Origin,
    declaration: EndpointDeclaration,
    dispatcher: &Arc<Dispatcher>,
    gate: &CancellationToken,
) -> Result<Endpoint, String> {
    let options: EndpointOptions = plugin.scope().config.endpoint(origin.name, declaration.options).map_err(lines)?;
    let path = options.path.clone().unwrap_or_else(|| declaration.path.to_owned());
    let name = format!("{}/{}", origin.plugin, origin.name);
    let key = declaration.key.map(|key| key());
    Endpoint::new(name, &path, options, dispatcher.events(), gate.clone(), key).map_err(|error| error.to_string())
}

fn lines(problems: Vec<crate::settings::ConfigError>) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
