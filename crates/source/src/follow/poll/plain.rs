//! Counts what was appended to files.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use plimsoll_core::limits::FOLLOW_PRINT_BYTES;

use super::{
    super::{
        Follower,
        cursor::{Cursor, Held},
        cutter::Cutter,
        disk::{FileId, Sighting},
        print::{Print, range},
        recognise::{Verdict, recognise, verdict},
        seen::Unread,
    },
    Poll,
};
use crate::{container::Container, log::Head, piece::Counter, problem::Problem};

/// How much is read at once.
const BLOCK_BYTES: usize = 256 * 1024;

impl Poll<'_> {
    /// Counts the lines of a file that were finished since.
    pub(super) fn read(&mut self, file: &Sighting) -> io::Result<()> {
        let Some((cursor, place)) = self.follower.book.held_by(file.id) else { return Ok(()) };
        let cursor = cursor.clone();
        if place.held != Held::Level
            || self.seen(file.id).is_quiet
            || self.unchecked.contains(&file.id)
        {
            return Ok(());
        }
        if file.stat.bytes <= cursor.offset {
            let seen = self.seen(file.id);
            (seen.unread, seen.problem) = (Unread::Nothing, None);
            seen.rest();
            return Ok(());
        }
        if self.budget == 0 {
            self.seen(file.id).unread = Unread::Lines;
            self.delta.is_more = true;
            return Ok(());
        }
        if self.is_copy_after_all(file, &cursor)? {
            return self.read(file);
        }
        self.advance(file, &cursor, false)
    }

    /// Looks whether a log of which too little was counted to know it by is one that is known by now: somebody copied it
    /// early, or the copy was given the number of a file that is gone.
    fn is_copy_after_all(&mut self, file: &Sighting, cursor: &Cursor) -> io::Result<bool> {
        if cursor.is_knowable() {
            return Ok(false);
        }
        let Follower { book, files, .. } = &mut *self.follower;
        let Some(open) = files.get(file.id, &file.path)? else { return Ok(false) };
        let Some((key, held)) = recognise(&open, &file.path, book, files)? else {
            return Ok(false);
        };
        book.attach(key, file.id, &file.path, held);
        self.seen(file.id).checked = None;
        self.note_copy(key, &file.path);
        Ok(true)
    }

    /// Counts the lines of a file behind the cursor of its log; with the last one, where that is not finished and
    /// never will be.
    fn advance(&mut self, file: &Sighting, cursor: &Cursor, is_final: bool) -> io::Result<()> {
        let Some(open) = self.follower.files.get(file.id, &file.path)? else { return Ok(()) };
        if self.seen(file.id).checked != Some(cursor.offset)
            && verdict(&open, cursor, Held::Level)? != Verdict::Level
        {
            return Ok(());
        }
        let sample = || {
            (&*open).seek(SeekFrom::Start(0))?;
            Ok(Some(Head::growing(&mut &*open)))
        };
        let format = match self.format(cursor, Container::Plain, sample)? {
            Ok(format) => format,
            Err(problem) => {
                let seen = self.seen(file.id);
                (seen.problem, seen.unread) = (problem, Unread::Nothing);
                seen.rest();
                return Ok(());
            }
        };
        let kept = self.seen(file.id).cutter.take();
        let kept = kept.filter(|cutter| cutter.offset() == cursor.offset);
        let mut cutter = kept.unwrap_or_else(|| Cutter::new(cursor.offset, &[]));
        let bytes = open.metadata()?.len();
        let budget = if is_final { u64::MAX } else { self.budget };
        let options = self.follower.options.clone();
        let mut counter = Counter::new(&format, &options);
        let from = cutter.at();
        let failure =
            feed(&open, bytes.min(from.saturating_add(budget)), &mut cutter, &mut counter);
        self.budget = self.budget.saturating_sub(cutter.at() - from);
        if is_final && failure.is_none() {
            cutter.finish(&mut counter);
        }
        // Somebody may have emptied it meanwhile.
        let is_there = open.metadata()?.len() >= cutter.at();
        if !is_there || Print::head(&open, cursor.offset)? != cursor.head {
            self.seen(file.id).checked = None;
            return Ok(());
        }
        // A rotated log is not waited for.
        let waiting = if is_final || self.is_rotated(cursor) { None } else { counter.hold() };
        let offset = waiting.unwrap_or(cutter.offset());
        if offset > cursor.offset {
            let head = range(&open, 0, offset.min(FOLLOW_PRINT_BYTES as u64))?;
            let tail = Print::tail(&open, offset)?;
            let piece = counter.finish();
            let format = (piece.skipped > 0).then(|| counter.format().remembered()).flatten();
            self.enter(cursor.key, &file.path, &piece, format, |cursor| {
                cursor.advance(offset, &head, tail);
            });
            self.fall_behind(cursor.key, file.id, offset);
        }
        if waiting.is_some() {
            self.hold(file.id, offset);
            return Ok(());
        }
        self.note_progress(file.id, bytes, cutter, failure.as_ref().map(Problem::reading));
        Ok(())
    }

    /// Waits with lines of the future until the clock has come so far, or a request of now stands behind them.
    fn hold(&mut self, id: FileId, offset: u64) {
        let what = "goes on with requests of more than a day ahead of the clock";
        let remedy = "Set the clock of this machine right, or that of whoever writes the log; then they are counted.";
        let seen = self.seen(id);
        (seen.checked, seen.unread, seen.is_quiet) = (Some(offset), Unread::Lines, false);
        (seen.cutter, seen.problem) = (None, Some(Problem::new(what, "", remedy)));
    }

    /// Notes how far a file of this size was read.
    fn note_progress(&mut self, id: FileId, bytes: u64, cutter: Cutter, problem: Option<Problem>) {
        let is_more = cutter.at() < bytes && problem.is_none();
        if is_more {
            self.follower.turn = Some(id);
            self.delta.is_more = true;
        }
        let seen = self.seen(id);
        seen.checked = Some(cutter.offset());
        seen.unread = match cutter.offset() {
            _ if is_more || problem.is_some() => Unread::Lines,
            offset if offset < bytes => Unread::Partial,
            _ => Unread::Nothing,
        };
        if seen.unread != Unread::Lines {
            seen.rest();
        }
        seen.problem = problem;
        seen.cutter = Some(cutter).filter(Cutter::is_within_long);
    }

    /// Looks after the other files of a log that was read on in one of them.
    pub(super) fn fall_behind(&mut self, key: u64, read: FileId, offset: u64) {
        let Some(cursor) = self.follower.book.get(key) else { return };
        let others = cursor.level().filter(|place| place.id != read);
        let others: Vec<(FileId, String)> =
            others.map(|place| (place.id, place.path.clone())).collect();
        for (id, path) in others {
            let Some(bytes) = self.scan.files.get(&id).map(|file| file.stat.bytes) else {
                continue;
            };
            let seen = self.seen(id);
            (seen.checked, seen.is_quiet) = (None, false);
            if bytes >= offset {
                continue;
            }
            let print = match self.follower.files.get(id, &path) {
                Ok(Some(file)) => Print::head(&file, bytes).ok(),
                _ => None,
            };
            if let (Some(print), Some(place)) = (print, self.follower.book.place_mut(id)) {
                place.held = Held::Behind(print);
            }
        }
    }

    /// Counts the last lines of rotated logs that were not finished and have been still for long.
    pub(super) fn read_last_lines(&mut self) {
        if !self.scan.is_complete() {
            return;
        }
        let files: Vec<Sighting> = self.scan.files.values().cloned().collect();
        for file in files {
            let now_s = self.now_s;
            let seen = self.seen(file.id);
            if seen.unread == Unread::Partial && seen.is_still(now_s) {
                seen.checked = None;
                self.attempt(&file, Poll::read_last_line);
            }
        }
    }

    fn read_last_line(&mut self, file: &Sighting) -> io::Result<()> {
        let Some((cursor, place)) = self.follower.book.held_by(file.id) else { return Ok(()) };
        if place.held != Held::Level || !self.is_rotated(cursor) {
            return Ok(());
        }
        // What was begun here may go on in a compressed file.
        if self.is_awaited(cursor.key) || self.may_be_packed() {
            return Ok(());
        }
        let cursor = cursor.clone();
        if self.is_copy_after_all(file, &cursor)? {
            return Ok(());
        }
        self.advance(file, &cursor, true)
    }

    /// Whether no file of a log is where the log was first seen.
    pub(super) fn is_rotated(&self, cursor: &Cursor) -> bool {
        let live = self.scan.names.get(&cursor.origin);
        live.is_none_or(|live| cursor.places.iter().all(|place| place.id != *live))
    }
}

/// Reads a file on from where its cutter stands, up to `end`. Gives what went wrong; what was read before that counts.
fn feed(
    mut file: &File,
    end: u64,
    cutter: &mut Cutter,
    counter: &mut Counter<'_>,
) -> Option<io::Error> {
    let mut block = vec![0; BLOCK_BYTES];
    if let Err(error) = file.seek(SeekFrom::Start(cutter.at())) {
        return Some(error);
    }
    while cutter.at() < end {
        let most = (end - cutter.at()).min(BLOCK_BYTES as u64) as usize;
        match file.read(&mut block[..most]) {
            Ok(0) => break,
            Ok(read) => cutter.feed(&block[..read], counter),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Some(error),
        }
    }
    None
}
