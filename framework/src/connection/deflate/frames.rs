//! Follows the frames in a stream of bytes, and hides from what reads it that messages are compressed.
//!
//! tungstenite takes a frame with RSV1 for an error. So the bit is cleared where RFC 7692 allows it, and noted; where it
//! does not (control frames, continuations), the bit stays, and the frame is the protocol error that it is. No payload
//! is touched or copied, and bytes may be split anywhere.

use std::collections::VecDeque;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrived {
    Plain,
    /// Told on as a binary one: a deflated payload is no UTF-8.
    CompressedText,
    CompressedBinary,
}

/// A message came in more fragments than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of more than {limit} fragments")]
pub(crate) struct TooManyFragments {
    pub(crate) limit: usize,
}

/// What the next byte is.
#[derive(Debug, Clone, Copy)]
enum Next {
    First,
    Second,
    /// Of the length, which has so many bytes missing.
    Length {
        missing: u8,
        value: u64,
        masked: bool,
    },
    /// Of the mask or the payload, which have so many bytes left.
    Skip(u64),
}

/// Follows one connection's frames.
#[derive(Debug)]
pub(crate) struct Frames {
    next: Next,
    /// Whether RSV1 may be there.
    compression: bool,
    max_fragments: usize,
    /// Of the message that is not finished; none where there is no such message.
    fragments: usize,
    /// One for each message that began, in order. Empty without compression.
    arrived: VecDeque<Arrived>,
    /// A fragment too many came: nothing passes any more.
    over: bool,
}

impl Frames {
    pub(crate) fn new(compression: bool, max_fragments: usize) -> Self {
        Self { next: Next::First, compression, max_fragments, fragments: 0, arrived: VecDeque::new(), over: false }
    }

