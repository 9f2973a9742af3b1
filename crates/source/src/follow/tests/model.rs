//! A writer, somebody who rotates, and a server that polls, stores, fails and dies, in any order.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::limits::{FOLLOW_KNOWN_BYTES_MIN, FOLLOW_PRINT_BYTES};
use proptest::{prelude::*, sample::select};

use super::*;

#[derive(Debug, Clone, Copy)]
enum Action {
    /// The writer appends so many lines.
    Lines(u8),
    /// The writer appends so much of a line, and the rest later.
    Partial(u8),
    /// Rotated logs move on, and the live one becomes the first of them. The writer does not notice.
    Rename,
    /// The writer opens the log by its name again.
    Reopen,
    /// Rotated logs move on, the live one is copied and emptied.
    CopyTruncate,
    /// The live log is emptied without a copy.
    Truncate,
    /// A log is deleted: the live one, or a rotated one.
    Delete(u8),
    /// A rotated log is replaced by a compressed one.
    Compress(u8, bool),
    /// The live log is copied and goes on.
    Backup,
    /// The live log is replaced by a copy of itself.
    Replace,
    /// The live log gets a second name.
    Link,
    /// A poll; what it brings is stored.
    Poll,
    /// A poll; storing fails.
    Fail,
    /// A poll; what it brings is stored, and the process dies before it knows.
    DieAfter,
    /// The process dies.
    Die,
    /// Time passes.
    Wait(i32),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (1..4_u8).prop_map(Action::Lines),
        1 => (20..60_u8).prop_map(Action::Lines),
        3 => (1..130_u8).prop_map(Action::Partial),
        3 => Just(Action::Rename),
        4 => Just(Action::Reopen),
        2 => Just(Action::CopyTruncate),
        1 => Just(Action::Truncate),
        1 => (0..4_u8).prop_map(Action::Delete),
        2 => ((1..4_u8), any::<bool>()).prop_map(|(at, is_gzip)| Action::Compress(at, is_gzip)),
        1 => Just(Action::Backup),
        1 => Just(Action::Replace),
        1 => Just(Action::Link),
        6 => Just(Action::Poll),
        2 => Just(Action::Fail),
        1 => Just(Action::DieAfter),
        1 => Just(Action::Die),
        2 => select(vec![1, 400, -1_000_000]).prop_map(Action::Wait),
    ]
}

/// The writer, and what it knows of its lines.
struct World {
    yard: Yard,
    writer: File,
    /// The content that the writer writes into; each gets a number of its own.
    writes: usize,
    /// What is where: the number of the content by name.
    contents: BTreeMap<String, usize>,
    /// The lines of each content, as far as they are finished.
    lines: Vec<Vec<u64>>,
    /// The rest of a line that was begun, and its number.
    pending: Option<(u64, Vec<u8>)>,
    next: u64,
    /// Lines that may be lost: nobody can read them any more, or only who has kept the file open; or they were torn.
    doubtful: BTreeSet<u64>,
    /// Lines that were begun in one file and ended in another.
    torn: BTreeSet<u64>,
    /// Lines that may be counted again: they stand in a compressed copy that is shorter than a print, and the original
    /// went on after it without a name; or they are torn, and nothing but less than is needed to know a log by stands
    /// before them.
    repeatable: BTreeSet<u64>,
    /// Lines that are in the store.
    stored: BTreeSet<u64>,
}

const LIVE: &str = "access.log";

impl World {
    fn new() -> Self {
        let yard = Yard::new();
        World {
            writer: yard.writer(LIVE),
            yard,
            writes: 0,
            contents: BTreeMap::from([(LIVE.to_owned(), 0)]),
            lines: vec![Vec::new()],
            pending: None,
            next: 0,
            doubtful: BTreeSet::new(),
            torn: BTreeSet::new(),
            repeatable: BTreeSet::new(),
            stored: BTreeSet::new(),
        }
    }

    /// Whether the content that the writer writes into has a name.
    fn is_named(&self) -> bool {
        self.contents.values().any(|content| *content == self.writes)
    }

    /// Lines that are lost if they are not stored already.
    fn doubt(&mut self, content: usize) {
        let lines = self.lines[content].iter().filter(|line| !self.stored.contains(line));
        self.doubtful.extend(lines);
        if content == self.writes {
            self.tear();
        }
    }

    /// The line that was begun will not stand in one piece anywhere.
    fn tear(&mut self) {
        self.torn.extend(self.pending.iter().map(|(line, _)| *line));
        self.doubtful.extend(&self.torn);
    }

    fn finish_line(&mut self) {
        if let Some((line, rest)) = self.pending.take() {
            self.writer.write_all(&rest).unwrap();
            self.lines[self.writes].push(line);
            if !self.is_named() {
                self.doubtful.insert(line);
            }
        }
    }

