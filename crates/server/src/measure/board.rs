//! The board: what every window of every SLI holds now, in memory, beside the slot store that it is made from.
//!
//! It can be thrown away at any time and made anew: nothing is on it that is not in the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use plimsoll_core::{
    measure::{
        readings::Readings,
        row::Row,
        slot::{Slot, Sums},
        window::Window,
    },
    time::{DAY, HOUR, Minute, Span},
};
use plimsoll_store::{
    Error,
    slots::{Change, Hole, SlotReads, SlotStore},
};

/// So many minutes before now are kept row by row: they correct the short windows, and leave them.
const RECENT_MINUTES: i64 = 6 * HOUR;

/// So many groups of SLIs are folded in one transaction at a start.
const FOLD_GROUPS: usize = 1024;

/// What is known of the minutes of every SLI, by number.
#[derive(Debug)]
pub struct Board {
    readings: Readings,
    /// The minutes before the end, the oldest first.
    recent: VecDeque<Row>,
    /// Hours in which minutes leave long windows.
    edges: BTreeMap<Minute, Vec<Row>>,
    /// Minutes that came and are not over yet.
    ahead: BTreeMap<Minute, Row>,
    sources: Sources,
    /// Why the store may hold what is not on the board.
    behind: Option<String>,
}

/// From which sources the slots of an SLI came. Mostly it is one; after a document named another, the old slots stay.
#[derive(Debug, Default)]
struct Sources {
    /// The first, by SLI.
    first: BTreeMap<u32, u32>,
    /// All of them, where there are several.
    several: BTreeMap<u32, BTreeSet<u32>>,
}

/// What a minute of an SLI was and is now, by those of its sources that changed it in one write. The store tells only
/// what is now, so each of them must be known before the minute is put together.
type Changed = BTreeMap<u32, (Slot, Slot)>;

impl Sources {
    fn note(&mut self, sli: u32, source: u32) {
        let first = *self.first.entry(sli).or_insert(source);
        if first != source {
            self.several.entry(sli).or_insert_with(|| BTreeSet::from([first])).insert(source);
        }
    }

    fn of(&self, sli: u32) -> impl Iterator<Item = u32> + '_ {
        let several = self.several.get(&sli);
        let first = self.first.get(&sli).filter(|_| several.is_none());
        several.into_iter().flatten().chain(first).copied()
    }
}

/// Tells the log what is damaged; on the board it is missing.
pub(super) fn tell(holes: &[Hole]) {
    for hole in holes {
        tracing::error!("slots: {hole}");
    }
}

impl Board {
    /// Reads from the store what these windows hold when every minute before `end` is over.
    ///
    /// # Errors
    /// When the store cannot be read. What is damaged is missing.
    pub fn load(
        store: &mut impl SlotStore,
        end: Minute,
        windows: impl IntoIterator<Item = Window>,
    ) -> Result<Self, Error> {
        // After that every day that is over is summed up in the store.
        while !store.fold(end.floor(DAY), FOLD_GROUPS)?.done {}
        let mut board = Board {
            readings: Readings::missing(end, windows),
            recent: (0..RECENT_MINUTES).map(|_| Row::default()).collect(),
            edges: BTreeMap::new(),
            ahead: BTreeMap::new(),
            sources: Sources::default(),
            behind: None,
        };
        let last_days = board.read_days(store)?;
        let several: Vec<u32> = board.sources.several.keys().copied().collect();
        for sli in several {
            board.read_again(store, sli)?;
        }
        board.read_last_seen(store, &last_days)?;
        Ok(board)
    }

    /// Every minute before it is on the board.
    pub fn end(&self) -> Minute {
        self.readings.end()
    }

    /// Why the store may hold what is not here: until it is made anew the board tells of an earlier time, and nothing
    /// of it may be held against the store.
    pub fn behind(&self) -> Option<&str> {
        self.behind.as_deref()
    }

    /// Says that the store may hold what is not here.
    pub(super) fn fall_behind(&mut self, why: &str) {
        self.behind = Some(why.to_owned());
    }

    /// The running sums.
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    /// The slot of an SLI at one of the recent minutes, or at one that is not over yet.
    pub fn slot(&self, sli: u32, minute: Minute) -> Option<Slot> {
        if minute >= self.end() {
            return Some(self.ahead.get(&minute).map_or(Slot::Missing, |row| row.get(sli)));
        }
        recent_at(self.end(), minute).map(|at| self.recent[at].get(sli))
    }

