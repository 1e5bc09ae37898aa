//! Every complaint about an attribute on its item: what passes here expands without a mistake of its own.

use crate::args::Args;
use crate::complaints::{Complaints, nearest, source};
use crate::hook::{Function, Hook, Kind, OfConnection, What};
use crate::item::{Item, Other, Shape};
use crate::{declared, signature, text};
use proc_macro2::{Ident, TokenStream};
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Meta, Path};

/// The hook that an attribute on an item means, if nothing is wrong with it.
pub(crate) fn hook(args: &Args, item: &Item, complaints: &mut Complaints) -> Option<Hook> {
    let (name, function) = match (&item.shape, args.kind.is_declaration()) {
        (Shape::Function(signature), false) => {
            if args.kind == Kind::Route {
                signature::check_body_is_last(signature, complaints);
            }
            (&signature.ident, signature::check(signature, complaints))
        }
        (Shape::Static(slot), true) => {
            declared::check(args.kind, slot, complaints);
            (&slot.name, Function::default())
        }
        _ => {
            wrong_item(args.kind, item, complaints);
            return None;
        }
    };
    duplicates(args, item, complaints);
    let what = what(args, complaints)?;
    complaints.is_empty().then(|| Hook { name: name.clone(), cfgs: item.cfgs(), function, what })
}

/// What is wrong with the arguments of the other attributes of ours on an item.
///
/// They are removed from an item that has a mistake, lest each of them repeats it; so they are heard here.
pub(crate) fn siblings(item: &Item, complaints: &mut Complaints) {
    for attribute in &item.attributes {
        if let Some(kind) = Kind::of(attribute) {
            what(&args_of(kind, attribute, complaints), complaints);
        }
    }
}

fn args_of(kind: Kind, attribute: &Attribute, complaints: &mut Complaints) -> Args {
    let tokens = match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    };
    Args::read(kind, attribute.span(), tokens, complaints)
}

fn what(args: &Args, complaints: &mut Complaints) -> Option<What> {
    let of_connection = |of, complaints: &mut Complaints| {
        Some(What::OfConnection { of, slot: slot(args, complaints)?, priority: args.integer("priority") })
    };
    match args.kind {
        Kind::Init => Some(What::Init {
            order: args.integer("order"),
            after: args.functions("after").to_vec(),
            timeout: args.duration("timeout"),
            on_failure: match args.text("on_failure") {
                Some("disable") => "Disable",
                Some("retry") => "Retry",
                _ => "Abort",
            },
        }),
        Kind::Shutdown => Some(What::Shutdown { timeout: args.duration("timeout") }),
        Kind::Client => Some(What::Client { options: args.to_json(), key: key(args, complaints) }),
        Kind::Endpoint => {
            let path = lead(args, 0, "an endpoint has a path", complaints)?;
            let key = key(args, complaints);
            Some(What::Endpoint { path: url_path(path, complaints)?, options: args.to_json(), key })
        }
        Kind::OnOpen => of_connection(OfConnection::Open, complaints),
        Kind::OnMessage => of_connection(OfConnection::Message, complaints),
        Kind::OnClose => of_connection(OfConnection::Close, complaints),
        Kind::OnError if args.leads.is_empty() => Some(What::Error { slot: None }),
        Kind::OnError => Some(What::Error { slot: Some(slot(args, complaints)?) }),
        Kind::Route => {
            let path = lead(args, 1, "a route has a method and a path", complaints)?;
            let (method, path) = (method(&args.leads[0], complaints), url_path(path, complaints));
            Some(What::Route { method: method?, path: path? })
        }
    }
}

/// The argument without a name at this place.
fn lead<'a>(args: &'a Args, index: usize, otherwise: &str, complaints: &mut Complaints) -> Option<&'a TokenStream> {
    let lead = args.leads.get(index);
    if lead.is_none() {
        complaints.at(args.span, format!("{otherwise}: write `{}`", args.kind.example()));
    }
    lead
}

/// The function behind `keyed`, which means nothing where messages are handled one at a time anyway.
fn key(args: &Args, complaints: &mut Complaints) -> Option<Path> {
    let path = args.functions("keyed").first()?;
    if !args.has("concurrent") {
        let written = source(path);
        complaints.about(
            path,
            format!(
                "`keyed` is for messages that are handled at the same time: write `concurrent = 16, keyed = {written}`"
            ),
        );
    }
    Some(path.clone())
}

