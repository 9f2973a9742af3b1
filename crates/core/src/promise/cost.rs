//! The cost of a span: how much of it was bad, of how much, in the units of the budgeting method. Integers only.
//!
//! What is an event depends on the method: requests, good slices, or fractions of slices. What a missing minute weighs
//! depends on the [`NoData`] policy.

use serde::{Deserialize, Serialize};

use std::cmp::Ordering;

use super::slo::{Budgeting, NoData};
use crate::{
    measure::{exclusion::Exclusions, slot::Sums, slots::Slots},
    ratio::{BILLION, Target, quotient_ppb},
    time::{Minute, Span},
};

/// One slice in units of cost: ratio-timeslices are kept to 10^-12 of a slice, misses rounded up.
pub const SLICE_UNITS: u128 = 1_000_000_000_000;

/// What a span cost, before any target: `spent` of `weight`, in the method's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// What was bad, in units.
    #[serde(with = "crate::ratio::text")]
    pub spent: u128,
    /// Everything that counts, in the same units.
    #[serde(with = "crate::ratio::text")]
    pub weight: u128,
    /// The minutes and events below it, without excluded minutes.
    pub sums: Sums,
    /// Minutes taken out.
    pub excluded_minutes: i64,
}

/// How a span's cost is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costing {
    /// Events or slices.
    pub budgeting: Budgeting,
    /// What missing minutes weigh.
    pub no_data: NoData,
}

/// The cost of one minute, in the units of the span's [`Spend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// When.
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
    sums: Sums,
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

impl Costing {
    /// What a span cost. Slices are counted from the start of the span; a last one that the span cuts short counts as
    /// a slice of its own, so that every minute counts.
    pub fn spend(&self, ledger: &impl Slots, exclusions: &Exclusions, span: Span) -> Spend {
        let sums = exclusions.sums(ledger, span);
        let (spent, weight) = match self.slice_minutes() {
            None => self.events(&sums),
            Some(minutes) => self.slices(ledger, exclusions, span, minutes, span).fold(
                (0, 0),
                |(spent, weight), slice| match slice.verdict {
                    SliceVerdict::Judged { miss } => (spent + miss, weight + SLICE_UNITS),
                    SliceVerdict::Excluded | SliceVerdict::Missing => (spent, weight),
                },
            ),
        };
        Spend { spent, weight, sums, excluded_minutes: exclusions.minutes_in(span) }
    }

    /// The same cost, minute by minute, in order. Their sum is exactly the `spent` of [`Costing::spend`].
    pub fn costs(&self, ledger: &impl Slots, exclusions: &Exclusions, span: Span) -> Vec<Cost> {
        self.costs_in(ledger, exclusions, span, span)
    }

    /// Of the minutes' costs in a span those of a part of it, for a look at no more than that part.
    pub fn costs_in(
        &self,
        ledger: &impl Slots,
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
        self.budgeting.slice_minutes().map(i64::from)
    }

    /// Bad events and all events. Missing minutes weigh as the mean of those that were seen in full; to stay exact
    /// everything is then counted in units of 1/`known` of an event.
    fn events(&self, sums: &Sums) -> (u128, u128) {
        let unit = self.event_unit(sums);
        let (bad, total) = (u128::from(sums.bad) * unit, u128::from(sums.total()) * unit);
        match self.no_data {
            NoData::Good if self.weighs(sums) => (bad, total + unseen_at_best(sums, sums)),
            NoData::Bad if self.weighs(sums) => {
                let charged = u128::from(sums.known_events()) * u128::from(sums.missing);
                (bad + charged, total + charged)
            }
            _ => (bad, total),
        }
    }

    /// Whether there are missing minutes that weigh something, and a mean to weigh them by.
    pub(super) fn weighs(&self, sums: &Sums) -> bool {
        matches!(self.no_data, NoData::Good | NoData::Bad) && sums.missing > 0 && sums.known() > 0
    }

    /// How many units one event is.
    fn event_unit(&self, sums: &Sums) -> u128 {
        if self.weighs(sums) { u128::from(sums.known()) } else { 1 }
    }

    fn event_costs(
        &self,
        ledger: &impl Slots,
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
        ledger: &impl Slots,
        exclusions: &Exclusions,
        span: Span,
        minutes: i64,
        part: Span,
    ) -> impl Iterator<Item = Slice> {
        let all = exclusions.sums(ledger, span);
        let part = part.intersection(span);
        let first = (part.from.0 - span.from.0) / minutes;
        let behind = (part.to.0 - span.from.0 + minutes - 1) / minutes;
        (first..behind).map(move |n| {
            let from = span.from.plus(n * minutes);
            let span = Span::new(from, from.plus(minutes).min(span.to));
            let sums = exclusions.sums(ledger, span);
            Slice { span, sums, verdict: self.judge(&sums, &all) }
        })
    }

