//! Complaints about a hook's signature.

use crate::complaints::{Complaints, source};
use crate::hook::Function;
use syn::visit::{self, Visit};
use syn::{
    FnArg, GenericParam, Ident, Lifetime, ParenthesizedGenericArguments, PatType, ReturnType, Signature, Type,
    TypeBareFn, TypeImplTrait, TypeReference,
};

/// What a function takes and returns; the result counts only where there was no complaint.
pub(crate) fn check(signature: &Signature, complaints: &mut Complaints) -> Function {
    let name = &signature.ident;
    qualifiers(signature, complaints);
    let mut arguments = Vec::new();
    let mut borrows = false;
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => complaints.about(
                receiver,
                format!("a hook has no `self`: move `{name}` out of the `impl`, and keep in a static what it needs"),
            ),
            FnArg::Typed(argument) => {
                borrows |= argument_borrows(argument, complaints);
                arguments.push((*argument.ty).clone());
            }
        }
    }
    generics(signature, borrows, complaints);
    let output = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, output) => {
            if matches!(**output, Type::Never(_)) {
                let instead = "what runs on for ever belongs in `Plugin::spawn`";
                complaints.about(output, format!("a hook comes to an end: write no return type; {instead}"));
            }
            Some((**output).clone())
        }
    };
    Function { arguments, output }
}

/// A route's body can be taken once, and is taken by the last argument.
///
/// The compiler would say that `String` is no `FromRequestParts`, which helps nobody who does not know axum's insides.
pub(crate) fn check_body_is_last(signature: &Signature, complaints: &mut Complaints) {
    const OF_THE_BODY: [&str; 3] = ["Bytes", "Json", "String"];
    for input in signature.inputs.iter().rev().skip(1) {
        let FnArg::Typed(PatType { ty, .. }) = input else { continue };
        let Type::Path(path) = &**ty else { continue };
        let takes_body = |name: &Ident| OF_THE_BODY.iter().any(|known| name == known);
        if path.path.segments.last().is_some_and(|segment| takes_body(&segment.ident)) {
            let written = source(ty);
            complaints.about(ty, format!("`{written}` takes the request's body: write it as the last argument"));
        }
    }
}

/// Whether a type has an `impl Trait` in it, and so cannot be named.
pub(crate) fn has_impl_trait(written: &Type) -> bool {
    let mut found = Found::default();
    found.visit_type(written);
    found.impl_trait
}

