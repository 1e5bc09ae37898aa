//! Offers and answers as they stand in headers, and what comes of them.

use super::*;
use http::HeaderValue;

fn headers(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
    }
    headers
}

/// The options that this text names, as it would stand in a header.
fn options(text: &str) -> Compression {
    let extensions = parse(format!("{NAME}{text}").as_bytes()).expect("the grammar");
    let wanted = Parameters::read(&extensions[0]).expect("parameters");
    let bits = |asked: Option<Option<u8>>| asked.flatten().unwrap_or(15);
    Compression {
        client_no_context_takeover: wanted.client_no_context_takeover,
        server_no_context_takeover: wanted.server_no_context_takeover,
        client_max_window_bits: bits(wanted.client_max_window_bits),
        server_max_window_bits: bits(wanted.server_max_window_bits),
        ..Compression::default()
    }
}

/// Both directions, the client's first, as `takeover/bits`.
fn shown(agreed: &Agreed) -> String {
    let one = |direction: Direction| {
        format!("{}/{}", if direction.takeover { "takeover" } else { "none" }, direction.window_bits)
    };
    format!("{} {}", one(agreed.client), one(agreed.server))
}

fn accepted(ours: &str, lines: &[&str]) -> Option<(String, String)> {
    let (agreed, answer) = accept(&options(ours), &headers(lines))?;
    Some((answer, shown(&agreed)))
}

#[test]
fn a_server_answers_each_offer_with_what_both_can_keep() {
    let table = [
        // Our options, the offer's parameters, the answer's, what is used.
        ("", "", "", "takeover/15 takeover/15"),
        ("", "; client_max_window_bits", "", "takeover/15 takeover/15"),
        ("", "; client_max_window_bits=10", "; client_max_window_bits=10", "takeover/10 takeover/15"),
        ("", "; server_max_window_bits=10", "; server_max_window_bits=10", "takeover/15 takeover/10"),
        ("", "; server_max_window_bits=8", "; server_max_window_bits=8", "takeover/15 takeover/8"),
        ("", "; server_max_window_bits=15", "; server_max_window_bits=15", "takeover/15 takeover/15"),
        ("", "; server_max_window_bits=\"9\"", "; server_max_window_bits=9", "takeover/15 takeover/9"),
        ("", "; server_no_context_takeover", "; server_no_context_takeover", "takeover/15 none/15"),
        ("", "; client_no_context_takeover", "; client_no_context_takeover", "none/15 takeover/15"),
        ("; server_no_context_takeover", "", "; server_no_context_takeover", "takeover/15 none/15"),
        ("; client_no_context_takeover", "", "; client_no_context_takeover", "none/15 takeover/15"),
        ("; server_max_window_bits=10", "", "; server_max_window_bits=10", "takeover/15 takeover/10"),
        (
            "; server_max_window_bits=10",
            "; server_max_window_bits=12",
            "; server_max_window_bits=10",
            "takeover/15 takeover/10",
        ),
        (
            "; server_max_window_bits=12",
            "; server_max_window_bits=10",
            "; server_max_window_bits=10",
            "takeover/15 takeover/10",
        ),
        (
            "; client_max_window_bits=10",
            "; client_max_window_bits",
            "; client_max_window_bits=10",
            "takeover/10 takeover/15",
        ),
        (
            "; client_max_window_bits=12",
            "; client_max_window_bits=10",
            "; client_max_window_bits=10",
            "takeover/10 takeover/15",
        ),
    ];
    for (ours, offer, answer, used) in table {
        let (said, done) = accepted(ours, &[&format!("{NAME}{offer}")]).unwrap_or_else(|| panic!("{ours:?} {offer:?}"));
        assert_eq!((said.as_str(), done.as_str()), (format!("{NAME}{answer}").as_str(), used), "{ours:?} {offer:?}");
    }
}

#[test]
fn a_server_declines_what_is_invalid_or_cannot_be_kept_and_the_connection_goes_on_without() {
    for offer in [
        "; unknown",
        "; client_no_context_takeover=1",
        "; server_no_context_takeover=true",
        "; server_no_context_takeover; server_no_context_takeover",
        "; client_max_window_bits; client_max_window_bits=10",
        "; server_max_window_bits",
        "; server_max_window_bits=7",
        "; server_max_window_bits=16",
        "; server_max_window_bits=010",
        "; server_max_window_bits=+10",
        "; client_max_window_bits=16",
        "; client_max_window_bits=x",
        "; client_max_window_bits=\"\"",
        ";",
    ] {
        assert_eq!(accepted("", &[&format!("{NAME}{offer}")]), None, "{offer:?}");
    }
    assert_eq!(accepted("; client_max_window_bits=10", &[NAME]), None, "the client did not say that it can");
    assert_eq!(accepted("", &["x-webkit-deflate-frame", "permessage-bzip2"]), None);
    assert_eq!(accepted("", &[]), None);
}

