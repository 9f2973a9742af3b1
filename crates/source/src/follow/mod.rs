//! Logs that grow: each line counted once, through rotation, truncation, compression, crashes and restarts.
//!
//! A [`Follower`] is polled. A [poll](Follower::poll) brings what is new as counts, and the [`Cursor`]s behind it. Whoever
//! stores both in one transaction and then [commits](Follower::commit) never loses a line that can be found, and never
//! counts one twice: a follower that is made anew from the stored cursors goes on behind the last line that was stored.
//!
//! What cannot be found is lost: lines that were written to a file and removed from it between two polls, where no copy
//! has a name that a pattern matches. So patterns should match rotated logs too, as `access.log*` does.
//!
//! There are no threads and no clock here; only the question whether a file was written to a moment ago is put to the
//! clock of the system, because its answer is compared to times that the system wrote.

mod book;
mod cursor;
mod cutter;
mod delta;
mod disk;
mod name;
mod poll;
mod print;
mod recognise;
mod seen;
mod unpack;
mod walk;

use std::{collections::BTreeMap, fmt, path::PathBuf};

use plimsoll_core::measure::accesslog::Format;

use self::{
    book::Book,
    disk::{FileId, Files, Scan},
    poll::{Poll, Task},
    seen::{Seen, Unread},
};
use crate::{input::Options, problem::Problem};

pub use cursor::Cursor;
pub use delta::{Delta, Event, Example, FileHealth, Health, Name, PatternHealth};

/// Follows all logs that some patterns match.
pub struct Follower {
    patterns: Vec<String>,
    options: Options,
    /// A folder of which nothing is read.
    apart: Option<PathBuf>,
    /// As they are stored.
    committed: BTreeMap<u64, Cursor>,
    /// What the last poll changed and nobody has committed: cursors, and keys of those to be dropped.
    pending: (Vec<Cursor>, Vec<u64>),
    book: Book,
    files: Files,
    /// What is known of each file besides its cursor. It may be forgotten at any time.
    seen: BTreeMap<FileId, Seen>,
    /// What the last poll found.
    scan: Scan,
    /// The compressed file that is being read.
    task: Option<Task>,
    /// The latest clock.
    clock_s: i64,
    /// The file that was not read to its end when the last poll had read enough.
    turn: Option<FileId>,
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("patterns", &self.patterns).finish_non_exhaustive()
    }
}

impl Follower {
    /// Follows all files that `patterns` match (`*`, `?`, `[…]`, and `**` for any folders), from where `cursors` stand.
    /// Logs without a cursor are counted from their beginning.
    ///
    /// Of the options `method`, `format` and `seed` hold; requests more than a day later than the latest clock are
    /// malformed.
    ///
    /// # Errors
    /// When a pattern is none, and when a cursor was written by a newer version: without it lines would be counted
    /// twice.
    pub fn new(
        patterns: Vec<String>,
        options: Options,
        cursors: Vec<Cursor>,
    ) -> Result<Self, Problem> {
        for pattern in &patterns {
            glob::Pattern::new(pattern).map_err(|error| {
                let remedy =
                    "In a pattern `*`, `?` and `[…]` stand for other letters, `**` for folders.";
                Problem::new(format!("`{pattern}` is no pattern for files"), error.msg, remedy)
            })?;
        }
        if let Some(newer) = cursors.iter().find(|cursor| cursor.version != cursor::VERSION) {
            let what =
                format!("`{}` was followed by another version of this program", newer.origin);
            let why = format!("its cursor has version {}, not {}", newer.version, cursor::VERSION);
            return Err(Problem::new(what, why, "Use that version, or a newer one."));
        }
        let clock_s = cursors.iter().map(|cursor| cursor.clock_s).max().unwrap_or(i64::MIN);
        let committed: BTreeMap<u64, Cursor> =
            cursors.into_iter().map(|cursor| (cursor.key, cursor)).collect();
        Ok(Follower {
            patterns,
            options,
            apart: None,
            book: Book::new(committed.values().cloned()),
            committed,
            pending: Default::default(),
            files: Files::default(),
            seen: BTreeMap::new(),
            scan: Scan::default(),
            task: None,
            clock_s,
            turn: None,
        })
    }