    /// Judges a slice by its share of good events. Where missing minutes are left out, one that has some may be seen
    /// to miss its target, never to reach it, and one of which no event was seen says nothing. Where they weigh good
    /// or bad, every slice is judged.
    fn judge(&self, slice: &Sums, all: &Sums) -> SliceVerdict {
        if slice.minutes() == 0 {
            return SliceVerdict::Excluded;
        }
        let (good, total) = self.good_of_total(slice, all);
        let is_open =
            slice.missing > 0 && matches!(self.no_data, NoData::Ignore | NoData::Hold { .. });
        match self.budgeting {
            Budgeting::Timeslices { slice_target, .. } => {
                match (misses(good, total, slice_target), is_open) {
                    (true, _) => SliceVerdict::Judged { miss: SLICE_UNITS },
                    (false, true) => SliceVerdict::Missing,
                    (false, false) => SliceVerdict::Judged { miss: 0 },
                }
            }
            _ if total > 0 => {
                SliceVerdict::Judged { miss: SLICE_UNITS - good * SLICE_UNITS / total }
            }
            _ if is_open => SliceVerdict::Missing,
            _ => SliceVerdict::Judged { miss: 0 },
        }
    }

    /// The share of good events of a slice, as a fraction. Missing minutes that weigh good add what
    /// [`unseen_at_best`] says; those that weigh bad lower the share to the part of the minutes that was seen.
    fn good_of_total(&self, slice: &Sums, all: &Sums) -> (u128, u128) {
        let (good, total) = (u128::from(slice.good), u128::from(slice.total()));
        match self.no_data {
            NoData::Good if slice.missing > 0 => {
                let (unit, unseen) = (u128::from(all.known()), unseen_at_best(slice, all));
                if unit == 0 {
                    (good, total)
                } else {
                    (good * unit + unseen, total * unit + unseen)
                }
            }
            NoData::Bad if slice.missing > 0 => {
                let (good, total) = if total == 0 { (1, 1) } else { (good, total) };
                (good * u128::from(slice.known()), total * u128::from(slice.minutes()))
            }
            _ => (good, total),
        }
    }

    /// Spreads the miss of a slice over its minutes by what each lacks, to the last unit.
    fn slice_costs(&self, ledger: &impl Slots, exclusions: &Exclusions, slice: Slice) -> Vec<Cost> {
        let SliceVerdict::Judged { miss: miss @ 1.. } = slice.verdict else { return Vec::new() };
        let (per_bad, per_missing) = self.lacks(&slice.sums);
        let minutes = ledger.slots(slice.span).filter(|(at, _)| !exclusions.contains(*at));
        let lacks = minutes.flat_map(|(minute, slot)| {
            let missing = u128::from(slot.is_missing()) * per_missing;
            [(minute, u128::from(slot.events().1) * per_bad, false), (minute, missing, true)]
        });
        let lacks: Vec<(Minute, u128, bool)> = lacks.filter(|(_, lack, _)| *lack > 0).collect();
        let all: u128 = lacks.iter().map(|(_, lack, _)| lack).sum();
        let (mut seen, mut charged, mut costs) = (0, 0, Vec::new());
        for (minute, lack, for_missing_data) in lacks {
            seen += lack;
            let until_here = miss * seen / all;
            let units = until_here - charged;
            charged = until_here;
            if units > 0 {
                costs.push(Cost { minute, units, for_missing_data });
            }
        }
        costs
    }

    /// What a bad event and a missing minute of a slice lack, on one scale: see [`Costing::good_of_total`]. A slice that
    /// was seen to miss its target did so for what was seen.
    fn lacks(&self, slice: &Sums) -> (u128, u128) {
        let (good, total) = (u128::from(slice.good), u128::from(slice.total()));
        match (self.no_data, self.budgeting) {
            (NoData::Bad, Budgeting::Timeslices { slice_target, .. })
                if misses(good, total, slice_target) =>
            {
                (1, 0)
            }
            (NoData::Bad, _) => (u128::from(slice.known()), total.max(1)),
            _ => (1, 0),
        }
    }
}

/// Whether a share of good events is below a target. Without events nothing is.
fn misses(good: u128, total: u128, target: Target) -> bool {
    good * u128::from(BILLION) < total * u128::from(target.ppb())
}

/// How many events went unseen in minutes of `part` if they were as the mean of the minutes of `all` that were seen in
/// full, in units of 1/`known` of an event: the mean for each minute of which nothing was seen, and for those of which
/// some sources were seen, taken together, what they lack of the mean; at least nothing.
fn unseen_at_best(part: &Sums, all: &Sums) -> u128 {
    let (mean, unit) = (u128::from(all.known_events()), u128::from(all.known()));
    let dark = mean * u128::from(part.missing - part.partial);
    let lacking = mean * u128::from(part.partial);
    dark + lacking.saturating_sub(u128::from(part.partial_events) * unit)
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
    pub(super) fn compared(&self, target: Target) -> (u128, u128) {
        (self.spent * u128::from(BILLION), self.weight * u128::from(target.allowed_ppb()))
    }

    /// Whether nothing was seen at all: then nothing is known of the budget, least of all that it is whole.
    pub fn is_unseen(&self) -> bool {
        self.sums.known() == 0 && self.sums.total() == 0
    }

    /// The share of the minutes that were seen in full, in parts per billion, rounded down. With no minute at all
    /// nothing was seen.
    pub fn coverage_ppb(&self) -> u64 {
        crate::ratio::share_ppb(self.sums.known(), self.sums.minutes()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