    fn write_lines(&mut self, count: u8) {
        self.finish_line();
        for _ in 0..count {
            self.pending = Some((self.next, line(self.next).into_bytes()));
            self.next += 1;
            self.finish_line();
        }
    }

    fn write_partial(&mut self, bytes: u8) {
        self.finish_line();
        let text = line(self.next).into_bytes();
        let (begin, rest) = text.split_at(usize::from(bytes).min(text.len() - 1));
        self.writer.write_all(begin).unwrap();
        self.pending = Some((self.next, rest.to_vec()));
        self.next += 1;
    }

    fn rotated(number: usize) -> [String; 3] {
        ["", ".gz", ".zst"].map(|end| format!("access.log.{number}{end}"))
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(content) = self.contents.remove(from) {
            self.yard.rename(from, to);
            self.contents.insert(to.to_owned(), content);
        }
    }

    /// Moves rotated logs on; so many that none is ever overwritten.
    fn move_on(&mut self) {
        for number in (1..40).rev() {
            let (from, to) = (World::rotated(number), World::rotated(number + 1));
            for (from, to) in from.iter().zip(&to) {
                self.rename(from, to);
            }
        }
    }

    fn reopen(&mut self) {
        self.finish_line();
        self.writer = self.yard.writer(LIVE);
        self.writes = *self.contents.entry(LIVE.to_owned()).or_insert(self.lines.len());
        self.lines.resize_with(self.lines.len().max(self.writes + 1), Vec::new);
    }

    fn remove(&mut self, name: &str) {
        if let Some(content) = self.contents.remove(name) {
            self.yard.remove(name);
            if !self.contents.values().any(|other| *other == content) {
                self.doubt(content);
            }
        }
    }

    fn copy_truncate(&mut self) {
        let Some(content) = self.contents.get(LIVE).copied() else { return };
        self.move_on();
        let copy = World::rotated(1)[0].clone();
        self.yard.copy(LIVE, &copy);
        self.contents.insert(copy, content);
        self.empty(content);
    }

    /// Empties the live log, under all of its names.
    fn empty(&mut self, content: usize) {
        self.yard.truncate(LIVE);
        self.contents.retain(|name, _| !name.starts_with("access.log.link"));
        let number = self.lines.len();
        self.contents.insert(LIVE.to_owned(), number);
        self.lines.push(Vec::new());
        if self.writes == content {
            self.tear();
            self.writes = number;
        }
    }

    fn compress(&mut self, number: u8, is_gzip: bool) {
        let [plain, gz, zst] = World::rotated(usize::from(number));
        let Some(content) = self.contents.get(&plain).copied() else { return };
        let text = fs::read(self.yard.path(&plain)).unwrap();
        if self.writes == content {
            // It goes on in a file that has no name any more.
            self.tear();
            if text.len() < FOLLOW_PRINT_BYTES {
                self.repeatable.extend(&self.lines[content]);
                self.repeatable.extend(self.pending.iter().map(|(line, _)| *line));
            }
        }
        let first_line = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        if (first_line as u64) < FOLLOW_KNOWN_BYTES_MIN {
            self.repeatable.extend(&self.torn);
        }
        let (name, packed) = if is_gzip { (gz, gzip(&text)) } else { (zst, zstd(&text)) };
        self.yard.write(&name, &packed);
        self.contents.remove(&plain);
        self.yard.remove(&plain);
        let of_file = if self.writes == content {
            // What is in the compressed file is one thing, what the writer still writes another.
            let finished = std::mem::take(&mut self.lines[content]);
            self.lines.push(finished);
            self.lines.len() - 1
        } else {
            content
        };
        self.contents.insert(name, of_file);
    }

    fn poll(&mut self, is_stored: bool, is_known: bool) {
        let delta = self.yard.follower.poll(self.yard.now_s, self.yard.now_s);
        if is_stored {
            self.yard.store(&delta);
            self.stored.extend(self.yard.counts().into_keys());
            if is_known {
                self.yard.follower.commit();
            } else {
                self.yard.restart();
            }
        } else {
            self.yard.follower.abandon();
        }
    }

