//! Where in the target of a request its names stand.

use super::{Seed, tag::Tag};
use crate::{
    limits::SERVICE_NAME_BYTES_MAX,
    measure::word::{WORD_BYTES, first, repeated, zeros},
};

/// Most bytes of a first segment that are looked at: each byte of a name may be written in three (`%61`).
const RAW_SEGMENT_BYTES: usize = 3 * SERVICE_NAME_BYTES_MAX;

/// The first segment of a path as it is written; empty where there is none, or it is too long to name a service.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Segment<'a> {
    pub(super) raw: &'a [u8],
    pub(super) tag: Tag,
}

impl<'a> Segment<'a> {
    /// The first segment of what follows the slash. `/`, `?` and `;` (parameters) end it.
    #[inline]
    fn of(path: &'a [u8], seed: Seed) -> Self {
        // Nearly always the end stands in the first word, which then is the tag.
        if let Some(bytes) = path.first_chunk::<WORD_BYTES>() {
            let word = u64::from_le_bytes(*bytes);
            if let Some(end) = end_in_word(word) {
                return Segment { raw: &path[..end], tag: Tag::of_word(word, end) };
            }
        }
        Segment::long(path, seed)
    }

    fn long(path: &'a [u8], seed: Seed) -> Self {
        let (words, _) = path.as_chunks::<WORD_BYTES>();
        let mut ends = words.iter().take(RAW_SEGMENT_BYTES / WORD_BYTES).enumerate();
        let end = ends.find_map(|(at, word)| {
            end_in_word(u64::from_le_bytes(*word)).map(|end| at * WORD_BYTES + end)
        });
        let end = end.unwrap_or_else(|| {
            let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b';');
            path.iter().take(RAW_SEGMENT_BYTES + 1).position(is_end).unwrap_or(path.len())
        });
        let raw = if end <= RAW_SEGMENT_BYTES { &path[..end] } else { &[] };
        Segment { raw, tag: Tag::of(raw, seed) }
    }
}

/// The first bytes of the path of a target that is one; `None` where they are fewer, or no segment begins there.
#[inline]
pub(super) fn first_word(target: &[u8]) -> Option<u64> {
    let (slash, path) = target.split_first()?;
    let word = u64::from_le_bytes(*path.first_chunk()?);
    (*slash == b'/' && word as u8 != b'/').then_some(word)
}

/// Whether the first segment ends in the first word of its path.
pub(super) fn ends_in(word: u64) -> bool {
    end_in_word(word).is_some()
}

/// Where in a word the first byte stands that ends a segment.
#[inline]
fn end_in_word(bytes: u64) -> Option<usize> {
    let slashes = zeros(bytes ^ repeated(b'/'));
    // `;` and `?` differ in one bit.
    let others = zeros((bytes | repeated(b'?' ^ b';')) ^ repeated(b'?'));
    first(slashes | others)
}

/// The host of a target that is a full URL, and the first segment of its path.
#[inline]
pub(super) fn names(target: &[u8], seed: Seed) -> (Option<&[u8]>, Segment<'_>) {
    match target {
        [b'/', path @ ..] if path.first() != Some(&b'/') => (None, Segment::of(path, seed)),
        _ => unusual_names(target, seed),
    }
}

fn unusual_names(target: &[u8], seed: Seed) -> (Option<&[u8]>, Segment<'_>) {
    let (host, mut path) = match target.first() {
        Some(b'/') => (None, target),
        _ => full_url(target).map_or((None, &[][..]), |(host, path)| (Some(host), path)),
    };
    while let Some((b'/', rest)) = path.split_first() {
        path = rest;
    }
    (host, Segment::of(path, seed))
}

/// Host and path of `http://host/path`.
fn full_url(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = target.iter().take(8).position(|b| *b == b':')?;
    let rest = target[colon..].strip_prefix(b"://")?;
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit(|b| *b == b'@').next()?;
    Some((host, if path.first() == Some(&b'/') { path } else { &[] }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_segment_is_found_in_every_form_of_target() {
        for (target, host, segment) in [
            ("/api", None, "api"),
            ("/api/", None, "api"),
            ("/api/users/7", None, "api"),
            ("/api?x=/y", None, "api"),
            ("/api;v=1/x", None, "api"),
            ("//api//x", None, "api"),
            ("/", None, ""),
            ("///", None, ""),
            ("/?x", None, ""),
            ("", None, ""),
            ("*", None, ""),
            ("api/x", None, ""),
            ("host:443", None, ""),
            ("http://h/api/x", Some("h"), "api"),
            ("https://h:8443", Some("h:8443"), ""),
            ("http://u:p@h/api", Some("h"), "api"),
            ("http://h?x=/y", Some("h"), ""),
            ("http:///api", Some(""), "api"),
        ] {
            let (found, first) = names(target.as_bytes(), Seed::default());
            assert_eq!(
                (found, first.raw),
                (host.map(str::as_bytes), segment.as_bytes()),
                "{target}"
            );
        }
        let longest = format!("/{}", "x".repeat(RAW_SEGMENT_BYTES));
        for end in ["", "/", "?", ";/"] {
            let target = format!("{longest}{end}");
            assert_eq!(
                names(target.as_bytes(), Seed::default()).1.raw.len(),
                RAW_SEGMENT_BYTES,
                "{end}"
            );
        }
        for end in ["x", "x/", "xxxxxxxx/y"] {
            assert_eq!(
                names(format!("{longest}{end}").as_bytes(), Seed::default()).1.raw,
                b"",
                "{end}"
            );
        }
    }

    proptest! {
        #[test]
        fn looking_at_eight_bytes_together_finds_what_looking_at_each_does(
            // Bytes that differ in few bits from those that end a segment, and any.
            path in prop::collection::vec(
                prop_oneof![Just(b'a'), prop::sample::select(b"/?;.:>+'#\xaf\xbf\xbb\x2e\x30\0".to_vec()), any::<u8>()],
                0..40,
            ),
        ) {
            let end = path.iter().position(|byte| b"/?;".contains(byte)).unwrap_or(path.len());
            let segment = Segment::of(&path, Seed::default());
            prop_assert_eq!(segment.raw, &path[..end]);
            prop_assert_eq!(segment.tag, Tag::of(&path[..end], Seed::default()));
        }
    }
}
