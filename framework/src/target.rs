//! The targets of what is logged, which operators write into `RUST_LOG`: a file that moves must not change them.

/// What a client lives through: it is opened, lost, opened again, gives up. At `debug` every state.
pub(crate) const CLIENT: &str = "bristle::client";

/// Connections that others open to the node, and what happens on its port.
pub(crate) const NODE: &str = "bristle::node";

/// Launch, handlers and stop.
pub(crate) const RUNTIME: &str = "bristle::runtime";

/// The process: signals, and why it ended.
pub(crate) const HOST: &str = "bristle::host";
