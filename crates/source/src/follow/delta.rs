//! What a poll brings.

use std::collections::BTreeMap;

use plimsoll_core::{
    limits::LOG_EXAMPLES_MAX,
    measure::tally::{Cell, Names},
    time::Minute,
};

use super::Cursor;
use crate::{piece::Piece, problem::Problem};

/// What a request was counted under; `None` where it names nothing, or where that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The virtual host.
    pub host: Option<String>,
    /// The first segment of the path.
    pub segment: Option<String>,
}

impl From<Names<'_>> for Name {
    fn from(names: Names<'_>) -> Self {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        Name { host: owned(names.host), segment: owned(names.segment) }
    }
}

/// What is new since the cursors that were committed last. Counts and cursors belong together: whoever stores one
/// without the other loses lines, or counts them twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Requests by name and minute: to be added to what is stored.
    pub cells: BTreeMap<(Name, Minute), Cell>,
    /// All lines: requests, malformed and skipped ones.
    pub lines: u64,
    /// Lines that should be a request, and could not be read as one.
    pub malformed: u64,
    /// Blank lines and comments.
    pub skipped: u64,
    /// The first malformed lines, at most [`LOG_EXAMPLES_MAX`].
    pub examples: Vec<Example>,
    /// Cursors that are new or have changed: to be stored by their keys.
    pub cursors: Vec<Cursor>,
    /// Keys of cursors that are not needed any more: to be deleted.
    pub dropped: Vec<u64>,
    /// What happened to files.
    pub events: Vec<Event>,
    /// How many bytes of logs were read (unpacked).
    pub bytes: u64,
    /// Whether there was more to read than one poll may.
    pub is_more: bool,
}

/// A line that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The log.
    pub path: String,
    /// Why it is not a request.
    pub why: &'static str,
    /// Its beginning, with everything escaped that is not to be printed.
    pub text: String,
}

/// Something that happened to a file between two polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A log that was not known appeared.
    Found {
        /// Its path.
        path: String,
    },
    /// A file was renamed, as rotation does.
    Renamed {
        /// Its path before.
        from: String,
        /// Its path now, as far as that is known; otherwise it was moved out of sight, or deleted.
        to: Option<String>,
    },
    /// A file holds, or holds more of, a log that another file held: a copy.
    Copied {
        /// The path at which the log was first seen.
        of: String,
        /// The path of the copy.
        path: String,
    },
    /// A file was emptied or replaced, and does not begin with what was counted of it.
    Truncated {
        /// Its path.
        path: String,
        /// Where what it held before is kept. Where it is nowhere, lines are lost that were written after the last poll
        /// and before the file was emptied.
        copy: Option<String>,
    },
    /// A file lost its end, such as after a power failure. What is written behind it now is counted.
    Cut {
        /// Its path.
        path: String,
        /// How many bytes that had been counted are gone.
        bytes: u64,
    },
    /// No file holds the log any more, and it was not open: lines are lost that were written after the last poll.
    Gone {
        /// Its last path.
        path: String,
    },
}

impl Delta {
    /// Takes in what was counted of a log.
    pub(super) fn enter(&mut self, path: &str, piece: &Piece) {
        self.lines += piece.lines();
        self.malformed += piece.malformed;
        self.skipped += piece.skipped;
        for (names, minute, cell) in piece.batch.cells() {
            self.cells.entry((names.into(), minute)).or_default().add(&cell);
        }
        let room = LOG_EXAMPLES_MAX - self.examples.len();
        self.examples.extend(piece.examples.iter().take(room).map(|example| Example {
            path: path.to_owned(),
            why: example.why,
            text: example.text.clone(),
        }));
    }
}

/// How a follower is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Each pattern, in the order in which they were given.
    pub patterns: Vec<PatternHealth>,
    /// Each file that matches, by path.
    pub files: Vec<FileHealth>,
}

impl Health {
    /// Whether a minute without lines is one without traffic: every pattern matches something that can be read, and
    /// all of it was read. Otherwise what was not seen is *missing*.
    pub fn is_watching(&self) -> bool {
        let is_good = |pattern: &PatternHealth| pattern.files > 0 && pattern.problem.is_none();
        self.patterns.iter().all(is_good)
            && self.files.iter().all(|file| file.problem.is_none() && !file.is_lagging)
    }
}

/// What a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternHealth {
    /// The pattern.
    pub pattern: String,
    /// How many files it matches. None is missing data, not no traffic.
    pub files: usize,
    /// Why that may be too few.
    pub problem: Option<Problem>,
}

/// How it stands with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHealth {
    /// Its path.
    pub path: String,
    /// Name of its format, once that is known.
    pub format: Option<String>,
    /// How much of it was not counted, in bytes on the disk. A line that is not finished is among them.
    pub uncounted_bytes: u64,
    /// Whether there are whole lines among those.
    pub is_lagging: bool,
    /// Why it is not read.
    pub problem: Option<Problem>,
}
