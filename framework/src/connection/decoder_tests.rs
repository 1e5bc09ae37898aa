//! Whole streams of frames, good and bad, split in every way.

use super::*;
use ReadError::{Protocol, TooBig, TooManyFragments, Utf8 as NoUtf8};

const LIMIT: usize = 70_000;
const FRAGMENTS: usize = 4;

/// A frame as a server, or masked as a client, sends it.
fn frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let mark = if masked { 0x80 } else { 0 };
    let mut frame = match payload.len() {
        0..126 => vec![first, mark | payload.len() as u8],
        126..65_536 => [&[first, mark | 126][..], &(payload.len() as u16).to_be_bytes()].concat(),
        _ => [&[first, mark | 127][..], &(payload.len() as u64).to_be_bytes()].concat(),
    };
    let start = frame.len() + 4;
    if masked {
        frame.extend([0xa1, 0x02, 0xf3, 0x44]);
    }
    frame.extend_from_slice(payload);
    if masked {
        apply_mask(&mut frame[start..], [0xa1, 0x02, 0xf3, 0x44], 0);
    }
    frame
}

/// What comes of these bytes in pieces of so many: the messages, and the error that ends them.
fn decoded(bytes: &[u8], piece: usize, role: Role) -> (Vec<Message>, Option<ReadError>) {
    let limits =
        Limits { max_message_size: LIMIT, max_frame_size: LIMIT, max_fragments: FRAGMENTS, ..Limits::client() };
    let mut decoder = Decoder::new(role, &limits, None);
    let (mut buffer, mut messages) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

/// Whether an error is the one that was to come.
type IsMeant = fn(&ReadError) -> bool;

const PIECES: [usize; 6] = [1, 2, 3, 7, 4096, usize::MAX];

#[test]
fn messages_come_out_as_they_were_sent_however_their_bytes_are_split() {
    let long = "żółw ".repeat(8_000);
    let (a, b) = long.as_bytes().split_at(4_001);
    for (masked, role) in [(false, Role::Client), (true, Role::Server)] {
        let bytes = [
            frame(0x81, "grüße".as_bytes(), masked),
            frame(0x82, &[0xff; 300], masked),
            frame(0x81, long.as_bytes(), masked),
            frame(0x01, a, masked),
            frame(0x89, b"ping", masked),
            frame(0x00, b"", masked),
            frame(0x80, b, masked),
            frame(0x8a, b"", masked),
            frame(0x82, b"", masked),
            frame(0x88, b"\x03\xe8bye", masked),
        ]
        .concat();
        let wanted = [
            Message::text("grüße"),
            Message::binary(vec![0xff; 300]),
            Message::text(&*long),
            Message::ping("ping"),
            Message::text(&*long),
            Message::pong(""),
            Message::binary(""),
            Message::close(1000, "bye"),
        ];
        for piece in PIECES {
            let (messages, error) = decoded(&bytes, piece, role);
            assert!(messages == wanted && error.is_none(), "{role:?} in pieces of {piece}: {error:?}");
        }
    }
}

#[test]
fn what_breaks_a_rule_ends_the_reading_with_the_rule_and_loses_nothing_before_it() {
    let good = frame(0x81, b"good", false);
    let f = |first, payload: &[u8]| frame(first, payload, false);
    let cases: Vec<(Vec<u8>, IsMeant)> = vec![
        (f(0xc1, b"a"), |error| matches!(error, Protocol(why) if why.contains("reserved"))),
        (f(0x83, b""), |error| matches!(error, Protocol(why) if why.contains("opcode"))),
        (f(0x8b, b""), |error| matches!(error, Protocol(why) if why.contains("opcode"))),
        (f(0x09, b""), |error| matches!(error, Protocol(why) if why.contains("fragmented"))),
        (f(0x89, &[0; 126]), |error| matches!(error, Protocol(why) if why.contains("125"))),
        (f(0x80, b""), |error| matches!(error, Protocol(why) if why.contains("continuation"))),
        ([f(0x01, b"a"), f(0x81, b"b")].concat(), |error| matches!(error, Protocol(why) if why.contains("last one"))),
        (f(0x88, b"\x03"), |error| matches!(error, Protocol(why) if why.contains("half"))),
        (f(0x88, b"\x03\xed"), |error| matches!(error, Protocol(why) if why.contains("code"))),
        (f(0x88, b"\x03\xe8\xff"), |error| matches!(error, NoUtf8)),
        (f(0x81, b"\xff"), |error| matches!(error, NoUtf8)),
        ([f(0x01, b"\xe2\x82"), f(0x80, b"")].concat(), |error| matches!(error, NoUtf8)),
        ([f(0x01, b"a"), f(0x00, b"b").repeat(FRAGMENTS)].concat(), |error| {
            matches!(error, TooManyFragments { limit: FRAGMENTS })
        }),
        (f(0x82, &[0; LIMIT + 1]), |error| matches!(error, TooBig { size: 70_001, limit: LIMIT })),
        ([f(0x02, &[0; LIMIT]), f(0x80, b"a")].concat(), |error| matches!(error, TooBig { size: 70_001, .. })),
        (frame(0x81, b"", true), |error| matches!(error, Protocol(why) if why.contains("mask"))),
    ];
    for (number, (bad, is_meant)) in cases.iter().enumerate() {
        for piece in PIECES {
            let (messages, error) = decoded(&[&good[..], bad].concat(), piece, Role::Client);
            assert_eq!(messages, [Message::text("good")], "case {number} in pieces of {piece}");
            assert!(error.as_ref().is_some_and(is_meant), "case {number} in pieces of {piece}: {error:?}");
        }
    }
    let (_, error) = decoded(&good, 1, Role::Server);
    assert!(matches!(error, Some(Protocol(why)) if why.contains("mask")), "an unmasked frame to a server");
}

#[test]
fn bad_text_ends_the_reading_before_its_frame_does() {
    for (masked, role) in [(false, Role::Client), (true, Role::Server)] {
        let whole =
            [frame(0x01, b"good", masked), frame(0x80, &[b"good \xf4\x90".as_slice(), &[b'a'; 90]].concat(), masked)];
        let bad = whole[1].len() - 90;
        for piece in PIECES {
            let cut = [&whole[0], &whole[1][..bad]].concat();
            assert!(matches!(decoded(&cut, piece, role).1, Some(NoUtf8)), "{role:?} in pieces of {piece}");
            let cut = &cut[..cut.len() - 1];
            assert!(decoded(cut, piece, role).1.is_none(), "{role:?} in pieces of {piece}: nothing is wrong yet");
        }
    }
}

#[test]
fn a_length_that_no_memory_holds_is_over_the_limit() {
    let header = [&[0x82, 127][..], &[0x7f; 8]].concat();
    assert!(matches!(decoded(&header, 1, Role::Client).1, Some(TooBig { limit: LIMIT, .. })));
}
