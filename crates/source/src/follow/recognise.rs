//! Which log a file holds.
//!
//! A log is known by its beginning and by what stands before the first byte that was not counted. A file that has
//! both holds the log, whatever it is called and however it came about.

use std::{fs::File, io};

use memchr::memrchr;
use plimsoll_core::limits::FOLLOW_PRINT_BYTES;

use super::{
    book::Book,
    cursor::{Cursor, Held},
    disk::Files,
    name::is_related,
    print::{Print, range},
};

/// What became of a file that held a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It holds everything that was counted.
    Level,
    /// It still holds a part of that.
    Behind,
    /// It has grown, and begins with what it held, which is too little to be sure that it still is a part of that.
    Unclear,
    /// It is shorter than what was counted, and begins as it did.
    Short,
    /// It holds something else.
    Other,
}

/// Looks whether a file still holds a log.
pub(super) fn verdict(file: &File, cursor: &Cursor, held: Held) -> io::Result<Verdict> {
    let bytes = file.metadata()?.len();
    if bytes >= cursor.offset {
        let is_level = holds(file, cursor)?;
        return Ok(if is_level { Verdict::Level } else { Verdict::Other });
    }
    let begin = range(file, 0, bytes.min(FOLLOW_PRINT_BYTES as u64))?;
    Ok(match held {
        Held::Behind(print) if print.begins(&begin) => {
            if (begin.len() as u64) < cursor.head.bytes() {
                let is_same = begin.len() as u64 == print.bytes();
                if is_same { Verdict::Behind } else { Verdict::Unclear }
            } else if cursor.head.begins(&begin) {
                Verdict::Behind
            } else {
                Verdict::Other
            }
        }
        Held::Level | Held::Short { .. } if cursor.head.is_full() && cursor.head.begins(&begin) => {
            Verdict::Short
        }
        _ => Verdict::Other,
    })
}

/// Whether a file holds everything that was counted of a log.
fn holds(file: &File, cursor: &Cursor) -> io::Result<bool> {
    Ok(Print::head(file, cursor.offset)? == cursor.head
        && (!cursor.is_distinct() || Print::tail(file, cursor.offset)? == cursor.tail))
}

/// The log that an unknown file holds: its key, and how much of it. Where it could be several, the one of which most
/// was counted.
pub(super) fn recognise(
    file: &File,
    path: &str,
    book: &Book,
    files: &Files,
) -> io::Result<Option<(u64, Held)>> {
    let bytes = file.metadata()?.len();
    let head = range(file, 0, bytes.min(FOLLOW_PRINT_BYTES as u64))?;
    let mut heads = Heads::new(&head);
    let mut best: Option<(bool, u64, u64)> = None;
    for cursor in book.cursors().filter(|cursor| cursor.is_knowable()) {
        let is_level = bytes >= cursor.offset;
        let is_known = if is_level {
            heads.begin_with(cursor.head) && is_plausible(cursor, path) && holds(file, cursor)?
        } else {
            heads.begin_with(cursor.head) || is_beginning(&head, cursor, path, files)?
        };
        if is_known {
            best = best.max(Some((is_level, cursor.offset, cursor.key)));
        }
    }
    Ok(best.map(|(is_level, _, key)| {
        (key, if is_level { Held::Level } else { Held::Behind(Print::of(&head)) })
    }))
}

/// Whether a file at `path` can be a copy of a log. Little that is alike says little: two servers that were started
/// together and are asked the same begin alike. Then the name has to say so too, unless the log is nowhere else.
pub(super) fn is_plausible(cursor: &Cursor, path: &str) -> bool {
    cursor.is_distinct()
        || cursor.places.is_empty()
        || is_related(&cursor.origin, path)
        || cursor.places.iter().any(|place| is_related(&place.path, path))
}

/// Whether `head`, which is shorter than a print, is what a log begins with: by the lines with which it began, or by the
/// file in which it is still there. It has to hold a line: all lines begin alike.
pub(super) fn is_beginning(
    head: &[u8],
    cursor: &Cursor,
    path: &str,
    files: &Files,
) -> io::Result<bool> {
    let Some(end) = memrchr(b'\n', head) else { return Ok(false) };
    if head.len() == FOLLOW_PRINT_BYTES || !is_plausible(cursor, path) {
        return Ok(false);
    }
    // What follows them may be a line that is being copied. If it turns out to be another, this is looked at again.
    if cursor.starts.contains(&Print::of(&head[..=end]).short()) {
        return Ok(true);
    }
    for place in cursor.level() {
        if let Some(file) = files.borrow(place.id, &place.path)
            && range(&file, 0, head.len() as u64)? == head
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The prints of the beginnings of a head, of which most logs want the same.
pub(super) struct Heads<'a> {
    head: &'a [u8],
    prints: Vec<Option<Print>>,
}

impl<'a> Heads<'a> {
    pub(super) fn new(head: &'a [u8]) -> Self {
        Heads { head, prints: vec![None; head.len() + 1] }
    }

    /// Whether the head begins with what a print was taken of.
    pub(super) fn begin_with(&mut self, print: Print) -> bool {
        let length = print.bytes() as usize;
        let Some(known) = self.prints.get_mut(length) else { return false };
        *known.get_or_insert_with(|| Print::of(&self.head[..length])) == print
    }
}
