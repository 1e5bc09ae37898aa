//! Which paths can be served, side by side: the router's rules, checked before the router would panic.

use std::collections::BTreeMap;

/// How many parameters the router takes in one path.
const MAX_PARAMETERS: usize = 25;

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error("`{0}` does not begin with `/`: write `/{0}`")]
    NoSlash(String),
    #[error("`{0}` has a query or a fragment: a path ends before `?` and `#`")]
    Query(String),
    #[error("`{path}` has {character:?} in it, which no request has: write it percent-encoded")]
    Character { path: String, character: char },
    #[error("`{path}` has the segment `{segment}`: write `{{name}}` for a parameter and `{{*name}}` for the rest")]
    OldSyntax { path: String, segment: String },
    #[error("`{0}` has a brace without its partner: write `{{name}}` for a parameter, `{{{{` for a brace")]
    Brace(String),
    #[error("`{path}` has the parameter `{{{name}}}`, which is no name: write letters, digits and `_`")]
    Name { path: String, name: String },
    #[error("`{path}` goes on behind `{{{name}}}` in the same segment: a parameter ends its segment")]
    Suffix { path: String, name: String },
    #[error("`{path}` goes on behind `{{{name}}}`, which takes the rest of the path: write it last")]
    NotLast { path: String, name: String },
    #[error("`{path}` has two parameters `{name}`: give each a name of its own")]
    Twice { path: String, name: String },
    #[error("`{0}` has more than {MAX_PARAMETERS} parameters")]
    TooMany(String),
}

/// Paths that cannot be served, or not side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathProblem {
    pub(crate) reason: String,
    /// Which of the paths it is about.
    pub(crate) places: Vec<usize>,
}

/// A path as the router sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Byte(u8),
    Parameter,
    Rest,
}

/// Checks what is to be served on one node: pairs of a method and a path, `GET` for an endpoint.
pub(crate) fn check_paths(mounted: &[(&str, &str)]) -> Vec<PathProblem> {
    let mut problems = Vec::new();
    // Each path once, with the first place where it stands: on one path the methods must differ, and nothing else.
    let mut paths: BTreeMap<&str, usize> = BTreeMap::new();
    let mut served: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut shapes: Vec<(usize, Vec<Token>)> = Vec::new();
    for (place, &(method, path)) in mounted.iter().enumerate() {
        if let Some(&other) = served.get(&(method, path)) {
            let reason = format!("{method} `{path}` is served twice: give one of them another path or method");
            problems.push(PathProblem { reason, places: vec![other, place] });
            continue;
        }
        served.insert((method, path), place);
        if paths.contains_key(path) {
            continue;
        }
        paths.insert(path, place);
        match tokens(path) {
            Err(error) => problems.push(PathProblem { reason: error.to_string(), places: vec![place] }),
            Ok(shape) => {
                let clashes = shapes.iter().filter_map(|(other, known)| Some((*other, clash(&shape, known)?)));
                problems.extend(clashes.map(|(other, clash)| PathProblem {
                    reason: clash.reason(mounted[other].1, path),
                    places: vec![other, place],
                }));
                shapes.push((place, shape));
            }
        }
    }
    problems
}

/// Checks one path.
pub(super) fn check_path(path: &str) -> Result<(), PathError> {
    tokens(path).map(drop)
}

/// Why two different paths cannot be served side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clash {
    /// They differ in the names of their parameters only.
    Names,
    /// One has a parameter where the other has the rest of the path.
    RestAndParameter,
}

impl Clash {
    fn reason(self, first: &str, second: &str) -> String {
        match self {
            Self::Names => format!("`{second}` and `{first}` match the same requests: name their parameters alike"),
            Self::RestAndParameter => format!(
                "`{second}` and `{first}` cannot be told apart: one has a parameter where the other takes the rest of \
                 the path, so give one of them a segment of its own"
            ),
        }
    }
}

fn clash(one: &[Token], other: &[Token]) -> Option<Clash> {
    match one.iter().zip(other).find(|(a, b)| a != b) {
        Some((Token::Byte(_), _) | (_, Token::Byte(_))) => None,
        Some(_) => Some(Clash::RestAndParameter),
        None => (one.len() == other.len()).then_some(Clash::Names),
    }
}

