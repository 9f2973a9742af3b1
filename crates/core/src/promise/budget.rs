//! The error budget: what a span cost, what the target allows, what is left. Integers only.
//!
//! With `T` the target, a span whose events weigh `W`, of which `S` were bad, has spent the share
//! `S / (W × (1 − T))` of its budget (SRE workbook, chapter 5). It is compared cross-multiplied, so that exactly
//! spent is spent. What is an event depends on the method: requests, good slices, or fractions of slices.

use std::cmp::Ordering;

use super::slo::{Budgeting, NoData};
use crate::{
    measure::{
        exclusion::Exclusions,
        ledger::Ledger,
        slot::{Slot, Sums},
        window::{Extent, NoExtent, Window},
    },
    ratio::{BILLION, Target, quotient_ppb, scaled},
    time::{Minute, Span},
};

/// One slice in units of cost: ratio-timeslices are kept to 10^-12 of a slice, misses rounded up.
pub const SLICE_UNITS: u128 = 1_000_000_000_000;

/// What a span cost, before any target: `spent` of `weight`, in the method's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spend {
    /// What was bad, in units.
    pub spent: u128,
    /// Everything that counts, in the same units.
    pub weight: u128,
    /// The minutes and events below it, without excluded minutes.
    pub sums: Sums,
    /// Minutes taken out.
    pub excluded_minutes: i64,
}

/// How a span's cost is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Events or slices.
    pub budgeting: Budgeting,
    /// What missing minutes weigh.
    pub no_data: NoData,
}

/// The cost of one minute, in the units of the span's [`Spend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// When. For a slice that is missing as a whole, its first minute.
    pub minute: Minute,
    /// How much.
    pub units: u128,
    /// Whether it is charged because data is missing, not because something was seen to fail.
    pub for_missing_data: bool,
}

/// One slice of a span and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    span: Span,
    verdict: SliceVerdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SliceVerdict {
    /// Every minute is taken out.
    Excluded,
    /// Cannot be judged.
    Missing,
    /// Lacks so many units of a perfect slice.
    Judged { miss: u128 },
}

impl Method {
    /// What a span cost. Slices are counted from the start of the span; an incomplete last one is left out.
    pub fn spend(&self, ledger: &Ledger, exclusions: &Exclusions, span: Span) -> Spend {
        let sums = exclusions.sums(ledger, span);
        let (spent, weight) = match self.slice_minutes() {
            None => self.events(&sums),
            Some(minutes) => self.slices(ledger, exclusions, span, minutes, span).fold(
                (0, 0),
                |(spent, weight), slice| {
                    let (miss, counts) = self.weigh(slice.verdict);
                    (spent + miss, weight + counts)
                },
            ),
        };
        Spend { spent, weight, sums, excluded_minutes: exclusions.minutes_in(span) }
    }

    /// The same cost, minute by minute, in order. Their sum is exactly the `spent` of [`Method::spend`].
    pub fn costs(&self, ledger: &Ledger, exclusions: &Exclusions, span: Span) -> Vec<Cost> {
        self.costs_in(ledger, exclusions, span, span)
    }

    /// Of the minutes' costs in a span those of a part of it, for a look at no more than that part.
    pub fn costs_in(
        &self,
        ledger: &Ledger,
        exclusions: &Exclusions,
        span: Span,
        part: Span,
    ) -> Vec<Cost> {
        let Some(minutes) = self.slice_minutes() else {
            return self.event_costs(ledger, exclusions, span, part);
        };
        let slices = self.slices(ledger, exclusions, span, minutes, part);
        let costs = slices.flat_map(|slice| self.slice_costs(ledger, exclusions, slice));
        costs.filter(|cost| part.contains(cost.minute)).collect()
    }

    /// The length of a slice; `None` when events are counted.
    pub fn slice_minutes(&self) -> Option<i64> {
        match self.budgeting {
            Budgeting::Occurrences => None,
            Budgeting::Timeslices { slice_minutes, .. }
            | Budgeting::RatioTimeslices { slice_minutes } => Some(i64::from(slice_minutes).max(1)),
        }
    }

