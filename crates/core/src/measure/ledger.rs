//! The ledger: every slot of one SLI, by minute and source, with sums that any window can be read from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    slot::{Slot, Sums},
    slots::Slots,
};
use crate::{
    limits::{
        BATCH_SLOTS_MAX, LEDGER_DAYS_MAX, LEDGER_FROM, LEDGER_TO, SLI_SOURCES_MAX, SLOT_COUNT_MAX,
    },
    time::{DAY, HOUR, Minute, Span},
};

/// Every minute of one SLI.
///
/// Slots come from named sources, in batches with a generation, in any order. The SLI's minute is the sum over the
/// sources it expects, and missing where one of them has not reported. Sums of whole hours and days are kept, so a
/// window costs a look at its days and at the minutes of its two edges; late data redoes only the hours it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    sources: BTreeMap<String, Source>,
    days: BTreeMap<i64, DaySums>,
}

/// The slots of one source, by day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Source {
    days: BTreeMap<i64, Vec<Entry>>,
}

/// A slot and the generation of the batch it came with; generation 0 means that none came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Entry {
    slot: Slot,
    generation: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct DaySums {
    total: Sums,
    hours: [Sums; 24],
}

/// Some minutes of one source, as it sends them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Which source.
    pub source: &'a str,
    /// Grows when a source corrects itself. At least 1.
    pub generation: u64,
    /// The slots. No minute twice.
    pub slots: &'a [(Minute, Slot)],
}

/// What a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Minutes that are now other than before.
    pub changed: usize,
    /// Minutes that were here already, the same.
    pub repeated: usize,
}

/// Why a batch was refused. Nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The SLI does not expect this source.
    UnknownSource,
    /// Generations start at 1.
    NoGeneration,
    /// The SLI expects more than [`SLI_SOURCES_MAX`] sources.
    TooManySources,
    /// The batch has more than [`BATCH_SLOTS_MAX`] slots.
    TooLong {
        /// How many it has.
        slots: usize,
    },
    /// The ledger would hold minutes of more than [`LEDGER_DAYS_MAX`] days.
    TooManyDays,
    /// The minute is not between [`LEDGER_FROM`] and [`LEDGER_TO`].
    OutOfTime {
        /// Which.
        minute: Minute,
    },
    /// A count is above [`SLOT_COUNT_MAX`].
    CountTooLarge {
        /// Where.
        minute: Minute,
    },
    /// The batch names a minute twice.
    MinuteTwice {
        /// Which.
        minute: Minute,
    },
    /// The minute is here with a higher generation.
    OlderThanKept {
        /// Where.
        minute: Minute,
        /// The generation that is kept.
        kept: u64,
    },
    /// The minute is here with the same generation and other counts.
    SameGenerationOtherSlot {
        /// Where.
        minute: Minute,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::UnknownSource => write!(f, "this source does not belong to the SLI"),
            Refused::NoGeneration => {
                write!(f, "generation 0 is not allowed; generations start at 1")
            }
            Refused::TooManySources => {
                write!(f, "the SLI has more than {SLI_SOURCES_MAX} sources; split it")
            }
            Refused::TooLong { slots } => {
                write!(f, "the batch has {slots} slots; send at most {BATCH_SLOTS_MAX} at once")
            }
            Refused::TooManyDays => {
                write!(
                    f,
                    "with this batch the SLI would hold more than {LEDGER_DAYS_MAX} days; send those of its windows"
                )
            }
            Refused::OutOfTime { minute } => {
                write!(f, "{minute} is not from {LEDGER_FROM} to {LEDGER_TO}; look at the clock")
            }
            Refused::CountTooLarge { minute } => {
                write!(
                    f,
                    "the counts of {minute} are above {SLOT_COUNT_MAX}, the most one minute may hold"
                )
            }
            Refused::MinuteTwice { minute } => write!(f, "{minute} is in the batch twice"),
            Refused::OlderThanKept { minute, kept } => {
                write!(
                    f,
                    "{minute} is already here with the newer generation {kept}; send a generation above it"
                )
            }
            Refused::SameGenerationOtherSlot { minute } => {
                write!(
                    f,
                    "{minute} is already here with this generation and other counts; raise the generation"
                )
            }
        }
    }
}

