//! Decisions and early exits as the journal holds them: what they say follows from what they hold, they leave behind
//! what was spent, and only what recovered or was let go is free again.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::{
    command::Command,
    event::Event,
    promise::{decision::decide_with, exit::Wish, record::Decided},
    state::State,
};
use serde_json::Value;

use super::{
    Found, hold,
    roll::{Happened, Roll, person, text},
    rules::Rules,
};

const BILLION: i128 = 1_000_000_000;
/// What an exit frees is void again when a further tenth of the budget is spent.
const TENTH: i64 = 100_000_000;

/// Which budget: the objective, and the JSON of its window.
pub type BudgetName = (String, String);

/// A verdict, since when, and the entry that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The entry.
    pub entry: u64,
    /// Since which minute.
    pub minute: i64,
    /// When the first entry that says so was written.
    pub at_ms: i64,
    /// The word.
    pub verdict: String,
}

/// What is known of the decisions about a service.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Each time the verdict became another; the last stands.
    pub turns: Vec<Turn>,
    /// Budgets that were spent and have not recovered.
    pub spent: BTreeSet<BudgetName>,
    /// Since when *stabilise* stands.
    pub since: Option<i64>,
    /// How far budgets may fall, where an early exit holds.
    pub floors: Option<BTreeMap<BudgetName, i64>>,
    /// Who signed an exit, by role.
    pub signed: BTreeMap<String, String>,
    /// With which reason, by role.
    pub reasons: BTreeMap<String, String>,
    /// The policy, and whether somebody above must look.
    pub by: (Value, bool),
    /// Which version of the policy that was.
    pub version: Value,
}

/// The names of budgets in a list of them.
pub fn names(of: &Value) -> BTreeSet<BudgetName> {
    let items = of.as_array().into_iter().flatten();
    items.map(|item| (text(item, "slo"), item["window"].to_string())).collect()
}

