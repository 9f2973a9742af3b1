//! Outages: runs of minutes that burn faster than the target allows.

use super::budget::Budget;
use crate::{
    measure::{
        exclusion::Exclusions,
        slot::Slot,
        slots::Slots,
        window::{Extent, NoExtent, Window},
    },
    ratio::{BILLION, Target},
    time::{Minute, Span},
};

/// Runs that are at most so many minutes apart are one outage.
pub const GAP_MINUTES: i64 = 5;

/// A stretch of time in which an objective was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// From its first burning minute to its last.
    pub span: Span,
    /// Bad events in it.
    pub bad: u64,
    /// All events in it.
    pub total: u64,
}

/// Every outage of a span, in order. A minute burns when its own share of bad events is above what the target
/// allows; minutes taken out by an exclusion do not.
pub fn outages(
    ledger: &impl Slots,
    exclusions: &Exclusions,
    target: Target,
    span: Span,
) -> Vec<Outage> {
    let mut found: Vec<Outage> = Vec::new();
    let mut between = (0, 0);
    for (minute, slot) in ledger.slots(span) {
        let slot = if exclusions.contains(minute) { Slot::Missing } else { slot };
        let (good, bad) = slot.events();
        if !burns(slot, target) {
            between = (between.0 + good, between.1 + bad);
            continue;
        }
        match found.last_mut() {
            Some(last) if minute.0 - last.span.to.0 <= GAP_MINUTES => {
                last.grow(minute, good + between.0, bad + between.1);
            }
            _ => found.push(Outage {
                span: Span::new(minute, minute.plus(1)),
                bad,
                total: good + bad,
            }),
        }
        between = (0, 0);
    }
    found
}

/// What an outage spent of its window's budget, in parts per billion, rounded up, where `now` is the budget at the end
/// of the history.
///
/// One that lies in the window of `now` is set against `now`. An earlier one is set against the window that was over
/// by then: the whole calendar period that holds it, or the rolling window that ended with it (or with its last
/// slice). One that reaches over several windows is cut where they meet, and its shares are added up.
///
/// # Errors
/// [`NoExtent`], when a calendar window has no place there.
pub fn share_ppb(
    span: Span,
    now: &Budget,
    window: &Window,
    ledger: &impl Slots,
    exclusions: &Exclusions,
) -> Result<i64, NoExtent> {
    let (mut rest, mut share) = (span, 0_i64);
    while !rest.is_empty() {
        let budget = holding_the_end(rest, now, window, ledger, exclusions)?;
        share = share.saturating_add(budget.part_ppb(ledger, exclusions, rest));
        // A window without minutes would hold nothing; the last minute then counts as weighed.
        rest = Span::new(rest.from, budget.extent.span.from.min(rest.to.plus(-1)));
    }
    Ok(share)
}

/// The budget that the last minutes of a span are set against.
fn holding_the_end(
    span: Span,
    now: &Budget,
    window: &Window,
    ledger: &impl Slots,
    exclusions: &Exclusions,
) -> Result<Budget, NoExtent> {
    let current = now.extent.span;
    let (target, costing) = (now.target, now.costing);
    let is_now =
        if window.is_rolling() { current.from <= span.from } else { current.from < span.to };
    if is_now {
        return Ok(*now);
    }
    if let Some(period) = window.period(span.to.plus(-1))? {
        let extent = Extent { span: period, whole_minutes: period.minutes() };
        return Ok(Budget::over(ledger, exclusions, target, costing, extent));
    }
    let end = span.to.ceil(costing.slice_minutes().unwrap_or(1)).min(current.to);
    Budget::of(ledger, exclusions, target, costing, window, end)
}

/// Whether a slot alone burns faster than the target allows.
fn burns(slot: Slot, target: Target) -> bool {
    let (good, bad) = slot.events();
    let allowed = u128::from(good + bad) * u128::from(target.allowed_ppb());
    bad > 0 && u128::from(bad) * u128::from(BILLION) > allowed
}

impl Outage {
    fn grow(&mut self, minute: Minute, good: u64, bad: u64) {
        self.span.to = minute.plus(1);
        self.bad += bad;
        self.total += good + bad;
    }
}

#[cfg(test)]
mod tests;
