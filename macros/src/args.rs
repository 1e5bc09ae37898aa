//! What stands in an attribute's parentheses, taken apart at its commas so that one mistake hides no other.

use crate::complaints::{Complaints, nearest, source};
use crate::hook::Kind;
use crate::options::Known;
use crate::value::{self, Value};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};

/// An attribute's arguments.
pub(crate) struct Args {
    pub(crate) kind: Kind,
    /// The whole attribute, for complaints about what is missing.
    pub(crate) span: Span,
    /// The arguments without a name, not yet looked at.
    pub(crate) leads: Vec<TokenStream>,
    options: Vec<(&'static str, Value)>,
}

impl Args {
    pub(crate) fn read(kind: Kind, span: Span, tokens: TokenStream, complaints: &mut Complaints) -> Self {
        let mut args = Self { kind, span, leads: Vec::new(), options: Vec::new() };
        let mut seen = Vec::new();
        for piece in pieces(tokens, complaints) {
            if args.leads.len() < kind.leads() && !is_option(kind, &piece) {
                args.leads.push(piece.into_iter().collect());
            } else if let Some(value) = named_lead(&args, &piece, complaints) {
                args.leads.push(value);
            } else if let Some((known, name, value)) = option(kind, &piece, complaints) {
                if seen.contains(&known.name) {
                    complaints.about(name, format!("`{}` is set twice: keep one of them", known.name));
                    continue;
                }
                seen.push(known.name);
                args.options.extend(value::read(&known, &value, complaints).map(|value| (known.name, value)));
            }
        }
        args
    }

    /// The integer of this name; 0 where there is none.
    pub(crate) fn integer(&self, name: &str) -> i32 {
        match self.option(name) {
            Some(Value::Integer(value)) => *value,
            _ => 0,
        }
    }

    /// The duration of this name, in milliseconds.
    pub(crate) fn duration(&self, name: &str) -> Option<u64> {
        match self.option(name) {
            Some(Value::Duration { milliseconds, .. }) => Some(*milliseconds),
            _ => None,
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.option(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn functions(&self, name: &str) -> &[syn::Path] {
        match self.option(name) {
            Some(Value::Functions(paths)) => paths,
            _ => &[],
        }
    }

    /// All options that the configuration may set too, as one JSON object, under their own names.
    pub(crate) fn to_json(&self) -> String {
        let options: serde_json::Map<_, _> = self
            .options
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Functions(_)))
            .map(|(name, value)| ((*name).to_owned(), value.to_json()))
            .collect();
        serde_json::Value::Object(options).to_string()
    }

    /// Whether the option was written.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.option(name).is_some()
    }

