//! A small fast hash for names, keyed by a [`Seed`].
//!
//! Eight bytes at a time are multiplied to 128 bits and folded, as wyhash and foldhash do. Whoever knows the seed can
//! write names that all collide, and then looking one up takes as long as all of them together.

/// The key of every hash of a run. It should be random: names are written by strangers. Results do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64, u64);

impl Default for Seed {
    /// The same everywhere: for input that nobody wrote to do harm.
    fn default() -> Self {
        Seed(0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03)
    }
}

impl Seed {
    /// A seed of two random numbers.
    pub fn new(a: u64, b: u64) -> Self {
        Seed(a, b)
    }

    /// Mixes two words into one.
    #[inline]
    pub(super) fn fold(self, a: u64, b: u64) -> u64 {
        let product = u128::from(a ^ self.0) * u128::from(b ^ self.1);
        product as u64 ^ (product >> 64) as u64
    }

    /// The hash of `bytes`.
    #[inline]
    pub(super) fn hash(self, bytes: &[u8]) -> u64 {
        let mut state = bytes.len() as u64;
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            state = self.fold(state, word(chunk));
        }
        self.fold(state, word(chunks.remainder()))
    }
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::tag::Tag, *};

    #[test]
    fn names_that_collide_under_one_seed_do_not_under_another() {
        let known = Seed::default();
        // A factor of every product is zero, whatever follows these eight bytes.
        let names = || {
            (0..1000).map(|end| [&known.0.to_le_bytes(), format!("{end:04}").as_bytes()].concat())
        };
        let slots = |seed: Seed| -> BTreeSet<u64> {
            names().map(|name| Tag::of(&name, seed).hash(Tag::default(), seed) & 0xffff).collect()
        };
        assert_eq!(slots(known).len(), 1);
        // A thousand in 65,536 slots: about seven pairs meet by chance.
        assert!(slots(Seed::new(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3211)).len() > 950);
    }
}
