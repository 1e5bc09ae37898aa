//! What an attribute said, once everything in it has been found right.

use crate::paths::{self, Private};
use proc_macro2::Ident;
use syn::{Attribute, Path, Type};

/// Which attribute it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Init,
    Shutdown,
    Client,
    Endpoint,
    OnOpen,
    OnMessage,
    OnClose,
    OnError,
    Route,
}

/// A hook or a declaration without mistakes.
pub(crate) struct Hook {
    /// The function's or the static's name.
    pub(crate) name: Ident,
    /// The `#[cfg]`s of the item: the registration comes and goes with it.
    pub(crate) cfgs: Vec<Attribute>,
    /// The function; of a static there is nothing to say.
    pub(crate) function: Function,
    pub(crate) what: What,
}

pub(crate) enum What {
    Init { order: i32, after: Vec<Path>, timeout: Option<u64>, on_failure: &'static str },
    Shutdown { timeout: Option<u64> },
    Client { options: String, key: Option<Path> },
    Endpoint { path: String, options: String, key: Option<Path> },
    OfConnection { of: OfConnection, slot: Path, priority: i32 },
    Error { slot: Option<Path> },
    Route { method: Ident, path: String },
}

/// What a function takes and returns.
#[derive(Default)]
pub(crate) struct Function {
    pub(crate) arguments: Vec<Type>,
    /// `None` where no return type is written.
    pub(crate) output: Option<Type>,
}

/// The three hooks of a connection's life: alike but for their names.
#[derive(Clone, Copy)]
pub(crate) enum OfConnection {
    Open,
    Message,
    Close,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Init,
        Self::Shutdown,
        Self::Client,
        Self::Endpoint,
        Self::OnOpen,
        Self::OnMessage,
        Self::OnClose,
        Self::OnError,
        Self::Route,
    ];

    /// The attribute's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Shutdown => "shutdown",
            Self::Client => "client",
            Self::Endpoint => "endpoint",
            Self::OnOpen => "on_open",
            Self::OnMessage => "on_message",
            Self::OnClose => "on_close",
            Self::OnError => "on_error",
            Self::Route => "route",
        }
    }

    /// Whether the attribute goes on a static; all others go on a function.
    pub(crate) fn is_declaration(self) -> bool {
        matches!(self, Self::Client | Self::Endpoint)
    }

    /// The attribute that an item bears, if it is one of ours: bare, or with the crate's name before it.
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let segments = &attribute.path().segments;
        let name = match segments.len() {
            1 => &segments[0].ident,
            2 if segments[0].ident == "bristle" => &segments[1].ident,
            _ => return None,
        };
        Self::ALL.into_iter().find(|kind| name == kind.name())
    }
}

impl OfConnection {
    /// The variant of the framework's `Hook`, the struct in it, and the event.
    pub(crate) fn names(self) -> (&'static str, Private, Private) {
        match self {
            Self::Open => ("Open", paths::OPEN_HOOK, paths::OPEN_EVENT),
            Self::Message => ("Message", paths::MESSAGE_HOOK, paths::MESSAGE_EVENT),
            Self::Close => ("Close", paths::CLOSE_HOOK, paths::CLOSE_EVENT),
        }
    }
}