fn qualifiers(signature: &Signature, complaints: &mut Complaints) {
    let Signature { constness, asyncness, unsafety, abi, fn_token, ident, .. } = signature;
    if asyncness.is_none() {
        let instead = format!("hooks are async: write `async fn {ident}`");
        match constness {
            Some(constness) => complaints.about(quote::quote!(#constness #fn_token #ident), instead),
            None => complaints.about(quote::quote!(#fn_token #ident), instead),
        }
    }
    if let Some(unsafety) = unsafety {
        complaints.about(unsafety, format!("the framework calls a hook as safe code: write `async fn {ident}`"));
    }
    if let Some(abi) = abi {
        complaints.about(abi, format!("a hook is called from Rust only: write `async fn {ident}`"));
    }
}

fn generics(signature: &Signature, an_argument_borrows: bool, complaints: &mut Complaints) {
    let Signature { generics, ident, .. } = signature;
    let is_lifetime = |parameter: &GenericParam| matches!(parameter, GenericParam::Lifetime(_));
    let complaint = match generics.params.iter().all(is_lifetime) {
        _ if generics.params.is_empty() => return,
        // The lifetime is there for the argument, which has its complaint already.
        true if an_argument_borrows => return,
        true => format!("a hook outlives its event and borrows nothing: write `async fn {ident}` without lifetimes"),
        false => format!("nobody chooses a hook's type parameters: write `async fn {ident}` with concrete types"),
    };
    complaints.about(generics, complaint);
}

/// Complains about an argument that cannot be handed over; whether it was for a borrow.
fn argument_borrows(argument: &PatType, complaints: &mut Complaints) -> bool {
    let PatType { attrs, ty, .. } = argument;
    if let Some(cfg) = attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        complaints.about(cfg, "an argument of a hook is always there: put the `#[cfg]` on two whole functions");
    }
    let mut found = Found::default();
    found.visit_type(ty);
    if found.impl_trait {
        let written = source(ty);
        complaints.about(ty, format!("`{written}` could be any type: write the one that it is, such as `Message`"));
    }
    if found.borrow {
        let (written, instead) = (source(ty), owned(ty));
        complaints.about(ty, format!("a hook's argument owns its value: write `{instead}` instead of `{written}`"));
    }
    found.borrow
}

/// The owned type that someone who wrote a borrow most likely wants.
fn owned(written: &Type) -> String {
    let Type::Reference(TypeReference { elem, .. }) = written else {
        let name = match written {
            Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        return match name.as_deref() {
            Some("Cow") => "String".to_owned(),
            Some("Option") => "Option<String>".to_owned(),
            Some("Json") => "Json<T>` with a `T` that owns its fields".to_owned(),
            _ => "a type without lifetimes".to_owned(),
        };
    };
    match source(elem).as_str() {
        "str" => "String".to_owned(),
        "[u8]" => "Bytes".to_owned(),
        owned => owned.to_owned(),
    }
}

/// What a type has in it that a hook cannot have.
#[derive(Default)]
struct Found {
    borrow: bool,
    impl_trait: bool,
}

impl Visit<'_> for Found {
    fn visit_type_reference(&mut self, reference: &TypeReference) {
        self.borrow |= reference.lifetime.as_ref().is_none_or(|lifetime| !is_static(&lifetime.ident));
        visit::visit_type_reference(self, reference);
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        self.borrow |= !is_static(&lifetime.ident);
    }

    fn visit_type_impl_trait(&mut self, _: &TypeImplTrait) {
        self.impl_trait = true;
    }

    // The references in `fn(&str)` and `Fn(&str)` are those of its callers: the type itself borrows nothing.
    fn visit_type_bare_fn(&mut self, _: &TypeBareFn) {}

    fn visit_parenthesized_generic_arguments(&mut self, _: &ParenthesizedGenericArguments) {}
}

fn is_static(lifetime: &Ident) -> bool {
    lifetime == "static"
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn complaints(signature: proc_macro2::TokenStream) -> Vec<String> {
        let signature: Signature = syn::parse2(signature).expect("a signature");
        let mut complaints = Complaints::default();
        check(&signature, &mut complaints);
        complaints.sentences()
    }

    #[test]
    fn owned_arguments_of_any_pattern_are_right() {
        let right = quote!(async fn f(Json(x): Json<X>, mut m: Message, _: Config<fn(&str)>, s: &'static str) -> Y);
        assert_eq!(complaints(right), [""; 0]);
    }

    #[test]
    fn a_borrowed_argument_is_one_mistake_with_its_owned_type() {
        let one = |signature| {
            let complaints = complaints(signature);
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            complaints.into_iter().next().unwrap_or_default()
        };
        assert!(one(quote!(async fn f(x: &str))).contains("`String` instead of `&str`"));
        assert!(one(quote!(async fn f(x: &mut Message))).contains("`Message` instead of `&mut Message`"));
        assert!(one(quote!(async fn f<'a>(x: &'a [u8]))).contains("`Bytes` instead of `&'a [u8]`"));
        assert!(one(quote!(async fn f(x: Cow<'_, str>))).contains("`String` instead of `Cow<'_, str>`"));
    }

    #[test]
    fn every_mistake_of_a_signature_is_found_at_once() {
        assert_eq!(complaints(quote!(unsafe extern "C" fn f<T>(self, x: &T, y: impl Into<T>))).len(), 7);
    }
}
