//! The item under an attribute, read as far as the attributes care: never into a function's body.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Signature, Token, Type, Visibility};

/// An item, and the tokens that it came as.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    /// Everything after the attributes.
    rest: TokenStream,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    Function(Box<Signature>),
    Static(Box<Static>),
    Other(Other),
}

pub(crate) struct Static {
    pub(crate) mutability: Option<Token![mut]>,
    pub(crate) name: Ident,
    pub(crate) slot_type: Type,
}

/// An item that no attribute of ours goes on.
pub(crate) struct Other {
    /// The keyword, as `struct`.
    pub(crate) keyword: String,
    /// The keyword and the name.
    pub(crate) head: TokenStream,
}

impl Item {
    pub(crate) fn read(tokens: TokenStream) -> Self {
        let attributes_and_rest =
            |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
        let (attributes, rest) = attributes_and_rest.parse2(tokens.clone()).unwrap_or((Vec::new(), tokens));
        let shape = Shape::read.parse2(rest.clone()).unwrap_or_else(|_| Shape::other(&rest));
        Self { attributes, rest, shape }
    }

    /// The item as it came, less the attributes that `keep` refuses.
    pub(crate) fn with_attributes(&self, keep: impl Fn(&Attribute) -> bool) -> TokenStream {
        let attributes = self.attributes.iter().filter(|attribute| keep(attribute));
        let rest = &self.rest;
        quote!(#(#attributes)* #rest)
    }

    /// The `#[cfg]`s.
    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
    }
}

impl Shape {
    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Visibility>()?;
        if input.peek(Token![static]) {
            input.parse::<Token![static]>()?;
            let mutability = input.parse()?;
            let name = input.parse()?;
            input.parse::<Token![:]>()?;
            let slot_type = input.parse()?;
            input.parse::<TokenStream>()?;
            return Ok(Self::Static(Box::new(Static { mutability, name, slot_type })));
        }
        let signature = input.parse()?;
        if !input.peek(syn::token::Brace) {
            return Err(input.error("a function without a body"));
        }
        input.parse::<TokenStream>()?;
        Ok(Self::Function(Box::new(signature)))
    }

    fn other(rest: &TokenStream) -> Self {
        const KEYWORDS: [&str; 11] =
            ["const", "enum", "extern", "fn", "impl", "macro_rules", "mod", "struct", "trait", "type", "use"];
        let is_keyword = |token: &TokenTree| KEYWORDS.iter().any(|keyword| token.to_string() == *keyword);
        let mut tokens = rest.clone().into_iter().skip_while(|token| !is_keyword(token)).peekable();
        match tokens.peek() {
            Some(keyword) => Self::Other(Other { keyword: keyword.to_string(), head: tokens.take(2).collect() }),
            None => Self::Other(Other { keyword: "item".to_owned(), head: rest.to_token_stream() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_read_without_its_body() {
        let item = Item::read(quote!(#[doc = "x"] pub(crate) async fn f(a: A) -> B { syntax of the year 2040 }));
        assert!(matches!(item.shape, Shape::Function(signature) if signature.ident == "f"));
        assert_eq!(item.attributes.len(), 1);
    }

    #[test]
    fn an_item_comes_out_as_it_went_in() {
        let tokens = quote!(
            #[cfg(test)]
            #[on_message(A)]
            static X: OnceCell<Y> = OnceCell::new();
        );
        let item = Item::read(tokens.clone());
        assert_eq!(item.with_attributes(|_| true).to_string(), tokens.to_string());
        assert_eq!(item.cfgs().len(), 1);
    }

    #[test]
    fn a_constant_is_neither_a_function_nor_a_static() {
        let item = Item::read(quote!(
            pub const X: u8 = 1;
        ));
        assert!(matches!(item.shape, Shape::Other(other) if other.keyword == "const"));
    }
}
