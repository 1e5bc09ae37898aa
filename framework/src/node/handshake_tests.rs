//! What a request must have to become a WebSocket, and what it is told otherwise.

use super::*;
use http::Request;

const GOOD: [(&str, &str); 5] = [
    ("Host", "example.com"),
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "WebSocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// A good request whose headers of these names are replaced; an empty value only removes.
fn head(changes: &[(&str, &str)]) -> Parts {
    let mut request = Request::get("/chat");
    let kept = GOOD.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    for (name, value) in kept.chain(changes).filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

fn refused(changes: &[(&str, &str)]) -> Refusal {
    check(&head(changes), &Terms::default()).expect_err("it must be refused")
}

#[test]
fn the_example_of_the_rfc_is_answered_as_it_says() {
    let agreed = check(&head(&[]), &Terms::default()).expect("a good request");
    let response = agreed.into_response();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert!(!response.headers().contains_key("sec-websocket-protocol"));
}

#[test]
fn a_browser_that_opens_the_address_reads_what_it_is() {
    let response = refused(&[("Upgrade", ""), ("Connection", "")]).into_response();
    assert_eq!(response.status(), 426);
    assert_eq!(response.headers()["upgrade"], "websocket");
    assert!(Refusal::NotWebSocket.to_string().contains("this is a WebSocket endpoint"));
}

#[test]
fn another_version_of_the_protocol_is_told_ours() {
    for version in ["8", "13, 8", ""] {
        let response = refused(&[("Sec-WebSocket-Version", version)]).into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["sec-websocket-version"]),
            (426, &HeaderValue::from_static("13"))
        );
    }
}

#[test]
fn a_key_that_is_not_16_bytes_of_base64_once_is_refused() {
    for key in ["", "dGhlIHNhbXBsZQ==", "not base64!", "dGhlIHNhbXBsZSBub25jZQ"] {
        assert_eq!(refused(&[("Sec-WebSocket-Key", key)]), Refusal::Key);
    }
    let twice = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(refused(&[twice, twice]), Refusal::Key);
    assert_eq!(Refusal::Key.into_response().status(), 400);
}

#[test]
fn a_request_that_a_proxy_has_crippled_says_so() {
    assert_eq!(refused(&[("Connection", "close")]), Refusal::NoUpgrade);
    assert_eq!(refused(&[("Host", "")]), Refusal::NoHost);
    let mut old = head(&[]);
    old.version = Version::HTTP_10;
    assert_eq!(check(&old, &Terms::default()), Err(Refusal::HttpVersion(Version::HTTP_10)));
}

#[test]
fn a_body_is_refused_since_it_would_be_read_as_frames() {
    assert_eq!(refused(&[("Content-Length", "5")]), Refusal::Body);
    assert_eq!(refused(&[("Transfer-Encoding", "chunked")]), Refusal::Body);
    assert!(check(&head(&[("Content-Length", "0")]), &Terms::default()).is_ok());
}

#[test]
fn the_first_of_our_subprotocols_that_is_offered_is_agreed() {
    let terms = Terms { subprotocols: vec!["v2".to_owned(), "v1".to_owned()], origins: None, ..Terms::default() };
    let agreed = |offer: &[(&str, &str)]| check(&head(offer), &terms).expect("a good request").subprotocol;
    assert_eq!(agreed(&[("Sec-WebSocket-Protocol", "v1, v2")]).as_deref(), Some("v2"));
    assert_eq!(agreed(&[("Sec-WebSocket-Protocol", "v0"), ("Sec-WebSocket-Protocol", "v1")]).as_deref(), Some("v1"));
    assert_eq!(agreed(&[("Sec-WebSocket-Protocol", "V1")]), None);
    assert_eq!(agreed(&[]), None);
}

#[test]
fn a_page_of_another_origin_cannot_use_a_visitors_browser() {
    let terms = Terms { origins: Some(vec!["https://example.com".to_owned()]), ..Terms::default() };
    let outcome = |headers: &[(&str, &str)]| check(&head(headers), &terms).map(|_| ());
    assert_eq!(outcome(&[("Origin", "https://evil.example")]), Err(Refusal::Origin));
    assert_eq!(outcome(&[("Origin", "null")]), Err(Refusal::Origin));
    assert_eq!(outcome(&[("Origin", "HTTPS://Example.com")]), Ok(()));
    assert_eq!(outcome(&[]), Ok(()));
}

#[test]
fn a_full_endpoint_says_when_to_come_again() {
    let response = Refusal::Full.into_response();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
}
