//! One poll, step by step.

mod format;
mod packed;
mod plain;
mod sight;

use std::{collections::BTreeSet, fs::File, io};

use plimsoll_core::limits::{FOLLOW_POLL_BYTES_MAX, FOLLOW_PRINT_BYTES, FOLLOW_SHORT_S};

use super::{
    Delta, Event, Follower,
    cursor::{Cursor, Held},
    disk::{FileId, Scan, Sighting},
    print::{Print, range},
    recognise::{Verdict, is_beginning, recognise, verdict},
    seen::{Seen, Unread},
};
use crate::{container::Container, piece::Piece, problem::Problem};

pub(super) use packed::Task;

/// A poll.
pub(super) struct Poll<'a> {
    follower: &'a mut Follower,
    now_s: i64,
    scan: Scan,
    delta: Delta,
    /// How many bytes may still be read.
    budget: u64,
    /// Files that could not be compared with what was counted of them: nothing is known of them in this poll.
    unchecked: BTreeSet<FileId>,
    /// Files that hold something else than before: path, and key of the log that they held.
    truncated: Vec<(String, u64)>,
    /// Logs that lost a file which could not be read to its end: path and key.
    lost: Vec<(String, u64)>,
}

impl<'a> Poll<'a> {
    pub(super) fn new(follower: &'a mut Follower, now_s: i64) -> Self {
        let scan = Scan::of(&follower.patterns, follower.apart.as_deref());
        Poll {
            follower,
            now_s,
            scan,
            delta: Delta::default(),
            budget: FOLLOW_POLL_BYTES_MAX,
            unchecked: BTreeSet::new(),
            truncated: Vec::new(),
            lost: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Delta {
        self.sight_open_files();
        self.find_lost_files();
        self.note_changes();
        let busy: Vec<Sighting> =
            self.scan.files.values().filter(|file| self.is_busy(file.id)).cloned().collect();
        // Files that were emptied give their logs away before copies of these are looked for.
        for file in &busy {
            if !self.attempt(file, Poll::check) {
                self.unchecked.insert(file.id);
            }
        }
        for file in in_turn(&busy, self.follower.turn.take()) {
            self.attempt(file, Poll::read);
        }
        // One after the other, so that each is known when a copy of it is met.
        for file in &busy {
            self.attempt(file, Poll::meet);
        }
        self.read_last_lines();
        self.read_packed();
        self.close_still_files();
        self.report();
        self.follower.scan = self.scan;
        self.delta.bytes = FOLLOW_POLL_BYTES_MAX - self.budget;
        self.delta
    }

    /// What is known of a file that was sighted.
    fn seen(&mut self, id: FileId) -> &mut Seen {
        let file = &self.scan.files[&id];
        let seen = self.follower.seen.entry(id);
        seen.or_insert_with(|| Seen::new(file.stat, file.is_inside, self.now_s))
    }

    /// Whether there may be something to do with a file.
    fn is_busy(&self, id: FileId) -> bool {
        self.follower.seen.get(&id).is_none_or(|seen| !seen.is_quiet)
    }

    /// Does something with a file; what goes wrong is shown, and tried again at the next poll. Whether it went well.
    fn attempt(
        &mut self,
        file: &Sighting,
        act: fn(&mut Self, &Sighting) -> io::Result<()>,
    ) -> bool {
        let done = act(self, file);
        if let Err(error) = &done {
            let seen = self.seen(file.id);
            seen.problem = Some(Problem::opening(error));
            seen.is_quiet = false;
        }
        self.follower.files.trim(&self.scan);
        done.is_ok()
    }

    /// Looks whether a file still holds the log that it held.
    fn check(&mut self, file: &Sighting) -> io::Result<()> {
        let Some((cursor, place)) = self.follower.book.held_by(file.id) else { return Ok(()) };
        let (cursor, held) = (cursor.clone(), place.held);
        if let Held::Packed { bytes, modified_ns } = held {
            if (bytes, modified_ns) == (file.stat.bytes, file.stat.modified_ns) {
                let seen = self.seen(file.id);
                (seen.unread, seen.is_quiet) = (Unread::Nothing, true);
            } else if self.follower.task.as_ref().is_none_or(|task| task.id() != file.id) {
                self.follower.book.detach(file.id);
            }
            return Ok(());
        }
        let Some(open) = self.follower.files.get(file.id, &file.path)? else { return Ok(()) };
        match verdict(&open, &cursor, held)? {
            // Nothing was counted to know it by; its number may have been given to a compressed file.
            Verdict::Level if cursor.offset == 0 && !is_plain(&open)? => {
                self.follower.book.detach(file.id);
            }
            Verdict::Level => {
                self.seen(file.id).checked = Some(cursor.offset);
                if held != Held::Level
                    && let Some(place) = self.follower.book.place_mut(file.id)
                {
                    place.held = Held::Level;
                }
            }
            Verdict::Behind if self.is_in_place_of(&cursor, file) => {
                self.await_return(file, &cursor, held, &open)?;
            }
            Verdict::Behind => {
                let seen = self.seen(file.id);
                seen.unread = Unread::Nothing;
                seen.rest();
            }
            Verdict::Unclear => {
                let begin = range(&open, 0, file.stat.bytes.min(FOLLOW_PRINT_BYTES as u64))?;
                if is_beginning(&begin, &cursor, &file.path, &self.follower.files)? {
                    if let Some(place) = self.follower.book.place_mut(file.id) {
                        place.held = Held::Behind(Print::of(&begin));
                    }
                } else {
                    self.follower.book.detach(file.id);
                }
            }
            Verdict::Short => self.await_return(file, &cursor, held, &open)?,
            Verdict::Other if matches!(held, Held::Short { .. }) && begins_as(&open, &cursor)? => {
                // It went on otherwise before it was as long as it had been.
                self.cut(file, &cursor, held, &open)?;
            }
            Verdict::Other => {
                self.follower.book.detach(file.id);
                let seen = self.seen(file.id);
                (seen.container, seen.cutter, seen.checked) = (None, None, None);
                if matches!(held, Held::Level | Held::Short { .. }) {
                    self.truncated.push((file.path.clone(), cursor.key));
                }
            }
        }
        Ok(())
    }

    /// Whether a file that holds the beginning of a log lies where the log was, and the log is nowhere else.
    fn is_in_place_of(&self, cursor: &Cursor, file: &Sighting) -> bool {
        let is_there = |id| self.scan.files.get(&id).is_some_and(|file| file.is_inside);
        cursor.head.is_full()
            && file.path == cursor.origin
            && !cursor.level().any(|place| is_there(place.id))
    }

    /// Waits whether a file grows back into the log of which it holds the beginning; when that took too long, the log
    /// has lost its end. What is in the file cannot be told from what was counted until then.
    fn await_return(
        &mut self,
        file: &Sighting,
        cursor: &Cursor,
        held: Held,
        open: &File,
    ) -> io::Result<()> {
        let (bytes, now_s) = (open.metadata()?.len(), self.now_s);
        let (bytes, since_s) = match held {
            Held::Short { bytes: first, since_s } => (first.min(bytes), since_s.min(now_s)),
            _ => (bytes, now_s),
        };
        let held = Held::Short { bytes, since_s };
        if now_s - since_s >= FOLLOW_SHORT_S && !self.may_be_packed() {
            return self.cut(file, cursor, held, open);
        }
        if let Some(place) = self.follower.book.place_mut(file.id) {
            place.held = held;
        }
        let remedy = "Wait: either it is copied just now, or what it holds is taken for counted in a minute.";
        let seen = self.seen(file.id);
        (seen.unread, seen.is_quiet) = (Unread::Nothing, false);
        seen.problem = Some(Problem::new("is shorter than what was counted of it", "", remedy));
        self.unchecked.insert(file.id);
        Ok(())
    }

    /// Goes on in a file that lost its end, behind what there was of it: all of that was counted.
    fn cut(&mut self, file: &Sighting, cursor: &Cursor, held: Held, open: &File) -> io::Result<()> {
        let Held::Short { bytes, .. } = held else { return Ok(()) };
        let tail = Print::tail(open, bytes)?;
        let shorter = Cursor { offset: bytes, tail, places: Vec::new(), ..cursor.clone() };
        let key = self.follower.book.add(shorter);
        self.follower.book.attach(key, file.id, &file.path, Held::Level);
        let seen = self.seen(file.id);
        (seen.checked, seen.problem) = (Some(bytes), None);
        let lost = cursor.offset - bytes;
        self.delta.events.push(Event::Cut { path: file.path.clone(), bytes: lost });
        Ok(())
    }

    /// Finds out which log a file holds that holds none that is known.
    fn meet(&mut self, file: &Sighting) -> io::Result<()> {
        if self.follower.book.held_by(file.id).is_some() {
            return Ok(());
        }
        if file.stat.bytes == 0 {
            let seen = self.seen(file.id);
            (seen.unread, seen.problem) = (Unread::Nothing, None);
            seen.rest();
            return Ok(());
        }
        if self.seen(file.id).container.is_some_and(|container| container != Container::Plain) {
            return Ok(());
        }
        if self.budget == 0 {
            self.delta.is_more = true;
            return Ok(());
        }
        let Some(open) = self.follower.files.get(file.id, &file.path)? else { return Ok(()) };
        let container = container(&open)?;
        self.seen(file.id).container = Some(container);
        if container != Container::Plain {
            self.follower.files.close(file.id);
            return Ok(());
        }
        let Follower { book, files, .. } = &mut *self.follower;
        if let Some((key, held)) = recognise(&open, &file.path, book, files)? {
            book.attach(key, file.id, &file.path, held);
            self.note_copy(key, &file.path);
            if let (Held::Behind(_), Some(cursor)) = (held, self.follower.book.get(key).cloned())
                && self.is_in_place_of(&cursor, file)
            {
                return self.await_return(file, &cursor, held, &open);
            }
        } else {
            self.open_log(file, Held::Level);
        }
        self.read(file)
    }

    /// Begins a log that is not known. Gives its key.
    fn open_log(&mut self, file: &Sighting, held: Held) -> u64 {
        let key = self.follower.book.open(&file.path, self.follower.clock_s);
        self.follower.book.attach(key, file.id, &file.path, held);
        if !self.truncated.iter().any(|(path, _)| *path == file.path) {
            self.delta.events.push(Event::Found { path: file.path.clone() });
        }
        key
    }

    fn note_copy(&mut self, key: u64, path: &str) {
        if let Some(cursor) = self.follower.book.get(key) {
            let (of, path) = (cursor.origin.clone(), path.to_owned());
            self.delta.events.push(Event::Copied { of, path });
        }
    }

    /// Enters what was counted of a log.
    fn enter(
        &mut self,
        key: u64,
        path: &str,
        piece: &Piece,
        format: Option<String>,
        update: impl FnOnce(&mut Cursor),
    ) {
        let clock_s = self.follower.clock_s;
        let has_own_format = self.follower.options.format.is_none();
        if let Some(cursor) = self.follower.book.get_mut(key) {
            cursor.lines += piece.lines();
            cursor.clock_s = clock_s;
            if has_own_format && format.is_some() {
                cursor.format = format;
            }
            update(cursor);
        }
        self.delta.enter(path, piece);
    }

    /// Says what happened to logs that lost a file.
    fn report(&mut self) {
        for (path, key) in std::mem::take(&mut self.truncated) {
            let cursor = self.follower.book.get(key);
            let copy = cursor.and_then(|cursor| cursor.places.first());
            let copy = copy.map(|place| place.path.clone());
            self.delta.events.push(Event::Truncated { path, copy });
        }
        for (path, key) in std::mem::take(&mut self.lost) {
            let cursor = self.follower.book.get(key);
            if cursor.is_some_and(|cursor| cursor.places.is_empty()) {
                self.delta.events.push(Event::Gone { path });
            }
        }
    }
}

/// Whether a file begins with what a log begins with.
fn begins_as(file: &File, cursor: &Cursor) -> io::Result<bool> {
    Ok(cursor.head.begins(&range(file, 0, FOLLOW_PRINT_BYTES as u64)?))
}

/// How a file is packed.
fn container(file: &File) -> io::Result<Container> {
    range(file, 0, 4).map(|start| Container::of(&start))
}

fn is_plain(file: &File) -> io::Result<bool> {
    container(file).map(|container| container == Container::Plain)
}

/// The files, beginning behind the one whose turn it was.
fn in_turn(files: &[Sighting], last: Option<FileId>) -> impl Iterator<Item = &Sighting> {
    let from = last.map_or(0, |last| files.partition_point(|file| file.id <= last));
    files[from..].iter().chain(&files[..from])
}
