//! Frames as the load generator writes and follows them: RFC 6455 §5.2, and no more of it than that takes.

/// The opcode of a text message.
pub(crate) const TEXT: u8 = 1;
/// The opcode of a binary message.
pub(crate) const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const FIN: u8 = 0x80;
/// Marks a compressed message (RFC 7692 §6).
pub(crate) const RSV1: u8 = 0x40;
const MASKED: u8 = 0x80;

/// A whole unmasked message in one frame. `first` is an opcode, with RSV1 where the payload is compressed.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![FIN | first];
    push_length(&mut frame, payload.len(), 0);
    frame.extend_from_slice(payload);
    frame
}

/// The same as a client sends it.
pub(crate) fn masked_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![FIN | opcode];
    push_length(&mut frame, payload.len(), MASKED);
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// Close code 1000.
pub(crate) fn close_frame() -> Vec<u8> {
    frame(CLOSE, &1000u16.to_be_bytes())
}

/// The same as a client sends it.
pub(crate) fn masked_close_frame() -> Vec<u8> {
    masked_frame(CLOSE, &1000u16.to_be_bytes())
}

fn push_length(frame: &mut Vec<u8>, length: usize, masked: u8) {
    match length {
        0..126 => frame.push(masked | length as u8),
        126..0x1_0000 => {
            frame.push(masked | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            frame.push(masked | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// The length of the frame's header, of its payload, and its first byte; `None` until the header is whole.
fn header(bytes: &[u8]) -> Option<(usize, usize, u8)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, end) = match second & 0x7f {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize, 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (short as usize, 2),
    };
    let header = if second & MASKED == 0 { end } else { end + 4 };
    (bytes.len() >= header).then_some((header, length, first))
}

/// Counts messages in a stream of bytes, whoever masked them, without looking at payloads.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// Data messages that have come whole.
    pub(crate) messages: u64,
    /// Whether a close frame has come.
    pub(crate) closed: bool,
    /// The beginning of a header that was cut.
    cut: Vec<u8>,
    /// How much of a payload is still to come, and whether it ends a data message.
    rest: usize,
    ends: bool,
}

impl Counter {
    /// Follows what was read.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.closed {
            if self.rest > 0 {
                let taken = self.rest.min(bytes.len());
                self.rest -= taken;
                bytes = &bytes[taken..];
                if self.rest == 0 {
                    self.messages += u64::from(self.ends);
                }
                continue;
            }
            bytes = self.next_header(bytes);
        }
    }

    fn next_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let before = self.cut.len();
        let found = if before == 0 {
            header(bytes)
        } else {
            self.cut.extend_from_slice(&bytes[..bytes.len().min(14)]);
            header(&self.cut)
        };
        let Some((header, length, first)) = found else {
            // At most 14 bytes: without a whole header there are no more.
            self.cut.truncate(before);
            self.cut.extend_from_slice(bytes);
            return &[];
        };
        self.cut.clear();
        self.closed = first & 0x0f == CLOSE;
        self.ends = first & FIN != 0 && first & 0x0f < CLOSE;
        self.rest = length;
        if length == 0 {
            self.messages += u64::from(self.ends);
        }
        &bytes[header - before..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        let mut stream = Vec::new();
        for size in [0, 1, 125, 126, 70_000] {
            stream.extend(frame(TEXT, &vec![b'x'; size]));
            stream.extend(masked_frame(BINARY, &vec![0; size]));
        }
        stream.extend(masked_close_frame());
        for piece in [1, 2, 3, 7, 1000, stream.len()] {
            let mut counter = Counter::default();
            stream.chunks(piece).for_each(|chunk| counter.read(chunk));
            assert_eq!((counter.messages, counter.closed), (10, true), "in pieces of {piece}");
        }
    }
}