    fn option(&self, name: &str) -> Option<&Value> {
        self.options.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// The tokens between the commas.
fn pieces(tokens: TokenStream, complaints: &mut Complaints) -> Vec<Vec<TokenTree>> {
    let mut pieces = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                if pieces.last().is_some_and(Vec::is_empty) {
                    complaints.about(&token, "nothing stands before this comma: remove it");
                }
                pieces.push(Vec::new());
            }
            _ => pieces.last_mut().expect("there is always a last piece").push(token),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Whether a piece is meant as an option, though perhaps not written as one: `priority 10` is no slot.
fn is_option(kind: Kind, piece: &[TokenTree]) -> bool {
    let [TokenTree::Ident(name), second, ..] = piece else {
        return false;
    };
    let is_known = kind.options().iter().any(|option| name == option.name);
    is_punct(second, '=') || (is_known && !is_path_separator(second))
}

/// What stands without a name in the right attribute, but was given one: `slot = CLIENT`.
fn named_lead(args: &Args, piece: &[TokenTree], complaints: &mut Complaints) -> Option<TokenStream> {
    const NAMES: [&str; 5] = ["client", "endpoint", "method", "path", "slot"];
    let [TokenTree::Ident(name), equals, value @ ..] = piece else { return None };
    if args.leads.len() >= args.kind.leads() || !is_punct(equals, '=') || !NAMES.iter().any(|known| name == known) {
        return None;
    }
    complaints.about(name, format!("`{name}` goes without saying: write `{}`", args.kind.example()));
    Some(value.iter().cloned().collect())
}

/// `name = value`, with an option that the attribute knows.
fn option(kind: Kind, piece: &[TokenTree], complaints: &mut Complaints) -> Option<(Known, Ident, TokenStream)> {
    let tokens = || piece.iter().cloned().collect::<TokenStream>();
    let [TokenTree::Ident(name), rest @ ..] = piece else {
        complaints.about(tokens(), format!("`{}` {}", source(tokens()), no_option(kind)));
        return None;
    };
    let Some(known) = kind.options().iter().find(|option| name == option.name) else {
        complaints.about(name, unknown(kind, name, rest.is_empty()));
        return None;
    };
    match rest {
        [equals, value @ ..] if is_punct(equals, '=') && !value.is_empty() => {
            Some((*known, name.clone(), value.iter().cloned().collect()))
        }
        // What was written in the value's place is the best example, where it was a value.
        _ => {
            let written = rest.iter().filter(|token| !is_punct(token, '=') && !is_punct(token, ':'));
            let written = source(written.cloned().collect::<TokenStream>());
            let value = if written.is_empty() || written.starts_with('(') { known.example } else { &written };
            complaints.about(tokens(), format!("an option is set by `=`: write `{} = {value}`", known.name));
            None
        }
    }
}

fn unknown(kind: Kind, name: &Ident, is_alone: bool) -> String {
    let options = kind.options();
    let attribute = kind.name();
    let meant = nearest(&name.to_string(), options.iter().map(|option| option.name));
    match (kind, meant) {
        (Kind::OnOpen | Kind::OnMessage | Kind::OnClose | Kind::OnError, None) if is_alone => {
            format!("`#[{attribute}]` names one slot: write a second `#[{attribute}({name})]` below this one")
        }
        _ if options.is_empty() => format!("`#[{attribute}]` has no options: remove `{name}`"),
        (_, Some(meant)) if options.len() == 1 => {
            format!("`#[{attribute}]` has no option `{name}`: did you mean `{meant}`?")
        }
        (_, meant) => {
            let meant = meant.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default();
            let known: Vec<_> = options.iter().map(|option| format!("`{}`", option.name)).collect();
            format!("`#[{attribute}]` has no option `{name}`{meant}; it knows {}", known.join(", "))
        }
    }
}

fn no_option(kind: Kind) -> String {
    match kind.options() {
        [] => format!("is one argument too many: write `{}`", kind.example()),
        [first, ..] => format!("has no name: an option is written `{} = {}`", first.name, first.example),
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether this is the first colon of a `::`.
fn is_path_separator(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == proc_macro2::Spacing::Joint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn read(kind: Kind, tokens: TokenStream) -> Result<Args, Vec<String>> {
        let mut complaints = Complaints::default();
        let args = Args::read(kind, Span::call_site(), tokens, &mut complaints);
        if complaints.is_empty() { Ok(args) } else { Err(complaints.sentences()) }
    }

    fn complaint(kind: Kind, tokens: TokenStream) -> String {
        let Err(mut sentences) = read(kind, tokens) else { panic!("nothing was wrong with it") };
        assert_eq!(sentences.len(), 1, "{sentences:?}");
        sentences.remove(0)
    }

    #[test]
    fn every_option_of_a_client_becomes_json() {
        let options = quote!(
            url = "ws://a/",
            headers = [("A", "b"), ("A", "c")],
            subprotocols = ["x", "y"],
            required = true,
            close_timeout = "5s",
            inbox_bytes = 1_024,
        );
        let args = read(Kind::Client, options).unwrap_or_else(|complaints| panic!("{complaints:?}"));
        let expected = [
            r#"{"close_timeout":"5s","headers":[["A","b"],["A","c"]],"inbox_bytes":1024,"#,
            r#""required":true,"subprotocols":["x","y"],"url":"ws://a/"}"#,
        ];
        assert_eq!(args.to_json(), expected.concat());
    }

    #[test]
    fn a_slot_with_a_name_is_one_mistake() {
        let message = complaint(Kind::OnMessage, quote!(slot = CLIENT));
        assert_eq!(message, "`slot` goes without saying: write `#[on_message(CLIENT)]`");
    }

    #[test]
    fn a_slot_stands_beside_the_options_in_any_place() {
        let args = read(Kind::OnMessage, quote!(priority = -3, other_plugin::FEED)).unwrap_or_else(|_| panic!());
        assert_eq!(args.integer("priority"), -3);
        assert_eq!(source(&args.leads[0]), "other_plugin::FEED");
    }

    #[test]
    fn an_unknown_option_is_answered_with_the_known_ones() {
        let message = complaint(Kind::Init, quote!(aftr = [db]));
        assert_eq!(
            message,
            "`#[init]` has no option `aftr` (did you mean `after`?); it knows `order`, `after`, `timeout`, `on_failure`"
        );
    }

    #[test]
    fn a_missing_equals_sign_is_answered_with_the_line_to_write() {
        let says = |kind, tokens| complaint(kind, tokens);
        assert!(says(Kind::OnMessage, quote!(CLIENT, priority 10)).ends_with("write `priority = 10`"));
        assert!(says(Kind::OnMessage, quote!(CLIENT, priority: 10)).ends_with("write `priority = 10`"));
        assert!(says(Kind::OnMessage, quote!(CLIENT, priority(10))).ends_with("write `priority = 10`"));
        assert!(says(Kind::Client, quote!(required)).ends_with("write `required = true`"));
    }

    #[test]
    fn a_duration_without_a_unit_is_answered_with_its_own_number() {
        assert_eq!(complaint(Kind::Init, quote!(timeout = 30)), "a timeout has a unit: write `timeout = \"30s\"`");
        assert_eq!(
            complaint(Kind::Init, quote!(timeout = 30s)),
            "a timeout stands in quotes: write `timeout = \"30s\"`"
        );
    }

    #[test]
    fn every_mistake_is_found_in_one_pass() {
        let Err(sentences) = read(Kind::Init, quote!(order = "1", timeout = 5, timeout = "1s", after = db, x)) else {
            panic!("it has five mistakes")
        };
        assert_eq!(sentences.len(), 5, "{sentences:?}");
    }
}
