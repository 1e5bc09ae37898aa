//! Complaints about the static under `#[client]` and `#[endpoint]`, so far as its type is spelled out.

use crate::complaints::{Complaints, source};
use crate::hook::Kind;
use crate::item::Static;
use syn::{GenericArgument, Path, PathArguments, PathSegment, Type};

pub(crate) fn check(kind: Kind, slot: &Static, complaints: &mut Complaints) {
    if let Some(mutability) = &slot.mutability {
        let name = &slot.name;
        complaints.about(mutability, format!("a slot is filled through `&`: write `static {name}`, without `mut`"));
    }
    if let Some(complaint) = wrong_type(kind, &slot.slot_type) {
        complaints.about(&slot.slot_type, complaint);
    }
}

/// What is wrong with the type. A name that is not known may be an alias: the compiler's trait check sees through it.
fn wrong_type(kind: Kind, written: &Type) -> Option<String> {
    const SHARED: [&str; 2] = ["OnceCell", "OnceLock"];
    const OTHER_CELLS: [&str; 11] =
        ["Arc", "Box", "Cell", "LazyCell", "LazyLock", "Lazy", "Mutex", "Option", "RefCell", "RwLock", "UnsafeCell"];
    let (right, other, other_attribute) = match kind {
        Kind::Endpoint => ("Endpoint", "WebSocketClient", "#[client]"),
        _ => ("WebSocketClient", "Endpoint", "#[endpoint(\"/path\")]"),
    };
    let Type::Path(path) = written else {
        return Some(format!("a slot is a cell: write `OnceCell<{right}>`"));
    };
    let cell = path.path.segments.last()?;
    let name = cell.ident.to_string();
    if name == right || OTHER_CELLS.contains(&name.as_str()) {
        return Some(format!("`{}` is no slot: write `OnceCell<{right}>`", source(written)));
    }
    if name == other {
        return Some(format!("a slot is a cell: write `OnceCell<{right}>` here, or `{other_attribute}` above"));
    }
    if !SHARED.contains(&name.as_str()) {
        return None;
    }
    if is_of_one_thread(&path.path) {
        let shared = "`once_cell::sync::OnceCell` or `std::sync::OnceLock`";
        return Some(format!("`{}` belongs to one thread: write {shared}", source(written)));
    }
    match value(cell)?.to_string() {
        value if value == other => Some(format!(
            "write `{name}<{right}>` here, or `{other_attribute}` above: a slot holds what its attribute makes"
        )),
        _ => None,
    }
}

/// `std::cell::OnceCell` and `once_cell::unsync::OnceCell`, where the path is written out.
fn is_of_one_thread(path: &Path) -> bool {
    let module = path.segments.iter().rev().nth(1);
    module.is_some_and(|module| module.ident == "cell" || module.ident == "unsync")
}

/// The name of what is in the cell.
fn value(cell: &PathSegment) -> Option<&syn::Ident> {
    let PathArguments::AngleBracketed(arguments) = &cell.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(Type::Path(path)) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_cell_of_the_right_type_passes_and_so_does_a_name_that_may_be_an_alias() {
        assert_eq!(wrong_type(Kind::Client, &parse_quote!(OnceCell<WebSocketClient>)), None);
        assert_eq!(wrong_type(Kind::Client, &parse_quote!(std::sync::OnceLock<bristle::WebSocketClient>)), None);
        assert_eq!(wrong_type(Kind::Endpoint, &parse_quote!(once_cell::sync::OnceCell<Endpoint>)), None);
        assert_eq!(wrong_type(Kind::Client, &parse_quote!(Feed)), None);
    }

    #[test]
    fn a_type_that_cannot_be_right_is_answered_with_the_right_one() {
        let wrong = |written: Type| wrong_type(Kind::Client, &written).expect("a complaint");
        assert!(wrong(parse_quote!(WebSocketClient)).contains("write `OnceCell<WebSocketClient>`"));
        assert!(wrong(parse_quote!(Mutex<WebSocketClient>)).contains("`Mutex<WebSocketClient>` is no slot"));
        assert!(wrong(parse_quote!(OnceCell<Endpoint>)).contains("#[endpoint(\"/path\")]"));
        assert!(wrong(parse_quote!(std::cell::OnceCell<WebSocketClient>)).contains("one thread"));
        assert!(wrong(parse_quote!((OnceCell<WebSocketClient>,))).contains("a slot is a cell"));
    }
}
