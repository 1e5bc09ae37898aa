//! Deflates and inflates single messages (RFC 7692 §7.2), keeping what one may refer to from the messages before it.

use super::negotiate::Direction;
use flate2::{Compress, Compression as Level, Decompress, FlushCompress, FlushDecompress, Status};

/// What a flush ends with. It is left out on the wire (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// zlib has no window of 8 bits. Its window of 9 bits serves instead: to deflate, because zlib refers no further back
/// than the window less 262 bytes, here 250, which 8 bits hold; to inflate, because a larger window takes what a smaller
/// one takes.
const LEAST_WINDOW_BITS: u8 = 9;

/// How much larger than its compressed form a message is taken to be, before it is known.
const USUAL_RATIO: usize = 4;

/// How much room an inflated message is given at least.
const LEAST_ROOM: usize = 1024;

/// What a message may have on the wire whose size is at most `limit`: deflate adds a few bytes for each block to data that
/// it cannot make smaller.
pub(crate) fn deflated_limit(limit: usize) -> usize {
    /// Five bytes for each block, of which none is smaller than 320 bytes where somebody takes care.
    const PART: usize = 64;
    limit.saturating_add(limit / PART + PART)
}

/// Why a message could not be inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InflateError {
    /// It is over the limit.
    TooBig,
    /// It is no deflated data.
    Corrupt,
}

/// Inflates what the peer sends. A connection on which nothing compressed has come holds no window.
pub(crate) struct Inflater {
    direction: Direction,
    limit: usize,
    state: Option<Decompress>,
}

impl Inflater {
    pub(super) fn new(direction: Direction, limit: usize) -> Self {
        Self { direction, limit, state: None }
    }

    /// How large a message may be.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// A message's whole payload, inflated. Whatever the message claims or holds, no more than the limit and one byte is
    /// ever inflated.
    pub(crate) fn inflate(&mut self, payload: &[u8]) -> Result<Vec<u8>, InflateError> {
        let bits = self.direction.window_bits.max(LEAST_WINDOW_BITS);
        let state = self.state.get_or_insert_with(|| Decompress::new_with_window_bits(false, bits));
        let room = payload.len().saturating_mul(USUAL_RATIO).max(LEAST_ROOM);
        let mut out = Vec::with_capacity(room.min(self.limit.saturating_add(1)));
        for input in [payload, &TAIL] {
            let ended = feed(state, input, &mut out, self.limit)?;
            if ended {
                break;
            }
        }
        if !self.direction.takeover {
            self.state = None;
        }
        // What was reserved and not used would be held as long as the message.
        out.shrink_to_fit();
        Ok(out)
    }
}

/// Inflates `input` onto `out`. True where it ended with a final block, after which nothing is to come.
fn feed(state: &mut Decompress, mut input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<bool, InflateError> {
    loop {
        if out.len() == out.capacity() {
            let left = limit.saturating_add(1) - out.len();
            out.reserve_exact(out.len().max(LEAST_ROOM).min(left));
        }
        let (read, written) = (state.total_in(), out.len());
        let status = state.decompress_vec(input, out, FlushDecompress::Sync).map_err(|_| InflateError::Corrupt)?;
        let read = usize::try_from(state.total_in() - read).expect("no more is read than there was");
        input = &input[read..];
        if out.len() > limit {
            return Err(InflateError::TooBig);
        }
        if status == Status::StreamEnd {
            // A final block is allowed (RFC 7692 §7.2.3.4); what follows it begins a new stream.
            state.reset(false);
            if input.is_empty() {
                return Ok(true);
            }
        } else if input.is_empty() && out.len() < out.capacity() {
            return Ok(false);
        } else if read == 0 && out.len() == written {
            return Err(InflateError::Corrupt);
        }
    }
}

/// Deflates what we send. A connection on which nothing was compressed holds no window.
pub(crate) struct Deflater {
    direction: Direction,
    level: Level,
    threshold: usize,
    state: Option<Compress>,
}

impl Deflater {
    pub(super) fn new(direction: Direction, level: u8, threshold: usize) -> Self {
        Self { direction, level: Level::new(level.into()), threshold, state: None }
    }

    /// Deflates a message's payload into `out`, which is cleared. False where it is to be sent as it is: it is below the
    /// threshold, or would not become smaller.
    pub(crate) fn deflate(&mut self, payload: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        if payload.is_empty() || payload.len() < self.threshold {
            return false;
        }
        let (level, bits) = (self.level, self.direction.window_bits.max(LEAST_WINDOW_BITS));
        let state = self.state.get_or_insert_with(|| Compress::new_with_window_bits(level, false, bits));
        // What does not fit into the message's own size is not smaller: there is no need to go on.
        out.reserve_exact(payload.len() + TAIL.len());
        let read = state.total_in();
        let outcome = state.compress_vec(payload, out, FlushCompress::Sync);
        let whole = state.total_in() - read == payload.len() as u64 && out.len() < out.capacity();
        let smaller = whole && outcome.is_ok() && out.ends_with(&TAIL) && out.len() - TAIL.len() < payload.len();
        if smaller {
            out.truncate(out.len() - TAIL.len());
        }
        if !smaller || !self.direction.takeover {
            // A message that is sent as it is stays out of the peer's window, and must be out of ours. To begin anew costs 2 µs
            // more than to reset, and an idle connection without takeover holds nothing.
            self.state = None;
        }
        smaller
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
