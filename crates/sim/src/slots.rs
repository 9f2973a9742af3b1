//! A slot store in memory, on a disk that fails.
//!
//! What is synced stays. What is lazy (folding, dropping) may be undone by a crash, the newest first.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use plimsoll_core::{
    limits::SLOT_COUNT_MAX,
    measure::slot::{Slot, Sums},
    time::{DAY, Minute, Span},
};
use plimsoll_store::{
    Durability, Error,
    slots::{
        Applied, Change, Folded, Hole, Refused, Row, Series, SlotReads, SlotStore, Why, Write,
        Written,
    },
};

use crate::strike::{Strike, Struck, failed, file};

/// SLIs that lie together.
const GROUP: u32 = 64;

/// Source, SLI, minute.
pub type Place = (u32, u32, i64);

/// A slot and its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Of which generation it is.
    pub generation: u64,
    /// What it is.
    pub slot: Slot,
}

/// The first minute of a day, the source, and the group of SLIs.
type Group = (i64, u32, u32);

/// What a crash takes back.
#[derive(Debug)]
enum Undo {
    Fold(Vec<Group>),
    Drop(Vec<(Place, Cell)>, Vec<Group>),
}

/// What is there, and what of it a crash may undo.
#[derive(Debug, Default)]
pub struct SlotDisk {
    /// Every slot.
    pub cells: BTreeMap<Place, Cell>,
    /// How far inputs were read, by source and name.
    pub cursors: BTreeMap<(u32, String), Vec<u8>>,
    folded: BTreeSet<Group>,
    lazy: Vec<Undo>,
}

/// The disk, for each who has opened it.
pub type SharedSlots = Rc<RefCell<SlotDisk>>;

/// A handle of the slot store. After a failure of unknown outcome it does nothing more.
#[derive(Debug)]
pub struct FakeSlots {
    disk: SharedSlots,
    struck: Struck,
    is_poisoned: bool,
}

fn group_of((source, sli, minute): Place) -> Group {
    (Minute(minute).floor(DAY).0, source, sli / GROUP)
}

impl SlotDisk {
    /// The machine dies: some of the lazy writes are gone, the newest first. Says how many.
    pub fn crash(&mut self, lost: usize) -> usize {
        let lost = lost.min(self.lazy.len());
        for _ in 0..lost {
            match self.lazy.pop() {
                Some(Undo::Fold(groups)) => groups.iter().for_each(|group| {
                    self.folded.remove(group);
                }),
                Some(Undo::Drop(cells, groups)) => {
                    self.cells.extend(cells);
                    self.folded.extend(groups);
                }
                None => {}
            }
        }
        self.lazy.clear();
        lost
    }

    /// How many lazy writes a crash could undo.
    pub fn lazy(&self) -> usize {
        self.lazy.len()
    }

    /// The end of the newest slot, in milliseconds since 1970; 0 where there is none.
    pub fn end_ms(&self) -> i64 {
        let newest = self.cells.keys().map(|(_, _, minute)| *minute).max();
        newest.map_or(0, |minute| (minute + 1) * 60_000)
    }

