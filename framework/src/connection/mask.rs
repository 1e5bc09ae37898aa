//! Masking (RFC 6455 §5.3), eight bytes at a time.

/// Masks, or unmasks, `bytes`, the first of which is the payload's at `offset`.
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4], offset: usize) {
    let mut key = mask;
    key.rotate_left(offset % 4);
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let masked = u64::from_ne_bytes((&*chunk).try_into().expect("eight bytes")) ^ wide;
        chunk.copy_from_slice(&masked.to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_meets_its_own_byte_of_the_key_whatever_the_length_and_the_split() {
        let mask = [1, 2, 4, 8];
        for length in 0..40 {
            let plain: Vec<u8> = (0..length).map(|byte: u8| byte.wrapping_mul(7)).collect();
            let wanted: Vec<u8> = plain.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect();
            for split in 0..=plain.len() {
                let mut bytes = plain.clone();
                let (before, behind) = bytes.split_at_mut(split);
                apply_mask(before, mask, 0);
                apply_mask(behind, mask, split);
                assert_eq!(bytes, wanted, "{length} bytes, split at {split}");
            }
        }
    }
}
