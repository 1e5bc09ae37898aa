//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

/// One extension of the list, as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) name: String,
    /// In their order. A value in quotes is here without them.
    pub(super) parameters: Vec<(String, Option<String>)>,
}

/// The extensions that one line of the header lists; `None` for a line against the grammar.
pub(super) fn parse(line: &[u8]) -> Option<Vec<Extension>> {
    let mut rest = Rest(line);
    let mut list = Vec::new();
    loop {
        // RFC 9110 §5.6.1: whoever reads a list takes empty elements in it.
        while rest.take(b',') {}
        if rest.is_over() {
            return Some(list);
        }
        let mut extension = Extension { name: rest.token()?, parameters: Vec::new() };
        while rest.take(b';') {
            let name = rest.token()?;
            let value = if rest.take(b'=') { Some(rest.value()?) } else { None };
            extension.parameters.push((name, value));
        }
        list.push(extension);
        if !rest.is_over() && !rest.take(b',') {
            return None;
        }
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn skip_spaces(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    fn is_over(&mut self) -> bool {
        self.skip_spaces();
        self.0.is_empty()
    }

    /// Whether this byte comes next; then it is read.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn token(&mut self) -> Option<String> {
        self.skip_spaces();
        let end = self.0.iter().position(|byte| !is_token(*byte)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        text(token)
    }

    /// A token, or one in quotes: what is in them must be a token, too.
    fn value(&mut self) -> Option<String> {
        if !self.take(b'"') {
            return self.token();
        }
        let mut value = Vec::new();
        loop {
            let (byte, rest) = match self.0 {
                [b'"', rest @ ..] => {
                    self.0 = rest;
                    return text(&value);
                }
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] => (*byte, rest),
                [] => return None,
            };
            if !is_token(byte) {
                return None;
            }
            value.push(byte);
            self.0 = rest;
        }
    }
}

fn text(token: &[u8]) -> Option<String> {
    if token.is_empty() { None } else { String::from_utf8(token.to_vec()).ok() }
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `name;parameter;parameter=value`, with `, ` between extensions.
    fn shown(line: &str) -> Option<String> {
        let parameter = |(name, value): &(String, Option<String>)| match value {
            Some(value) => format!(";{name}={value}"),
            None => format!(";{name}"),
        };
        let list = parse(line.as_bytes())?;
        let list = list.iter().map(|one| one.parameters.iter().map(parameter).fold(one.name.clone(), |a, b| a + &b));
        Some(list.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn every_way_to_write_the_same_offer_is_read() {
        for line in ["a;b;c=10", "a; b; c=10", " a ;b ; c = 10 ", r#"a; b; c="10""#, r#"a;b;c="\10""#, ",a;b;c=10 , ,"]
        {
            assert_eq!(shown(line).as_deref(), Some("a;b;c=10"), "{line}");
        }
        assert_eq!(shown("a, b;c, a").as_deref(), Some("a, b;c, a"));
        assert_eq!(shown("").as_deref(), Some(""));
    }

    #[test]
    fn what_is_against_the_grammar_is_not_guessed_at() {
        for line in [
            "a;",
            "a;;b",
            "a b",
            "a;b=",
            r#"a;b=""#,
            r#"a;b="""#,
            r#"a;b="1 0""#,
            r#"a;b="1"0"#,
            "a=1",
            ";a",
            "a;b=\u{e9}",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }
}
