//! The error budget: what the target allows of a window, what is spent and what is left. Integers only.
//!
//! With `T` the target, a window whose events weigh `W`, of which `S` were bad, has spent the share
//! `S / (W × (1 − T))` of its budget (SRE workbook, chapter 5). It is compared cross-multiplied, so that exactly
//! spent is spent. What it costs is counted by a [`Costing`].

use serde::{Deserialize, Serialize};

use super::{
    cost::{Costing, Spend},
    slo::Budgeting,
};
use crate::{
    measure::{
        exclusion::Exclusions,
        slots::Slots,
        window::{Extent, NoExtent, Window},
    },
    ratio::{BILLION, Target, scaled},
    time::{Minute, Span},
};

/// The budget of one objective over one window at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The target.
    pub target: Target,
    /// Where the window lies.
    pub extent: Extent,
    /// What it cost so far.
    pub spend: Spend,
    /// How the cost is counted.
    pub costing: Costing,
}

impl Budget {
    /// The budget when every slot before `end` is complete. Windows of slices end at the last complete slice, slices
    /// being counted from 1970 in rolling windows, and from the start of the period in calendar windows. The last
    /// slice of a period may be shorter than the others (a day of 23 hours has 11 slices of 2 hours and one of 1).
    ///
    /// # Errors
    /// [`NoExtent`], when a calendar window has no place at that moment.
    pub fn of(
        ledger: &impl Slots,
        exclusions: &Exclusions,
        target: Target,
        costing: Costing,
        window: &Window,
        end: Minute,
    ) -> Result<Budget, NoExtent> {
        let slice = costing.slice_minutes().unwrap_or(1);
        let extent = if window.is_rolling() {
            window.at(end.floor(slice))?
        } else {
            let Extent { span, whole_minutes } = window.at(end)?;
            let complete = span.minutes() / slice * slice;
            Extent { span: Span::new(span.from, span.from.plus(complete)), whole_minutes }
        };
        Ok(Budget::over(ledger, exclusions, target, costing, extent))
    }

    /// The budget of a window whose place is known.
    pub fn over(
        ledger: &impl Slots,
        exclusions: &Exclusions,
        target: Target,
        costing: Costing,
        extent: Extent,
    ) -> Budget {
        let spend = costing.spend(ledger, exclusions, extent.span);
        Budget { target, extent, spend, costing }
    }

    /// What a part of the window spent of this budget, in parts per billion, rounded up.
    pub fn part_ppb(&self, ledger: &impl Slots, exclusions: &Exclusions, part: Span) -> i64 {
        let costs = self.costing.costs_in(ledger, exclusions, self.extent.span, part);
        let spent = costs.iter().map(|cost| cost.units).sum();
        Spend { spent, ..self.spend }.spent_ppb(self.target)
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
            self.costing.slice_minutes().is_none() && !self.costing.weighs(&self.spend.sums);
        let (spent, budget) = self.spend.compared(self.target);
        counts_events.then(|| budget as i128 - spent as i128)
    }

    /// By how much the share spent may be overstated, in parts per billion: the rounding of the last part, and for
    /// ratio-timeslices 10^-12 of a slice for every slice, which is 10^-12 / (1 − T) of the budget.
    pub fn error_ppb(&self) -> u64 {
        match (self.costing.budgeting, self.target.allowed_ppb()) {
            (Budgeting::RatioTimeslices { .. }, allowed) if allowed > 0 => {
                1 + 1_000_000_u64.div_ceil(allowed)
            }
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests;
