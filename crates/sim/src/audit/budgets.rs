//! Budgets: bad events, or bad slices, against what the target allows.

use std::collections::BTreeMap;

use plimsoll_core::{
    measure::{slot::Sums, window::Window},
    promise::slo::NoData,
};
use plimsoll_server::measure::figures::{Figures, Objective};
use serde_json::Value;

use super::{
    Found,
    decided::BudgetName,
    hold,
    minutes::{Minutes, Seen},
    roll::{Roll, Stretch},
    windows::{Marked, begins, sums},
};

const BILLION: u128 = 1_000_000_000;

/// What was spent of what, in events or slices, and what was seen of the minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What was bad.
    pub spent: u128,
    /// All that counts.
    pub weight: u128,
    /// The minutes and events.
    pub sums: Sums,
}

/// What is due for every objective and window, by their names.
pub type Dues = BTreeMap<BudgetName, Due>;

/// Every figure is what the rules, the journal and the minutes say.
///
/// # Errors
/// When one is not.
pub fn check(
    figures: &Figures,
    objectives: &[Objective],
    roll: &Roll,
    minutes: &Minutes,
) -> Found<Dues> {
    let end = figures.end.map_or(0, |end| end.0);
    let declared = roll.objects.iter().filter(|((kind, _), _)| kind == "slo");
    let mut dues = Dues::new();
    for ((_, name), object) in declared {
        let object = &roll.objective(name, object);
        let found = figures.slos.get(name.as_str());
        let found = found.ok_or_else(|| format!("there are no figures of {name}"))?;
        let objective = objectives.iter().find(|objective| *objective.name == **name);
        let objective = objective.ok_or_else(|| format!("{name} is no objective"))?;
        let target = target(object)?;
        let sli = object["sli"].as_str().unwrap_or_default();
        let key = roll.keys.get(&("sli".to_owned(), sli.to_owned())).copied();
        let of_sli = minutes.over_sources(key.unwrap_or(u64::MAX) as u32);
        let out = roll.stretches(sli);
        let windows = object["windows"].as_array().map_or(0, Vec::len);
        hold(found.windows.len() == windows, || format!("{name} has not {windows} windows"))?;
        hold(objective.slo.no_data == NoData::Ignore, || "not simulated".to_owned())?;
        for (window, budget) in &found.windows {
            let budget = budget.as_ref().map_err(ToString::to_string)?;
            let due = due(object, window, end, &of_sli, &out)?;
            let sums = &budget.spend.sums;
            let unit = if slice(object).is_some() { 1_000_000_000_000 } else { 1 };
            let (spent, weight) = (budget.spend.spent / unit, budget.spend.weight / unit);
            let told = Due { spent, weight, sums: *sums };
            hold(told == due, || format!("{name}, {window} to {end}: {told:?}, not {due:?}"))?;
            let (left, due_left) = (i128::from(budget.left_ppb()), left_ppb(&due, target));
            hold(left == due_left, || format!("{name}: {left} are left, not {due_left}"))?;
            hold(budget.spend.coverage_ppb() == due.coverage(), || format!("{name}: coverage"))?;
            dues.insert((name.clone(), json(window)), due);
        }
    }
    Ok(dues)
}

/// A window as it stands in the journal.
pub(super) fn json(window: &Window) -> String {
    serde_json::to_value(window).unwrap_or_default().to_string()
}

/// The target of an objective, in billionths.
pub(super) fn target(object: &Value) -> Found<u128> {
    let target = object["target"].as_u64().map(u128::from);
    target.ok_or_else(|| format!("no target: {object}"))
}

impl Due {
    /// The share of the minutes that was seen in full, in billionths, rounded down.
    pub fn coverage(&self) -> u64 {
        let (known, minutes) = (self.sums.known(), self.sums.minutes().max(1));
        known.checked_mul(1_000_000_000).map_or(0, |known| known / minutes)
    }
}

/// The share of the budget that is left, in billionths, rounded down.
pub(super) fn left_ppb(due: &Due, target: u128) -> i128 {
    let budget = due.weight * (BILLION - target);
    if due.spent == 0 {
        return BILLION as i128;
    }
    if budget == 0 {
        return 0;
    }
    BILLION as i128 - (due.spent * BILLION * BILLION).div_ceil(budget) as i128
}

pub(super) fn slice(object: &Value) -> Option<(i64, u128)> {
    let slices = &object["budgeting"]["timeslices"];
    let minutes = slices["slice_minutes"].as_i64()?;
    Some((minutes, u128::from(slices["slice_target"].as_u64()?)))
}

fn due(
    object: &Value,
    window: &Window,
    end: i64,
    minutes: &BTreeMap<i64, Seen>,
    out: &[&Stretch],
) -> Found<Due> {
    // Slices of rolling windows are counted from 1970, those of calendar windows from the beginning of the period.
    let (from, to) = match slice(object) {
        None => (begins(window, end)?, end),
        Some((length, _)) if window.is_rolling() => {
            let to = end.div_euclid(length) * length;
            (begins(window, to)?, to)
        }
        Some((length, _)) => {
            let from = begins(window, end)?;
            (from, from + (end - from).div_euclid(length) * length)
        }
    };
    Ok(spent(object, from, to, minutes, out))
}

/// What a span spent, its slices being counted from its beginning.
pub(super) fn spent(
    object: &Value,
    from: i64,
    to: i64,
    minutes: &BTreeMap<i64, Seen>,
    out: &[&Stretch],
) -> Due {
    let marked = Marked::without(from, to, out);
    let all = sums(minutes, from, to, Some(&marked));
    let Some((length, target)) = slice(object) else {
        let (spent, weight) = (u128::from(all.bad), u128::from(all.good + all.bad));
        return Due { spent, weight, sums: all };
    };
    let mut due = Due { spent: 0, weight: 0, sums: all };
    for first in (from..to).step_by(length as usize) {
        let sums = sums(minutes, first, (first + length).min(to), Some(&marked));
        let (good, total) = (u128::from(sums.good), u128::from(sums.good + sums.bad));
        let is_bad = good * BILLION < total * target;
        if is_bad {
            due.spent += 1;
        }
        // A slice of which something was not seen can be bad, and never good.
        if is_bad || sums.missing == 0 && sums.minutes() > 0 {
            due.weight += 1;
        }
    }
    due
}
