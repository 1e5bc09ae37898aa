//! A proxy: its URL, checked. The credentials in it are never shown.

use super::BuildError;
use super::address::{host_of, masked, percent_decoded, split_scheme};
use super::transport::endpoint;
use http::Uri;
use std::fmt;

/// Where a proxy listens whose URL has no port: the ports of the protocols.
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;
const SOCKS_PORT: u16 = 1080;

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    /// HTTP, asked by CONNECT (RFC 9110 §9.3.6); it resolves the host's name.
    Http,
    /// The same over TLS, so that nobody on the way to the proxy sees who is asked for, nor the credentials.
    Https,
    /// SOCKS 5 (RFC 1928) with the name resolved here.
    Socks5,
    /// SOCKS 5 with the name resolved by the proxy.
    Socks5h,
}

/// A user and a password, as they are meant.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Vec<u8>,
    pub(crate) password: Vec<u8>,
}

/// A checked proxy. Display and Debug leave the credentials out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) kind: ProxyKind,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<Credentials>,
}

impl Proxy {
    pub(crate) fn parse(url: &str) -> Result<Self, BuildError> {
        let url = url.trim();
        let invalid = |reason: &str| BuildError::Proxy { proxy: masked(url), reason: reason.to_owned() };
        let Some((scheme, rest)) = split_scheme(url) else {
            // It may begin with a password.
            let proxy = url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, host)| format!("***@{host}"));
            let reason = format!("the scheme is missing: write `http://{proxy}` or `socks5://{proxy}`");
            return Err(BuildError::Proxy { proxy, reason });
        };
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "socks5" => ProxyKind::Socks5,
            "socks5h" => ProxyKind::Socks5h,
            "https" => ProxyKind::Https,
            _ => {
                return Err(invalid(
                    "its scheme is not known: write `http://`, `https://`, `socks5://` or `socks5h://`",
                ));
            }
        };
        let uri: Uri =
            format!("http://{rest}").parse().map_err(|_| invalid("it is no URL: percent-encode its password"))?;
        let authority = uri.authority().ok_or_else(|| invalid("the host is missing"))?;
        let host = host_of(&uri).map_err(invalid)?;
        if host.is_empty() {
            return Err(invalid("the host is missing: write `http://host:port`"));
        }
        let (_, place) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
        let port = match place.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.contains(']')) {
            Some(text) => match text.parse() {
                Ok(port) if port != 0 => port,
                _ => return Err(invalid(&format!("`{text}` is no port: write a number from 1 to 65535"))),
            },
            None => match kind {
                ProxyKind::Http => HTTP_PORT,
                ProxyKind::Https => HTTPS_PORT,
                ProxyKind::Socks5 | ProxyKind::Socks5h => SOCKS_PORT,
            },
        };
        let credentials = authority.as_str().rsplit_once('@').map(|(user, _)| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            Credentials { user: percent_decoded(user), password: percent_decoded(password) }
        });
        if let Some(Credentials { user, password }) = &credentials {
            // RFC 1929 §2 and RFC 7617 §2: what the two protocols can carry.
            let over_http = matches!(kind, ProxyKind::Http | ProxyKind::Https);
            let too_long = !over_http && (user.len() > 255 || password.len() > 255);
            if too_long || (over_http && user.contains(&b':')) {
                return Err(invalid("its user or password cannot be sent: at most 255 bytes each, no `:` in the user"));
            }
            if !over_http && user.is_empty() {
                return Err(invalid("its user is empty: write `socks5://user:password@host:port`"));
            }
        }
        Ok(Self { kind, host, port, credentials })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        };
        write!(f, "{scheme}://{}", endpoint(&self.host, self.port))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Proxy {
        Proxy::parse(url).expect("a good URL")
    }

    fn refused(url: &str) -> String {
        Proxy::parse(url).expect_err("a bad URL").to_string()
    }

    #[test]
    fn scheme_host_port_and_credentials_are_kept() {
        let proxy = parsed("http://me:p%40ss:word@[::1]:3128/");
        assert_eq!((proxy.kind, proxy.host.as_str(), proxy.port), (ProxyKind::Http, "::1", 3128));
        let credentials = proxy.credentials.expect("there are");
        assert_eq!((credentials.user.as_slice(), credentials.password.as_slice()), (&b"me"[..], &b"p@ss:word"[..]));
        assert_eq!(parsed("socks5://h").port, 1080);
        assert_eq!(parsed("SOCKS5H://h:1").kind, ProxyKind::Socks5h);
        assert_eq!(parsed("http://h").port, 80);
        assert_eq!((parsed("https://h").kind, parsed("https://h").port), (ProxyKind::Https, 443));
    }

    #[test]
    fn credentials_are_shown_nowhere() {
        let proxy = parsed("http://me:hunter2@h:1");
        assert_eq!(format!("{proxy} {proxy:?}"), "http://h:1 http://h:1");
        for url in [
            "https://me:hunter2@",
            "me:hunter2@h:1",
            "me:hunter2@h/ws://h",
            "http://me:hunter2@h:0",
            "ftp://me:hunter2@h",
            "http://me:hunter2@",
        ] {
            assert!(!refused(url).contains("hunter2"), "{}", refused(url));
        }
    }

    #[test]
    fn each_bad_url_is_told_what_to_write() {
        assert!(refused("proxy:3128").contains("write `http://proxy:3128`"));
        assert!(refused("ftp://proxy").contains("`socks5h://`"));
        assert!(refused("http://").contains("`http://`"));
        assert!(refused("http://h[1]:3128").contains("no IPv6 address"));
        assert!(refused("http://h:99999").contains("`99999` is no port"));
        assert!(refused(&format!("socks5://{}:x@h", "u".repeat(256))).contains("at most 255 bytes"));
    }
}