impl Ledger {
    /// An empty ledger of an SLI that expects these sources in every minute. Every minute is missing.
    pub fn expecting<S: Into<String>>(sources: impl IntoIterator<Item = S>) -> Self {
        Ledger {
            sources: sources.into_iter().map(|s| (s.into(), Source::default())).collect(),
            days: BTreeMap::new(),
        }
    }

    /// Replaces minutes of one source. A batch that repeats what is here changes nothing; an older or a
    /// contradicting one is refused as a whole, so late data is safe in any order.
    ///
    /// # Errors
    /// [`Refused`] says which minute stands against it. The ledger is then as it was.
    pub fn replace(&mut self, batch: Batch<'_>) -> Result<Applied, Refused> {
        let sources = self.sources.len();
        let source = self.sources.get_mut(batch.source).ok_or(Refused::UnknownSource)?;
        if sources > SLI_SOURCES_MAX {
            return Err(Refused::TooManySources);
        }
        let changed = source.check(batch)?;
        let new: BTreeSet<i64> =
            batch.slots.iter().map(|(minute, _)| minute.0.div_euclid(DAY)).collect();
        let new = new.iter().filter(|day| !self.days.contains_key(day)).count();
        if self.days.len() + new > LEDGER_DAYS_MAX {
            return Err(Refused::TooManyDays);
        }
        let mut hours = Vec::new();
        for &(minute, slot) in batch.slots {
            *source.entry_mut(minute) = Entry { slot, generation: batch.generation };
            let hour = minute.floor(HOUR);
            if hours.last() != Some(&hour) {
                hours.push(hour);
            }
        }
        hours.sort_unstable();
        hours.dedup();
        for hour in hours {
            self.sum_hour_again(hour);
        }
        Ok(Applied { changed, repeated: batch.slots.len() - changed })
    }

    /// The SLI's minute: the sum over its sources.
    pub fn slot(&self, minute: Minute) -> Slot {
        let slots = self.sources.values().map(|source| source.entry(minute).slot);
        slots.reduce(Slot::and).unwrap_or_default()
    }

    /// The slots of a span that lies in one day.
    fn slots_of_day(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)> {
        let day = |source| Source::day(source, span.from);
        let sources: Vec<Option<&[Entry]>> = self.sources.values().map(day).collect();
        span.iter().map(move |minute| {
            let at = minute.0.rem_euclid(DAY) as usize;
            let slots = sources.iter().map(|day| day.map_or(Slot::Missing, |day| day[at].slot));
            (minute, slots.reduce(Slot::and).unwrap_or_default())
        })
    }

    fn sums_of_days(&self, span: Span) -> Sums {
        let (from, to) = (span.from.0 / DAY, span.to.0 / DAY);
        let mut kept = 0;
        let mut sums = Sums::default();
        for (_, day) in self.days.range(from..to) {
            sums += day.total;
            kept += 1;
        }
        sums + Sums::all_missing(((to - from - kept) * DAY) as u64)
    }

    fn sums_by_hour(&self, span: Span) -> Sums {
        let mut sums = Sums::default();
        let mut at = span.from;
        while at < span.to {
            let hour = Span::new(at.floor(HOUR), at.floor(HOUR).plus(HOUR));
            if at == hour.from && hour.to <= span.to {
                sums += self.sums_of_hour(at);
                at = hour.to;
            } else {
                sums += self.slot(at);
                at = at.plus(1);
            }
        }
        sums
    }

    fn sums_of_hour(&self, hour: Minute) -> Sums {
        let day = hour.0.div_euclid(DAY);
        match self.days.get(&day) {
            Some(sums) => sums.hours[(hour.0.rem_euclid(DAY) / HOUR) as usize],
            None => Sums::all_missing(HOUR as u64),
        }
    }

    fn sum_hour_again(&mut self, hour: Minute) {
        let mut fresh = Sums::default();
        for (_, slot) in self.slots(Span::new(hour, hour.plus(HOUR))) {
            fresh += slot;
        }
        let day = self.days.entry(hour.0.div_euclid(DAY)).or_insert_with(DaySums::missing);
        let kept = &mut day.hours[(hour.0.rem_euclid(DAY) / HOUR) as usize];
        day.total = day.total - *kept + fresh;
        *kept = fresh;
    }
}

