//! The proxies that an environment names, and whom it exempts: pure, the variables are handed in.

use super::BuildError;
use super::address::Address;
use super::proxy::Proxy;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Asked in this order for `wss`; the lower case wins, as everywhere else.
const FOR_WSS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// Asked in this order for `ws`.
const FOR_WS: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// Hosts that are reached without a proxy.
const EXEMPT: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// A variable that says that the environment was made of an HTTP request (RFC 3875 §4.1.12).
const CGI: &str = "REQUEST_METHOD";

/// The proxies that the variables of an environment name: `HTTPS_PROXY` and then `ALL_PROXY` for `wss`, `HTTP_PROXY` and
/// then `ALL_PROXY` for `ws`, none for the hosts in `NO_PROXY`. Each also in lower case, which wins.
///
/// `NO_PROXY` is a list, with commas or spaces: a host's name, which stands for all below it, too (`example.com`,
/// `.example.com` and `*.example.com` say the same); an IP address; a range of them (`10.0.0.0/8`); each with or without
/// a port (`example.com:8080`); `*` for all. `localhost` and loopback addresses are never reached through a proxy of the
/// environment.
///
/// A value without a scheme is that of an HTTP proxy. This library reads no variable itself:
///
/// ```
/// use bristle::{ProxyEnvironment, WebSocketClient};
///
/// let environment = ProxyEnvironment::from_variables(std::env::vars());
/// let client = WebSocketClient::builder("wss://example.com/feed").proxy_environment(environment);
/// ```
#[derive(Clone, Default)]
pub struct ProxyEnvironment {
    variables: Arc<BTreeMap<String, String>>,
}

impl ProxyEnvironment {
    /// Takes what concerns proxies from the variables of an environment.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = |name: &str| [&FOR_WSS[..], &FOR_WS, &EXEMPT, &[CGI]].concat().contains(&name);
        let mut variables: BTreeMap<_, _> =
            variables.into_iter().filter(|(name, text)| known(name) && !text.trim().is_empty()).collect();
        // In a CGI program whoever sends a request sets this variable, by a header `Proxy`.
        if variables.remove(CGI).is_some() {
            variables.remove("HTTP_PROXY");
        }
        Self { variables: Arc::new(variables) }
    }

    /// The proxy for an address, if there is one.
    pub(crate) fn proxy_for(&self, address: &Address) -> Result<Option<Proxy>, BuildError> {
        let names = if address.tls { FOR_WSS } else { FOR_WS };
        let Some((name, text)) = self.first(&names) else { return Ok(None) };
        if is_loopback(&address.host) || self.exempts(&address.host, address.port) {
            return Ok(None);
        }
        let text = text.trim();
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let named = |error| match error {
            BuildError::Proxy { proxy, reason } => {
                BuildError::Proxy { proxy, reason: format!("{reason} (it is that of the variable {name})") }
            }
            error => error,
        };
        Proxy::parse(&url).map(Some).map_err(named)
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|&name| Some((name, self.variables.get(name)?.as_str())))
    }

    fn exempts(&self, host: &str, port: u16) -> bool {
        let Some((_, list)) = self.first(&EXEMPT) else { return false };
        let mut entries = list.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty());
        entries.any(|entry| matches(entry, host, port))
    }
}

