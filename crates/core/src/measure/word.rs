//! Eight bytes looked at together, because a processor cannot foretell how long the next field is.

/// How many bytes a word has.
pub(super) const WORD_BYTES: usize = size_of::<u64>();

const ONES: u64 = u64::MAX / 0xff;

/// Marks the bytes of a word that are zero: the highest bit of the first of them, and perhaps of some behind it.
#[inline]
pub(super) fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// A word of which every byte is this one.
pub(super) const fn repeated(byte: u8) -> u64 {
    ONES * byte as u64
}

/// Where in a word the first mark stands.
#[inline]
pub(super) fn first(marks: u64) -> Option<usize> {
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

/// Where in the first sixteen bytes of `text` this byte stands first; `None` where it does not, or where the text is
/// shorter.
#[inline]
pub(super) fn position_in_two(text: &[u8], byte: u8) -> Option<usize> {
    let (words, _) = text.first_chunk::<{ 2 * WORD_BYTES }>()?.as_chunks::<WORD_BYTES>();
    let [low, high] =
        [words[0], words[1]].map(|word| zeros(u64::from_le_bytes(word) ^ repeated(byte)));
    first(low).or_else(|| first(high).map(|at| WORD_BYTES + at))
}

/// Where in `text` one of these two bytes stands first. For texts of some dozen bytes this is faster than a call that
/// prepares itself for long ones.
#[inline]
pub(super) fn position_of_either(text: &[u8], bytes: [u8; 2]) -> Option<usize> {
    let [one, other] = bytes.map(repeated);
    let (words, rest) = text.as_chunks::<WORD_BYTES>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        if let Some(byte) = first(zeros(word ^ one) | zeros(word ^ other)) {
            return Some(at * WORD_BYTES + byte);
        }
    }
    let in_rest = rest.iter().position(|byte| bytes.contains(byte))?;
    Some(words.len() * WORD_BYTES + in_rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn looking_at_bytes_together_finds_what_looking_at_each_does(
            // Bytes that differ in few bits from the one looked for, and any.
            text in prop::collection::vec(
                prop_oneof![Just(b'a'), prop::sample::select(b" !\"\xa0\x9f\x1f\x21\0".to_vec()), any::<u8>()],
                0..24,
            ),
        ) {
            let expected = text.iter().take(16).position(|byte| *byte == b' ').filter(|_| text.len() >= 16);
            prop_assert_eq!(position_in_two(&text, b' '), expected);
            let either = text.iter().position(|byte| [b' ', b'"'].contains(byte));
            prop_assert_eq!(position_of_either(&text, [b' ', b'"']), either);
        }
    }
}