    fn act(&mut self, action: Action) {
        let live = self.contents.get(LIVE).copied();
        match action {
            Action::Lines(count) => self.write_lines(count),
            Action::Partial(bytes) => self.write_partial(bytes),
            Action::Rename if live.is_some() => {
                self.move_on();
                self.rename(LIVE, &World::rotated(1)[0]);
            }
            Action::Reopen => self.reopen(),
            Action::CopyTruncate => self.copy_truncate(),
            Action::Truncate => {
                if let Some(content) = live {
                    self.empty(content);
                    if !self.contents.values().any(|other| *other == content) {
                        self.doubt(content);
                    }
                }
            }
            Action::Delete(0) => self.remove(LIVE),
            Action::Delete(number) => {
                for name in World::rotated(usize::from(number)) {
                    self.remove(&name);
                }
            }
            Action::Compress(number, is_gzip) => self.compress(number, is_gzip),
            Action::Replace if live.is_some() => {
                self.finish_line();
                self.yard.copy(LIVE, "new");
                self.yard.rename("new", LIVE);
                if self.writes == live.unwrap() {
                    self.reopen();
                }
            }
            Action::Backup if live.is_some() => {
                // Another copy each time, so that none is overwritten. It is no copy of what comes later.
                self.yard.copy(LIVE, &format!("access.log.bak{}", self.next));
            }
            Action::Link if live.is_some() => {
                let link = format!("access.log.link{}", self.next);
                let _ = fs::hard_link(self.yard.path(LIVE), self.yard.path(&link));
            }
            Action::Poll => self.poll(true, true),
            Action::Fail => self.poll(false, true),
            Action::DieAfter => self.poll(true, false),
            Action::Die => self.yard.restart(),
            Action::Wait(seconds) => {
                if seconds > 300 {
                    // A line that is not finished for so long is taken for the last one of a rotated log.
                    self.finish_line();
                }
                self.yard.now_s += i64::from(seconds);
            }
            Action::Rename | Action::Replace | Action::Backup | Action::Link => {}
        }
    }

    /// At the end each line was counted once, and a doubtful one at most once.
    fn check(mut self) -> Result<(), TestCaseError> {
        self.finish_line();
        self.yard.settle();
        self.yard.settle();
        let counts = self.yard.counts();
        for number in 0..self.next {
            let count = counts.get(&number).copied().unwrap_or(0);
            let is_right = match count {
                0 => self.doubtful.contains(&number),
                1 => true,
                2 => self.repeatable.contains(&number),
                _ => false,
            };
            prop_assert!(is_right, "line {number} of {} was counted {count} times", self.next);
        }
        prop_assert!(counts.keys().all(|number| *number < self.next), "{counts:?}");
        // The second half of a line may read as one of a log without names.
        prop_assert!(self.yard.torn() <= self.doubtful.len() as u64);
        Ok(())
    }
}

/// What happens, after some lines were read and rotated away so that the format is known: a torn line may read as one of
/// another format.
fn happens(actions: &[Action]) -> Result<(), TestCaseError> {
    let mut world = World::new();
    for action in [Action::Lines(30), Action::Poll, Action::Rename, Action::Reopen] {
        world.act(action);
    }
    for action in actions {
        world.act(*action);
    }
    world.check()
}

/// The copy may be given the number of the log that was deleted, of which nothing but its first byte is known.
#[test]
fn the_copy_of_a_line_that_was_begun_is_not_taken_for_the_end_of_a_log_that_is_gone() {
    use Action::{Backup, Delete, Die, Lines, Partial, Poll, Rename, Reopen};
    let before = [Rename, Partial(1), Poll, Delete(1), Lines(1), Die, Reopen];
    happens(&[&before[..], &[Partial(76), Backup, Lines(1)]].concat()).unwrap();
    let before = [Partial(68), Action::CopyTruncate, Action::DieAfter, Delete(1)];
    happens(&[&before[..], &[Partial(76), Backup, Lines(2)]].concat()).unwrap();
    // A log of which less than 32 bytes are known is no better.
    let before = [Partial(68), Action::CopyTruncate, Reopen, Poll, Action::Replace, Lines(1)];
    happens(&[&before[..], &[Action::DieAfter, Action::CopyTruncate, Lines(2)]].concat()).unwrap();
}

/// The log lies in a compressed file that nobody looked into yet, while the file in which it was first seen lacks its
/// last line.
#[test]
fn a_log_is_not_taken_for_cut_while_it_may_be_in_a_compressed_file() {
    use Action::{Compress, Lines, Link, Poll, Rename, Replace};
    let before = [Lines(11), Link, Replace, Lines(1), Poll];
    happens(&[&before[..], &[Rename, Compress(1, false), Lines(1)]].concat()).unwrap();
}

/// An early copy ends in the middle of a line; the whole of it is in a compressed file that nobody looked into yet.
#[test]
fn what_was_begun_in_a_copy_is_no_last_line_while_it_may_go_on_in_a_compressed_file() {
    use Action::{Backup, Compress, Lines, Partial, Poll, Rename, Reopen, Replace};
    let before = [Lines(1), Poll, Replace, Partial(1), Backup, Rename, Lines(1)];
    happens(&[&before[..], &[Compress(1, false), Poll, Reopen, Rename]].concat()).unwrap();
}

proptest! {
    #[test]
    fn each_line_is_counted_once_whatever_happens(actions in prop::collection::vec(action(), 1..60)) {
        happens(&actions)?;
    }
}