    /// Follows the next bytes. How many of them may be told on: all, or those before a fragment too many.
    pub(crate) fn pass(&mut self, bytes: &mut [u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && !self.over {
            self.next = match self.next {
                Next::First => {
                    self.begin(&mut bytes[at]);
                    if self.over {
                        return at;
                    }
                    at += 1;
                    Next::Second
                }
                Next::Second => {
                    let masked = bytes[at] & MASKED != 0;
                    let length = bytes[at] & LENGTH;
                    at += 1;
                    match length {
                        126 => Next::Length { missing: 2, value: 0, masked },
                        127 => Next::Length { missing: 8, value: 0, masked },
                        length => body(length.into(), masked),
                    }
                }
                Next::Length { missing, value, masked } => {
                    let value = value << 8 | u64::from(bytes[at]);
                    at += 1;
                    match missing {
                        1 => body(value, masked),
                        _ => Next::Length { missing: missing - 1, value, masked },
                    }
                }
                Next::Skip(left) => {
                    let here = left.min((bytes.len() - at) as u64);
                    at += here as usize;
                    if left == here { Next::First } else { Next::Skip(left - here) }
                }
            };
        }
        at
    }

    /// Takes a frame's first byte.
    fn begin(&mut self, first: &mut u8) {
        let fin = *first & FIN != 0;
        match *first & OPCODE {
            CONTINUATION => {
                self.over = self.fragments >= self.max_fragments;
                self.fragments = if fin { 0 } else { self.fragments + 1 };
            }
            opcode @ (TEXT | BINARY) if self.fragments == 0 => {
                self.fragments = usize::from(!fin);
                if self.compression {
                    let compressed = *first & RSV1 != 0;
                    self.arrived.push_back(match opcode {
                        _ if !compressed => Arrived::Plain,
                        TEXT => Arrived::CompressedText,
                        _ => Arrived::CompressedBinary,
                    });
                    if compressed {
                        *first = *first & !(RSV1 | OPCODE) | BINARY;
                    }
                }
            }
            // Control frames stand between fragments and are none; everything else is an error that is not ours to find.
            _ => {}
        }
    }

    /// How the next message came that was read whole.
    pub(crate) fn next_message(&mut self) -> Arrived {
        self.arrived.pop_front().unwrap_or(Arrived::Plain)
    }

    /// Why nothing passes any more.
    pub(crate) fn error(&self) -> Option<TooManyFragments> {
        self.over.then_some(TooManyFragments { limit: self.max_fragments })
    }
}

fn body(length: u64, masked: bool) -> Next {
    let mask = if masked { 4 } else { 0 };
    match length.saturating_add(mask) {
        0 => Next::First,
        left => Next::Skip(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Arrived::{CompressedBinary, CompressedText, Plain};

    const LIMIT: usize = 4;

    /// A frame whose payload, and mask, look like beginnings of compressed frames.
    fn frame(first: u8, length: usize, masked: bool) -> Vec<u8> {
        let mark = if masked { MASKED } else { 0 };
        let mut frame = match length {
            0..126 => vec![first, mark | length as u8],
            126..65_536 => [&[first, mark | 126][..], &(length as u16).to_be_bytes()].concat(),
            _ => [&[first, mark | 127][..], &(length as u64).to_be_bytes()].concat(),
        };
        frame.resize(frame.len() + length + if masked { 4 } else { 0 }, 0xc1);
        frame
    }

    /// What is told on of these frames, in pieces of so many bytes, and how their messages came.
    fn passed(frames: &mut Frames, bytes: &[u8], piece: usize) -> (Vec<u8>, Vec<Arrived>) {
        let mut out = Vec::new();
        for piece in bytes.chunks(piece) {
            let mut piece = piece.to_vec();
            let passed = frames.pass(&mut piece);
            out.extend_from_slice(&piece[..passed]);
        }
        (out, frames.arrived.drain(..).collect())
    }

    #[test]
    fn rsv1_is_cleared_on_data_messages_only_wherever_the_bytes_are_split() {
        for masked in [false, true] {
            let stream = [
                (0xc1, 5, 0x82),      // compressed text, told on as binary
                (0x81, 300, 0x81),    // plain text
                (0xc2, 70_000, 0x82), // compressed binary
                (0x41, 7, 0x02),      // compressed text in three fragments, with a ping between
                (0x00, 0, 0x00),
                (0x89, 3, 0x89),
                (0x80, 126, 0x80),
                (0x82, 0, 0x82), // plain and empty
                (0xc1, 0, 0x82),
                (0xc9, 2, 0xc9), // errors that are tungstenite's to find
                (0xf1, 2, 0xb2),
            ];
            let given: Vec<_> = stream.iter().flat_map(|&(first, length, _)| frame(first, length, masked)).collect();
            let wanted: Vec<_> = stream.iter().flat_map(|&(_, length, first)| frame(first, length, masked)).collect();
            for piece in [1, 2, 3, 5, 7, 4096, usize::MAX] {
                let (out, arrived) = passed(&mut Frames::new(true, LIMIT), &given, piece);
                assert!(out == wanted, "in pieces of {piece}");
                let first = [CompressedText, Plain, CompressedBinary, CompressedText, Plain, CompressedText];
                assert_eq!(arrived[..6], first);
            }
        }
    }

    #[test]
    fn rsv1_stays_where_it_means_nothing() {
        let given = [frame(0x01, 1, false), frame(0x40, 1, false), frame(0xc0, 1, false)].concat();
        assert_eq!(passed(&mut Frames::new(true, LIMIT), &given, 1).0, given, "continuations");
        let given = [frame(0x01, 1, false), frame(0xc1, 1, false)].concat();
        assert_eq!(passed(&mut Frames::new(true, LIMIT), &given, 1).0, given, "a message within a message");
        let given = frame(0xc1, 1, false);
        assert_eq!(passed(&mut Frames::new(false, LIMIT), &given, 1), (given, Vec::new()), "nothing was agreed");
    }

    #[test]
    fn nothing_passes_from_a_fragment_too_many_on() {
        let fragments = |count: usize| {
            let middle = frame(0x00, 2, true).repeat(count - 2);
            [frame(0x01, 2, true), middle, frame(0x89, 2, true), frame(0x80, 2, true)].concat()
        };
        let good = [fragments(LIMIT), fragments(LIMIT)].concat();
        let bad = [good.clone(), fragments(LIMIT + 1)].concat();
        for piece in [1, 3, usize::MAX] {
            let mut frames = Frames::new(false, LIMIT);
            assert_eq!(passed(&mut frames, &good, piece).0, good);
            assert_eq!(frames.error(), None);
            let mut frames = Frames::new(false, LIMIT);
            assert_eq!(passed(&mut frames, &bad, piece).0.len(), bad.len() - 8, "all but the last frame");
            assert_eq!(frames.error(), Some(TooManyFragments { limit: LIMIT }));
        }
    }

    #[test]
    fn a_frame_that_claims_the_largest_size_overflows_nothing() {
        let mut frames = Frames::new(true, LIMIT);
        let mut bytes = [vec![0x82, MASKED | 127], vec![0xff; 100]].concat();
        assert_eq!(frames.pass(&mut bytes), 102);
    }
}
