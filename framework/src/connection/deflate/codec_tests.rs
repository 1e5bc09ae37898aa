//! Round trips over one connection's messages, and peers that send what they should not.

use super::*;

fn direction(takeover: bool, window_bits: u8) -> Direction {
    Direction { takeover, window_bits }
}

const USUAL: Direction = Direction { takeover: true, window_bits: 15 };
const LIMIT: usize = 1 << 20;

/// As JSON of a feed: alike from message to message.
fn message(number: usize, bytes: usize) -> Vec<u8> {
    let item = format!(r#"{{"number":{number},"price":{}.5,"side":"buy","symbol":"BTC-USD"}},"#, number * 7919 % 1000);
    item.bytes().cycle().take(bytes).collect()
}

/// Bytes that nothing can be made of, the same each time.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..bytes).map(next).collect()
}

fn deflated(deflater: &mut Deflater, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    assert!(deflater.deflate(payload, &mut out), "{} bytes do not become smaller", payload.len());
    out
}

#[test]
fn messages_come_back_as_they_were_with_every_window_with_and_without_takeover() {
    for bits in 8..=15 {
        for takeover in [true, false] {
            for level in [0, 1, 6, 9] {
                let mut deflater = Deflater::new(direction(takeover, bits), level, 0);
                let mut inflater = Inflater::new(direction(takeover, bits), LIMIT);
                let mut out = Vec::new();
                for (number, size) in [1, 60, 300, 40_000, 2, 300, 0, 300].into_iter().enumerate() {
                    let payload = message(number, size);
                    if deflater.deflate(&payload, &mut out) {
                        assert!(out.len() < payload.len());
                        assert_eq!(inflater.inflate(&out), Ok(payload), "{bits} bits, {takeover}, level {level}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_second_message_like_the_first_is_smaller_only_with_takeover() {
    let sizes = |takeover| {
        let mut deflater = Deflater::new(direction(takeover, 15), 6, 0);
        [0, 1].map(|number| deflated(&mut deflater, &message(number, 300)).len())
    };
    let [first, second] = sizes(true);
    assert!(second * 2 < first, "{second} after {first}");
    let [first, second] = sizes(false);
    assert!(second.abs_diff(first) < 10, "{second} after {first}");
}

#[test]
fn what_is_below_the_threshold_or_does_not_become_smaller_is_sent_as_it_is() {
    let mut deflater = Deflater::new(USUAL, 6, 256);
    let mut out = Vec::new();
    assert!(!deflater.deflate(&message(0, 255), &mut out));
    assert!(deflater.deflate(&message(0, 256), &mut out));
    assert!(!deflater.deflate(&noise(1000), &mut out));
    assert!(!Deflater::new(USUAL, 6, 0).deflate(b"", &mut out));
}

#[test]
fn a_message_sent_as_it_is_is_nothing_that_later_ones_refer_to() {
    let mut deflater = Deflater::new(USUAL, 6, 0);
    let mut inflater = Inflater::new(USUAL, LIMIT);
    let (noise, mut out) = (noise(1000), Vec::new());
    for payload in [message(1, 300), noise.clone(), [&noise[..], &message(2, 600)].concat(), message(3, 300)] {
        if deflater.deflate(&payload, &mut out) {
            assert_eq!(inflater.inflate(&out), Ok(payload));
        }
    }
}

#[test]
fn a_window_of_8_bits_is_kept_though_zlib_has_none() {
    // A peer with 256 bytes could not follow a reference over 257 of them.
    let compresses = |period: usize| {
        let payload: Vec<_> = noise(period).iter().copied().cycle().take(period * 40).collect();
        let mut out = Vec::new();
        [1, 6, 9].map(|level| {
            let smaller = Deflater::new(direction(true, 8), level, 0).deflate(&payload, &mut out);
            smaller && out.len() < payload.len() / 2
        })
    };
    assert_eq!(compresses(200), [true; 3]);
    for period in [257, 300, 500] {
        assert_eq!(compresses(period), [false; 3], "{period}");
    }
}

#[test]
fn a_bomb_is_never_inflated_past_the_limit() {
    let mebibyte = [&deflated(&mut Deflater::new(USUAL, 9, 0), &vec![0; 1 << 20])[..], &TAIL].concat();
    let bomb = mebibyte.repeat(100);
    assert!(bomb.len() < 110_000, "{}", bomb.len());
    let mut inflater = Inflater::new(USUAL, LIMIT);
    assert_eq!(inflater.inflate(&bomb), Err(InflateError::TooBig));
    assert_eq!(inflater.state.expect("it is there").total_out(), LIMIT as u64 + 1);
}

#[test]
fn a_message_of_exactly_the_limit_is_taken() {
    let payload = deflated(&mut Deflater::new(USUAL, 6, 0), &vec![7; LIMIT]);
    assert_eq!(Inflater::new(USUAL, LIMIT).inflate(&payload).map(|message| message.len()), Ok(LIMIT));
    assert_eq!(Inflater::new(USUAL, LIMIT - 1).inflate(&payload), Err(InflateError::TooBig));
}

#[test]
fn an_inflated_message_holds_no_more_memory_than_it_needs() {
    let payload = deflated(&mut Deflater::new(USUAL, 6, 0), &vec![7; 5000]);
    let message = Inflater::new(USUAL, LIMIT).inflate(&payload).expect("good");
    assert!(message.capacity() < 5100, "{}", message.capacity());
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    let hello = Ok(b"Hello".to_vec());
    let mut inflater = Inflater::new(USUAL, LIMIT);
    // RFC 7692 §7.2.3.1, then §7.2.3.2, which refers to the message before.
    assert_eq!(inflater.inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), hello);
    assert_eq!(inflater.inflate(&[0xf2, 0x00, 0x11, 0x00, 0x00]), hello);
    // §7.2.3.3: a block without compression. §7.2.3.4: a final block. §7.2.3.5: two blocks. §7.2.3.6: nothing at all.
    assert_eq!(inflater.inflate(&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]), hello);
    assert_eq!(inflater.inflate(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), hello);
    assert_eq!(
        inflater.inflate(&[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]),
        hello
    );
    assert_eq!(inflater.inflate(&[0x00]), Ok(Vec::new()));
    assert_eq!(inflater.inflate(&[]), Ok(Vec::new()));
}

#[test]
fn what_is_no_deflated_data_is_said_to_be_corrupt() {
    for payload in [&[0xff; 20][..], &[0x06], &[0x00, 0x05, 0x00, 0x00, 0x00], &noise(500)] {
        assert_eq!(Inflater::new(USUAL, LIMIT).inflate(payload), Err(InflateError::Corrupt), "{payload:02x?}");
    }
}

#[test]
fn a_connection_without_takeover_holds_no_window_between_messages() {
    let mut deflater = Deflater::new(direction(false, 15), 6, 0);
    let payload = deflated(&mut deflater, &message(0, 300));
    let mut inflater = Inflater::new(direction(false, 15), LIMIT);
    inflater.inflate(&payload).expect("good");
    assert!(deflater.state.is_none() && inflater.state.is_none());
}