fn slot(args: &Args, complaints: &mut Complaints) -> Option<Path> {
    let name = args.kind.name();
    let missing = format!("`#[{name}]` names the slot whose connections it serves");
    let tokens = lead(args, 0, &missing, complaints)?;
    if let Ok(path) = syn::parse2(tokens.clone()) {
        return Some(path);
    }
    // A name in quotes or behind `&` is a path with something too much.
    let bare = match syn::parse2::<LitStr>(tokens.clone()) {
        Ok(literal) => literal.value(),
        Err(_) => source(tokens).trim_start_matches(['&', '*']).to_owned(),
    };
    let bare = if syn::parse_str::<Path>(&bare).is_ok() { bare } else { "CLIENT".to_owned() };
    complaints.about(tokens, format!("a slot is named by the path of its static: write `#[{name}({bare})]`"));
    None
}

fn method(tokens: &TokenStream, complaints: &mut Complaints) -> Option<Ident> {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    let written = match syn::parse2::<LitStr>(tokens.clone()) {
        Ok(literal) => literal.value(),
        Err(_) => source(tokens),
    };
    let capitals = written.to_ascii_uppercase();
    let complaint = match (syn::parse2::<Ident>(tokens.clone()), METHODS.contains(&capitals.as_str())) {
        (Ok(method), true) if method == capitals => return Some(method),
        (_, true) => {
            format!("a method is written in capitals and without quotes: write `{capitals}`")
        }
        (_, false) => {
            let meant = nearest(&capitals, METHODS).map(|name| format!(" (did you mean `{name}`?)"));
            let methods = METHODS.map(|name| format!("`{name}`")).join(", ");
            format!("`{written}` is no method of a route{}: write one of {methods}", meant.unwrap_or_default())
        }
    };
    complaints.about(tokens, complaint);
    None
}

fn url_path(tokens: &TokenStream, complaints: &mut Complaints) -> Option<String> {
    let checked = match syn::parse2::<LitStr>(tokens.clone()) {
        Ok(literal) => text::path(&literal.value()).map(|()| literal.value()),
        Err(_) => Err("a path is a string: write `\"/chat/{room}\"`".to_owned()),
    };
    checked.map_err(|complaint| complaints.about(tokens, complaint)).ok()
}

/// The same attribute twice would run the function twice, and a static can hold one thing only.
fn duplicates(args: &Args, item: &Item, complaints: &mut Complaints) {
    for attribute in &item.attributes {
        let Some(kind) = Kind::of(attribute) else {
            continue;
        };
        // Its own mistakes are found elsewhere.
        let other = args_of(kind, attribute, &mut Complaints::default());
        if kind.is_declaration() && args.kind.is_declaration() {
            complaints
                .about(attribute, "a static holds one client or one endpoint: write a second static for this one");
        } else if kind == args.kind && source_of(&other) == source_of(args) {
            complaints.about(attribute, "the same hook stands above: remove one of the two");
        }
    }
}

fn source_of(args: &Args) -> Vec<String> {
    args.leads.iter().map(source).collect()
}

fn wrong_item(kind: Kind, item: &Item, complaints: &mut Complaints) {
    let name = kind.name();
    let slot_type = if kind == Kind::Endpoint { "Endpoint" } else { "WebSocketClient" };
    let a_static = format!("static NAME: OnceCell<{slot_type}> = OnceCell::new();");
    match &item.shape {
        Shape::Static(slot) => {
            let instead = "a static takes `#[client(url = \"ws://…\")]` or `#[endpoint(\"/path\")]`";
            complaints.about(&slot.name, format!("`#[{name}]` goes on an `async fn`; {instead}"));
        }
        Shape::Function(signature) => {
            let instead = "a function takes `#[on_message(NAME)]` or another hook";
            complaints.about(&signature.ident, format!("`#[{name}]` goes on `{a_static}`; {instead}"));
        }
        Shape::Other(Other { keyword, head }) => {
            let complaint = match (keyword.as_str(), kind.is_declaration()) {
                ("const", true) => format!("a `const` is a new value wherever it is named: write `{a_static}`"),
                ("fn", false) => "a hook has a body and stands in no trait: write an `async fn` of its own".to_owned(),
                (_, true) => format!("`#[{name}]` goes on `{a_static}`, not on this `{keyword}`"),
                (_, false) => format!("`#[{name}]` goes on an `async fn`, not on this `{keyword}`"),
            };
            complaints.about(head, complaint);
        }
    }
}