    /// Every source with every SLI it has slots of.
    fn pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        let mut next = self.cells.keys().next().copied();
        while let Some((source, sli, _)) = next {
            pairs.push((source, sli));
            next = self.cells.range((source, sli + 1, i64::MIN)..).next().map(|(place, _)| *place);
        }
        pairs
    }

    fn span(&self, source: u32, sli: u32, span: Span) -> impl Iterator<Item = (Minute, Cell)> {
        let range = self.cells.range((source, sli, span.from.0)..(source, sli, span.to.0));
        range.map(|(&(_, _, minute), cell)| (Minute(minute), *cell))
    }

    fn write(&mut self, writes: &[Write<'_>]) -> Written {
        let mut written = Written::default();
        for write in writes {
            let mut before = Vec::new();
            let mut changes = Vec::new();
            let outcome = self.apply(write, &mut before, &mut changes);
            if outcome.is_ok() {
                written.changes.append(&mut changes);
                for cursor in write.cursors {
                    let key = (cursor.source, cursor.name.to_owned());
                    match cursor.position {
                        Some(position) => self.cursors.insert(key, position.to_vec()),
                        None => self.cursors.remove(&key),
                    };
                }
            } else {
                for (place, cell) in before.into_iter().rev() {
                    match cell {
                        Some(cell) => self.cells.insert(place, cell),
                        None => self.cells.remove(&place),
                    };
                }
            }
            written.outcomes.push(outcome);
        }
        written
    }

    fn apply(
        &mut self,
        write: &Write<'_>,
        undo: &mut Vec<(Place, Option<Cell>)>,
        changes: &mut Vec<Change>,
    ) -> Result<Applied, Refused> {
        let mut applied = Applied::default();
        let batches = write.batches.iter().map(|b| (b.source, b.sli, Some(b.generation), b.slots));
        let additions = write.additions.iter().map(|a| (a.source, a.sli, None, a.slots));
        for (batch, (source, sli, generation, slots)) in batches.chain(additions).enumerate() {
            let against = |(minute, why)| Refused { batch, minute, why };
            for (minute, slot) in checked(generation, slots).map_err(against)? {
                let place = (source, sli, minute.0);
                let kept = self.cells.get(&place).copied();
                let next = next(kept, generation, slot);
                let next = next.map_err(|why| against((Some(minute), why)))?;
                undo.push((place, kept));
                self.cells.insert(place, next);
                let (before, after) = (kept.map_or(Slot::Missing, |cell| cell.slot), next.slot);
                if kept.is_some_and(|cell| cell.slot == after) {
                    applied.repeated += 1;
                } else {
                    applied.changed += 1;
                    changes.push(Change { source, sli, minute, before, after });
                }
            }
        }
        Ok(applied)
    }

    fn fold(&mut self, until: Minute, groups_max: usize) -> Folded {
        let places = self.cells.keys().copied();
        let open = places.map(group_of).filter(|group| !self.folded.contains(group));
        let open: BTreeSet<Group> = open.filter(|(day, ..)| day + DAY <= until.0).collect();
        let Some((oldest, ..)) = open.first().copied() else {
            return Folded { done: true, holes: Vec::new() };
        };
        let of_day = open.into_iter().filter(|(day, ..)| *day == oldest);
        let groups: Vec<Group> = of_day.take(groups_max).collect();
        self.folded.extend(groups.iter().copied());
        self.lazy.push(Undo::Fold(groups));
        Folded { done: false, holes: Vec::new() }
    }

    fn drop_before(&mut self, minute: Minute) -> usize {
        let day = minute.floor(DAY).0;
        let old = |place: &Place| place.2 < day;
        let gone: Vec<(Place, Cell)> = self
            .cells
            .iter()
            .filter(|(place, _)| old(place))
            .map(|(place, cell)| (*place, *cell))
            .collect();
        let groups: Vec<Group> =
            self.folded.iter().copied().filter(|(first, ..)| *first < day).collect();
        self.cells.retain(|place, _| !old(place));
        self.folded.retain(|(first, ..)| *first >= day);
        let dropped = gone.len();
        self.lazy.push(Undo::Drop(gone, groups));
        dropped
    }
}

/// A minute, and what stands against it.
type Against = (Option<Minute>, Why);

fn checked(
    generation: Option<u64>,
    slots: &[(Minute, Slot)],
) -> Result<BTreeMap<Minute, Slot>, Against> {
    if generation == Some(0) {
        return Err((None, Why::NoGeneration));
    }
    let mut by_minute = BTreeMap::new();
    let mut twice = None;
    for (minute, slot) in slots {
        let (good, bad) = slot.events();
        let slot = match slot {
            Slot::Measured { .. } => Slot::measured(good, bad),
            Slot::Partial { good: 0, bad: 0 } => Slot::Missing,
            other => *other,
        };
        if by_minute.insert(*minute, slot).is_some() {
            twice = Some(twice.map_or(*minute, |other: Minute| other.min(*minute)));
        }
    }
    let is_large = |(_, slot): &(&Minute, &Slot)| {
        let (good, bad) = slot.events();
        good > SLOT_COUNT_MAX || bad > SLOT_COUNT_MAX
    };
    if let Some((minute, _)) = by_minute.iter().find(is_large) {
        return Err((Some(*minute), Why::CountTooLarge));
    }
    twice.map_or(Ok(by_minute), |minute| Err((Some(minute), Why::MinuteTwice)))
}

fn next(kept: Option<Cell>, generation: Option<u64>, slot: Slot) -> Result<Cell, Why> {
    let (kept_generation, kept) = kept.map_or((0, Slot::Missing), |c| (c.generation, c.slot));
    match generation {
        None => {
            let slot = kept.with_more(slot);
            let (good, bad) = slot.events();
            let fits = good <= SLOT_COUNT_MAX && bad <= SLOT_COUNT_MAX;
            let cell = Cell { generation: kept_generation.max(1), slot };
            fits.then_some(cell).ok_or(Why::CountTooLarge)
        }
        Some(new) if new < kept_generation => Err(Why::OlderThanKept { kept: kept_generation }),
        Some(new) if new == kept_generation && slot != kept => Err(Why::SameGenerationOtherSlot),
        Some(generation) => Ok(Cell { generation, slot }),
    }
}

impl FakeSlots {
    /// Opens the slot store.
    ///
    /// # Errors
    /// When a fault strikes.
    pub fn open(disk: &SharedSlots, struck: &Struck) -> Result<Self, Error> {
        struck.borrow_mut().on_open()?;
        let (disk, struck) = (Rc::clone(disk), Rc::clone(struck));
        Ok(FakeSlots { disk, struck, is_poisoned: false })
    }

