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

/// Marks the bytes of a word that are at most `most`, which is below 128: the highest bit of the first of them, and
/// perhaps of some behind it.
#[inline]
fn up_to(word: u64, most: u8) -> u64 {
    word.wrapping_sub(repeated(most + 1)) & !word & (ONES << 7)
}

/// Where the first byte stands that ends a word of a log: a space or a control character. `None` where there is none,
/// or only among the last bytes, which do not fill a word.
#[inline]
pub(super) fn position_up_to_space(text: &[u8]) -> Option<usize> {
    position(text, |word| up_to(word, b' '))
}

/// Where the first byte stands that ends a target in a quoted request: a space, a control character, a quote or a
/// backslash (or `!`, which is rare). `None` as above.
#[inline]
pub(super) fn position_of_end(text: &[u8]) -> Option<usize> {
    position(text, |word| up_to(word, b'"') | zeros(word ^ repeated(b'\\')))
}

/// Where the first byte stands that is marked.
#[inline]
fn position(text: &[u8], marks: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, _) = text.as_chunks();
    let mut words = words.iter().map(|word| first(marks(u64::from_le_bytes(*word)))).enumerate();
    words.find_map(|(at, byte)| Some(at * WORD_BYTES + byte?))
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
                prop_oneof![Just(b'a'), prop::sample::select(b" !\"#\\\\[]\xa0\x9f\xdc\x1f\0".to_vec()), any::<u8>()],
                0..24,
            ),
        ) {
            let in_words = text.len() / WORD_BYTES * WORD_BYTES;
            let expected = |ends: fn(u8) -> bool| text[..in_words].iter().position(|byte| ends(*byte));
            prop_assert_eq!(position_up_to_space(&text), expected(|byte| byte <= b' '));
            prop_assert_eq!(position_of_end(&text), expected(|byte| byte <= b'"' || byte == b'\\'));
        }
    }
}
