//! Verdicts: what the policy's document says of the budgets that the auditor sums by itself, after what the journal
//! says was spent before.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::promise::decision::Reading;
use plimsoll_server::measure::decisions::{Decided, Decisions};
use serde_json::Value;

use super::{
    Found,
    budgets::{Due, Dues, json, left_ppb, slice, spent, target},
    decided::{BudgetName, Known},
    hold,
    minutes::{Minutes, Seen},
    roll::{Roll, Stretch, text},
    rules::{Rules, weight},
    windows::{Marked, sums},
};

const BILLION: u128 = 1_000_000_000;
const DAY: i64 = 1440;
/// Nothing older is looked at.
const LONGEST: i64 = 400 * DAY;

/// What was decided before and may not stand in the journal yet: budgets that were found spent by service, and since
/// when *stabilise* was decided.
pub type Earlier = BTreeMap<String, (BTreeSet<BudgetName>, Option<i64>)>;

/// What is to be remembered of decisions, in case the journal cannot be written.
pub fn earlier(decisions: &Decisions) -> Earlier {
    let spent = decisions.services.iter().map(|(service, decided)| {
        let budgets = decided.decision.spent.iter();
        let names = budgets.map(|budget| (budget.slo.clone(), json(&budget.window))).collect();
        let is_still = decided.decision.verdict.word() == "stabilise";
        (service.to_string(), (names, decisions.end.filter(|_| is_still).map(|end| end.0)))
    });
    spent.filter(|(_, (names, _)): &(_, (BTreeSet<BudgetName>, _))| !names.is_empty()).collect()
}

/// An objective of the roll, with its minutes.
struct Measured<'a> {
    name: &'a str,
    object: &'a Value,
    minutes: &'a BTreeMap<i64, Seen>,
    out: &'a [&'a Stretch],
    end: i64,
}

/// Holds every decision against what is due. How many there were.
///
/// # Errors
/// When one is not what the policy says.
pub fn check(
    decisions: &Decisions,
    before: &Earlier,
    roll: &Roll,
    minutes: &Minutes,
    dues: &Dues,
) -> Found<u64> {
    let end = decisions.end.map_or(0, |end| end.0);
    let services = roll.objects.keys().filter(|(kind, _)| kind == "service");
    let mut checked = 0;
    for (_, service) in services {
        let decided = decisions.services.get(service.as_str());
        let decided = decided.ok_or_else(|| format!("nothing is decided about {service}"))?;
        let nothing = Known::default();
        let mut known = roll.decided.get(service).unwrap_or(&nothing).clone();
        if let Some((names, since)) = before.get(service) {
            known.spent.extend(names.iter().cloned());
            known.since = known.since.or(*since);
        }
        check_one(service, decided, &known, roll, minutes, dues, end)
            .map_err(|why| format!("{service} to {end}: {why}; decided: {decided:?}"))?;
        checked += 1;
    }
    hold(checked == decisions.services.len() as u64, || "others are decided".to_owned())?;
    Ok(checked)
}

fn check_one(
    service: &str,
    decided: &Decided,
    known: &Known,
    roll: &Roll,
    minutes: &Minutes,
    dues: &Dues,
    end: i64,
) -> Found {
    let rules = roll.rules_of(service);
    let mut verdicts = Vec::new();
    let mut due_spent = BTreeSet::new();
    let objectives = roll
        .objects
        .iter()
        .filter(|((kind, _), object)| kind == "slo" && text(object, "service") == service);
    for ((_, name), object) in objectives {
        let object = &roll.objective(name, object);
        let sli = text(object, "sli");
        let key = roll.keys.get(&("sli".to_owned(), sli.clone())).copied();
        let of_sli = minutes.over_sources(key.unwrap_or(u64::MAX) as u32);
        let out = roll.stretches(&sli);
        let measured = Measured { name, object, minutes: &of_sli, out: &out, end };
        let age = measured.age();
        let is_fast = measured.is_fast(&rules)?;
        for ((slo, window), due) in dues.iter().filter(|((slo, _), _)| slo == name) {
            let mut readings = decided.readings.iter();
            let reading = readings.find(|one| one.slo == *slo && json(&one.window) == *window);
            let reading = reading.ok_or_else(|| format!("{slo} over {window} is not read"))?;
            // What was taken back may hide what came before every window: then it is said that nothing ever came.
            let is_hidden = reading.data_age.is_none() && is_unseen(slo, dues);
            hold(reading.data_age == age || is_hidden, || format!("{slo} is {age:?} old"))?;
            let alone = measured.alone(due, is_fast, reading, &rules)?;
            let budget = (slo.clone(), window.clone());
            let (verdict, is_spent) = judged(&alone, &budget, known, &rules);
            verdicts.push(verdict);
            if is_spent {
                due_spent.insert(budget);
            }
        }
    }
    hold(verdicts.len() == decided.readings.len(), || "there are other readings".to_owned())?;
    for lost in roll.lost(service) {
        verdicts.push("unknown");
        due_spent.extend(known.spent.iter().filter(|(slo, _)| slo == lost).cloned());
    }
    let verdict = verdicts.into_iter().max_by_key(|word| weight(word)).unwrap_or("unknown");
    let told = decided.decision.verdict.word();
    hold(told == verdict, || format!("it is {told}, and not {verdict}"))?;
    let told = decided.decision.spent.iter();
    let told: BTreeSet<_> = told.map(|budget| (budget.slo.clone(), json(&budget.window))).collect();
    hold(told == due_spent, || format!("{told:?} are spent, and not {due_spent:?}"))?;
    // No window of the simulation is as long as a quarter.
    let days = known.since.map_or(0, |since| (end - since) / DAY);
    let is_due = verdict == "stabilise" && days >= rules.days;
    hold(decided.decision.escalated == is_due, || format!("{days} of {} days", rules.days))
}

