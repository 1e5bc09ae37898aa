//! The value behind an option's `=`.

use crate::complaints::{Complaints, nearest};
use crate::options::{Known, Wants};
use crate::text;
use proc_macro2::TokenStream;
use serde_json::json;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{LitBool, LitInt, LitStr, Path, Token, bracketed, parenthesized};

/// A value that is what its option wants.
pub(crate) enum Value {
    Integer(i32),
    Count(u64),
    Bool(bool),
    Text(String),
    Duration { milliseconds: u64, text: String },
    Headers(Vec<(String, String)>),
    Texts(Vec<String>),
    Functions(Vec<Path>),
}

impl Value {
    /// As the configuration would say it.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Integer(value) => json!(value),
            Self::Count(value) => json!(value),
            Self::Bool(value) => json!(value),
            Self::Text(text) | Self::Duration { text, .. } => json!(text),
            Self::Headers(pairs) => json!(pairs),
            Self::Texts(texts) => json!(texts),
            Self::Functions(_) => unreachable!("the configuration names no functions"),
        }
    }
}

/// Reads a value; where it is refused, there is a complaint and no value.
pub(crate) fn read(option: &Known, tokens: &TokenStream, complaints: &mut Complaints) -> Option<Value> {
    match option.wants {
        Wants::Integer => {
            let literal: LitInt = parse(option, tokens, complaints)?;
            let integer = literal.base10_parse().map(Value::Integer);
            let range = format!("`{}` lies between {} and {}", option.name, i32::MIN, i32::MAX);
            or_complain(integer.map_err(|_| range), &literal, complaints)
        }
        Wants::Count => {
            let literal: LitInt = parse(option, tokens, complaints)?;
            let count = match literal.base10_parse() {
                Ok(0) => Err(format!("`{} = 0` would let nothing through: write at least 1", option.name)),
                Ok(count) => Ok(Value::Count(count)),
                Err(_) => Err(format!("`{}` lies between 1 and {}", option.name, u64::MAX)),
            };
            or_complain(count, &literal, complaints)
        }
        Wants::Limit => {
            let literal: LitInt = parse(option, tokens, complaints)?;
            let count = literal.base10_parse::<u32>().map(|count| Value::Count(count.into()));
            let range = format!("`{}` lies between 0 and {}", option.name, u32::MAX);
            or_complain(count.map_err(|_| range), &literal, complaints)
        }
        Wants::Proxy => match syn::parse2::<LitBool>(tokens.clone()) {
            Ok(LitBool { value: false, .. }) => Some(Value::Bool(false)),
            _ => {
                let literal: LitStr = parse(option, tokens, complaints)?;
                let url = literal.value();
                or_complain(text::proxy(&url).map(|()| Value::Text(url)), &literal, complaints)
            }
        },
        Wants::Bool => parse(option, tokens, complaints).map(|literal: LitBool| Value::Bool(literal.value)),
        Wants::Url => {
            let literal: LitStr = parse(option, tokens, complaints)?;
            let url = literal.value();
            or_complain(text::url(&url).map(|()| Value::Text(url)), &literal, complaints)
        }
        Wants::Duration => duration(option, tokens, complaints),
        Wants::Headers => headers(option, tokens, complaints),
        Wants::Subprotocols => texts(option, tokens, complaints, text::token),
        Wants::Origins => texts(option, tokens, complaints, text::origin),
        Wants::Function => parse(option, tokens, complaints).map(|path: Path| Value::Functions(vec![path])),
        Wants::Functions => parse_with(list::<Path>, option, tokens, complaints)
            .map(|paths| Value::Functions(paths.into_iter().collect())),
        Wants::OneOf(choices) => {
            let literal: LitStr = parse(option, tokens, complaints)?;
            let choice = literal.value();
            let chosen = match choices.contains(&choice.as_str()) {
                true => Ok(Value::Text(choice)),
                false => {
                    let meant = nearest(&choice, choices.iter().copied());
                    let meant = meant.map(|name| format!(" (did you mean `\"{name}\"`?)")).unwrap_or_default();
                    Err(format!("`{}` is {}{meant}", option.name, option.wants.description()))
                }
            };
            or_complain(chosen, &literal, complaints)
        }
    }
}

