//! What the two sides of a handshake agree about compression (RFC 7692 §5 and §7.1): pure.

use super::codec::{Deflater, Inflater};
use super::header::{Extension, parse};
use super::options::WINDOW_BITS;
use super::{Compression, NAME};
use crate::connection::Role;
use http::{HeaderMap, header};

const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";

/// How one side's messages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction {
    /// Whether a message may refer to the ones before it.
    pub(super) takeover: bool,
    pub(super) window_bits: u8,
}

/// What was agreed, and how we use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    client: Direction,
    server: Direction,
    threshold: usize,
    level: u8,
}

impl Agreed {
    /// What inflates the peer's messages, to at most `limit` bytes each.
    pub(crate) fn inflater(&self, ours: Role, limit: usize) -> Inflater {
        let theirs = if ours == Role::Client { self.server } else { self.client };
        Inflater::new(theirs, limit)
    }

    /// What deflates our messages.
    pub(crate) fn deflater(&self, ours: Role) -> Deflater {
        let ours = if ours == Role::Client { self.client } else { self.server };
        Deflater::new(ours, self.level, self.threshold)
    }
}

/// The header's value with which a client asks for compression.
pub(crate) fn offer(options: &Compression) -> String {
    let mut offer = NAME.to_owned();
    if options.server_no_context_takeover {
        add(&mut offer, SERVER_NO_CONTEXT_TAKEOVER, None);
    }
    if options.client_no_context_takeover {
        add(&mut offer, CLIENT_NO_CONTEXT_TAKEOVER, None);
    }
    if options.server_max_window_bits < *WINDOW_BITS.end() {
        add(&mut offer, SERVER_MAX_WINDOW_BITS, Some(options.server_max_window_bits));
    }
    // Always there: it allows the server to ask for a smaller window of ours.
    let hint = (options.client_max_window_bits < *WINDOW_BITS.end()).then_some(options.client_max_window_bits);
    add(&mut offer, CLIENT_MAX_WINDOW_BITS, hint);
    offer
}

/// What a server's answer to our offer agrees to, `None` for no compression, or what is wrong with it: then the
/// connection must fail (RFC 7692 §5.1).
pub(crate) fn agreed(options: &Compression, headers: &HeaderMap) -> Result<Option<Agreed>, String> {
    let mut extensions = Vec::new();
    for line in headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS) {
        let shown = || String::from_utf8_lossy(line.as_bytes()).into_owned();
        extensions.extend(parse(line.as_bytes()).ok_or_else(|| format!("`{}` is no list of extensions", shown()))?);
    }
    let answer = match extensions.as_slice() {
        [] => return Ok(None),
        [one] if one.name == NAME => Parameters::read(one)?,
        [one] => return Err(format!("the extension `{}` was not asked for", one.name)),
        _ => return Err(format!("{} extensions are agreed to, where one was asked for", extensions.len())),
    };
    if options.server_no_context_takeover && !answer.server_no_context_takeover {
        return Err(format!("`{SERVER_NO_CONTEXT_TAKEOVER}` was asked for and is missing"));
    }
    let server_bits = match answer.server_max_window_bits {
        Some(Some(bits)) if bits <= options.server_max_window_bits => bits,
        None if options.server_max_window_bits == *WINDOW_BITS.end() => *WINDOW_BITS.end(),
        Some(Some(bits)) => {
            let asked = options.server_max_window_bits;
            return Err(format!("`{SERVER_MAX_WINDOW_BITS}` is {bits}, where at most {asked} was asked for"));
        }
        Some(None) | None => return Err(format!("`{SERVER_MAX_WINDOW_BITS}` must be there with a value")),
    };
    let client_bits = match answer.client_max_window_bits {
        None => options.client_max_window_bits,
        Some(Some(bits)) => bits.min(options.client_max_window_bits),
        Some(None) => return Err(format!("`{CLIENT_MAX_WINDOW_BITS}` must have a value")),
    };
    let client_takeover = !(options.client_no_context_takeover || answer.client_no_context_takeover);
    Ok(Some(Agreed {
        client: Direction { takeover: client_takeover, window_bits: client_bits },
        server: Direction { takeover: !answer.server_no_context_takeover, window_bits: server_bits },
        threshold: options.threshold,
        level: options.level,
    }))
}