    /// Bad events and all events. Missing minutes weigh as the mean of those that were seen in full; to stay exact
    /// everything is then counted in units of 1/`known` of an event.
    fn events(&self, sums: &Sums) -> (u128, u128) {
        let unit = self.event_unit(sums);
        let (bad, total) = (u128::from(sums.bad) * unit, u128::from(sums.total()) * unit);
        let mean = u128::from(sums.known_events());
        match self.no_data {
            NoData::Good if self.weighs(sums) => {
                (bad, total + mean * u128::from(sums.missing - sums.partial))
            }
            NoData::Bad if self.weighs(sums) => {
                let charged = mean * u128::from(sums.missing);
                (bad + charged, total + charged)
            }
            _ => (bad, total),
        }
    }

    /// Whether there are missing minutes that weigh something, and a mean to weigh them by.
    fn weighs(&self, sums: &Sums) -> bool {
        matches!(self.no_data, NoData::Good | NoData::Bad) && sums.missing > 0 && sums.known() > 0
    }

    /// How many units one event is.
    fn event_unit(&self, sums: &Sums) -> u128 {
        if self.weighs(sums) { u128::from(sums.known()) } else { 1 }
    }

    fn event_costs(
        &self,
        ledger: &Ledger,
        exclusions: &Exclusions,
        span: Span,
        part: Span,
    ) -> Vec<Cost> {
        let sums = exclusions.sums(ledger, span);
        let unit = self.event_unit(&sums);
        let is_charged = self.no_data == NoData::Bad && self.weighs(&sums);
        let for_missing = if is_charged { u128::from(sums.known_events()) } else { 0 };
        let mut costs = Vec::new();
        let mut charge = |minute, units, for_missing_data| {
            if units > 0 && !exclusions.contains(minute) {
                costs.push(Cost { minute, units, for_missing_data });
            }
        };
        for (minute, slot) in ledger.slots(part.intersection(span)) {
            charge(minute, u128::from(slot.events().1) * unit, false);
            if slot.is_missing() {
                charge(minute, for_missing, true);
            }
        }
        costs
    }

    /// The slices of a span that hold minutes of a part of it.
    fn slices(
        &self,
        ledger: &Ledger,
        exclusions: &Exclusions,
        span: Span,
        minutes: i64,
        part: Span,
    ) -> impl Iterator<Item = Slice> {
        let part = part.intersection(span);
        let first = (part.from.0 - span.from.0) / minutes;
        let behind = (part.to.0 - span.from.0 + minutes - 1) / minutes;
        (first..behind.min(span.minutes() / minutes)).map(move |n| {
            let from = span.from.plus(n * minutes);
            let span = Span::new(from, from.plus(minutes));
            Slice { span, verdict: self.judge(&exclusions.sums(ledger, span)) }
        })
    }

    /// A slice is judged by what was seen of it. One with missing minutes may be seen to be bad, never to be good.
    fn judge(&self, sums: &Sums) -> SliceVerdict {
        if sums.minutes() == 0 {
            return SliceVerdict::Excluded;
        }
        let (good, total) = (u128::from(sums.good), u128::from(sums.total()));
        match self.budgeting {
            Budgeting::Timeslices { slice_target, .. } => {
                let bad = total > 0
                    && good * u128::from(BILLION) < total * u128::from(slice_target.ppb());
                match (bad, sums.missing) {
                    (true, _) => SliceVerdict::Judged { miss: SLICE_UNITS },
                    (false, 0) => SliceVerdict::Judged { miss: 0 },
                    (false, _) => SliceVerdict::Missing,
                }
            }
            _ if total > 0 => {
                SliceVerdict::Judged { miss: SLICE_UNITS - good * SLICE_UNITS / total }
            }
            _ if sums.missing > 0 => SliceVerdict::Missing,
            _ => SliceVerdict::Judged { miss: 0 },
        }
    }

