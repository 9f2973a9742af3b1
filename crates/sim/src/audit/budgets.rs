//! Budgets: bad events, or bad slices, against what the target allows.

use std::collections::BTreeMap;

use plimsoll_core::{measure::window::Window, promise::slo::NoData};
use plimsoll_server::measure::figures::{Figures, Objective};
use serde_json::Value;

use super::{
    Found, hold,
    minutes::{Minutes, Seen},
    roll::{Roll, Stretch},
    windows::{Marked, begins, sums},
};

const BILLION: u128 = 1_000_000_000;

/// What was spent of what, in events or slices; and minutes seen in full of all minutes.
#[derive(Debug, PartialEq, Eq)]
struct Due {
    spent: u128,
    weight: u128,
    known: u64,
    minutes: u64,
}

/// Every figure is what the rules, the journal and the minutes say.
///
/// # Errors
/// When one is not.
pub fn check(
    figures: &Figures,
    objectives: &[Objective],
    roll: &Roll,
    minutes: &Minutes,
) -> Found<u64> {
    let end = figures.end.map_or(0, |end| end.0);
    let declared = roll.objects.iter().filter(|((kind, _), _)| kind == "slo");
    let mut checked = 0;
    for ((_, name), object) in declared {
        let found = figures.slos.get(name.as_str());
        let found = found.ok_or_else(|| format!("there are no figures of {name}"))?;
        let objective = objectives.iter().find(|objective| *objective.name == **name);
        let objective = objective.ok_or_else(|| format!("{name} is no objective"))?;
        let target = object["target"].as_u64().map(u128::from);
        let target = target.ok_or_else(|| format!("no target: {object}"))?;
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
            let told = Due {
                spent: budget.spend.spent / unit,
                weight: budget.spend.weight / unit,
                known: sums.known(),
                minutes: sums.minutes(),
            };
            hold(told == due, || format!("{name}, {window} to {end}: {told:?}, not {due:?}"))?;
            let (left, due_left) = (i128::from(budget.left_ppb()), left_ppb(&due, target));
            hold(left == due_left, || format!("{name}: {left} are left, not {due_left}"))?;
            let coverage = due.known.checked_mul(1_000_000_000).zip(Some(due.minutes.max(1)));
            let coverage = coverage.map_or(0, |(known, minutes)| known / minutes);
            hold(budget.spend.coverage_ppb() == coverage, || format!("{name}: coverage"))?;
            checked += 1;
        }
    }
    Ok(checked)
}

/// The share of the budget that is left, in billionths, rounded down.
fn left_ppb(due: &Due, target: u128) -> i128 {
    let budget = due.weight * (BILLION - target);
    if due.spent == 0 {
        return BILLION as i128;
    }
    if budget == 0 {
        return 0;
    }
    BILLION as i128 - (due.spent * BILLION * BILLION).div_ceil(budget) as i128
}

fn slice(object: &Value) -> Option<(i64, u128)> {
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
    let Some((length, target)) = slice(object) else {
        let from = begins(window, end)?;
        let sums = sums(minutes, from, end, Some(&Marked::without(from, end, out)));
        let (spent, weight) = (u128::from(sums.bad), u128::from(sums.good + sums.bad));
        return Ok(Due { spent, weight, known: sums.known(), minutes: sums.minutes() });
    };
    // Slices of rolling windows are counted from 1970, those of calendar windows from the beginning of the period.
    let (from, to) = if window.is_rolling() {
        let to = end.div_euclid(length) * length;
        (begins(window, to)?, to)
    } else {
        let from = begins(window, end)?;
        (from, from + (end - from).div_euclid(length) * length)
    };
    let marked = Marked::without(from, to, out);
    let all = sums(minutes, from, to, Some(&marked));
    let mut due = Due { spent: 0, weight: 0, known: all.known(), minutes: all.minutes() };
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
    Ok(due)
}