/// What a server agrees to: the first of the client's offers that fits, and the header's value that says so. An offer
/// that is invalid or asks for what we were told not to do is declined, as if it were not there (RFC 7692 §5.1).
pub(crate) fn accept(options: &Compression, headers: &HeaderMap) -> Option<(Agreed, String)> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
    // A list is one list over all its lines: one that is broken anywhere offers nothing.
    let offers: Vec<_> = lines.map(|line| parse(line.as_bytes())).collect::<Option<Vec<_>>>()?;
    offers.iter().flatten().filter(|offer| offer.name == NAME).find_map(|offer| {
        let offer = Parameters::read(offer).ok()?;
        accept_one(options, &offer)
    })
}

fn accept_one(options: &Compression, offer: &Parameters) -> Option<(Agreed, String)> {
    let mut answer = NAME.to_owned();
    let server_takeover = !(options.server_no_context_takeover || offer.server_no_context_takeover);
    if !server_takeover {
        add(&mut answer, SERVER_NO_CONTEXT_TAKEOVER, None);
    }
    // In an offer it is a promise: what we repeat binds the client, and is kept even where we did not ask for it.
    let client_takeover = !(options.client_no_context_takeover || offer.client_no_context_takeover);
    if !client_takeover {
        add(&mut answer, CLIENT_NO_CONTEXT_TAKEOVER, None);
    }
    let server_bits = match offer.server_max_window_bits {
        None => options.server_max_window_bits,
        Some(Some(bits)) => bits.min(options.server_max_window_bits),
        Some(None) => return None,
    };
    if server_bits < *WINDOW_BITS.end() || offer.server_max_window_bits.is_some() {
        add(&mut answer, SERVER_MAX_WINDOW_BITS, Some(server_bits));
    }
    let client_bits = match offer.client_max_window_bits {
        // A client that cannot be told to keep to a window cannot keep to ours.
        None if options.client_max_window_bits < *WINDOW_BITS.end() => return None,
        None => *WINDOW_BITS.end(),
        Some(hint) => hint.unwrap_or(*WINDOW_BITS.end()).min(options.client_max_window_bits),
    };
    if client_bits < *WINDOW_BITS.end() {
        add(&mut answer, CLIENT_MAX_WINDOW_BITS, Some(client_bits));
    }
    let agreed = Agreed {
        client: Direction { takeover: client_takeover, window_bits: client_bits },
        server: Direction { takeover: server_takeover, window_bits: server_bits },
        threshold: options.threshold,
        level: options.level,
    };
    Some((agreed, answer))
}

fn add(text: &mut String, name: &str, value: Option<u8>) {
    text.push_str("; ");
    text.push_str(name);
    if let Some(value) = value {
        text.push_str(&format!("={value}"));
    }
}

/// The parameters of one offer or answer. A window's is `Some(None)` where it stands without a value.
#[derive(Debug, Default)]
struct Parameters {
    client_no_context_takeover: bool,
    server_no_context_takeover: bool,
    client_max_window_bits: Option<Option<u8>>,
    server_max_window_bits: Option<Option<u8>>,
}

impl Parameters {
    fn read(extension: &Extension) -> Result<Self, String> {
        let mut found = Self::default();
        for (index, (name, value)) in extension.parameters.iter().enumerate() {
            if extension.parameters[..index].iter().any(|(other, _)| other == name) {
                return Err(format!("`{name}` is there twice"));
            }
            let value = value.as_deref();
            match name.as_str() {
                CLIENT_NO_CONTEXT_TAKEOVER => found.client_no_context_takeover = flag(name, value)?,
                SERVER_NO_CONTEXT_TAKEOVER => found.server_no_context_takeover = flag(name, value)?,
                CLIENT_MAX_WINDOW_BITS => found.client_max_window_bits = Some(bits(name, value)?),
                SERVER_MAX_WINDOW_BITS => found.server_max_window_bits = Some(bits(name, value)?),
                _ => return Err(format!("`{name}` is no parameter of {NAME}")),
            }
        }
        Ok(found)
    }
}

fn flag(name: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None => Ok(true),
        Some(value) => Err(format!("`{name}` has the value `{value}`, where none may be")),
    }
}

/// RFC 7692 §7.1.2: a decimal number without leading zeros.
fn bits(name: &str, value: Option<&str>) -> Result<Option<u8>, String> {
    let Some(value) = value else { return Ok(None) };
    let number = value.parse().ok().filter(|bits: &u8| WINDOW_BITS.contains(bits) && bits.to_string() == value);
    number.map(Some).ok_or_else(|| format!("`{name}` is `{value}`, not 8 to 15"))
}

#[cfg(test)]
#[path = "negotiate_tests.rs"]
mod tests;
