//! A look at one SLI: the sums on the board where they answer, and its minutes from the disk where they do not.

use std::{
    cell::{OnceCell, RefCell},
    fmt,
};

use plimsoll_core::{
    measure::{
        slot::{Slot, Sums},
        slots::Slots,
    },
    time::{HOUR, Minute, Span},
};
use plimsoll_store::{Error, slots::SlotReads};

use super::board::Board;

/// Why there is no look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// The store cannot be read.
    Store(Error),
    /// The board is not where the store is, and will be made anew. Why.
    Behind(String),
}

impl From<Error> for Unseen {
    fn from(error: Error) -> Self {
        Unseen::Store(error)
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unseen::Store(error) => error.fmt(f),
            Unseen::Behind(why) => {
                write!(f, "the sums wait until the slots are opened anew: {why}")
            }
        }
    }
}

impl std::error::Error for Unseen {}

/// One SLI, for reading. The store must stay where it is as long as this is used.
pub struct Look<'a, R> {
    board: &'a Board,
    reads: &'a R,
    sli: u32,
    /// As far back and ahead as it will be asked for.
    reach: Span,
    minutes: OnceCell<Minutes>,
    failed: RefCell<Option<Error>>,
}

impl<'a, R: SlotReads> Look<'a, R> {
    /// A look at minutes of a span.
    ///
    /// # Errors
    /// When the board may be behind the store: sums of the one and minutes of the other would be of two truths.
    pub fn at(board: &'a Board, reads: &'a R, sli: u32, reach: Span) -> Result<Self, Unseen> {
        if let Some(why) = board.behind() {
            return Err(Unseen::Behind(why.to_owned()));
        }
        Ok(Look { board, reads, sli, reach, minutes: OnceCell::new(), failed: RefCell::default() })
    }

    /// Whether everything could be read: otherwise what was answered is worth nothing.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self) -> Result<(), Error> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }

    /// One minute, from the board where it is there.
    fn slot(&self, minute: Minute) -> Slot {
        if let Some(slot) = self.board.slot(self.sli, minute) {
            return slot;
        }
        let span = Span::new(minute, minute.plus(1));
        let read = self.board.series(self.reads, self.sli, span);
        let read = read.map_err(|error| *self.failed.borrow_mut() = Some(error));
        read.ok().and_then(|slots| slots.first().copied()).unwrap_or_default()
    }

    fn minutes(&self) -> &Minutes {
        self.minutes.get_or_init(|| {
            let slots = self.board.series(self.reads, self.sli, self.reach);
            let slots = slots.unwrap_or_else(|error| {
                *self.failed.borrow_mut() = Some(error);
                Vec::new()
            });
            Minutes::of(self.reach.from, slots)
        })
    }
}

/// Minutes over all sources, and their running sum at each hour. The sum of several sources may be above what one slot
/// may hold, so it is no ledger.
#[derive(Debug)]
pub struct Minutes {
    first: Minute,
    slots: Vec<Slot>,
    /// What all minutes before the first, the sixty-first, … sum to.
    hours: Vec<Sums>,
}

impl Minutes {
    /// Minutes from the first on.
    pub fn of(first: Minute, slots: Vec<Slot>) -> Self {
        let mut sum = Sums::default();
        let mut hours = vec![sum];
        for hour in slots.chunks(HOUR as usize) {
            sum += hour.iter().copied().sum::<Sums>();
            hours.push(sum);
        }
        Minutes { first, slots, hours }
    }

    fn span(&self) -> Span {
        Span::new(self.first, self.first.plus(self.slots.len() as i64))
    }

    /// What all minutes before one sum to; none lies outside.
    fn before(&self, minute: Minute) -> Sums {
        let at = (minute.0 - self.first.0) as usize;
        let hour = at / HOUR as usize;
        self.hours[hour] + self.slots[hour * HOUR as usize..at].iter().copied().sum()
    }
}

