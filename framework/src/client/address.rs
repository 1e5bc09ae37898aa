//! Where a client connects: a WebSocket URL (RFC 6455 §3), checked.

use super::BuildError;
use super::transport::endpoint;
use crate::settings::mask_url;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// How the URL of a Unix socket begins; the field writes it without `//`, as in `ws+unix:/run/app.sock:/feed`.
const UNIX: &str = "ws+unix:";

/// A checked WebSocket URL. Display masks a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    /// The socket's path, where it is a Unix socket.
    pub(crate) unix: Option<PathBuf>,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The value of the `Host` header.
    pub(crate) authority: String,
    /// Path and query as they were given, at least `/`.
    pub(crate) resource: String,
    /// `Basic …`, from a user and password in the URL.
    pub(crate) authorization: Option<String>,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, BuildError> {
        let url = url.trim();
        let shown = masked(url);
        let invalid = |reason: &str| BuildError::Url { url: shown.clone(), reason: reason.to_owned() };
        if url.is_empty() {
            return Err(invalid("it is empty: write `ws://host:port/path`"));
        }
        if let Some((_, rest)) = url.split_at_checked(UNIX.len()).filter(|(start, _)| start.eq_ignore_ascii_case(UNIX))
        {
            return Self::of_unix_socket(rest).map_err(invalid);
        }
        let Some((scheme, rest)) = split_scheme(url) else {
            return Err(invalid(&format!("the scheme is missing: write `ws://{shown}` or `wss://{shown}`")));
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            other => {
                let secure = if other == "https" { "wss" } else { "ws" };
                let instead = format!("{secure}://{}", masked_rest(rest));
                return Err(BuildError::Scheme { url: shown, scheme: scheme.to_owned(), instead });
            }
        };
        if url.contains('#') {
            return Err(invalid(
                "it has a fragment, which a WebSocket URL must not (RFC 6455 §3): write `%23` for a `#`",
            ));
        }
        if let Some(odd) = rest.chars().find(|c| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
            return Err(invalid(&format!(
                "it has the character {odd:?}: percent-encode it, or write the host in Punycode"
            )));
        }
        let uri: Uri =
            format!("ws://{rest}").parse().map_err(|error: http::uri::InvalidUri| invalid(&error.to_string()))?;
        let authority = uri.authority().ok_or_else(|| invalid("the host is missing"))?.as_str();
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let host = host_of(&uri).map_err(invalid)?;
        if host.is_empty() {
            return Err(invalid("the host is missing: write `ws://host:port/path`"));
        }
        let port = match authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.contains(']')) {
            Some(text) => text
                .parse()
                .ok()
                .filter(|&port| port != 0)
                .ok_or_else(|| invalid(&format!("`{text}` is no port: write a number from 1 to 65535")))?,
            None if tls => 443,
            None => 80,
        };
        let resource = match uri.path_and_query().map(|resource| resource.as_str()) {
            None | Some("") => "/".to_owned(),
            Some(query) if query.starts_with('?') => format!("/{query}"),
            Some(resource) => resource.to_owned(),
        };
        let authorization = user.map(|user| format!("Basic {}", STANDARD.encode(percent_decoded(user))));
        Ok(Self { tls, unix: None, host, port, authority: authority.to_owned(), resource, authorization })
    }
}

impl Address {
    /// `/path/to/socket:/resource?query`, as Node's `ws` has it; `//` before it is let pass.
    fn of_unix_socket(rest: &str) -> Result<Self, &'static str> {
        if cfg!(not(unix)) {
            return Err("this platform has no Unix sockets");
        }
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, resource) = rest.split_once(':').unwrap_or((rest, "/"));
        if !path.starts_with('/') || path.ends_with('/') {
            return Err("the socket's path is missing: write `ws+unix:/path/to/socket:/resource`");
        }
        let path = String::from_utf8(percent_decoded(path)).map_err(|_| "the socket's path is no UTF-8")?;
        let is_resource = resource.starts_with('/') && resource.is_ascii() && !resource.contains('#');
        if !is_resource || resource.parse::<Uri>().is_err() {
            return Err("what follows the socket's path is no path: write `ws+unix:/path/to/socket:/resource`");
        }
        let (host, resource) = ("localhost".to_owned(), resource.to_owned());
        let authority = host.clone();
        Ok(Self { tls: false, unix: Some(path.into()), host, port: 0, authority, resource, authorization: None })
    }
}

/// Host and port, as errors show them.
impl Address {
    /// As it is asked for, the secrets of its query included.
    pub(crate) fn full(&self) -> String {
        if let Some(path) = &self.unix {
            return format!("{UNIX}{}:{}", path.display(), self.resource);
        }
        let scheme = if self.tls { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.authority, self.resource)
    }

    pub(crate) fn endpoint(&self) -> String {
        match &self.unix {
            Some(path) => format!("unix:{}", path.display()),
            None => endpoint(&self.host, self.port),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_url(&self.full()))
    }
}

/// The host without the brackets of an IPv6 address, which stand around nothing else (RFC 3986 §3.2.2).
pub(super) fn host_of(uri: &Uri) -> Result<String, &'static str> {
    let host = uri.host().unwrap_or_default();
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) if address.parse::<Ipv6Addr>().is_ok() => Ok(address.to_owned()),
        None if !host.contains(['[', ']']) => Ok(host.to_owned()),
        _ => Err("what stands in brackets is no IPv6 address: write `[::1]`"),
    }
}

