//! Just enough of Rust's grammar to see which paths a source names.

/// A path as `crate::client::Reconnect`, where it stands, and in how many modules of the file.
#[derive(Debug)]
pub(crate) struct ImportPath {
    pub(crate) parts: Vec<String>,
    pub(crate) line: usize,
    pub(crate) inline: usize,
    pub(crate) test: bool,
}

impl ImportPath {
    pub(crate) fn text(&self) -> String {
        self.parts.join("::")
    }
}

/// Every path with at least two parts; a tree of imports yields one for each leaf.
pub(crate) fn paths(source: &[Token]) -> Vec<ImportPath> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < source.len() {
        if source[at].is_name() && source.get(at + 1).is_some_and(|token| token.text == "::") {
            at = follow(source, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Follows a path from its part at `at` on, and returns what comes after it.
fn follow(source: &[Token], mut at: usize, before: &[String], found: &mut Vec<ImportPath>) -> usize {
    let mut parts = before.to_vec();
    let start = &source[at];
    while let Some(part) = source.get(at).filter(|token| token.is_name() || token.text == "*") {
        parts.push(part.text.clone());
        at += 1;
        if source.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        at += 1;
    }
    if source.get(at).is_some_and(|token| token.text == "{") && source[at - 1].text == "::" {
        at += 1;
        while source.get(at).is_some_and(|token| token.text != "}") {
            let leaf = source[at].is_name() || source[at].text == "*";
            at = if leaf { follow(source, at, &parts, found) } else { at + 1 };
        }
        return at + 1;
    }
    // `as other` of a leaf.
    while !before.is_empty() && source.get(at).is_some_and(Token::is_name) {
        at += 1;
    }
    found.push(ImportPath { parts, line: start.line, inline: start.inline, test: start.test });
    at
}

/// A word or a sign of the source; comments, texts and lifetimes are none.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// How many `mod name { … }` of the file it stands in.
    pub(crate) inline: usize,
    /// Whether it belongs to an item under `#[cfg(test)]`.
    pub(crate) test: bool,
}

impl Token {
    pub(crate) fn is_name(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let (mut found, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (length, counts) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            _ if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), false),
            '"' => (quoted(rest, 1, '"'), false),
            '\'' => (character(rest), false),
            'r' | 'b' if rest[name..].starts_with(['"', '#']) && name <= 2 && raw(rest, name).is_some() => {
                (raw(rest, name).expect("checked"), false)
            }
            _ if name > 0 => (name, true),
            _ if rest.starts_with("::") => (2, true),
            _ => (first.len_utf8(), !first.is_whitespace()),
        };
        let (token, after) = rest.split_at(length);
        if counts {
            found.push(Token { text: token.to_owned(), line, inline: 0, test: false });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    mark(&mut found);
    found
}

/// The length of a text up to its closing quote.
fn quoted(text: &str, start: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, next) in text[start..].char_indices() {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return start + at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `'x'`, or of the lifetime `'x`.
fn character(text: &str) -> usize {
    let mut chars = text.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => quoted(text, 1, '\''),
        (Some(one), Some('\'')) => 2 + one.len_utf8(),
        _ => 1 + text[1..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len() - 1),
    }
}

/// The length of `r#"…"#`, `b"…"` and the like.
fn raw(text: &str, prefix: usize) -> Option<usize> {
    let hashes = text[prefix..].chars().take_while(|c| *c == '#').count();
    let start = prefix + hashes + 1;
    if !text[prefix + hashes..].starts_with('"') {
        return None;
    }
    if text[..prefix].contains('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
    }
    Some(quoted(text, start, '"'))
}

/// Notes which tokens stand in modules of the file, and which under `#[cfg(test)]`.
fn mark(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        if begins(&tokens[at..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            let end = item_end(tokens, at);
            tokens[at..end].iter_mut().for_each(|token| token.test = true);
        }
        if tokens[at].text == "mod" && tokens.get(at + 2).is_some_and(|token| token.text == "{") {
            let end = item_end(tokens, at);
            tokens[at + 2..end].iter_mut().for_each(|token| token.inline += 1);
        }
    }
}

/// Whether these are the next words and signs.
pub(crate) fn begins(source: &[Token], words: &[&str]) -> bool {
    source.len() >= words.len() && source.iter().zip(words).all(|(token, word)| token.text == *word)
}

/// Where the item that begins at `at` ends: behind its `;` or its last brace.
fn item_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth <= 1 => return index + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return index + 1,
            _ => {}
        }
    }
    tokens.len()
}