impl Slots for Minutes {
    fn sums(&self, span: Span) -> Sums {
        let known = span.intersection(self.span());
        let outside = Sums::all_missing((span.minutes() - known.minutes()) as u64);
        if known.is_empty() {
            outside
        } else {
            self.before(known.to) - self.before(known.from) + outside
        }
    }

    fn slots(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)> {
        let at = |minute: Minute| usize::try_from(minute.0 - self.first.0).ok();
        span.iter().map(move |minute| {
            let slot = at(minute).and_then(|at| self.slots.get(at)).copied();
            (minute, slot.unwrap_or_default())
        })
    }

    fn extent(&self) -> Option<Span> {
        let is_here = |slot: &Slot| *slot != Slot::Missing;
        let at = |at: usize| self.first.plus(at as i64);
        let (first, last) =
            (self.slots.iter().position(is_here)?, self.slots.iter().rposition(is_here)?);
        Some(Span::new(at(first), at(last + 1)))
    }

    /// Mostly it is the last minute of all: then nothing is searched.
    fn seen_until(&self, span: Span) -> Option<Minute> {
        let is_seen = |minute: Minute| {
            let at = usize::try_from(minute.0 - self.first.0).ok();
            at.and_then(|at| self.slots.get(at)).is_some_and(|slot| !slot.is_missing())
        };
        let last = span.to.plus(-1);
        if span.contains(last) && is_seen(last) {
            return Some(span.to);
        }
        span.intersection(self.span()).iter().rev().find(|at| is_seen(*at)).map(|at| at.plus(1))
    }
}

impl<R: SlotReads> Slots for Look<'_, R> {
    fn sums(&self, span: Span) -> Sums {
        let running = self.board.readings().sums(self.sli, span);
        running.unwrap_or_else(|| self.minutes().sums(span))
    }

    fn slots(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)> {
        self.minutes().slots(span)
    }

    fn extent(&self) -> Option<Span> {
        self.minutes().extent()
    }

    fn seen_until(&self, span: Span) -> Option<Minute> {
        // What was told last may have been taken back since; then all minutes must be looked through.
        let told = self.board.readings().seen_until(self.sli);
        let told = told.filter(|until| (span.from.0 + 1..=span.to.0).contains(&until.0));
        told.filter(|until| !self.slot(until.plus(-1)).is_missing())
            .or_else(|| self.minutes().seen_until(span))
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::limits::SLOT_COUNT_MAX;

    use super::*;

    #[test]
    fn sums_of_any_span_are_those_of_its_minutes() {
        let kinds = [
            Slot::measured(2 * SLOT_COUNT_MAX, 1),
            Slot::Missing,
            Slot::NoTraffic,
            Slot::Partial { good: 1, bad: 2 },
        ];
        let slots: Vec<Slot> = kinds.into_iter().cycle().skip(1).take(150).collect();
        let minutes = Minutes::of(Minute(1000), slots.clone());
        for (from, to) in
            [(1000, 1150), (1001, 1001), (1059, 1061), (1119, 1121), (990, 1200), (0, 9)]
        {
            let span = Span::new(Minute(from), Minute(to));
            let slot = |m: Minute| slots.get((m.0 - 1000) as usize).copied().unwrap_or_default();
            let naive =
                span.iter().map(slot).fold(Sums::default(), |sum, slot| sum + Sums::of(slot));
            assert_eq!(minutes.sums(span), naive, "{span:?}");
            assert!(minutes.slots(span).eq(span.iter().map(|m| (m, slot(m)))));
        }
        assert_eq!(minutes.extent(), Some(Span::new(Minute(1001), Minute(1150))));
        for (to, seen) in [(1150, 1150), (2000, 1150), (1149, 1148), (1003, 1002), (1001, 0)] {
            let seen = Some(Minute(seen)).filter(|seen| seen.0 > 0);
            assert_eq!(minutes.seen_until(Span::new(Minute(900), Minute(to))), seen, "{to}");
        }
    }
}