/// The URL without its user and password, however odd it is: whatever stands before the last `@` may be one.
pub(super) fn masked(url: &str) -> String {
    match split_scheme(url) {
        Some((scheme, rest)) => format!("{scheme}://{}", masked_rest(rest)),
        None => masked_rest(url),
    }
}

/// What stands before `://`, where it is a scheme (RFC 3986 §3.1), and what stands behind it. In `me:secret@host/ws://` there
/// is none, but a password.
pub(super) fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    url.split_once("://").filter(|(scheme, _)| is_scheme(scheme))
}

fn masked_rest(rest: &str) -> String {
    match rest.rfind('@') {
        Some(at) => format!("***@{}", &rest[at + 1..]),
        None => rest.to_owned(),
    }
}

/// A user and password as they are meant (RFC 3986 §2.1).
pub(super) fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        let escaped = match behind {
            [high, low, ..] if *byte == b'%' => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*byte));
        rest = &behind[if escaped.is_some() { 2 } else { 0 }..];
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Address {
        Address::parse(url).expect("a good URL")
    }

    fn refused(url: &str) -> String {
        Address::parse(url).expect_err("a bad URL").to_string()
    }

    #[test]
    fn path_query_and_tls_are_kept() {
        let address = parsed("wss://example.com/a/b%20c?x=1&y=%2F");
        assert_eq!(address.resource, "/a/b%20c?x=1&y=%2F");
        assert_eq!((address.tls, address.host.as_str(), address.port), (true, "example.com", 443));
        assert_eq!(parsed("ws://h?x=1").resource, "/?x=1");
        assert_eq!(parsed("WS://h").resource, "/");
    }

    #[test]
    fn an_ipv6_address_keeps_its_brackets_in_the_host_header_only() {
        let address = parsed("ws://[::1]:8080/x");
        assert_eq!((address.host.as_str(), address.port, address.authority.as_str()), ("::1", 8080, "[::1]:8080"));
        assert_eq!(address.endpoint(), "[::1]:8080");
        assert_eq!(parsed("ws://[::1]/").port, 80);
    }

    #[test]
    fn a_user_and_password_become_basic_authorization_and_are_never_shown() {
        let address = parsed("ws://me:p%40ss@host/x");
        assert_eq!(address.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(address.to_string(), "ws://host/x");
        assert!(!refused("ws://me:secret@host/#x").contains("secret"));
        for odd in [
            "me:secret@host/ws://host/",
            "http://me:secret@host/",
            "me:secret@host",
            "ws:/me:secret@host",
            "ws://me:a/secret@host/ x",
        ] {
            assert!(!refused(odd).contains("secret"), "{odd}");
        }
        assert_eq!(parsed("ws://host/x?access_token=secret&a=1").to_string(), "ws://host/x?access_token=***&a=1");
    }

    #[cfg(unix)]
    #[test]
    fn a_unix_socket_is_a_path_and_a_resource() {
        for url in ["ws+unix:/run/my%20app.sock:/feed?x=1", "WS+UNIX:///run/my%20app.sock:/feed?x=1"] {
            let address = parsed(url);
            assert_eq!(address.unix.as_deref(), Some("/run/my app.sock".as_ref()), "{url}");
            assert_eq!((address.resource.as_str(), address.authority.as_str()), ("/feed?x=1", "localhost"));
            assert_eq!(address.endpoint(), "unix:/run/my app.sock");
        }
        assert_eq!(parsed("ws+unix:/run/app.sock").resource, "/");
        assert_eq!(parsed("ws+unix:/run/größe%+1.sock").unix.as_deref(), Some("/run/größe%+1.sock".as_ref()));
        assert!(refused("ws+unix:app.sock").contains("write `ws+unix:/path/to/socket:/resource`"));
        assert!(refused("ws+unix:/app.sock:feed").contains("is no path"));
        assert!(refused("ws+unix://").contains("path is missing"));
    }

    #[test]
    fn a_web_url_is_refused_with_the_url_to_write_instead() {
        assert_eq!(refused("https://h/x"), "`https://h/x` has the scheme `https`: write `wss://h/x`");
        assert_eq!(refused("http://h:1/x"), "`http://h:1/x` has the scheme `http`: write `ws://h:1/x`");
    }

    #[test]
    fn each_bad_url_is_told_what_is_wrong_with_it() {
        assert!(refused("").contains("it is empty"));
        assert!(refused("localhost:20001").contains("write `ws://localhost:20001`"));
        assert!(refused("ws://").contains("is no WebSocket URL"));
        assert!(refused("ws:///path").contains("is no WebSocket URL"));
        assert!(refused("ws://h:99999/").contains("is no WebSocket URL"));
        assert!(refused("ws://h:0/").contains("`0` is no port"));
        assert!(refused("ws://h/#top").contains("fragment"));
        assert!(refused("ws://h[1]/").contains("no IPv6 address"));
        assert!(refused("ws://[h]/").contains("no IPv6 address"));
        assert!(refused("ws://h/a b").contains("' '"));
        assert!(refused("ws://müller.de/").contains("Punycode"));
    }
}
