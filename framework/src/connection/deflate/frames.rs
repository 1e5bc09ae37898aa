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
    Length { missing: u8, value: u64, masked: bool },
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
