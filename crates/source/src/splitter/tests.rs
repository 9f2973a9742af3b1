//! Lines of sections against lines of the whole.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// Reads at most so many bytes at once, and may fail at the end.
struct Sips {
    bytes: Cursor<Vec<u8>>,
    sip: usize,
    fails: bool,
}

impl Read for Sips {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.sip);
        match self.bytes.read(&mut buffer[..most])? {
            0 if self.fails && most > 0 => Err(io::ErrorKind::ConnectionReset.into()),
            bytes => Ok(bytes),
        }
    }
}

fn sips(text: &[u8], from: u64, sip: usize, fails: bool) -> Sips {
    let mut bytes = Cursor::new(text.to_vec());
    bytes.set_position(from);
    Sips { bytes, sip, fails }
}

/// A line, and where it begins. Of a line that is too long only the length of what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Line(u64, Vec<u8>),
    TooLong(u64),
}

fn lines(block: &[u8], mut offset: u64) -> Vec<Found> {
    let mut lines = Vec::new();
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        lines.push(Found::Line(offset, line.strip_suffix(b"\n").unwrap_or(line).to_vec()));
        offset += line.len() as u64;
    }
    lines
}

fn read(mut splitter: Splitter, reader: &mut dyn Read, detaches: bool) -> (Vec<Found>, bool) {
    let mut found = Vec::new();
    loop {
        match splitter.next(reader) {
            Ok(Block::Lines) => {
                assert!(!splitter.given().is_empty());
                found.extend(lines(splitter.given(), splitter.offset()));
                if detaches {
                    let before = splitter.given().to_vec();
                    assert_eq!(splitter.detach(), before);
                }
            }
            Ok(Block::TooLong) => found.push(Found::TooLong(splitter.offset())),
            Ok(Block::End) => return (found, false),
            Err(_) => {
                assert!(matches!(splitter.next(reader), Ok(Block::End)), "an error is told once");
                return (found, true);
            }
        }
    }
}

/// Texts of short lines, empty ones, and with or without a last line break.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![3 => Just(b'x'), 1 => Just(b'\n')], 0..60)
}

proptest! {
    #[test]
    fn sections_hold_each_line_once(
        text in text(),
        section in 1..20_u64,
        block in 1..20_usize,
        sip in 1..20_usize,
    ) {
        let mut found = Vec::new();
        for from in (0..text.len() as u64).step_by(section as usize) {
            let end = (from + section).min(text.len() as u64);
            let splitter = Splitter::section(from, end, block);
            let mut reader = sips(&text, splitter.offset(), sip, false);
            found.extend(read(splitter, &mut reader, false).0);
        }
        prop_assert_eq!(found, lines(&text, 0));
    }

    #[test]
    fn a_stream_gives_every_line_also_when_blocks_are_given_away(
        text in text(),
        block in 1..20_usize,
        sip in 1..20_usize,
        detaches in any::<bool>(),
    ) {
        let (found, _) = read(Splitter::whole(block), &mut sips(&text, 0, sip, false), detaches);
        prop_assert_eq!(found, lines(&text, 0));
    }

    #[test]
    fn before_an_error_every_whole_line_is_given_and_none_that_is_cut(
        text in text(),
        block in 1..20_usize,
        sip in 1..20_usize,
    ) {
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (found, failed) = read(Splitter::whole(block), &mut sips(&text, 0, sip, true), false);
        prop_assert_eq!(found, lines(&text[..whole], 0));
        prop_assert!(failed);
    }
}

#[test]
fn lines_that_are_too_long_are_told_once_and_skipped() {
    // A line break of two bytes may follow the longest line.
    let kept = LOG_LINE_BYTES_MAX + 1;
    for (length, is_kept) in [(kept, true), (kept + 1, false), (5 * LOG_LINE_BYTES_MAX, false)] {
        for (block, section) in [(1000, u64::MAX), (4096, 50_000), (300_000, 131_072)] {
            let mut text = b"before\n".to_vec();
            text.resize(7 + length, b'y');
            text.extend(b"\nafter\n");
            let mut found = Vec::new();
            for from in (0..text.len() as u64).step_by(usize::try_from(section).unwrap()) {
                let end = from.saturating_add(section).min(text.len() as u64);
                let splitter = Splitter::section(from, end, block);
                let mut reader = sips(&text, splitter.offset(), usize::MAX, false);
                found.extend(read(splitter, &mut reader, false).0);
            }
            let after = Found::Line(7 + length as u64 + 1, b"after".to_vec());
            assert_eq!(found.len(), 3, "{length} {block} {section}");
            assert_eq!((&found[0], &found[2]), (&Found::Line(0, b"before".to_vec()), &after));
            match &found[1] {
                Found::Line(7, line) => assert_eq!(line.len(), length),
                other => {
                    assert_eq!((other, is_kept), (&Found::TooLong(7), false), "{length} {block}");
                }
            }
        }
    }
}

#[test]
fn a_long_line_without_end_takes_no_memory() {
    let mut reader = io::repeat(b'z').take(100 << 20);
    let mut splitter = Splitter::whole(4096);
    let buffer = splitter.buffer.capacity();
    assert_eq!(splitter.next(&mut reader).unwrap(), Block::TooLong);
    assert_eq!(splitter.next(&mut reader).unwrap(), Block::End);
    assert_eq!(splitter.position(), 100 << 20);
    assert_eq!(splitter.buffer.capacity(), buffer);
}