/// Whether no window of an objective holds a minute that was seen in full.
fn is_unseen(slo: &str, dues: &Dues) -> bool {
    dues.iter().filter(|((name, _), _)| name == slo).all(|(_, due)| due.sums.known() == 0)
}

/// What one budget says by itself.
struct Alone {
    verdict: &'static str,
    left: i128,
    /// Whether it may not be said because of what is not seen.
    is_dark: bool,
}

/// What a budget says after what was decided before, and whether it counts as spent.
fn judged(
    alone: &Alone,
    budget: &BudgetName,
    known: &Known,
    rules: &Rules,
) -> (&'static str, bool) {
    let is_known = alone.verdict != "unknown";
    let was_spent = known.spent.contains(budget);
    let is_back = is_known && alone.left >= rules.recover;
    if alone.verdict != "stabilise" && (!was_spent || is_back) {
        return (alone.verdict, false);
    }
    let floor = known.floors.as_ref().and_then(|floors| floors.get(budget));
    let is_let_go = floor.is_some_and(|floor| alone.left > i128::from(*floor)) && !alone.is_dark;
    (if is_let_go { "caution" } else { "stabilise" }, true)
}

impl Measured<'_> {
    /// Minutes since the last one that was seen in full, without those taken out.
    fn age(&self) -> Option<i64> {
        let seen = self.minutes.range(self.end - LONGEST..self.end).rev();
        let (last, _) = seen.into_iter().find(|(_, (.., is_whole))| *is_whole)?;
        let marked = Marked::without(last + 1, self.end, self.out);
        Some(sums(&BTreeMap::new(), last + 1, self.end, Some(&marked)).missing as i64)
    }

    /// Whether it burns faster than the policy lets it.
    fn is_fast(&self, rules: &Rules) -> Found<bool> {
        let length = slice(self.object).map_or(1, |(length, _)| length);
        let floor = |minute: i64| minute.div_euclid(length) * length;
        let allowed = BILLION - target(self.object)?;
        Ok(rules.fast.iter().any(|(lookback, factor, least)| {
            let to = floor(self.end);
            let due = spent(self.object, floor(to - lookback), to, self.minutes, self.out);
            let is_fast = due.spent * BILLION * 1000 >= due.weight * allowed * factor;
            due.spent > 0 && due.sums.bad >= (*least).max(1) && is_fast
        }))
    }

    /// What a budget says by itself.
    fn alone(&self, due: &Due, is_fast: bool, reading: &Reading, rules: &Rules) -> Found<Alone> {
        let target = target(self.object)?;
        let left = left_ppb(due, target);
        let Due { spent, weight, sums } = *due;
        let told = reading.budget.spend.sums;
        hold(told == sums, || format!("{} sums to {sums:?}", self.name))?;
        let at_best = self.is_spent_at_best(due, target, reading)?;
        let dark =
            reading.data_age.is_none_or(|age| age > rules.age) || due.coverage() < rules.coverage;
        let events = sums.good + sums.bad;
        // Without any event nothing is known of how it answers, however few the policy asks for.
        let is_few = events == 0 || events < rules.events;
        let allowed = weight * (BILLION - target);
        // At most so much is left: at least the rest of it was spent.
        let has_at_most = |share: i128| {
            let rest = BILLION as i128 - share;
            rest <= 0 || spent > 0 && (spent * BILLION * BILLION) as i128 >= rest * allowed as i128
        };
        let verdict = if is_few || dark && !at_best {
            "unknown"
        } else if has_at_most(rules.stabilise) {
            "stabilise"
        } else if is_fast || has_at_most(rules.caution) {
            "caution"
        } else {
            "ship"
        };
        Ok(Alone { verdict, left, is_dark: is_few || dark })
    }

    /// Whether a budget is spent even if all that went unseen was good. Of slices only that is held which must be so.
    fn is_spent_at_best(&self, due: &Due, target: u128, reading: &Reading) -> Found<bool> {
        let Due { spent, weight, sums } = *due;
        let is_spent =
            |spent: u128, weight: u128| spent > 0 && spent * BILLION >= weight * (BILLION - target);
        let told = reading.spent_at_best;
        if slice(self.object).is_some() {
            hold(!told || is_spent(spent, weight), || format!("{due:?} is not spent"))?;
            return Ok(told);
        }
        // What went unseen was as much as the mean of the minutes that were seen in full, in parts of these.
        let (known, partial) = (u128::from(sums.known()), u128::from(sums.partial_events));
        let mean = u128::from(sums.good + sums.bad) - partial;
        let dark = mean * u128::from(sums.missing - sums.partial);
        let lacking = (mean * u128::from(sums.partial)).saturating_sub(partial * known);
        let due = match sums.missing {
            0 => is_spent(spent, weight),
            _ if known == 0 => false,
            _ => is_spent(spent * known, weight * known + dark + lacking),
        };
        hold(told == due, || format!("at best it is spent: {due}"))?;
        Ok(due)
    }
}
