//! What fuzzing does with a node's parsers: the head of a request, and the paths of routes.

use super::handshake::{Terms, check};
use super::options::EndpointOptions;
use super::paths::check_paths;
use crate::connection::Compression;
use crate::settings::Section;
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderName, HeaderValue, Request};

/// Header lines of a request: whatever they say, there is an answer.
pub(crate) fn request(input: &[u8]) {
    let [flags, lines @ ..] = input else { return };
    let mut request = Request::get("/chat");
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) =
            (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(line[colon + 1..].trim_ascii()));
        if let (Ok(name), Ok(value)) = (name, value) {
            request = request.header(name, value);
        }
    }
    // More headers than fit is not what is tried here.
    let Ok(request) = request.body(()) else { return };
    let terms = Terms {
        subprotocols: vec!["a".to_owned(), "b".to_owned()],
        origins: (flags & 1 != 0).then(|| vec!["https://example.com".to_owned()]),
        compression: (flags & 2 != 0).then(Compression::default),
    };
    let response = match check(&request.into_parts().0, &terms) {
        Ok(agreed) => agreed.into_response(),
        Err(refusal) => refusal.into_response(),
    };
    assert!(response.status() == 101 || response.status().is_client_error() || response.status().is_server_error());
}

/// Paths, one a line: what is found good does not make the router panic.
pub(crate) fn paths(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut good: Vec<(&str, &str)> = Vec::new();
    for path in text.lines().take(8) {
        good.push(("GET", path));
        if !check_paths(&good).is_empty() {
            good.pop();
        }
    }
    let mut router = Router::<()>::new();
    for (_, path) in good {
        router = router.route(path, get(|| async {}));
    }
}

/// A plugin's section as the options of one of its endpoints.
pub(crate) fn configured(section: &Section) {
    let _ = section.parse_strict::<EndpointOptions>();
}