fn json(of: &impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

impl Known {
    fn verdict(&self) -> &str {
        self.turns.last().map_or("", |turn| turn.verdict.as_str())
    }

    fn floors_of(release: &Value) -> Option<BTreeMap<BudgetName, i64>> {
        let floors = release["floors"].as_array()?.iter().filter_map(|floor| {
            let name = (text(floor, "slo"), floor["window"].to_string());
            Some((name, floor["left_ppb"].as_i64()?))
        });
        Some(floors.collect())
    }
}

impl Roll {
    pub(super) fn decision_made(&mut self, told: &Happened<'_>) -> Found<bool> {
        let event = told.event;
        let Command::Record(decided) = told.command else { return Ok(false) };
        let made = [("verdict", json(&decided.decision.verdict)), ("minute", json(&decided.end))];
        let made = made.into_iter().chain([
            ("service", json(&decided.service)),
            ("spent", json(&decided.decision.spent)),
            ("reasons", json(&decided.decision.reasons)),
            ("readings", json(&decided.readings)),
            ("standing", json(&decided.standing)),
            ("policy", json(&decided.policy)),
            ("policy_version", self.version_of(&json(&decided.policy))),
            ("escalated", json(&decided.decision.escalated)),
        ]);
        for (field, value) in made {
            hold(event[field] == value, || format!("{field} of {event} was {value}"))?;
        }
        hold(self.is_news(decided), || "it says nothing new".to_owned())?;
        let service = text(event, "service");
        let known = self.decided.get(&service).cloned().unwrap_or_default();
        let rules = Rules::of(&event["policy"]);
        follows(event, &known.spent, &rules)?;
        rendered(event)?;
        self.decided.insert(service, known.after(told));
        Ok(true)
    }

    /// Whether a decision says something that the journal does not, of a service that is here, by the exit in force.
    pub(super) fn is_news(&self, decided: &Decided) -> bool {
        let floors = decided.standing.release.as_ref().map(json);
        let floors = floors.as_ref().and_then(Known::floors_of);
        let known = self.decided.get(decided.service.as_str());
        let is_new = known.is_none_or(|known| {
            known.verdict() != decided.decision.verdict.word()
                || known.spent != names(&json(&decided.decision.spent))
                || known.by != (json(&decided.policy), decided.decision.escalated)
                || known.version != self.version_of(&json(&decided.policy))
        });
        is_new
            && self.has("service", &decided.service)
            && known.and_then(|known| known.floors.clone()) == floors
    }

    pub(super) fn exit_signed(&mut self, told: &Happened<'_>) -> Found<bool> {
        let Command::SignExit(wish) = told.command else { return Ok(false) };
        let who = person(&told.event["by"]);
        hold(self.may_exit(wish, who.as_deref()), || "the rules forbid it".to_owned())?;
        let is_same =
            told.event["service"] == wish.service && told.event["role"] == wish.role.word();
        hold(is_same, || format!("{wish:?} asked for something else"))?;
        let (Some(known), Some(who)) = (self.decided.get_mut(&wish.service), who) else {
            return Ok(false);
        };
        known.reasons.insert(wish.role.word().to_owned(), text(told.event, "reason"));
        Ok(known.signed.insert(wish.role.word().to_owned(), who).is_none())
    }

    /// Whether somebody may sign an early exit, or has; where they have, nothing follows.
    pub(super) fn may_exit(&self, wish: &Wish, who: Option<&str>) -> bool {
        let (Some(who), Some(known)) = (who, self.decided.get(&wish.service)) else {
            return false;
        };
        if known.verdict() != "stabilise" || known.spent.is_empty() || known.floors.is_some() {
            return false;
        }
        if let Some(signer) = known.signed.get(wish.role.word()) {
            let reason = known.reasons.get(wish.role.word());
            return signer == who && reason.is_some_and(|reason| reason == wish.reason.trim());
        }
        let rules = self.rules_of(&wish.service);
        let is_second = known.signed.values().any(|signer| signer == who);
        if !self.may_sign(&rules, wish.role.word(), who) || is_second && !rules.solo {
            return false;
        }
        let told: BTreeSet<BudgetName> = wish
            .left
            .iter()
            .map(|(budget, _)| (budget.slo.clone(), json(&budget.window).to_string()))
            .collect();
        known.spent.is_subset(&told)
    }

    /// Both signed: exactly what is spent is let go, until a further tenth is gone.
    pub(super) fn exit_granted(&mut self, told: &Happened<'_>) -> Found<bool> {
        let Command::SignExit(wish) = told.command else { return Ok(false) };
        let rules = self.rules_of(&wish.service);
        let Some(known) = self.decided.get_mut(&wish.service) else { return Ok(false) };
        let signers: BTreeSet<&String> = known.signed.values().collect();
        hold(known.signed.len() == 2 && (signers.len() == 2 || rules.solo), || {
            format!("{:?} signed", known.signed)
        })?;
        let floors = Known::floors_of(&told.event["release"]).ok_or("it has no floors")?;
        let due = wish.left.iter().map(|(budget, left)| {
            ((budget.slo.clone(), json(&budget.window).to_string()), left - TENTH)
        });
        let due: BTreeMap<BudgetName, i64> =
            due.filter(|(name, _)| known.spent.contains(name)).collect();
        hold(floors == due && floors.len() == known.spent.len(), || {
            format!("{floors:?}, where {due:?} are due of {:?}", known.spent)
        })?;
        known.signed.clear();
        known.floors = Some(floors);
        Ok(true)
    }

    pub(super) fn decisions_agree(&self, state: &State) -> Found {
        let names_of: Vec<&str> = state.decisions.keys().map(|name| &**name).collect();
        let known: Vec<&String> = self.decided.keys().collect();
        hold(names_of == known, || format!("decided: {names_of:?}, not {known:?}"))?;
        for (service, record) in &state.decisions {
            let Some(known) = self.decided.get(service.as_str()) else { continue };
            let turns = record.turns().map(|turn| Turn {
                entry: turn.entry,
                minute: turn.minute.0,
                at_ms: turn.at_ms,
                verdict: turn.verdict.word().to_owned(),
            });
            let turns: Vec<Turn> = turns.collect();
            hold(turns == known.turns, || format!("{service}: {turns:?}, not {:?}", known.turns))?;
            let floors = record.standing.release.as_ref().map(json);
            let is_same = names(&json(&record.standing.spent)) == known.spent
                && record.standing.since.map(|since| since.0) == known.since
                && floors.as_ref().and_then(Known::floors_of) == known.floors
                && known.by == (json(&record.policy), record.escalated)
                && known.version == json(&record.policy_version)
                && record.exit.len() == known.signed.len();
            hold(is_same, || format!("{service}: {record:?}, not {known:?}"))?;
        }
        Ok(())
    }
}

impl Known {
    /// What is known after a decision.
    fn after(mut self, told: &Happened<'_>) -> Known {
        let event = told.event;
        let (verdict, minute) = (text(event, "verdict"), event["minute"].as_i64().unwrap_or(0));
        match self.turns.last_mut() {
            // It stands since then; the entry is the newest.
            Some(last) if last.verdict == verdict => last.entry = told.seq,
            _ => self.turns.push(Turn {
                entry: told.seq,
                minute,
                at_ms: told.at_ms,
                verdict: verdict.clone(),
            }),
        }
        self.spent = names(&event["spent"]);
        let is_stabilise = verdict == "stabilise";
        self.since = is_stabilise.then_some(self.since.unwrap_or(minute));
        if self.spent.is_empty() || is_stabilise {
            self.floors = None;
        }
        if self.spent.is_empty() {
            self.signed.clear();
        }
        self.version = event["policy_version"].clone();
        self.by = (event["policy"].clone(), event["escalated"].as_bool().unwrap_or(false));
        self
    }
}

/// The share that is left of a budget that a decision holds, in billionths, rounded down.
fn left_ppb(reading: &Value) -> Option<i128> {
    let budget = &reading["budget"];
    let number = |field: &str| budget["spend"][field].as_str()?.parse::<u128>().ok();
    let (spent, weight) = (number("spent")?, number("weight")?);
    let allowed = BILLION as u128 - u128::from(budget["target"].as_u64()?);
    let budget = weight.checked_mul(allowed)?;
    Some(match (spent, budget) {
        (0, _) => BILLION,
        (_, 0) => 0,
        _ => BILLION - (spent * 1_000_000_000_000_000_000).div_ceil(budget) as i128,
    })
}

/// What a decision says follows from what it holds: nothing ships that is spent or in the dark, and what was spent is
/// free again only where enough of it is left, or nobody reads it any more.
fn follows(event: &Value, spent_before: &BTreeSet<BudgetName>, rules: &Rules) -> Found {
    let verdict = text(event, "verdict");
    let spent = names(&event["spent"]);
    let readings = event["readings"].as_array().ok_or("it has no readings")?;
    let mut read = BTreeMap::new();
    for reading in readings {
        let left = left_ppb(reading).ok_or_else(|| format!("no budget: {reading}"))?;
        let sums = &reading["budget"]["spend"]["sums"];
        let number = |field: &str| sums[field].as_u64().unwrap_or_default();
        let known = number("measured") + number("no_traffic");
        let all = known + number("missing");
        let age = reading["data_age"].as_i64();
        let is_known = age.is_some_and(|age| age <= rules.age)
            && all > 0
            && number("good") + number("bad") >= rules.events.max(1)
            && u128::from(known) * BILLION as u128 >= u128::from(rules.coverage) * u128::from(all);
        if ["ship", "caution"].contains(&verdict.as_str()) {
            hold(is_known, || format!("it is in the dark: {reading}"))?;
        }
        if verdict == "ship" {
            hold(left > rules.stabilise.max(rules.caution), || {
                format!("{left} is left: {reading}")
            })?;
        }
        read.insert((text(reading, "slo"), reading["window"].to_string()), (left, is_known));
    }
    hold(verdict != "ship" || spent.is_empty() && !readings.is_empty(), || "it ships".to_owned())?;
    for budget in spent_before.difference(&spent) {
        if let Some((left, is_known)) = read.get(budget) {
            hold(*left >= rules.recover && *is_known, || {
                format!("{budget:?} is let go with {left}, before {} is left", rules.recover)
            })?;
        }
    }
    Ok(())
}

/// What a decision says can be said again from what stands in the journal: this is the only place that asks the code
/// itself, because that is what it must keep doing years later.
fn rendered(event: &Value) -> Found {
    let Ok(Event::DecisionMade(made)) = Event::read(&event.to_string()) else {
        return Err("it does not read as a decision".to_owned());
    };
    let (policy, readings, silent) = (&made.policy, &made.readings, &made.silent);
    let again = decide_with(policy, readings, silent, &made.standing, made.minute);
    let is_same = again.verdict == made.verdict
        && again.reasons == made.reasons
        && again.spent == made.spent
        && again.escalated == made.escalated;
    hold(is_same && made.left_out == 0, || format!("now it says {again:?}, and not {event}"))
}