fn tokens(path: &str) -> Result<Vec<Token>, PathError> {
    let whole = || path.to_owned();
    if !path.starts_with('/') {
        return Err(PathError::NoSlash(whole()));
    }
    if path.contains(['?', '#']) {
        return Err(PathError::Query(whole()));
    }
    if let Some(character) = path.chars().find(|character| !character.is_ascii_graphic()) {
        return Err(PathError::Character { path: whole(), character });
    }
    if let Some(segment) = path.split('/').find(|segment| segment.starts_with([':', '*'])) {
        return Err(PathError::OldSyntax { path: whole(), segment: segment.to_owned() });
    }
    let mut tokens = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut rest = path;
    while let Some(byte) = rest.bytes().next() {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            tokens.push(Token::Byte(byte));
            rest = &rest[2..];
        } else if byte == b'{' {
            let (inside, behind) = rest[1..].split_once('}').ok_or_else(|| PathError::Brace(whole()))?;
            let token = parameter(path, inside, behind)?;
            let name = inside.trim_start_matches('*');
            if names.contains(&name) {
                return Err(PathError::Twice { path: whole(), name: name.to_owned() });
            }
            names.push(name);
            tokens.push(token);
            rest = behind;
        } else if byte == b'}' {
            return Err(PathError::Brace(whole()));
        } else {
            tokens.push(Token::Byte(byte));
            rest = &rest[1..];
        }
    }
    if names.len() > MAX_PARAMETERS { Err(PathError::TooMany(whole())) } else { Ok(tokens) }
}

fn parameter(path: &str, inside: &str, behind: &str) -> Result<Token, PathError> {
    let (path, whole) = (path.to_owned(), inside.to_owned());
    let name = inside.strip_prefix('*');
    if !is_name(name.unwrap_or(inside)) {
        return Err(PathError::Name { path, name: whole });
    }
    match name {
        Some(_) if !behind.is_empty() => Err(PathError::NotLast { path, name: whole }),
        Some(_) => Ok(Token::Rest),
        None if !behind.is_empty() && !behind.starts_with('/') => Err(PathError::Suffix { path, name: whole }),
        None => Ok(Token::Parameter),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn what_we_let_pass_the_router_takes_and_what_we_refuse_it_refuses() {
        let paths = [
            "/",
            "/a",
            "/a/",
            "/ab",
            "/a/b",
            "/a/{x}",
            "/a/{y}",
            "/a/{x}/b",
            "/a/{y}/b",
            "/a/{y}/c",
            "/a/{*x}",
            "/a/{*y}",
            "/a{x}",
            "/a{y}",
            "/a-{x}",
            "/a{*x}",
            "/{x}",
            "/{*x}",
            "/{x}/{y}",
            "/{x}/b",
            "/{x}/{*y}",
            "/a{{",
            "/a{{/{x}",
            "/a}}",
            "/{{x}}",
        ];
        for first in paths {
            assert_eq!(check_paths(&[("GET", first)]), [], "{first}");
            for second in paths.into_iter().filter(|second| *second != first) {
                let router = || Router::<()>::new().route(first, get(|| async {})).route(second, get(|| async {}));
                let fits = catch_unwind(AssertUnwindSafe(|| drop(router()))).is_ok();
                assert_eq!(check_paths(&[("GET", first), ("GET", second)]).is_empty(), fits, "{first} and {second}");
            }
        }
    }

    #[test]
    fn a_path_that_the_router_would_panic_at_is_refused_with_what_to_write() {
        let wrong = [
            ("a", "write `/a`"),
            ("/a?b", "before `?`"),
            ("/grün", "percent-encoded"),
            ("/:id", "`{name}`"),
            ("/{", "partner"),
            ("/}", "partner"),
            ("/{}", "no name"),
            ("/{*}", "no name"),
            ("/{a b", "percent-encoded"),
            ("/{a/b}", "no name"),
            ("/{a}b", "ends its segment"),
            ("/{a}{b}", "ends its segment"),
            ("/{*a}/b", "write it last"),
            ("/{a}/{a}", "two parameters `a`"),
        ];
        for (path, says) in wrong {
            let problems = check_paths(&[("GET", path)]);
            assert_eq!(problems.len(), 1, "{path}");
            assert!(problems[0].reason.contains(says), "{}", problems[0].reason);
        }
        let long: String = (0..=MAX_PARAMETERS).map(|index| format!("/{{p{index}}}")).collect();
        assert_eq!(check_path(&long), Err(PathError::TooMany(long.clone())));
    }

    #[test]
    fn one_path_takes_several_methods_but_each_only_once() {
        assert_eq!(check_paths(&[("GET", "/a/{x}"), ("POST", "/a/{x}")]), []);
        let problems = check_paths(&[("GET", "/b"), ("GET", "/a"), ("POST", "/a"), ("GET", "/a")]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].places, [1, 3]);
        assert!(problems[0].reason.starts_with("GET `/a` is served twice"));
    }

    #[test]
    fn all_problems_are_found_at_once_with_their_places() {
        let problems = check_paths(&[("GET", "a"), ("GET", "/{x}"), ("POST", "/{y}"), ("GET", "/{*z}")]);
        let places: Vec<_> = problems.iter().map(|problem| problem.places.as_slice()).collect();
        assert_eq!(places, [&[0][..], &[1, 2], &[1, 3], &[2, 3]]);
    }
}