    /// Reads each day from its sums where every window holds all of it or nothing, else minute by minute. Says of which
    /// of the summed days the last minute was that was seen in full, by SLI.
    fn read_days(&mut self, store: &impl SlotReads) -> Result<BTreeMap<u32, Minute>, Error> {
        let end = self.end();
        let from = self.readings.spans().map(|span| span.from).min().unwrap_or(end);
        let from = from.min(end.plus(-RECENT_MINUTES));
        let day_of = |minute: Minute| minute.floor(DAY);
        let mut cut: BTreeSet<Minute> = self
            .readings
            .spans()
            .map(|span| span.from)
            .filter(|from| *from != day_of(*from))
            .map(day_of)
            .collect();
        cut.extend((day_of(end.plus(-RECENT_MINUTES)).0..=end.0).step_by(DAY as usize).map(Minute));
        // Older days tell no more than from which sources there are slots: whoever looks back must find them.
        let days = Span::new(Minute(i64::MIN / 2), day_of(end));
        let mut last_days = BTreeMap::new();
        let holes = store.day_sums(days, &mut |day, source, sli, sums: Sums| {
            self.sources.note(sli, source);
            if sums.known() > 0 {
                let last = last_days.entry(sli).or_insert(day);
                *last = day.max(*last);
            }
            if day >= day_of(from) && !cut.contains(&day) {
                let whole = Span::new(day, day.plus(DAY));
                self.readings.add_sums(sli, sums, |window| window.intersection(whole) == whole);
            }
        })?;
        tell(&holes);
        for day in cut {
            // What lies ahead came early, and is all there is behind the end.
            let to = if day == day_of(end) { Minute(i64::MAX / 2) } else { day.plus(DAY) };
            self.read_minutes(store, Span::new(day, to))?;
        }
        Ok(last_days)
    }

    /// Looks up when those SLIs were seen last of which nothing came lately.
    fn read_last_seen(
        &mut self,
        store: &impl SlotReads,
        last_days: &BTreeMap<u32, Minute>,
    ) -> Result<(), Error> {
        for (sli, day) in last_days {
            // Days that a window cuts were read minute by minute, also those long ago.
            if self.readings.seen_until(*sli).is_some_and(|until| until > *day) {
                continue;
            }
            let slots = self.series(store, *sli, Span::new(*day, day.plus(DAY)))?;
            if let Some(last) = slots.iter().rposition(|slot| !slot.is_missing()) {
                self.readings.note_seen(*sli, day.plus(last as i64), slots[last]);
            }
        }
        Ok(())
    }

    fn read_minutes(&mut self, store: &impl SlotReads, span: Span) -> Result<(), Error> {
        let holes = store.scan(span, &mut |row| {
            self.sources.note(row.sli, row.source);
            self.readings.add_run(row.sli, row.first, row.slots);
            for (minute, slot) in (row.first.0..).map(Minute).zip(row.slots) {
                self.put(row.sli, minute, *slot);
            }
        })?;
        tell(&holes);
        Ok(())
    }

    /// Reads an SLI that has slots from several sources: only together they say what its minutes were.
    fn read_again(&mut self, store: &impl SlotReads, sli: u32) -> Result<(), Error> {
        let end = self.end();
        let from = self.readings.spans().map(|span| span.from).min().unwrap_or(end);
        let from = from.min(end.plus(-RECENT_MINUTES));
        let slots = self.series(store, sli, Span::new(from, end))?;
        self.readings.forget(sli);
        self.readings.add_run(sli, from, &slots);
        for (minute, slot) in (from.0..).map(Minute).zip(&slots) {
            self.put(sli, minute, *slot);
        }
        // What lies ahead may lie years ahead, after a clock that was wrong: only days that hold something are read.
        let days: BTreeSet<Minute> = self.ahead.keys().map(|minute| minute.floor(DAY)).collect();
        for day in days {
            let span = Span::new(day.max(end), day.plus(DAY));
            let slots = self.series(store, sli, span)?;
            for (minute, slot) in span.iter().zip(slots) {
                self.put(sli, minute, slot);
            }
        }
        Ok(())
    }

    /// The minutes of an SLI, over all its sources.
    ///
    /// # Errors
    /// When the store cannot be read. What is damaged is missing.
    pub fn series(&self, store: &impl SlotReads, sli: u32, span: Span) -> Result<Vec<Slot>, Error> {
        let mut slots = vec![Slot::Missing; span.minutes() as usize];
        for source in self.sources.of(sli) {
            let series = store.series(source, sli, span)?;
            tell(&series.holes);
            for (slot, more) in slots.iter_mut().zip(series.slots) {
                *slot = together(*slot, more);
            }
        }
        Ok(slots)
    }