    fn usable(&self) -> Result<(), Error> {
        if self.is_poisoned {
            return Err(Error::Poisoned { file: file(), since: "a simulated fault".to_owned() });
        }
        Ok(())
    }

    fn readable(&self) -> Result<std::cell::Ref<'_, SlotDisk>, Error> {
        self.usable()?;
        self.struck.borrow_mut().on_read()?;
        Ok(self.disk.borrow())
    }

    fn change<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&mut SlotDisk) -> T,
    ) -> Result<T, Error> {
        self.usable()?;
        let strike = self.struck.borrow_mut().on_write();
        match strike {
            Strike::Nothing => Ok(work(&mut self.disk.borrow_mut())),
            Strike::Full => Err(Error::Full { file: file() }),
            Strike::ReadOnly => Err(Error::ReadOnly { file: file() }),
            Strike::Lost | Strike::Kept => {
                self.is_poisoned = true;
                if strike == Strike::Kept {
                    work(&mut self.disk.borrow_mut());
                }
                Err(failed(doing))
            }
        }
    }
}

impl SlotStore for FakeSlots {
    fn write(&mut self, writes: &[Write<'_>], durability: Durability) -> Result<Written, Error> {
        self.change("write slots", |disk| {
            let written = disk.write(writes);
            if durability == Durability::Synced {
                disk.lazy.clear();
            }
            written
        })
    }

    fn fold(&mut self, until: Minute, groups_max: usize) -> Result<Folded, Error> {
        self.change("fold", |disk| disk.fold(until, groups_max))
    }

    fn drop_before(&mut self, minute: Minute) -> Result<usize, Error> {
        self.change("drop old slots", |disk| disk.drop_before(minute))
    }

    fn close(self) -> Result<(), Error> {
        Ok(())
    }
}

impl SlotReads for FakeSlots {
    fn series(&self, source: u32, sli: u32, span: Span) -> Result<Series, Error> {
        let disk = self.readable()?;
        let mut slots = vec![Slot::Missing; span.minutes() as usize];
        for (minute, cell) in disk.span(source, sli, span) {
            slots[(minute.0 - span.from.0) as usize] = cell.slot;
        }
        Ok(Series { slots, holes: Vec::new() })
    }

    fn scan(&self, span: Span, visit: &mut dyn FnMut(Row<'_>)) -> Result<Vec<Hole>, Error> {
        let disk = self.readable()?;
        for (source, sli) in disk.pairs() {
            let mut day: Option<(i64, Vec<Slot>)> = None;
            for (minute, cell) in disk.span(source, sli, span) {
                let group = group_of((source, sli, minute.0));
                if !disk.folded.contains(&group) {
                    visit(Row { source, sli, first: minute, slots: &[cell.slot] });
                    continue;
                }
                let whole = Span::new(Minute(group.0), Minute(group.0 + DAY)).intersection(span);
                if day.as_ref().is_none_or(|(first, _)| *first != whole.from.0) {
                    if let Some((first, slots)) = &day {
                        visit(Row { source, sli, first: Minute(*first), slots });
                    }
                    day = Some((whole.from.0, vec![Slot::Missing; whole.minutes() as usize]));
                }
                if let Some((first, slots)) = &mut day {
                    slots[(minute.0 - *first) as usize] = cell.slot;
                }
            }
            if let Some((first, slots)) = &day {
                visit(Row { source, sli, first: Minute(*first), slots });
            }
        }
        Ok(Vec::new())
    }

    fn day_sums(
        &self,
        begins: Span,
        visit: &mut dyn FnMut(Minute, u32, u32, Sums),
    ) -> Result<Vec<Hole>, Error> {
        let disk = self.readable()?;
        let pairs = disk.pairs();
        let days = disk.folded.range((begins.from.0, 0, 0)..(begins.to.0, 0, 0));
        for &(day, source, group) in days {
            let whole = Span::new(Minute(day), Minute(day + DAY));
            let of_group = pairs.iter().filter(|(of, sli)| *of == source && sli / GROUP == group);
            for &(source, sli) in of_group {
                let seen = disk.span(source, sli, whole).map(|(_, cell)| Sums::of(cell.slot));
                let (sums, cells) =
                    seen.fold((Sums::default(), 0), |(sums, n), more| (sums + more, n + 1));
                if cells > 0 {
                    visit(whole.from, source, sli, sums + Sums::all_missing(DAY as u64 - cells));
                }
            }
        }
        Ok(Vec::new())
    }

    fn cursors(&self, source: u32) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let disk = self.readable()?;
        let of_source = disk.cursors.iter().filter(|((of, _), _)| *of == source);
        Ok(of_source.map(|((_, name), position)| (name.clone(), position.clone())).collect())
    }
}
