//! Writes in a transaction: blocks are held in memory, changed, and put back once at the end.

use std::collections::BTreeMap;

use plimsoll_core::{
    limits::SLOT_COUNT_MAX,
    measure::slot::{Slot, Sums},
    time::{Minute, Span},
};
use rusqlite::{Connection, Transaction};

use super::{
    batch::{Against, Applied, Change, Given, Hole, Refused, Why, Write},
    block::{Block, CHUNK, Key, Length, sums_to_bytes},
    cell::Cell,
    table,
};

/// When the newest block of each length begins. What is newer need not be looked for: a live minute costs no look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Newest {
    minute: Option<Minute>,
    hour: Option<Minute>,
    day: Option<Minute>,
}

impl Newest {
    pub(super) fn of(conn: &Connection) -> rusqlite::Result<Self> {
        Ok(Newest {
            minute: table::newest(conn, Length::Minute)?,
            hour: table::newest(conn, Length::Hour)?,
            day: table::newest(conn, Length::Day)?,
        })
    }

    fn at(&mut self, length: Length) -> &mut Option<Minute> {
        match length {
            Length::Minute => &mut self.minute,
            Length::Hour => &mut self.hour,
            Length::Day => &mut self.day,
        }
    }

    fn of_length(mut self, length: Length) -> Option<Minute> {
        *self.at(length)
    }

    pub(super) fn note(&mut self, key: Key) {
        let newest = self.at(key.length);
        *newest = (*newest).max(Some(key.first));
    }
}

/// A block in memory.
struct Held {
    block: Block,
    changed: bool,
}

/// The blocks that a transaction touches.
pub(super) struct Work<'t> {
    tx: &'t Transaction<'t>,
    newest: &'t mut Newest,
    /// `None` where the file has no such block.
    held: BTreeMap<Key, Option<Held>>,
    pub(super) holes: Vec<Hole>,
}

/// A row as it was before a write, to put back should the write be refused.
type Before = (Key, u8, Option<Vec<Cell>>);

/// A write that is being applied.
#[derive(Default)]
struct Attempt {
    applied: Applied,
    changes: Vec<Change>,
    before: Vec<Before>,
}

impl<'t> Work<'t> {
    pub(super) fn new(tx: &'t Transaction<'t>, newest: &'t mut Newest) -> Self {
        Work { tx, newest, held: BTreeMap::new(), holes: Vec::new() }
    }

    /// Applies a write as a whole, or leaves everything as it was.
    pub(super) fn apply(
        &mut self,
        write: &Write<'_>,
        changes: &mut Vec<Change>,
    ) -> rusqlite::Result<Result<Applied, Refused>> {
        let mut attempt = Attempt::default();
        for (batch, given) in write.given().enumerate() {
            if let Err((minute, why)) = self.apply_given(given, &mut attempt)? {
                self.put_back(attempt.before);
                return Ok(Err(Refused { batch, minute, why }));
            }
        }
        for cursor in write.cursors {
            table::put_cursor(self.tx, cursor.source, cursor.name, cursor.position)?;
        }
        changes.append(&mut attempt.changes);
        Ok(Ok(attempt.applied))
    }

