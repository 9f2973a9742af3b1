//! Targets that a team could keep, read from what it kept.

use super::{budget::Budget, cost::Costing};
use crate::{
    measure::{
        exclusion::Exclusions,
        slots::Slots,
        window::{NoExtent, Window},
    },
    ratio::Target,
    time::{DAY, HOUR, Minute, Span},
};

/// The targets that are proposed, in parts per billion, strictest first.
pub const LADDER_PPB: [u64; 9] = [
    999_990_000,
    999_900_000,
    999_500_000,
    999_000_000,
    995_000_000,
    990_000_000,
    980_000_000,
    950_000_000,
    900_000_000,
];

/// A target is proposed only where its window allows at least so many bad events: with fewer, a single failure
/// spends a fifth of the budget and the figure is noise.
pub const EVENTS_TO_RESOLVE: u64 = 5;

/// A target is within reach when at least so many of ten periods kept it. One outage does not lower what a team can
/// promise; a bad day every week does.
const KEPT_OF_TEN: usize = 9;

/// A target is within reach when half of what was spent would have kept it: at most twice its budget, in parts per
/// billion. Beyond that a month without incident proves nothing.
const OVERSPENT_PPB: i64 = 2 * crate::ratio::BILLION as i64;

/// With so many days of traffic, days are the periods that are judged; below it, hours.
const DAYS_TO_JUDGE_BY: usize = 3;

/// A target and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// The target.
    pub target: Target,
    /// Its budget over the window, at the end of the input.
    pub budget: Budget,
    /// Periods with traffic that kept the target on their own, with a quarter of its budget to spare.
    pub kept: usize,
    /// Periods with traffic.
    pub periods: usize,
    /// Length of a period in minutes.
    pub period_minutes: i64,
    /// What decided that it is not stricter.
    pub limit: Limit,
}

/// Why a suggested target is not stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It is the strictest of the ladder.
    Ladder,
    /// The next one would allow fewer than [`EVENTS_TO_RESOLVE`] bad events.
    Traffic,
    /// The next one was missed too often.
    Kept,
    /// The next one would have been overspent too far.
    Overspent {
        /// The share of its budget that would be spent, in parts per billion.
        spent_ppb: i64,
    },
}

/// The strictest target of the ladder that ordinary periods kept, that the window spent at most twice, and that the
/// traffic can resolve. `None` when there is no such target.
///
/// # Errors
/// [`NoExtent`], when a calendar window has no place at the end.
pub fn suggest(
    ledger: &impl Slots,
    exclusions: &Exclusions,
    costing: Costing,
    window: &Window,
    end: Minute,
) -> Result<Option<Suggestion>, NoExtent> {
    let history = Span::new(ledger.extent().map_or(end, |extent| extent.from), end);
    let (period_minutes, periods) = periods(ledger, exclusions, history);
    let mut limit = Limit::Ladder;
    for target in LADDER_PPB.into_iter().filter_map(Target::from_ppb) {
        let budget = Budget::of(ledger, exclusions, target, costing, window, end)?;
        if !resolves(budget.spend.sums.total(), target) {
            limit = Limit::Traffic;
            continue;
        }
        let kept = periods.iter().filter(|&&(bad, total)| keeps(bad, total, target)).count();
        if kept * 10 < periods.len() * KEPT_OF_TEN {
            limit = Limit::Kept;
            continue;
        }
        let spent_ppb = budget.spend.spent_ppb(target);
        if spent_ppb > OVERSPENT_PPB {
            limit = Limit::Overspent { spent_ppb };
            continue;
        }
        return Ok(Some(Suggestion {
            target,
            budget,
            kept,
            periods: periods.len(),
            period_minutes,
            limit,
        }));
    }
    Ok(None)
}

/// The strictest target of the ladder of which at least a quarter of the budget would be left, whatever happened.
///
/// # Errors
/// [`NoExtent`], when a calendar window has no place at the end.
pub fn kept_anyway(
    ledger: &impl Slots,
    exclusions: &Exclusions,
    costing: Costing,
    window: &Window,
    end: Minute,
) -> Result<Option<Budget>, NoExtent> {
    for target in LADDER_PPB.into_iter().filter_map(Target::from_ppb) {
        let budget = Budget::of(ledger, exclusions, target, costing, window, end)?;
        if resolves(budget.spend.sums.total(), target)
            && budget.left_ppb() >= crate::ratio::BILLION as i64 / 4
        {
            return Ok(Some(budget));
        }
    }
    Ok(None)
}

/// The budget of the loosest target of the ladder, whether it was kept or not. `None` when the window has too few
/// events even for that one.
///
/// # Errors
/// [`NoExtent`], when a calendar window has no place at the end.
pub fn loosest(
    ledger: &impl Slots,
    exclusions: &Exclusions,
    costing: Costing,
    window: &Window,
    end: Minute,
) -> Result<Option<Budget>, NoExtent> {
    let Some(target) = LADDER_PPB.last().copied().and_then(Target::from_ppb) else {
        return Ok(None);
    };
    let budget = Budget::of(ledger, exclusions, target, costing, window, end)?;
    Ok(resolves(budget.spend.sums.total(), target).then_some(budget))
}

/// The next stricter target of the ladder; `None` above the strictest.
pub fn stricter(target: Target) -> Option<Target> {
    LADDER_PPB.into_iter().rev().find(|&ppb| ppb > target.ppb()).and_then(Target::from_ppb)
}

/// Whether so many events can tell the target from the next: they allow [`EVENTS_TO_RESOLVE`] bad ones.
pub fn resolves(total: u64, target: Target) -> bool {
    let allowed_ppb = u128::from(total) * u128::from(target.allowed_ppb());
    allowed_ppb >= u128::from(EVENTS_TO_RESOLVE) * u128::from(crate::ratio::BILLION)
}

/// Whether a period kept the target with a quarter of its own budget to spare: a target that ordinary days just
/// about keep is one that is missed every other month.
fn keeps(bad: u64, total: u64, target: Target) -> bool {
    let allowed = u128::from(total) * u128::from(target.allowed_ppb());
    u128::from(bad) * u128::from(crate::ratio::BILLION) * 4 <= allowed * 3
}

/// Bad and all events of every period with traffic, and the length of a period.
fn periods(ledger: &impl Slots, exclusions: &Exclusions, history: Span) -> (i64, Vec<(u64, u64)>) {
    let of = |length: i64| -> Vec<(u64, u64)> {
        let starts =
            (history.from.floor(length).0..history.to.0).step_by(length as usize).map(Minute);
        let sums = starts.map(|from| {
            exclusions.sums(ledger, Span::new(from, from.plus(length)).intersection(history))
        });
        sums.filter(|sums| sums.total() > 0).map(|sums| (sums.bad, sums.total())).collect()
    };
    let days = of(DAY);
    if days.len() >= DAYS_TO_JUDGE_BY { (DAY, days) } else { (HOUR, of(HOUR)) }
}

#[cfg(test)]
mod tests;