    /// What a slice adds: its miss, its weight.
    fn weigh(&self, verdict: SliceVerdict) -> (u128, u128) {
        match (verdict, self.no_data) {
            (SliceVerdict::Judged { miss }, _) => (miss, SLICE_UNITS),
            (SliceVerdict::Missing, NoData::Good) => (0, SLICE_UNITS),
            (SliceVerdict::Missing, NoData::Bad) => (SLICE_UNITS, SLICE_UNITS),
            (SliceVerdict::Missing | SliceVerdict::Excluded, _) => (0, 0),
        }
    }

    /// Spreads the miss of a slice over its minutes by their bad events, to the last unit.
    fn slice_costs(&self, ledger: &Ledger, exclusions: &Exclusions, slice: Slice) -> Vec<Cost> {
        let (miss, _) = self.weigh(slice.verdict);
        if miss == 0 {
            return Vec::new();
        }
        if slice.verdict == SliceVerdict::Missing {
            return vec![Cost { minute: slice.span.from, units: miss, for_missing_data: true }];
        }
        let minutes = ledger.slots(slice.span).filter(|(at, _)| !exclusions.contains(*at));
        let bad: Vec<(Minute, u128)> =
            minutes.map(|(minute, slot)| (minute, u128::from(slot.events().1))).collect();
        let all: u128 = bad.iter().map(|(_, bad)| bad).sum();
        let (mut seen, mut charged, mut costs) = (0, 0, Vec::new());
        for (minute, bad) in bad {
            seen += bad;
            let until_here = miss * seen / all.max(1);
            let units = until_here - charged;
            charged = until_here;
            if units > 0 {
                costs.push(Cost { minute, units, for_missing_data: false });
            }
        }
        costs
    }
}

impl Spend {
    /// The share of the budget that is spent, in parts per billion, rounded up so that it is never understated.
    /// A target of 100 % has no budget: nothing bad has spent nothing, anything bad has spent it all.
    pub fn spent_ppb(&self, target: Target) -> i64 {
        let (spent, budget) = self.compared(target);
        match quotient_ppb(spent, budget) {
            None => i64::from(spent > 0) * BILLION as i64,
            Some((ppb, rest)) => i64::try_from(ppb + u128::from(rest)).unwrap_or(i64::MAX),
        }
    }

    /// Whether at least this share of the budget is spent, exactly. With no budget (100 %) the first bad event spends
    /// all of it.
    pub fn reaches(&self, target: Target, share_ppb: i64) -> bool {
        let (spent, budget) = self.compared(target);
        let all_or_nothing = u128::from(spent > 0) * u128::from(BILLION);
        let floor_ppb = quotient_ppb(spent, budget).map_or(all_or_nothing, |(ppb, _)| ppb);
        floor_ppb as i128 >= i128::from(share_ppb)
    }

    /// Whether the budget is spent to the last part, or more.
    pub fn is_spent(&self, target: Target) -> bool {
        let (spent, budget) = self.compared(target);
        spent > 0 && spent >= budget
    }

    /// How this cost compares with `factor_milli / 1000` times what the target allows: the burn rate, exactly.
    pub fn compare_burn(&self, target: Target, factor_milli: u64) -> Ordering {
        let (spent, budget) = self.compared(target);
        // Saturates far beyond anything slots can hold (limits::SLOT_COUNT_MAX); then "not faster" is the answer.
        spent.saturating_mul(1000).cmp(&budget.saturating_mul(u128::from(factor_milli)))
    }

    /// `spent` and the budget on one scale: 10^-9 of a unit.
    fn compared(&self, target: Target) -> (u128, u128) {
        (self.spent * u128::from(BILLION), self.weight * u128::from(target.allowed_ppb()))
    }

    /// The share of the minutes that were seen in full, in parts per billion, rounded down. With no minute at all
    /// nothing was seen.
    pub fn coverage_ppb(&self) -> u64 {
        crate::ratio::share_ppb(self.sums.known(), self.sums.minutes()).unwrap_or(0)
    }
}