    fn apply_given(
        &mut self,
        given: Given<'_>,
        attempt: &mut Attempt,
    ) -> rusqlite::Result<Result<(), Against>> {
        let slots = match given.checked() {
            Ok(slots) => slots,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut rest = &slots[..];
        while !rest.is_empty() {
            let key = self.place(rest, given.source, given.sli / CHUNK)?;
            let within = rest.partition_point(|(minute, _)| key.span().contains(*minute));
            let (run, later) = rest.split_at(within);
            if let Err((minute, why)) = self.apply_run(key, given, run, attempt)? {
                return Ok(Err((Some(minute), why)));
            }
            rest = later;
        }
        Ok(Ok(()))
    }

    /// The block that holds the first of these minutes, or the one that it should be put into.
    fn place(
        &mut self,
        slots: &[(Minute, Slot)],
        source: u32,
        chunk: u32,
    ) -> rusqlite::Result<Key> {
        let minute = slots[0].0;
        for length in [Length::Day, Length::Hour] {
            let key = Key::of(length, minute, source, chunk);
            if self.hold(key)?.is_some() {
                return Ok(key);
            }
        }
        for length in [Length::Day, Length::Hour] {
            let key = Key::of(length, minute, source, chunk);
            // What comes whole need not be folded later.
            if is_whole(key, slots) && !self.has_parts(key)? {
                return Ok(key);
            }
        }
        Ok(Key::of(Length::Minute, minute, source, chunk))
    }

    /// Whether there are shorter blocks of what this one would hold.
    fn has_parts(&self, key: Key) -> rusqlite::Result<bool> {
        let Key { source, chunk, .. } = key;
        for length in [Length::Minute, Length::Hour].into_iter().filter(|part| *part < key.length) {
            let begin = |first| Key { length, first, source: 0, chunk: 0 };
            let mut held = self.held.range(begin(key.first)..begin(key.span().to));
            if held
                .any(|(part, held)| held.is_some() && (part.source, part.chunk) == (source, chunk))
            {
                return Ok(true);
            }
            let known = self.newest.of_length(length) >= Some(key.first);
            if known && table::any(self.tx, length, key.span(), source, chunk)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts the minutes that lie in one block into it.
    fn apply_run(
        &mut self,
        key: Key,
        given: Given<'_>,
        slots: &[(Minute, Slot)],
        attempt: &mut Attempt,
    ) -> rusqlite::Result<Result<(), (Minute, Why)>> {
        let number = (given.sli % CHUNK) as u8;
        self.hold(key)?;
        let held = self.held.entry(key).or_default();
        let held =
            held.get_or_insert_with(|| Held { block: Block::empty(key.length), changed: false });
        let before = held.block.cells(key, number).unwrap_or_else(|what| {
            let slis = given.sli..given.sli + 1;
            self.holes.push(Hole { source: key.source, slis, span: key.span(), what });
            None
        });
        let nothing = || vec![Cell::default(); key.length.minutes() as usize];
        let mut cells = before.clone().unwrap_or_else(nothing);
        for &(minute, slot) in slots {
            let cell = &mut cells[(minute.0 - key.first.0) as usize];
            let next = match next(*cell, given.generation, slot) {
                Ok(next) => next,
                Err(why) => return Ok(Err((minute, why))),
            };
            if cell.generation > 0 && cell.slot == next.slot {
                attempt.applied.repeated += 1;
            } else {
                attempt.applied.changed += 1;
                let (source, sli) = (given.source, given.sli);
                let change = Change { source, sli, minute, before: cell.slot, after: next.slot };
                attempt.changes.push(change);
            }
            *cell = next;
        }
        if before.as_ref() != Some(&cells) {
            held.block.set_cells(number, &cells);
            held.changed = true;
            attempt.before.push((key, number, before));
        }
        Ok(Ok(()))
    }

    fn put_back(&mut self, before: Vec<Before>) {
        for (key, number, cells) in before.into_iter().rev() {
            if let Some(Some(held)) = self.held.get_mut(&key) {
                match cells {
                    Some(cells) => held.block.set_cells(number, &cells),
                    None => held.block.remove(number),
                }
            }
        }
    }

    /// Holds the block of a key, if the file has one. What is damaged is held as empty.
    fn hold(&mut self, key: Key) -> rusqlite::Result<Option<&mut Held>> {
        if !self.held.contains_key(&key) {
            let known = *self.newest.at(key.length) >= Some(key.first);
            let bytes = if known { table::bytes(self.tx, key)? } else { None };
            let held = bytes.map(|bytes| self.read(key, &bytes));
            self.held.insert(key, held);
        }
        Ok(self.held.get_mut(&key).and_then(Option::as_mut))
    }

    fn read(&mut self, key: Key, bytes: &[u8]) -> Held {
        let block = Block::of_bytes(key, bytes).unwrap_or_else(|what| {
            self.holes.push(hole(key, what));
            Block::empty(key.length)
        });
        Held { block, changed: false }
    }

    /// Puts back what was changed, and the sums of days that were; says how many bytes.
    pub(super) fn finish(&mut self) -> rusqlite::Result<usize> {
        let mut written = 0;
        for (key, held) in std::mem::take(&mut self.held) {
            if let Some(Held { block, changed: true }) = held {
                written += put(self.tx, key, &block, &mut self.holes)?;
                self.newest.note(key);
            }
        }
        Ok(written)
    }
}

/// Puts a block into the file, and its sums beside it if it is a day; says how many bytes.
pub(super) fn put(
    tx: &Transaction<'_>,
    key: Key,
    block: &Block,
    holes: &mut Vec<Hole>,
) -> rusqlite::Result<usize> {
    let slis = block.slis();
    if slis.is_empty() {
        return Ok(0);
    }
    let bytes = block.to_bytes(key);
    table::put(tx, key, &bytes)?;
    if key.length == Length::Day {
        let sums: Vec<(u8, Sums)> =
            slis.iter().filter_map(|sli| Some((*sli, sums(block, key, *sli, holes)?))).collect();
        table::put_sums(tx, key, &sums_to_bytes(key, &sums))?;
    }
    Ok(bytes.len())
}

fn sums(block: &Block, key: Key, sli: u8, holes: &mut Vec<Hole>) -> Option<Sums> {
    match block.cells(key, sli) {
        Ok(cells) => Some(cells?.iter().map(|cell| cell.slot).sum()),
        Err(what) => {
            let sli = key.chunk * CHUNK + u32::from(sli);
            holes.push(Hole { source: key.source, slis: sli..sli + 1, span: key.span(), what });
            None
        }
    }
}

/// A whole block that cannot be read.
pub(super) fn hole(key: Key, what: &'static str) -> Hole {
    let first = key.chunk * CHUNK;
    let span = Span::new(key.first, key.first.plus(key.length.minutes()));
    Hole { source: key.source, slis: first..first + CHUNK, span, what }
}

/// Whether these slots, which are in order and of which none is there twice, begin with every minute of a block.
fn is_whole(key: Key, slots: &[(Minute, Slot)]) -> bool {
    let last = slots.get(key.length.minutes() as usize - 1).map(|(minute, _)| minute.plus(1));
    slots[0].0 == key.first && last == Some(key.span().to)
}

/// What takes the place of a cell: the slot of a batch of this generation, or what is there with an addition.
fn next(kept: Cell, generation: Option<u64>, slot: Slot) -> Result<Cell, Why> {
    let Some(generation) = generation else {
        let slot = kept.slot.with_more(slot);
        let (good, bad) = slot.events();
        if good > SLOT_COUNT_MAX || bad > SLOT_COUNT_MAX {
            return Err(Why::CountTooLarge);
        }
        return Ok(Cell { generation: kept.generation.max(1), slot });
    };
    if kept.generation > generation {
        return Err(Why::OlderThanKept { kept: kept.generation });
    }
    if kept.generation == generation && kept.slot != slot {
        return Err(Why::SameGenerationOtherSlot);
    }
    Ok(Cell { generation, slot })
}
