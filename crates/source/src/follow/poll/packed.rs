//! Counts what compressed files hold that was not counted.

use std::io;

use super::{
    super::{
        cursor::Held,
        disk::{FileId, Sighting},
        seen::{Seen, Unread},
        unpack::{Counting, Found, Unpacking, reader},
    },
    Poll,
};
use crate::{
    container::Container,
    log::Head,
    piece::{Counter, Piece},
    problem::Problem,
};

/// What is being done with a compressed file.
pub(in super::super) enum Task {
    /// It is looked for a log in it that is known.
    Skim(Unpacking),
    /// Its lines are counted.
    Count(Counting),
}

impl Task {
    pub(super) fn id(&self) -> FileId {
        match self {
            Task::Skim(unpacking) => unpacking.id,
            Task::Count(counting) => counting.id,
        }
    }
}

impl Poll<'_> {
    /// Reads compressed files, one after the other.
    pub(super) fn read_packed(&mut self) {
        self.drop_stale_task();
        while self.budget > 0 {
            let Some(task) = self.follower.task.take().or_else(|| self.next_task()) else { return };
            let id = task.id();
            let Some(file) = self.scan.files.get(&id).cloned() else { return };
            let result = match task {
                Task::Skim(unpacking) => self.skim(unpacking, &file),
                Task::Count(counting) => self.count(counting, &file),
            };
            match result {
                Ok(task) => self.follower.task = task,
                Err(error) => self.fail(id, &error),
            }
        }
        self.delta.is_more |= self.follower.task.is_some();
    }

    /// Drops what was begun with a file that has changed, or with a log that was read on elsewhere.
    fn drop_stale_task(&mut self) {
        let Some(task) = &self.follower.task else { return };
        let id = task.id();
        let is_stale = !self.scan.files.contains_key(&id)
            || !self.seen(id).is_stable()
            || match &self.follower.task {
                Some(Task::Count(counting)) => {
                    let cursor = self.follower.book.get(counting.key);
                    cursor.is_none_or(|cursor| !counting.stands_at(cursor.offset))
                }
                _ => false,
            };
        if is_stale {
            self.follower.task = None;
        }
    }

    /// The next compressed file of which it is not known what it holds. One that was written a moment ago may not be
    /// finished.
    fn next_task(&mut self) -> Option<Task> {
        let files: Vec<Sighting> = self.scan.files.values().cloned().collect();
        for file in files {
            let seen = self.seen(file.id);
            let container = seen.container.filter(|container| *container != Container::Plain);
            let (is_due, waits_for) = (seen.is_stable() && !seen.is_quiet, seen.waits_for);
            let Some(container) = container.filter(|_| is_due) else { continue };
            let is_waiting = waits_for.is_some_and(|key| {
                self.has_lines_elsewhere(key) || self.may_be_finished_elsewhere(key)
            });
            if is_waiting || self.follower.book.held_by(file.id).is_some() {
                continue;
            }
            self.seen(file.id).waits_for = None;
            match Unpacking::open(file.id, &file.path, container, &self.follower.book) {
                Ok(Some(unpacking)) => return Some(Task::Skim(unpacking)),
                Ok(None) => {}
                Err(error) => self.fail(file.id, &error),
            }
        }
        None
    }

    /// Whether there are more lines of a log in a file that is not compressed: then they are read there.
    fn has_lines_elsewhere(&self, key: u64) -> bool {
        let seen = |id| self.follower.seen.get(&id).map(|seen| seen.unread);
        let cursor = self.follower.book.get(key);
        cursor.is_some_and(|cursor| {
            cursor.level().any(|place| seen(place.id).is_none_or(|unread| unread == Unread::Lines))
        })
    }

    /// Whether the line with which a compressed file ends may be finished in one that is not compressed.
    fn may_be_finished_elsewhere(&self, key: u64) -> bool {
        let Some(cursor) = self.follower.book.get(key) else { return false };
        let is_rotated = self.is_rotated(cursor);
        cursor.level().any(|place| {
            let seen = self.follower.seen.get(&place.id);
            seen.is_some_and(|seen| {
                seen.unread == Unread::Partial && !(is_rotated && seen.is_still(self.now_s))
            })
        })
    }

    /// Whether a compressed file holds, or may hold, more of a log.
    pub(super) fn is_awaited(&self, key: u64) -> bool {
        self.follower.task.is_some()
            || self.follower.seen.values().any(|seen| seen.waits_for == Some(key))
    }

    /// Whether there is a file of which it is not known yet what it holds, and that may be compressed: any log may be in
    /// it.
    pub(super) fn may_be_packed(&self) -> bool {
        self.follower.task.is_some()
            || self.scan.files.keys().any(|id| {
                let seen = self.follower.seen.get(id);
                let is_plain = |seen: &Seen| seen.container == Some(Container::Plain);
                let is_settled = seen.is_some_and(|seen| is_plain(seen) || seen.is_quiet);
                !is_settled && self.follower.book.held_by(*id).is_none()
            })
    }

    /// Looks which log a file holds. Gives what is to be done next with it.
    fn skim(&mut self, mut unpacking: Unpacking, file: &Sighting) -> io::Result<Option<Task>> {
        let Poll { follower, budget, .. } = self;
        let found = unpacking.skim(&file.path, &follower.book, &follower.files, budget)?;
        match found {
            Found::Nothing => Ok(Some(Task::Skim(unpacking))),
            Found::Known(key) => {
                self.finish(key, file);
                self.note_copy(key, &file.path);
                Ok(None)
            }
            Found::More(key) if self.has_lines_elsewhere(key) => {
                self.wait_for(key, file.id);
                Ok(None)
            }
            Found::More(key) => {
                self.note_copy(key, &file.path);
                self.follower.book.attach(key, file.id, &file.path, UNFINISHED);
                self.begin_counting(key, file)
            }
            Found::New => {
                let key = self.open_log(file, UNFINISHED);
                self.begin_counting(key, file)
            }
        }
    }

    fn begin_counting(&mut self, key: u64, file: &Sighting) -> io::Result<Option<Task>> {
        let (Some(container), Some(cursor)) =
            (self.seen(file.id).container, self.follower.book.get(key))
        else {
            return Ok(None);
        };
        let counting = Counting::open(file.id, &file.path, container, cursor)?;
        Ok(counting.map(Task::Count))
    }

    /// Counts the lines of a file. Gives what is to be done next with it.
    fn count(&mut self, mut counting: Counting, file: &Sighting) -> io::Result<Option<Task>> {
        let key = counting.key;
        let Some(cursor) = self.follower.book.get(key).cloned() else { return Ok(None) };
        let Some(container) = self.seen(file.id).container else { return Ok(None) };
        let sample = || {
            let reader = reader(file.id, &file.path, container)?;
            Ok(reader.map(|mut reader| Head::read(&mut reader)))
        };
        let format = match self.format(&cursor, container, sample)? {
            Ok(format) => format,
            Err(problem) => {
                self.follower.book.detach(file.id);
                let seen = self.seen(file.id);
                (seen.problem, seen.is_quiet, seen.unread) = (problem, true, Unread::Nothing);
                return Ok(None);
            }
        };
        let options = self.follower.options.clone();
        let mut counter = Counter::new(&format, &options);
        let result = counting.advance(&mut counter, &mut self.budget);
        let piece = counter.finish();
        let learnt = (piece.skipped > 0).then(|| counter.format().remembered()).flatten();
        self.enter_unpacked(&counting, file, &piece, learnt);
        if !result? {
            return Ok(Some(Task::Count(counting)));
        }
        if counting.is_partial() && self.may_be_finished_elsewhere(key) {
            self.follower.book.detach(file.id);
            self.wait_for(key, file.id);
            return Ok(None);
        }
        let mut counter = Counter::new(&format, &options);
        counting.finish(&mut counter);
        self.enter_unpacked(&counting, file, &counter.finish(), None);
        self.finish(key, file);
        Ok(None)
    }

    fn enter_unpacked(
        &mut self,
        counting: &Counting,
        file: &Sighting,
        piece: &Piece,
        format: Option<String>,
    ) {
        let key = counting.key;
        self.enter(key, &file.path, piece, format, |cursor| counting.enter(cursor));
        if let Some(offset) = self.follower.book.get(key).map(|cursor| cursor.offset) {
            self.fall_behind(key, file.id, offset);
        }
    }

    /// Leaves a file until it is clear that what it holds of a log is nowhere else.
    fn wait_for(&mut self, key: u64, id: FileId) {
        let seen = self.seen(id);
        (seen.waits_for, seen.unread) = (Some(key), Unread::Nothing);
    }

    /// Says that a file was read to its end.
    fn finish(&mut self, key: u64, file: &Sighting) {
        let held = Held::Packed { bytes: file.stat.bytes, modified_ns: file.stat.modified_ns };
        self.follower.book.attach(key, file.id, &file.path, held);
        let seen = self.seen(file.id);
        (seen.unread, seen.is_quiet, seen.problem) = (Unread::Nothing, true, None);
    }

    /// Shows why a file cannot be read. It is tried again when it has changed.
    fn fail(&mut self, id: FileId, error: &io::Error) {
        let seen = self.seen(id);
        (seen.problem, seen.is_quiet) = (Some(Problem::beginning(error)), true);
    }
}

/// A file that was not read to its end: no file has this size.
const UNFINISHED: Held = Held::Packed { bytes: 0, modified_ns: 0 };
