//! The cursors of a follower, as they are while it reads.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::limits::FOLLOW_GONE_MAX;

use super::{
    cursor::{Cursor, Held, Place},
    disk::FileId,
    name::is_related,
};

/// Cursors by key, and which of them each file holds. A file holds one log.
#[derive(Debug, Default)]
pub(super) struct Book {
    cursors: BTreeMap<u64, Cursor>,
    of_file: BTreeMap<FileId, u64>,
    /// Those that may have changed.
    touched: BTreeSet<u64>,
}

/// A format that a log has from the one before it says as much as if it had been told from so many lines.
const INHERITED_LINES: u64 = 25;

impl Book {
    pub(super) fn new(cursors: impl IntoIterator<Item = Cursor>) -> Self {
        let mut book = Book::default();
        for cursor in cursors {
            book.of_file.extend(cursor.places.iter().map(|place| (place.id, cursor.key)));
            book.cursors.insert(cursor.key, cursor);
        }
        book
    }

    /// Opens a cursor at the beginning of a log, in the format of the log that was at this path before, or at one that
    /// is the same but for its rotation.
    pub(super) fn open(&mut self, path: &str, clock_s: i64) -> u64 {
        let format = self
            .cursors
            .values()
            .rev()
            .filter(|cursor| is_related(&cursor.origin, path))
            .find_map(|cursor| cursor.format.clone());
        let sampled = if format.is_some() { INHERITED_LINES } else { 0 };
        self.add(Cursor { format, sampled, ..Cursor::new(0, path, clock_s) })
    }

    /// Adds a cursor, under a key of its own.
    pub(super) fn add(&mut self, cursor: Cursor) -> u64 {
        let key = self.cursors.last_key_value().map_or(0, |(key, _)| key + 1);
        self.touched.insert(key);
        self.cursors.insert(key, Cursor { key, ..cursor });
        key
    }

    pub(super) fn cursors(&self) -> impl Iterator<Item = &Cursor> {
        self.cursors.values()
    }

    pub(super) fn get(&self, key: u64) -> Option<&Cursor> {
        self.cursors.get(&key)
    }

    /// The cursor, to be changed.
    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Cursor> {
        self.touched.insert(key);
        self.cursors.get_mut(&key)
    }

    /// The log that a file holds, and how much of it.
    pub(super) fn held_by(&self, id: FileId) -> Option<(&Cursor, &Place)> {
        let cursor = self.cursors.get(self.of_file.get(&id)?)?;
        Some((cursor, cursor.places.iter().find(|place| place.id == id)?))
    }

    /// The place of a file, to be changed.
    pub(super) fn place_mut(&mut self, id: FileId) -> Option<&mut Place> {
        let key = *self.of_file.get(&id)?;
        self.get_mut(key)?.places.iter_mut().find(|place| place.id == id)
    }

    /// Says that a file holds a log.
    pub(super) fn attach(&mut self, key: u64, id: FileId, path: &str, held: Held) {
        self.detach(id);
        if let Some(cursor) = self.get_mut(key) {
            cursor.places.push(Place { path: path.to_owned(), id, held });
            self.of_file.insert(id, key);
        }
    }

    /// Says that a file holds no log that is known.
    pub(super) fn detach(&mut self, id: FileId) {
        if let Some(key) = self.of_file.remove(&id)
            && let Some(cursor) = self.get_mut(key)
        {
            cursor.places.retain(|place| place.id != id);
        }
    }

    /// Forgets the oldest of the logs that are gone, where they are too many, and those of which nothing was counted.
    pub(super) fn prune(&mut self) {
        let gone = self.cursors.values().filter(|cursor| cursor.places.is_empty());
        let (empty, known): (Vec<&Cursor>, Vec<&Cursor>) =
            gone.partition(|cursor| cursor.offset == 0);
        let excess = known.len().saturating_sub(FOLLOW_GONE_MAX);
        let forgotten: Vec<u64> =
            empty.iter().chain(&known[..excess]).map(|cursor| cursor.key).collect();
        for key in forgotten {
            self.touched.insert(key);
            self.cursors.remove(&key);
        }
    }

    /// The cursors that are not as in `before`, and the keys that were there and are not any more.
    pub(super) fn changes(&mut self, before: &BTreeMap<u64, Cursor>) -> (Vec<Cursor>, Vec<u64>) {
        let (mut changed, mut dropped) = (Vec::new(), Vec::new());
        for key in std::mem::take(&mut self.touched) {
            match (self.cursors.get(&key), before.get(&key)) {
                (Some(now), then) if Some(now) != then => changed.push(now.clone()),
                (None, Some(_)) => dropped.push(key),
                _ => {}
            }
        }
        (changed, dropped)
    }
}