    /// Takes in the minute that is over now.
    ///
    /// # Errors
    /// When the store cannot be read. The board is then as it was.
    pub fn advance(&mut self, store: &impl SlotReads) -> Result<(), Error> {
        let end = self.end();
        let leaving: Vec<Minute> = self.readings.leaving().collect();
        for minute in &leaving {
            self.hold(store, *minute)?;
        }
        let entering = self.ahead.remove(&end).unwrap_or_default();
        let rows = leaving.iter().map(|minute| match recent_at(end, *minute) {
            Some(at) => &self.recent[at],
            None => &self.edges[&minute.floor(HOUR)][(minute.0.rem_euclid(HOUR)) as usize],
        });
        self.readings.advance(&entering, rows);
        self.recent.push_back(entering);
        self.recent.pop_front();
        let needed: BTreeSet<Minute> =
            self.readings.leaving().map(|minute| minute.floor(HOUR)).collect();
        self.edges.retain(|hour, _| needed.contains(hour));
        Ok(())
    }

    /// Holds the hour of a minute that is to leave a window, unless its row is among the recent ones.
    fn hold(&mut self, store: &impl SlotReads, minute: Minute) -> Result<(), Error> {
        let hour = minute.floor(HOUR);
        if recent_at(self.end(), minute).is_some() || self.edges.contains_key(&hour) {
            return Ok(());
        }
        let mut rows: Vec<Row> = (0..HOUR).map(|_| Row::default()).collect();
        let holes = store.scan(Span::new(hour, hour.plus(HOUR)), &mut |run| {
            let at = (run.first.0 - hour.0) as usize;
            for (row, slot) in rows[at..].iter_mut().zip(run.slots) {
                row.set(run.sli, together(row.get(run.sli), *slot));
            }
        })?;
        tell(&holes);
        self.edges.insert(hour, rows);
        Ok(())
    }

    /// Takes in all that a write changed, in its order.
    ///
    /// # Errors
    /// When the store cannot be read, for an SLI with several sources. The board must then be made anew.
    pub fn change(&mut self, store: &impl SlotReads, changes: &[Change]) -> Result<(), Error> {
        for change in changes {
            self.sources.note(change.sli, change.source);
        }
        let mut several: BTreeMap<(u32, Minute), Changed> = BTreeMap::new();
        for Change { source, sli, minute, before, after } in changes.iter().copied() {
            if self.sources.several.contains_key(&sli) {
                let by_source = several.entry((sli, minute)).or_default();
                by_source.entry(source).or_insert((before, after)).1 = after;
            } else {
                self.replace(sli, minute, before, after);
            }
        }
        for ((sli, minute), by_source) in several {
            let (mut before, mut after) = (Slot::Missing, Slot::Missing);
            for source in self.sources.of(sli) {
                let (was, is) = if let Some(pair) = by_source.get(&source) {
                    *pair
                } else {
                    let span = Span::new(minute, minute.plus(1));
                    let slots = store.series(source, sli, span)?.slots;
                    let slot = slots.first().copied().unwrap_or_default();
                    (slot, slot)
                };
                (before, after) = (together(before, was), together(after, is));
            }
            self.replace(sli, minute, before, after);
        }
        Ok(())
    }

    fn replace(&mut self, sli: u32, minute: Minute, before: Slot, after: Slot) {
        self.put(sli, minute, after);
        if minute < self.end() {
            self.readings.correct(sli, minute, before, after);
        }
    }

    /// Puts a slot wherever its minute is kept.
    fn put(&mut self, sli: u32, minute: Minute, slot: Slot) {
        let end = self.end();
        if minute >= end {
            if slot != Slot::Missing || self.ahead.contains_key(&minute) {
                self.ahead.entry(minute).or_default().set(sli, slot);
            }
            return;
        }
        if let Some(at) = recent_at(end, minute) {
            self.recent[at].set(sli, slot);
        }
        if let Some(rows) = self.edges.get_mut(&minute.floor(HOUR)) {
            rows[minute.0.rem_euclid(HOUR) as usize].set(sli, slot);
        }
    }
}

/// Where a minute is among the recent ones.
fn recent_at(end: Minute, minute: Minute) -> Option<usize> {
    let age = end.0 - minute.0;
    (1..=RECENT_MINUTES).contains(&age).then(|| (RECENT_MINUTES - age) as usize)
}

/// A minute over two sources of which only one was expected at a time: one of which nothing came says nothing.
fn together(a: Slot, b: Slot) -> Slot {
    match (a, b) {
        (Slot::Missing, other) | (other, Slot::Missing) => other,
        (a, b) => a.and(b),
    }
}

#[cfg(test)]
mod tests;
