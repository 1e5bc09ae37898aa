//! The mistakes of one item, collected so that its author sees all of them at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Every mistake found so far.
#[derive(Default)]
pub(crate) struct Complaints(Option<syn::Error>);

impl Complaints {
    /// A mistake in `tokens`: all of them are underlined.
    pub(crate) fn about(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// A mistake at a place that has no tokens of its own, as where something is missing.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(span, message));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// One `compile_error!` for each mistake.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }

    fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }
}

#[cfg(test)]
impl Complaints {
    /// The sentences, in the order in which they were found.
    pub(crate) fn sentences(self) -> Vec<String> {
        self.0.into_iter().flatten().map(|error| error.to_string()).collect()
    }
}

/// The name among `known` that a mistyped one was probably meant to be.
pub(crate) fn nearest<'a>(mistyped: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Short names of this similarity differ by one letter; `prio` still finds `priority`.
    const SIMILAR: f64 = 0.8;
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(mistyped, name), name))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

/// Tokens as their author would have written them: `Vec<u8>`, where `to_string` says `Vec < u8 >`.
pub(crate) fn source(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    for token in tokens.to_token_stream() {
        let piece = match &token {
            proc_macro2::TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                format!("{open}{}{close}", source(group.stream()))
            }
            other => other.to_string(),
        };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if text.ends_with(',') || (text.ends_with(is_word) && piece.starts_with(|c| is_word(c) || c == '[')) {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn tokens_read_as_they_were_written() {
        assert_eq!(source(quote!(&mut Vec<(u8, dyn Any)>)), "&mut Vec<(u8, dyn Any)>");
        assert_eq!(source(quote!(&'a [u8])), "&'a [u8]");
        assert_eq!(source(quote!(other_plugin::FEED)), "other_plugin::FEED");
    }

    #[test]
    fn a_typo_finds_its_name_and_a_different_word_finds_none() {
        let known = ["after", "on_failure", "order", "timeout"];
        assert_eq!(nearest("aftr", known), Some("after"));
        assert_eq!(nearest("on_fail", known), Some("on_failure"));
        assert_eq!(nearest("url", known), None);
    }
}
