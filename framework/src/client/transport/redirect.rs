//! Where a redirect leads: pure, and careful with what is sent there.

use crate::client::ConnectError;
use crate::client::address::Address;
use crate::client::shared::Request;
use crate::settings::{is_secret, mask_url};
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};

/// Whether a status names another place for the same request.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The request that a redirect asks for, after `followed` others.
pub(super) fn follow(request: &Request, answer: &HeaderMap, followed: u32) -> Result<Request, ConnectError> {
    let location = answer.get(header::LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let location = location.unwrap_or_default();
    let refused = |reason: String| ConnectError::Redirect { location: mask_url(&location), reason };
    let max = request.reach.max_redirects;
    if followed >= max {
        return Err(refused(format!("it is number {} in a row, and `max_redirects` is {max}", followed + 1)));
    }
    if location.is_empty() {
        return Err(refused("there is no `Location` in the answer".to_owned()));
    }
    let address = target(&request.address, &location).map_err(refused)?;
    if request.address.tls && !address.tls {
        return Err(refused("it leads from `wss` to `ws`, where everybody on the way could read along".to_owned()));
    }
    let mut next = Request { address, ..request.clone() };
    if !is_same_server(&request.address, &next.address) {
        let stay: Vec<_> = next.headers.keys().filter(|name| !may_travel(name)).cloned().collect();
        stay.into_iter().for_each(|name| drop(next.headers.remove(name)));
        next.reach.tls.server_name = None;
    }
    Ok(next)
}

/// The same host at the same port, or at the port for TLS instead of that without: another port may be another service.
fn is_same_server(from: &Address, to: &Address) -> bool {
    let upgraded = (from.tls, from.port) == (false, 80) && (to.tls, to.port) == (true, 443);
    from.unix == to.unix && from.host.eq_ignore_ascii_case(&to.host) && (from.port == to.port || upgraded)
}

/// Credentials are for the server that they were given for, and so is its name.
fn may_travel(name: &HeaderName) -> bool {
    *name != header::HOST && !is_secret(name.as_str())
}

/// RFC 3986 §5.2, for what may stand in a `Location`.
pub(in crate::client) fn target(base: &Address, location: &str) -> Result<Address, String> {
    let location = location.split('#').next().unwrap_or_default().trim();
    let scheme = location.split(['/', '?']).next().and_then(|start| start.split_once(':')).map(|(scheme, _)| scheme);
    let url = match scheme.map(str::to_ascii_lowercase).as_deref() {
        Some("ws" | "http") => format!("ws:{}", after_colon(location)),
        Some("wss" | "https") => format!("wss:{}", after_colon(location)),
        Some(scheme) => return Err(format!("its scheme `{scheme}` is none of a WebSocket")),
        None if location.starts_with("//") => format!("{}:{location}", if base.tls { "wss" } else { "ws" }),
        None => return Ok(Address { resource: resource(&base.resource, location)?, ..base.clone() }),
    };
    Address::parse(&url).map_err(|error| error.to_string())
}

fn after_colon(url: &str) -> &str {
    url.split_once(':').map_or("", |(_, rest)| rest)
}

/// A path that is relative to another one, or a query alone.
fn resource(base: &str, relative: &str) -> Result<String, String> {
    let base = base.split('?').next().unwrap_or_default();
    let (path, query) = match relative.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (relative, String::new()),
    };
    let whole = match path {
        "" => base.to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("{}/{path}", base.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    let resource = without_dots(&whole) + &query;
    match resource.parse::<Uri>() {
        Ok(_) if resource.is_ascii() => Ok(resource),
        _ => Err("it is no URL".to_owned()),
    }
}

/// RFC 3986 §5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            ".." => drop(kept.pop()),
            "." => {}
            segment => kept.push(segment),
        }
        if last && matches!(segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Surroundings;
    use crate::client::reach::ReachOptions;
    use std::time::Duration;

    fn followed(url: &str, location: &'static str) -> Result<Request, ConnectError> {
        let options = ReachOptions { max_redirects: 1, ..ReachOptions::default() };
        let request = Request {
            address: Address::parse(url).expect("a good URL"),
            headers: HeaderMap::new(),
            subprotocols: Vec::new(),
            require_subprotocol: false,
            compression: None,
            timeout: Duration::ZERO,
            reach: options.check(&Surroundings::default()).expect("nothing was said"),
            prepare: None,
        };
        let mut answer = HeaderMap::new();
        answer.insert(header::LOCATION, http::HeaderValue::from_static(location));
        follow(&request, &answer, 0)
    }

    #[test]
    fn what_was_encrypted_stays_so() {
        for location in ["ws://h/", "http://h/?token=hunter2", "HTTP://other/"] {
            let text = followed("wss://h/", location).expect_err("it leads to `ws`").to_string();
            assert!(text.contains("from `wss` to `ws`") && !text.contains("hunter2"), "{text}");
        }
        assert!(followed("wss://h/", "//other/").expect("it stays").address.tls);
        assert!(followed("ws://h/", "https://h/").expect("it gets better").address.tls);
    }

    fn resolved(base: &str, location: &str) -> String {
        let base = Address::parse(base).expect("a good URL");
        target(&base, location).map_or_else(|reason| reason, |address| address.to_string())
    }

    #[test]
    fn a_location_is_read_as_rfc_3986_says() {
        let base = "ws://h:1/b/c/d?q";
        for (location, leads) in [
            ("/x?y", "ws://h:1/x?y"),
            ("g", "ws://h:1/b/c/g"),
            ("./g/", "ws://h:1/b/c/g/"),
            ("../g", "ws://h:1/b/g"),
            ("../../../g", "ws://h:1/g"),
            ("..", "ws://h:1/b/"),
            ("?y", "ws://h:1/b/c/d?y"),
            ("g#s", "ws://h:1/b/c/g"),
            ("//g/x", "ws://g/x"),
            ("https://g", "wss://g/"),
            ("HTTP://g:2/x", "ws://g:2/x"),
            ("wss://g/a:b", "wss://g/a:b"),
            ("a/b:c", "ws://h:1/b/c/a/b:c"),
        ] {
            assert_eq!(resolved(base, location), leads, "{location}");
        }
    }

    #[test]
    fn what_is_no_place_for_a_websocket_is_told() {
        assert!(resolved("ws://h/", "mailto:me@h").contains("scheme `mailto`"));
        assert!(resolved("ws://h/", "ws+unix:/s").contains("scheme `ws+unix`"));
        assert!(resolved("ws://h/", "http://").contains("no WebSocket URL"));
        assert!(resolved("ws://h/", "/a b").contains("no URL"));
    }

    #[test]
    fn another_port_is_another_server_unless_it_is_that_of_tls() {
        let same = |from: &str, to: &str| {
            is_same_server(&Address::parse(from).expect("a good URL"), &Address::parse(to).expect("a good URL"))
        };
        assert!(same("ws://h/a", "ws://H/b"));
        assert!(same("ws://h/", "wss://h/"));
        assert!(!same("ws://h/", "ws://h:81/"));
        assert!(!same("ws://h:8080/", "wss://h/"));
        assert!(!same("ws://h/", "ws://www.h/"));
    }

    #[test]
    fn headers_that_name_a_secret_stay_where_they_were_meant_for() {
        let stays = ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "host"];
        assert!(stays.iter().all(|name| !may_travel(&name.parse().expect("a name"))));
        assert!(
            ["x-client", "origin", "accept-language"].iter().all(|name| may_travel(&name.parse().expect("a name")))
        );
    }
}
