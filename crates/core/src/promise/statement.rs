//! The statement of a budget: what it was spent on, to the last event.
//!
//! Postings are computed from slots and attributions each time and never stored, so they always sum to what was
//! spent, also after late data, a new attribution or one that was taken back.

use std::collections::BTreeMap;

use super::budget::Budget;
use crate::{
    deliver::attribution::{Account, Attributions},
    measure::{exclusion::Exclusions, slots::Slots},
    ratio::quotient_ppb,
};

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// On what.
    pub account: Account,
    /// How much, in the units of the budget's spend. All postings sum to exactly `spend.spent`.
    pub units: u128,
    /// The share of the budget, in parts per billion. All shares sum to exactly `spend.spent_ppb`.
    pub share_ppb: i64,
}

/// Where the budget went, the largest posting first.
pub fn statement(
    budget: &Budget,
    ledger: &impl Slots,
    exclusions: &Exclusions,
    attributions: &Attributions,
) -> Vec<Posting> {
    let mut units: BTreeMap<&Account, u128> = BTreeMap::new();
    for cost in budget.costing.costs(ledger, exclusions, budget.extent.span) {
        let account = if cost.for_missing_data {
            &Account::MissingData
        } else {
            attributions.account(cost.minute)
        };
        *units.entry(account).or_default() += cost.units;
    }
    let mut lines: Vec<(&Account, u128)> = units.into_iter().collect();
    lines.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    share_out(lines, budget.spend.spent, budget.spend.spent_ppb(budget.target))
}

/// Gives each line its part of the share, by running totals: the last one closes exactly.
fn share_out(lines: Vec<(&Account, u128)>, spent: u128, spent_ppb: i64) -> Vec<Posting> {
    let (mut running, mut shared) = (0, 0);
    let posting = |(account, units): (&Account, u128)| {
        running += units;
        let until_here = part(running, spent, spent_ppb);
        let share_ppb = until_here - shared;
        shared = until_here;
        Posting { account: account.clone(), units, share_ppb }
    };
    lines.into_iter().map(posting).collect()
}

/// `whole_ppb × part / whole`, rounded down; the whole itself is exact.
fn part(part: u128, whole: u128, whole_ppb: i64) -> i64 {
    if part == whole {
        return whole_ppb;
    }
    let share = quotient_ppb(part, whole).map_or(0, |(ppb, _)| ppb as i128);
    (share * i128::from(whole_ppb) / i128::from(crate::ratio::BILLION)) as i64
}

#[cfg(test)]
mod tests;