/// The values may have credentials in them.
impl fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProxyEnvironment").field(&self.variables.keys()).finish()
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an entry of `NO_PROXY` is meant for a host.
fn matches(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let (name, only) = split_port(entry);
    if only.is_some_and(|only| only != port) {
        return false;
    }
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return match name.split_once('/') {
            Some((network, bits)) => in_network(address, network, bits),
            None => name.parse() == Ok(address),
        };
    }
    let name = name.trim_start_matches('*').trim_matches('.').to_ascii_lowercase();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let rest = host.strip_suffix(&name);
    !name.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An IPv6 address has a port only behind brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn in_network(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (address.to_bits().into(), network.to_bits().into(), 32),
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    let different: u128 = address ^ network;
    bits <= width && different.checked_shr(width - bits).unwrap_or_default() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<const N: usize>(variables: [(&str, &str); N]) -> ProxyEnvironment {
        ProxyEnvironment::from_variables(variables.map(|(name, text)| (name.to_owned(), text.to_owned())))
    }

    fn proxy<const N: usize>(variables: [(&str, &str); N], url: &str) -> Option<String> {
        let address = Address::parse(url).expect("a good URL");
        environment(variables).proxy_for(&address).expect("a good proxy").map(|proxy| proxy.to_string())
    }

    fn exempt(list: &str, url: &str) -> bool {
        proxy([("ALL_PROXY", "http://p:1"), ("NO_PROXY", list)], url).is_none()
    }

    #[test]
    fn each_scheme_has_its_variable_and_falls_back_to_the_one_for_all() {
        let all = [("HTTP_PROXY", "http://plain:1"), ("HTTPS_PROXY", "http://tls:1"), ("ALL_PROXY", "socks5://all")];
        assert_eq!(proxy(all, "ws://h/").as_deref(), Some("http://plain:1"));
        assert_eq!(proxy(all, "wss://h/").as_deref(), Some("http://tls:1"));
        assert_eq!(proxy([all[0], all[2]], "wss://h/").as_deref(), Some("socks5://all:1080"));
        assert_eq!(proxy([all[1]], "ws://h/"), None);
        assert_eq!(proxy([("HTTP_PROXY", " "), all[2]], "ws://h/").as_deref(), Some("socks5://all:1080"));
    }

    #[test]
    fn lower_case_wins_and_a_value_without_a_scheme_is_an_http_proxy() {
        let both = [("https_proxy", "small:3128"), ("HTTPS_PROXY", "http://large:1")];
        assert_eq!(proxy(both, "wss://h/").as_deref(), Some("http://small:3128"));
    }

    #[test]
    fn a_request_to_a_cgi_program_cannot_choose_its_proxy() {
        assert_eq!(proxy([("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")], "ws://h/"), None);
    }

    #[test]
    fn ones_own_machine_is_never_reached_through_a_proxy_of_the_environment() {
        for url in ["ws://localhost/", "ws://LOCALHOST:1/", "ws://127.0.0.2/", "ws://[::1]/"] {
            assert_eq!(proxy([("ALL_PROXY", "http://p:1")], url), None, "{url}");
        }
    }

    #[test]
    fn a_name_stands_for_itself_and_all_below_it() {
        for entry in ["example.com", ".example.com", "*.example.com", "a.org, EXAMPLE.com", "a.org example.com"] {
            assert!(exempt(entry, "ws://example.com/"), "{entry}");
            assert!(exempt(entry, "ws://a.Example.com./"), "{entry}");
            assert!(!exempt(entry, "ws://badexample.com/"), "{entry}");
        }
        assert!(exempt("*", "wss://anything/"));
        assert!(!exempt(".", "wss://anything/"));
    }

    #[test]
    fn a_port_limits_an_entry_to_it() {
        assert!(exempt("example.com:8080", "ws://example.com:8080/"));
        assert!(!exempt("example.com:8080", "ws://example.com/"));
        assert!(exempt("[fd00::1]:80", "ws://[fd00::1]/"));
        assert!(!exempt("[fd00::1]:81", "ws://[fd00::1]/"));
    }

    #[test]
    fn addresses_are_told_by_value_and_by_range() {
        assert!(exempt("10.1.2.3", "ws://10.1.2.3/"));
        assert!(exempt("10.0.0.0/8", "ws://10.1.2.3/"));
        assert!(!exempt("10.0.0.0/8", "ws://11.1.2.3/"));
        assert!(exempt("0.0.0.0/0", "ws://11.1.2.3/"));
        assert!(exempt("fd00::/8", "ws://[fd12::1]/"));
        assert!(exempt("fd00::1", "ws://[fd00::1]/"));
        assert!(!exempt("::/0", "ws://11.1.2.3/"));
        assert!(!exempt("10.0.0.0/99", "ws://10.0.0.0/"));
        assert!(!exempt("10.0.0.0/8", "ws://ten.example/"));
    }

    #[test]
    fn a_value_that_is_no_proxy_is_told_by_its_variable_and_without_its_password() {
        let environment = environment([("ALL_PROXY", "ftp://me:hunter2@p")]);
        let address = Address::parse("ws://h/").expect("a good URL");
        let text = environment.proxy_for(&address).expect_err("no proxy").to_string();
        assert!(text.contains("ALL_PROXY") && !text.contains("hunter2"), "{text}");
        assert!(!format!("{environment:?}").contains("hunter2"));
    }
}
