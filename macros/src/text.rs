//! What the strings in an attribute must look like, and what to write where one does not.

/// A duration in milliseconds, from text such as `250ms`, `30s`, `5m` or `1h`.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.is_empty() || unit.starts_with('.') {
        return Err(format!("`{text}` is no duration: write a whole number and a unit, as in `250ms` or `30s`"));
    }
    if unit.is_empty() {
        return Err(format!("a timeout has a unit: write `{text}s` or `{text}ms`"));
    }
    let Some((_, milliseconds)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("`{}` is no unit of time: write `ms`, `s`, `m` or `h`, as in `{number}s`", unit.trim()));
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(*milliseconds)) {
        Some(0) => Err(format!("`{text}` leaves no time at all: write a duration greater than zero")),
        Some(total) => Ok(total),
        None => Err(format!("`{text}` is longer than can be counted: write a shorter one")),
    }
}

/// The URL of a proxy.
pub(crate) fn proxy(text: &str) -> Result<(), String> {
    match text.split_once("://") {
        Some((scheme, host)) if ["http", "https", "socks5", "socks5h"].contains(&scheme) && !host.is_empty() => Ok(()),
        _ => Err("a proxy is `http://host:port`, `https://host:port`, `socks5://host:port` or `socks5h://host:port`"
            .to_owned()),
    }
}

/// A WebSocket address.
pub(crate) fn url(text: &str) -> Result<(), String> {
    if let Some(rest) = text.strip_prefix("ws+unix:") {
        return match rest.starts_with('/') {
            true => Ok(()),
            false => Err(format!("a Unix socket is named by its whole path: write `ws+unix:/path/to/{rest}`")),
        };
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("`{text}` has no scheme: write `ws://{text}`, or `wss://{text}` for TLS"));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "wss" => {}
        "http" => {
            return Err(format!("`http` is no WebSocket scheme: write `ws://{rest}`"));
        }
        "https" => {
            return Err(format!("`https` is no WebSocket scheme: write `wss://{rest}`"));
        }
        _ => {
            return Err(format!("`{scheme}` is no WebSocket scheme: write `ws://{rest}` or `wss://{rest}`"));
        }
    }
    if let Some((before, _)) = text.split_once('#') {
        return Err(format!("a WebSocket address has no `#fragment`: write `{before}`"));
    }
    if let Some(space) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("an address has no {space:?} in it: write `%20` for a space, and nothing around it"));
    }
    if rest.starts_with(['/', '?', ':']) || rest.is_empty() {
        return Err(format!("`{text}` names no host: write `{scheme}://127.0.0.1:20001/`"));
    }
    Ok(())
}

/// The path of an endpoint or a route.
pub(crate) fn path(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err(format!("a path begins with `/`: write `/{text}`"));
    }
    if let Some((before, _)) = text.split_once(['?', '#']) {
        return Err(format!("a path has no query and no fragment: write `{before}`"));
    }
    let segments: Vec<&str> = text[1..].split('/').collect();
    let mut names = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let Some(name) = parameter(segment)? else {
            continue;
        };
        if name.starts_with('*') && index + 1 < segments.len() {
            return Err(format!("`{{{name}}}` takes the rest of the path: write it last"));
        }
        let name = name.trim_start_matches('*');
        if names.contains(&name) {
            return Err(format!("two parameters are called `{name}`: give each a name of its own"));
        }
        names.push(name);
    }
    Ok(())
}

/// The parameter of a path's segment; a router allows one, at the segment's end.
fn parameter(segment: &str) -> Result<Option<&str>, String> {
    if let Some(name) = segment.strip_prefix(':') {
        return Err(format!("a parameter stands in braces: write `{{{name}}}` instead of `:{name}`"));
    }
    if let Some(name) = segment.strip_prefix('*') {
        let name = if name.is_empty() { "rest" } else { name };
        return Err(format!("the rest of a path is a parameter in braces: write `{{*{name}}}` instead of `{segment}`"));
    }
    if segment.contains("{{") || segment.contains("}}") {
        let single = segment.replace("{{", "{").replace("}}", "}");
        return Err(format!("a parameter stands in one pair of braces: write `{single}` instead of `{segment}`"));
    }
    let Some(open) = segment.find('{') else {
        return match segment.contains('}') {
            true => Err(format!("`{segment}` closes a brace that it never opened: write `{{name}}`")),
            false => Ok(None),
        };
    };
    let inside = &segment[open + 1..];
    let Some(close) = inside.find('}') else {
        return Err(format!("`{segment}` opens a brace and never closes it: write `{segment}}}`"));
    };
    let (name, after) = (&inside[..close], &inside[close + 1..]);
    if !after.is_empty() {
        return Err(format!("`{segment}` goes on after its parameter: write the parameter last, as in `/{{{name}}}`"));
    }
    let plain = name.strip_prefix('*').unwrap_or(name);
    if plain.is_empty() || !plain.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(format!("`{{{name}}}` is no parameter: write a name of letters, digits and `_`, as in `{{room}}`"));
    }
    Ok(Some(name))
}