fn duration(option: &Known, tokens: &TokenStream, complaints: &mut Complaints) -> Option<Value> {
    // `30` and `30s` without quotes are what people write first: the answer is their own number in quotes.
    if let Ok(number) = syn::parse2::<LitInt>(tokens.clone()) {
        let unit = if number.suffix().is_empty() { "s" } else { number.suffix() };
        let quoted = format!("\"{}{unit}\"", number.base10_digits());
        let mistake = if number.suffix().is_empty() { "a timeout has a unit" } else { "a timeout stands in quotes" };
        complaints.about(tokens, format!("{mistake}: write `{} = {quoted}`", option.name));
        return None;
    }
    let literal: LitStr = parse(option, tokens, complaints)?;
    let text = literal.value();
    let value = text::duration(&text).and_then(|milliseconds| match milliseconds {
        // The launch knows each option's own range; no time of any of them may be longer than a day.
        86_400_001.. => Err(format!("`{} = \"{text}\"` is longer than a day: write at most `\"24h\"`", option.name)),
        milliseconds => Ok(Value::Duration { milliseconds, text }),
    });
    or_complain(value, &literal, complaints)
}

fn headers(option: &Known, tokens: &TokenStream, complaints: &mut Complaints) -> Option<Value> {
    let pairs = parse_with(list::<Header>, option, tokens, complaints)?;
    let mut headers = Some(Vec::new());
    for Header { name, value } in pairs {
        let right_name = or_complain(text::token(&name.value()), &name, complaints);
        let right_value = or_complain(text::header_value(&value.value()), &value, complaints);
        match (right_name, right_value, &mut headers) {
            (Some(()), Some(()), Some(headers)) => headers.push((name.value(), value.value())),
            _ => headers = None,
        }
    }
    headers.map(Value::Headers)
}

fn texts(
    option: &Known,
    tokens: &TokenStream,
    complaints: &mut Complaints,
    check: fn(&str) -> Result<(), String>,
) -> Option<Value> {
    let mut names: Vec<String> = Vec::new();
    let mut all_right = true;
    for literal in parse_with(list::<LitStr>, option, tokens, complaints)? {
        let name = literal.value();
        let right = match names.contains(&name) {
            true => Err(format!("`{name}` is there twice: keep one")),
            false => check(&name),
        };
        all_right &= or_complain(right, &literal, complaints).is_some();
        names.push(name);
    }
    all_right.then_some(Value::Texts(names))
}

/// A header: `("Name", "value")`.
struct Header {
    name: LitStr,
    value: LitStr,
}

impl Parse for Header {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let pair;
        parenthesized!(pair in input);
        let name = pair.parse()?;
        pair.parse::<Token![,]>()?;
        let value = pair.parse()?;
        pair.parse::<Option<Token![,]>>()?;
        match pair.is_empty() {
            true => Ok(Self { name, value }),
            false => Err(pair.error("a header is a name and a value")),
        }
    }
}

fn list<T: Parse>(input: ParseStream<'_>) -> syn::Result<Punctuated<T, Token![,]>> {
    let inside;
    bracketed!(inside in input);
    Punctuated::parse_terminated(&inside)
}

fn parse<T: Parse>(option: &Known, tokens: &TokenStream, complaints: &mut Complaints) -> Option<T> {
    parse_with(T::parse, option, tokens, complaints)
}

/// The parser's own sentence knows only tokens; the option's knows what its author wants.
fn parse_with<P: Parser>(
    parser: P,
    option: &Known,
    tokens: &TokenStream,
    complaints: &mut Complaints,
) -> Option<P::Output> {
    let Known { name, wants, example } = option;
    let sentence = || format!("`{name}` is {}: write `{name} = {example}`", wants.description());
    or_complain(parser.parse2(tokens.clone()).map_err(|_| sentence()), tokens, complaints)
}

fn or_complain<T, E: std::fmt::Display>(
    result: Result<T, E>,
    at: &impl quote::ToTokens,
    complaints: &mut Complaints,
) -> Option<T> {
    result.map_err(|complaint| complaints.about(at, complaint)).ok()
}