impl Slots for Ledger {
    fn sums(&self, span: Span) -> Sums {
        let first_day = Minute(span.from.0 + DAY - 1).floor(DAY);
        let last_day = span.to.floor(DAY);
        if first_day >= last_day {
            return self.sums_by_hour(span);
        }
        let days = Span::new(first_day, last_day);
        let before = self.sums_by_hour(Span::new(span.from, first_day));
        let after = self.sums_by_hour(Span::new(last_day, span.to));
        before + self.sums_of_days(days) + after
    }

    /// A day is looked up once.
    fn slots(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)> {
        let days = (span.from.floor(DAY).0..span.to.0).step_by(DAY as usize);
        let days = days.map(move |day| Span::new(Minute(day), Minute(day + DAY)));
        days.flat_map(move |day| self.slots_of_day(day.intersection(span)))
    }

    fn extent(&self) -> Option<Span> {
        let reported = |(day, entries): (&i64, &Vec<Entry>)| {
            let at = |position: usize| Minute(day * DAY + position as i64);
            let first = entries.iter().position(|e| e.generation > 0)?;
            let last = entries.iter().rposition(|e| e.generation > 0)?;
            Some(Span::new(at(first), at(last).plus(1)))
        };
        let all = self.sources.values().flat_map(|source| {
            let mut days = source.days.iter();
            [days.next().and_then(reported), days.next_back().and_then(reported)]
        });
        all.flatten().reduce(|a, b| Span::new(a.from.min(b.from), a.to.max(b.to)))
    }
}

impl DaySums {
    fn missing() -> Self {
        DaySums {
            total: Sums::all_missing(DAY as u64),
            hours: [Sums::all_missing(HOUR as u64); 24],
        }
    }
}

impl Source {
    /// The day that holds a minute; `None` while nothing came of it.
    fn day(&self, minute: Minute) -> Option<&[Entry]> {
        self.days.get(&minute.0.div_euclid(DAY)).map(Vec::as_slice)
    }

    fn entry(&self, minute: Minute) -> Entry {
        let day = self.day(minute);
        day.map_or_else(Entry::default, |entries| entries[minute.0.rem_euclid(DAY) as usize])
    }

    fn entry_mut(&mut self, minute: Minute) -> &mut Entry {
        let day = self.days.entry(minute.0.div_euclid(DAY));
        &mut day.or_insert_with(|| vec![Entry::default(); DAY as usize])
            [minute.0.rem_euclid(DAY) as usize]
    }

    /// How many minutes a batch would change, or why it cannot be taken.
    fn check(&self, batch: Batch<'_>) -> Result<usize, Refused> {
        if batch.generation == 0 {
            return Err(Refused::NoGeneration);
        }
        if batch.slots.len() > BATCH_SLOTS_MAX {
            return Err(Refused::TooLong { slots: batch.slots.len() });
        }
        let mut minutes: Vec<Minute> = batch.slots.iter().map(|&(minute, _)| minute).collect();
        minutes.sort_unstable();
        if let Some(pair) = minutes.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Refused::MinuteTwice { minute: pair[0] });
        }
        let mut changed = 0;
        for &(minute, slot) in batch.slots {
            if minute < LEDGER_FROM || minute >= LEDGER_TO {
                return Err(Refused::OutOfTime { minute });
            }
            let (good, bad) = slot.events();
            if good > SLOT_COUNT_MAX || bad > SLOT_COUNT_MAX {
                return Err(Refused::CountTooLarge { minute });
            }
            let kept = self.entry(minute);
            if kept.generation > batch.generation {
                return Err(Refused::OlderThanKept { minute, kept: kept.generation });
            }
            if kept.generation == batch.generation && kept.slot != slot {
                return Err(Refused::SameGenerationOtherSlot { minute });
            }
            changed += usize::from(kept.generation == 0 || kept.slot != slot);
        }
        Ok(changed)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