    /// Opens nothing in this folder, whatever the patterns match. It must be written without links, as the system does.
    #[must_use]
    pub fn apart_from(self, folder: PathBuf) -> Self {
        Follower { apart: Some(folder), ..self }
    }

    /// Reads what is new, at most [`FOLLOW_POLL_BYTES_MAX`](plimsoll_core::limits::FOLLOW_POLL_BYTES_MAX). A poll of
    /// which anything has to be stored is to be [committed](Follower::commit) or [abandoned](Follower::abandon);
    /// otherwise the next one abandons it, and brings the same again.
    ///
    /// `now_s` is the clock, in seconds since 1970. It may jump: it only decides when a rotated log is still, and
    /// which requests are in the future. `latest_s` is the latest that it could be, where that is in doubt: a line of
    /// that time is not lost.
    pub fn poll(&mut self, now_s: i64, latest_s: i64) -> Delta {
        self.abandon();
        self.clock_s = self.clock_s.max(now_s);
        self.options.not_after_s = self.clock_s.max(latest_s).saturating_add(86_400);
        let mut delta = Poll::new(self, now_s).run();
        self.book.prune();
        (delta.cursors, delta.dropped) = self.book.changes(&self.committed);
        self.pending = (delta.cursors.clone(), delta.dropped.clone());
        delta
    }

    /// Says that everything the last poll brought is stored.
    pub fn commit(&mut self) {
        let (cursors, dropped) = std::mem::take(&mut self.pending);
        self.committed.extend(cursors.into_iter().map(|cursor| (cursor.key, cursor)));
        for key in dropped {
            self.committed.remove(&key);
        }
    }

    /// Says that nothing the last poll brought is stored: the next one brings it again.
    pub fn abandon(&mut self) {
        let (cursors, dropped) = std::mem::take(&mut self.pending);
        if cursors.is_empty() && dropped.is_empty() {
            return;
        }
        self.book = Book::new(self.committed.values().cloned());
        self.seen.clear();
        self.task = None;
    }

    /// How it stood at the last poll.
    pub fn health(&self) -> Health {
        let patterns = self.patterns.iter().zip(&self.scan.patterns);
        let patterns = patterns.map(|(pattern, (files, problem))| PatternHealth {
            pattern: pattern.clone(),
            files: *files,
            problem: problem.clone(),
        });
        let unfit = self.scan.problems.iter().map(|(path, problem)| FileHealth {
            path: path.clone(),
            format: None,
            uncounted_bytes: 0,
            is_lagging: false,
            problem: Some(problem.clone()),
        });
        let inside = self.scan.files.values().filter(|file| file.is_inside);
        let mut files: Vec<FileHealth> =
            inside.map(|file| self.file_health(file.id)).chain(unfit).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Health { patterns: patterns.collect(), files }
    }

    fn file_health(&self, id: FileId) -> FileHealth {
        let (file, seen) = (&self.scan.files[&id], self.seen.get(&id));
        let log = self.book.held_by(id);
        let (format, uncounted_bytes) = match log {
            Some((cursor, place)) => {
                let format = cursor.format.as_deref().and_then(Format::recalled);
                let format = self.options.format.clone().or(format);
                (format.as_ref().map(Format::name), place.held.uncounted(cursor, file.stat.bytes))
            }
            None => (None, file.stat.bytes),
        };
        FileHealth {
            path: file.path.clone(),
            format,
            uncounted_bytes,
            is_lagging: seen.is_none_or(|seen| seen.unread == Unread::Lines) && uncounted_bytes > 0,
            problem: seen.and_then(|seen| seen.problem.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