/// The budget of one objective over one window at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The target.
    pub target: Target,
    /// Where the window lies.
    pub extent: Extent,
    /// What it cost so far.
    pub spend: Spend,
    /// How the cost is counted.
    pub method: Method,
}

impl Budget {
    /// The budget when every slot before `end` is complete. Rolling windows of slices end at the last complete
    /// slice, slices being counted from 1970; calendar windows count theirs from the start of the period.
    ///
    /// # Errors
    /// [`NoExtent`], when a calendar window has no place at that moment.
    pub fn of(
        ledger: &Ledger,
        exclusions: &Exclusions,
        target: Target,
        method: Method,
        window: &Window,
        end: Minute,
    ) -> Result<Budget, NoExtent> {
        let end = match method.slice_minutes() {
            Some(slice) if window.is_rolling() => end.floor(slice),
            _ => end,
        };
        let extent = window.at(end)?;
        let spend = method.spend(ledger, exclusions, extent.span);
        Ok(Budget { target, extent, spend, method })
    }

    /// The share of the budget that is left, in parts per billion, rounded down; negative when overspent.
    pub fn left_ppb(&self) -> i64 {
        (BILLION as i64).saturating_sub(self.spend.spent_ppb(self.target))
    }

    /// Whether the budget is spent to the last part, or more.
    pub fn is_spent(&self) -> bool {
        self.spend.is_spent(self.target)
    }

    /// Seconds of total failure that the budget still covers: share left × (1 − T) × the whole window, rounded down;
    /// negative when overspent. It is exact, without a rounded share in between.
    ///
    /// Where events are counted and none is missing this is what is left in events at the mean traffic of the whole
    /// window, minutes without traffic and those to come included.
    pub fn left_seconds(&self) -> i64 {
        let window_seconds = self.extent.whole_minutes.max(0) as u64 * 60;
        let (spent, budget) = self.spend.compared(self.target);
        let whole = self.spend.weight * u128::from(BILLION);
        let seconds = |units: u128, up: bool| {
            let (seconds, rest) = scaled(units, window_seconds, whole).unwrap_or((0, false));
            i64::try_from(seconds + u128::from(up && rest)).unwrap_or(i64::MAX)
        };
        match self.target.allowed_ppb() {
            0 => 0,
            allowed if whole == 0 => i64::try_from(
                u128::from(window_seconds) * u128::from(allowed) / u128::from(BILLION),
            )
            .unwrap_or(i64::MAX),
            _ if spent <= budget => seconds(budget - spent, false),
            _ => -seconds(spent - budget, true),
        }
    }

    /// How many more events may be bad before the budget is spent, in billionths of an event; negative when
    /// overspent. `None` when slices are counted, and where missing minutes were given a weight.
    pub fn left_events_ppb(&self) -> Option<i128> {
        let counts_events =
            self.method.slice_minutes().is_none() && !self.method.weighs(&self.spend.sums);
        let (spent, budget) = self.spend.compared(self.target);
        counts_events.then(|| budget as i128 - spent as i128)
    }

    /// By how much the share spent may be overstated, in parts per billion: the rounding of the last part, and for
    /// ratio-timeslices 10^-12 of a slice for every slice, which is 10^-12 / (1 − T) of the budget.
    pub fn error_ppb(&self) -> u64 {
        match (self.method.budgeting, self.target.allowed_ppb()) {
            (Budgeting::RatioTimeslices { .. }, allowed) if allowed > 0 => {
                1 + 1_000_000_u64.div_ceil(allowed)
            }
            _ => 1,
        }
    }
}

/// Whether a slot alone burns faster than the target allows.
pub fn burns(slot: Slot, target: Target) -> bool {
    let (good, bad) = slot.events();
    let allowed = u128::from(good + bad) * u128::from(target.allowed_ppb());
    bad > 0 && u128::from(bad) * u128::from(BILLION) > allowed
}

#[cfg(test)]
mod tests;
