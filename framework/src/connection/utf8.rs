//! Checks that text is UTF-8 while it arrives, however it is split.

use simdutf8::compat::from_utf8;

/// Bytes that cannot stand in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotUtf8;

/// Follows one text.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character that the last piece broke off in.
    begun: [u8; 4],
    length: usize,
}

impl Utf8 {
    /// Takes the next piece; an error as soon as no continuation could mend it.
    pub(super) fn check(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.length > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            self.begun[self.length] = byte;
            self.length += 1;
            piece = rest;
            match from_utf8(&self.begun[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {}
            }
        }
        let Err(error) = from_utf8(piece) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(NotUtf8);
        }
        let begun = &piece[error.valid_up_to()..];
        self.begun[..begun.len()].copy_from_slice(begun);
        self.length = begun.len();
        Ok(())
    }

    /// The text ends here: no character may be unfinished.
    pub(super) fn finish(&self) -> Result<(), NotUtf8> {
        if self.length == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(pieces: &[&[u8]]) -> Result<(), NotUtf8> {
        let mut utf8 = Utf8::default();
        pieces.iter().try_for_each(|piece| utf8.check(piece))?;
        utf8.finish()
    }

    #[test]
    fn a_character_may_be_split_anywhere() {
        let text = "κόσμε € 😀 \u{10ffff}".as_bytes();
        for at in 0..text.len() {
            assert_eq!(whole(&[&text[..at], &text[at..]]), Ok(()), "split at {at}");
        }
        assert_eq!(whole(&text.chunks(1).collect::<Vec<_>>()), Ok(()), "one byte at a time");
    }

    #[test]
    fn a_byte_that_nothing_can_mend_is_found_at_once() {
        for (begin, bad) in [(&b"\xf4"[..], 0x90), (b"\xed", 0xa0), (b"\xe0", 0x80), (b"\xc3", b'x'), (b"", 0xff)] {
            let mut utf8 = Utf8::default();
            assert_eq!(utf8.check(begin), Ok(()));
            assert_eq!(utf8.check(&[bad]), Err(NotUtf8), "{begin:x?} {bad:x}");
        }
    }

    #[test]
    fn a_text_must_not_end_within_a_character() {
        assert_eq!(whole(&[b"a\xe2\x82"]), Err(NotUtf8));
        assert_eq!(whole(&[b"a\xe2\x82", b"\xac"]), Ok(()));
    }
}
