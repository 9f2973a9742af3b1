//! A small fast hash for names: the same on every machine and in every run.
//!
//! Eight bytes at a time are multiplied to 128 bits and folded. It is not safe against somebody who wants names to
//! collide; all they could reach is slower look-ups, or that their own names are counted together.

const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xd1b5_4a32_d192_ed03;

/// Mixes two words into one.
#[inline]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ K0) * u128::from(b ^ K1);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// The hash of `bytes`, after what `seed` stands for.
#[inline]
pub(super) fn hash(bytes: &[u8], seed: u64) -> u64 {
    let mut state = seed ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        state = fold(state, word(chunk));
    }
    fold(state, word(chunks.remainder()))
}
