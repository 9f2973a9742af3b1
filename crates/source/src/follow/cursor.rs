//! How far a log was counted, in a form that outlives the process.

use plimsoll_core::limits::{FOLLOW_KNOWN_BYTES_MIN, FOLLOW_PRINT_BYTES};
use serde::{Deserialize, Serialize};

use super::{disk::FileId, print::Print};

/// The version of [`Cursor`] that is written.
pub(super) const VERSION: u32 = 1;

/// How far one log was counted.
///
/// A log is a sequence of bytes, not a file: it keeps its cursor when it is renamed, copied, or compressed, and a file
/// gets another one when it is emptied and written anew. So a log may be held by several files, or by none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    pub(super) version: u32,
    /// Tells the cursors of a follower apart; never given twice.
    pub key: u64,
    /// The path at which the log was first seen.
    pub origin: String,
    /// The first byte that was not counted yet (unpacked).
    pub offset: u64,
    /// How many lines stand before it.
    pub lines: u64,
    /// Of the first bytes before the offset.
    pub(super) head: Print,
    /// Short prints of each beginning of these first bytes that ends with a line: a copy that was made early is one of
    /// these beginnings.
    #[serde(default)]
    pub(super) starts: Vec<u64>,
    /// Of the last bytes before the offset.
    pub(super) tail: Print,
    /// The format that was found, as `Format::remembered` writes it.
    pub(super) format: Option<String>,
    /// How many lines the format was told from.
    pub(super) sampled: u64,
    /// The latest clock at which it was read, in seconds since 1970.
    pub(super) clock_s: i64,
    /// The files that hold the log, or its beginning.
    pub(super) places: Vec<Place>,
}

/// A file that holds a log, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) id: FileId,
    pub(super) held: Held,
}

/// What a file holds of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Held {
    /// Everything before the offset, and maybe more.
    Level,
    /// Less than what was counted. This is what it begins with.
    Behind(Print),
    /// Less than what was counted, where the log was: somebody copies it there again, or it has lost its end.
    Short {
        /// How much there was of it when that was seen; what came behind that was not counted.
        bytes: u64,
        /// When that was, by the clock.
        since_s: i64,
    },
    /// Compressed; when it had this size and time it was read to its end.
    Packed {
        /// Its size on the disk.
        bytes: u64,
        /// When it was last written, in nanoseconds since 1970.
        modified_ns: i64,
    },
}

impl Cursor {
    /// A log of which nothing was counted.
    pub(super) fn new(key: u64, origin: &str, clock_s: i64) -> Self {
        Cursor {
            version: VERSION,
            key,
            origin: origin.to_owned(),
            offset: 0,
            lines: 0,
            head: Print::default(),
            starts: Vec::new(),
            tail: Print::default(),
            format: None,
            sampled: 0,
            clock_s,
            places: Vec::new(),
        }
    }

    /// Takes in how far it was counted: the offset, its first bytes, as many as a print is of, and what stands before
    /// the offset.
    pub(super) fn advance(&mut self, offset: u64, head: &[u8], tail: Print) {
        (self.offset, self.tail) = (offset, tail);
        if !self.head.is_full() {
            (self.head, self.starts) = (Print::of(head), Print::starts(head));
        }
    }

    /// The files in which the log can be read on.
    pub(super) fn level(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.held == Held::Level)
    }

    /// Whether anything was counted by which the log can be known.
    pub(super) fn is_knowable(&self) -> bool {
        self.offset >= FOLLOW_KNOWN_BYTES_MIN
    }

    /// Whether what was counted is enough to know the log by, whatever a file is called.
    pub(super) fn is_distinct(&self) -> bool {
        self.offset >= FOLLOW_PRINT_BYTES as u64
    }
}

impl Held {
    /// How much of a file of this size was not counted.
    pub(super) fn uncounted(self, cursor: &Cursor, bytes: u64) -> u64 {
        match self {
            Held::Level => bytes.saturating_sub(cursor.offset),
            Held::Packed { bytes: done, .. } if done != bytes => bytes,
            Held::Short { bytes: first, .. } => bytes.saturating_sub(first),
            Held::Behind(_) | Held::Packed { .. } => 0,
        }
    }
}
