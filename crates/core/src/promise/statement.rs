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
    time::{DAY, Minute},
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
    /// The same by day, in order; a day without cost is not here.
    pub days: Vec<DayPosting>,
}

/// What one account cost on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayPosting {
    /// The first minute of the day, in UTC.
    pub day: Minute,
    /// How much, in units. The days of a posting sum to its units.
    pub units: u128,
    /// The share of the budget. The days of a posting sum to its share.
    pub share_ppb: i64,
}

/// Where the budget went, the largest posting first.
pub fn statement(
    budget: &Budget,
    ledger: &impl Slots,
    exclusions: &Exclusions,
    attributions: &Attributions,
) -> Vec<Posting> {
    let mut units: BTreeMap<&Account, BTreeMap<Minute, u128>> = BTreeMap::new();
    for cost in budget.costing.costs(ledger, exclusions, budget.extent.span) {
        let account = if cost.for_missing_data {
            &Account::MissingData
        } else {
            attributions.account(cost.minute)
        };
        let days = units.entry(account).or_default();
        *days.entry(cost.minute.floor(DAY)).or_default() += cost.units;
    }
    let sum = |days: &BTreeMap<Minute, u128>| days.values().sum();
    let mut lines: Vec<(&Account, u128)> =
        units.iter().map(|(account, days)| (*account, sum(days))).collect();
    lines.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let shares = share_out(lines, budget.spend.spent, budget.spend.spent_ppb(budget.target));
    let posting = |(account, cost, share_ppb): (&Account, u128, i64)| {
        let days = units.get(account).into_iter().flatten().map(|(day, cost)| (*day, *cost));
        let days = share_out(days.collect(), cost, share_ppb);
        let day = |(day, units, share_ppb)| DayPosting { day, units, share_ppb };
        let days = days.into_iter().map(day).collect();
        Posting { account: account.clone(), units: cost, share_ppb, days }
    };
    shares.into_iter().map(posting).collect()
}

/// Gives each line its part of the share, by running totals: the last one closes exactly.
fn share_out<T>(lines: Vec<(T, u128)>, spent: u128, spent_ppb: i64) -> Vec<(T, u128, i64)> {
    let (mut running, mut shared) = (0, 0);
    let posting = |(of, units): (T, u128)| {
        running += units;
        let until_here = part(running, spent, spent_ppb);
        let share_ppb = until_here - shared;
        shared = until_here;
        (of, units, share_ppb)
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