/// A header's name or a subprotocol: what RFC 9110 calls a token.
pub(crate) fn token(text: &str) -> Result<(), String> {
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(*c)) {
        _ if text.is_empty() => Err("the name is empty: write at least one letter".to_owned()),
        Some(wrong) => Err(format!("{text:?} cannot have {wrong:?} in it: write letters, digits and `-`, `.` or `_`")),
        None => Ok(()),
    }
}

/// A header's value.
pub(crate) fn header_value(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control() && *c != '\t') {
        Some(wrong) => Err(format!("a header's value is one line: write it without {wrong:?}")),
        None => Ok(()),
    }
}

/// Whether a text is an origin, as browsers send it (RFC 6454 §6.2).
pub(crate) fn origin(text: &str) -> Result<(), String> {
    let host = text.split_once("://").map(|(_, host)| host);
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(()),
        _ => Err(format!("`{text}` is no origin: write scheme and host without a path, as in `https://example.com`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(duration("250ms"), Ok(250));
        assert_eq!(duration("30s"), Ok(30_000));
        assert_eq!(duration("5m"), Ok(300_000));
        assert_eq!(duration("2h"), Ok(7_200_000));
    }

    #[test]
    fn a_duration_without_sense_says_what_to_write() {
        let wrong = |text| duration(text).expect_err("no duration");
        assert_eq!(wrong("30"), "a timeout has a unit: write `30s` or `30ms`");
        assert!(wrong("30 s").contains("`s` is no unit") || wrong("30 s").contains("as in `30s`"));
        assert!(wrong("2d").contains("`d` is no unit of time"));
        assert!(wrong("0s").contains("greater than zero"));
        assert!(wrong("1.5s").contains("a whole number"));
        assert!(wrong("").contains("is no duration"));
        assert!(wrong("9999999999999999999h").contains("shorter"));
    }

    #[test]
    fn an_address_is_ws_or_wss_and_the_message_writes_it_out() {
        assert_eq!(url("ws://192.168.1.3:20001/path?query=1"), Ok(()));
        assert_eq!(url("WSS://[::1]/"), Ok(()));
        let wrong = |text| url(text).expect_err("no address");
        assert!(wrong("http://a/b").ends_with("write `ws://a/b`"));
        assert!(wrong("https://a/b").ends_with("write `wss://a/b`"));
        assert!(wrong("ftp://a").contains("`ftp`"));
        assert!(wrong("localhost:1").contains("write `ws://localhost:1`"));
        assert!(wrong("ws://a/#b").ends_with("write `ws://a/`"));
        assert!(wrong("ws:///x").contains("names no host"));
        assert!(wrong("ws://a b").contains("' '"));
    }

    #[test]
    fn a_path_has_its_parameters_in_braces() {
        for right in ["/", "/chat/{room}", "/a/{b}/c/{d}", "/file-{name}", "/files/{*rest}", "/a/"] {
            assert_eq!(path(right), Ok(()), "{right}");
        }
        for (wrong, says) in [
            ("chat", "write `/chat`"),
            ("/a?b", "write `/a`"),
            ("/:room", "write `{room}`"),
            ("/*", "write `{*rest}`"),
            ("/{room", "never closes it"),
            ("/room}", "never opened"),
            ("/{a}{b}", "parameter last"),
            ("/{}", "is no parameter"),
            ("/{{a}}", "write `{a}`"),
            ("/{*a}/b", "write it last"),
            ("/{a}/{a}", "called `a`"),
        ] {
            let message = path(wrong).expect_err(wrong);
            assert!(message.contains(says), "{wrong}: {message}");
        }
    }

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(token("X-Api-Key"), Ok(()));
        assert!(token("a b").is_err());
        assert!(token("").is_err());
        assert!(header_value("Bearer x\r\nX: y").is_err());
    }
}