#[test]
fn the_first_offer_that_fits_is_taken_over_all_lines_of_the_list() {
    let lines =
        ["foo, permessage-deflate; unknown", "permessage-deflate; server_max_window_bits=11, permessage-deflate"];
    let (answer, _) = accepted("", &lines).expect("the third fits");
    assert_eq!(answer, "permessage-deflate; server_max_window_bits=11");
}

#[test]
fn a_client_offers_what_it_was_told_and_always_lets_its_window_be_limited() {
    assert_eq!(offer(&options("")), "permessage-deflate; client_max_window_bits");
    let all =
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10";
    assert_eq!(offer(&options(all)), format!("{NAME}{all}"));
}

#[test]
fn a_client_uses_what_the_server_answers() {
    let table = [
        ("", "", "takeover/15 takeover/15"),
        ("", "; server_no_context_takeover", "takeover/15 none/15"),
        ("", "; client_no_context_takeover", "none/15 takeover/15"),
        ("", "; server_max_window_bits=10", "takeover/15 takeover/10"),
        ("", "; client_max_window_bits=10", "takeover/10 takeover/15"),
        ("", "; client_max_window_bits=8", "takeover/8 takeover/15"),
        ("; client_no_context_takeover", "", "none/15 takeover/15"),
        ("; client_max_window_bits=10", "", "takeover/10 takeover/15"),
        ("; client_max_window_bits=10", "; client_max_window_bits=12", "takeover/10 takeover/15"),
        ("; server_max_window_bits=10", "; server_max_window_bits=9", "takeover/15 takeover/9"),
        ("; server_no_context_takeover", "; server_no_context_takeover", "takeover/15 none/15"),
    ];
    for (ours, answer, used) in table {
        let agreed = agreed(&options(ours), &headers(&[&format!("{NAME}{answer}")]));
        assert_eq!(
            agreed.map(|agreed| shown(&agreed.expect("compression"))).as_deref(),
            Ok(used),
            "{ours:?} {answer:?}"
        );
    }
    assert_eq!(agreed(&options(""), &headers(&[])), Ok(None));
}

#[test]
fn a_client_fails_an_answer_that_does_not_answer_its_offer() {
    let wrong = [
        ("", "permessage-deflate; unknown", "`unknown` is no parameter"),
        ("", "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "twice"),
        ("", "permessage-deflate; server_max_window_bits", "`server_max_window_bits` must be there with a value"),
        ("", "permessage-deflate; server_max_window_bits=16", "`server_max_window_bits` is `16`, not 8 to 15"),
        ("", "permessage-deflate; client_max_window_bits", "`client_max_window_bits` must have a value"),
        ("", "permessage-deflate; client_no_context_takeover=1", "has the value `1`"),
        ("; server_max_window_bits=10", "permessage-deflate", "`server_max_window_bits` must be there"),
        ("; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=11", "is 11, where at most 10"),
        ("; server_no_context_takeover", "permessage-deflate", "`server_no_context_takeover` was asked for"),
        ("", "permessage-bzip2", "`permessage-bzip2` was not asked for"),
        ("", "permessage-deflate, permessage-deflate", "2 extensions"),
        ("", "permessage-deflate;", "is no list of extensions"),
    ];
    for (ours, answer, reason) in wrong {
        let error = agreed(&options(ours), &headers(&[answer])).expect_err(answer);
        assert!(error.contains(reason), "{answer:?}: {error}");
    }
}

#[test]
fn whatever_a_client_of_ours_offers_a_server_of_ours_accepts_and_both_use_the_same() {
    for client in [
        "",
        "; server_no_context_takeover; server_max_window_bits=9",
        "; client_no_context_takeover; client_max_window_bits=8",
    ] {
        for server in [
            "",
            "; server_max_window_bits=11; client_max_window_bits=11",
            "; server_no_context_takeover; client_no_context_takeover",
        ] {
            let (theirs, answer) = accept(&options(server), &headers(&[&offer(&options(client))])).expect("it fits");
            let ours = agreed(&options(client), &headers(&[&answer])).expect("valid");
            assert_eq!(ours, Some(theirs), "{client:?} {server:?}");
        }
    }
}
