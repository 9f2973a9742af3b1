//! Sixteen bytes that stand for a name, and are fast to compare.
//!
//! Comparing and hashing names byte by byte, with a call each, took a third of the time of counting a line.

use super::Seed;

/// Most bytes of a name that its tag holds.
const SHORT_BYTES: usize = 15;

/// A name of up to 15 bytes as it is, with its length in the last byte; of a longer one its hash and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tag {
    low: u64,
    high: u64,
}

/// In the last byte of a tag, where short names have their length.
const LONG: u64 = 0xff << 56;

impl Tag {
    /// The tag of a name.
    #[inline]
    pub(super) fn of(name: &[u8], seed: Seed) -> Self {
        if name.is_empty() { Tag::default() } else { Tag::of_some(name, seed) }
    }

    #[inline(never)]
    fn of_some(name: &[u8], seed: Seed) -> Self {
        let len = name.len();
        if len > SHORT_BYTES {
            return Tag { low: seed.hash(name), high: len as u64 | LONG };
        }
        let mut bytes = [0; SHORT_BYTES + 1];
        bytes[..len].copy_from_slice(name);
        bytes[SHORT_BYTES] = len as u8;
        let word = u128::from_le_bytes(bytes);
        Tag { low: word as u64, high: (word >> 64) as u64 }
    }

    /// The tag of a name of fewer than eight bytes that are the first of a word.
    #[inline]
    pub(super) fn of_word(word: u64, len: usize) -> Self {
        Tag { low: word & ((1 << (8 * len)) - 1), high: (len as u64) << 56 }
    }

    /// A word that differs where most tags do.
    #[inline]
    pub(super) fn word(self) -> u64 {
        self.low ^ self.high
    }

    /// Whether the name is longer than the tag, and two names with the same tag may differ.
    #[inline]
    pub(super) fn is_long(self) -> bool {
        self.high >= LONG
    }

    /// The hash of two tags.
    #[inline]
    pub(super) fn hash(self, other: Tag, seed: Seed) -> u64 {
        let first = seed.fold(self.low, self.high);
        if other == Tag::default() { first } else { seed.fold(first ^ other.low, other.high) }
    }
}
