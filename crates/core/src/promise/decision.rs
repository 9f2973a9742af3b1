//! The decision: ship, caution, stabilise or unknown, with the readings it was made from.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use super::{
    budget::Budget,
    cost::{Costing, Spend},
    policy::{FastBurn, Policy},
    slo::{NoData, Slo},
    standing::{BudgetId, Standing},
};
use crate::{
    limits::WINDOW_MINUTES_MAX,
    measure::{
        exclusion::Exclusions,
        slots::Slots,
        window::{NoExtent, Window, length},
    },
    ratio::{BILLION, decimal, grouped, percent_ceil, percent_floor, quotient_ppb},
    time::{DAY, Minute, Span},
};

/// Windows of so many minutes are of a quarter, or longer: 90 days.
const QUARTER_MINUTES: i64 = 90 * DAY;

/// What the budgets say about the next change. In order of weight: the heaviest of all readings decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every change may pass.
    Ship,
    /// Small and reversible changes may pass.
    Caution,
    /// Too little is known; never read as healthy.
    Unknown,
    /// Only what makes the service better may pass.
    Stabilise,
}

impl Verdict {
    /// All of them, in the order of their weight.
    pub const ALL: [Verdict; 4] =
        [Verdict::Ship, Verdict::Caution, Verdict::Unknown, Verdict::Stabilise];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ship => "ship",
            Verdict::Caution => "caution",
            Verdict::Unknown => "unknown",
            Verdict::Stabilise => "stabilise",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One budget as it stood when the decision was made. A decision keeps it; late data makes a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The objective.
    pub slo: String,
    /// Over which of its windows.
    pub window: Window,
    /// The budget.
    pub budget: Budget,
    /// Whether the budget is spent even if everything that went unseen had been good ([`NoData::Good`]).
    pub spent_at_best: bool,
    /// Minutes from the last one that was seen in full to the moment of the decision, without those taken out; `None`
    /// when none was seen in the longest window there is.
    pub data_age: Option<i64>,
    /// How fast it burned, in the order of the policy's rules.
    pub burns: Vec<Burn>,
    /// What would be left without exclusions, in parts per billion, where any took minutes out of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_left_ppb: Option<i64>,
}

/// What a lookback of a [`FastBurn`] rule cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burn {
    /// The rule.
    pub rule: FastBurn,
    /// Its lookback, in whole slices.
    pub span: Span,
    /// The cost of its lookback.
    pub spend: Spend,
}

/// The answer and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// Why, heaviest first: one for each reading, in its own words.
    pub reasons: Vec<Reason>,
    /// Budgets that are spent, or were and have not recovered.
    pub spent: Vec<BudgetId>,
    /// Whether somebody above must look.
    pub escalated: bool,
}

/// What one reading says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What this reading alone would decide.
    pub verdict: Verdict,
    /// A sentence with its numbers.
    pub text: String,
}

/// An objective that a service is held to and that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    /// Its name.
    pub slo: String,
    /// Why, in a sentence.
    pub why: String,
}

impl Reading {
    /// The readings of an objective, one for each window, when every slot before `end` is complete. Where missing data
    /// holds the last decision, and no longer than that, they are those at the last minute that was seen.
    ///
    /// # Errors
    /// [`NoExtent`], when a calendar window has no place at that moment.
    pub fn of(
        slo: &Slo,
        policy: &Policy,
        ledger: &impl Slots,
        exclusions: &Exclusions,
        end: Minute,
    ) -> Result<Vec<Reading>, NoExtent> {
        let costing = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
        let at_best = Costing { no_data: NoData::Good, ..costing };
        let longest = Span::new(end.plus(-i64::from(WINDOW_MINUTES_MAX)), end);
        let seen_until = ledger.seen_until(longest);
        let data_age = seen_until.map(|until| {
            let tail = Span::new(until, end);
            tail.minutes() - exclusions.minutes_in(tail)
        });
        let is_held = data_age.is_some_and(|age| age > 0 && age <= held_minutes(slo.no_data));
        let end = seen_until.filter(|_| is_held).unwrap_or(end);
        let burns: Vec<Burn> = policy
            .fast_burn
            .iter()
            .map(|&rule| Burn::of(rule, costing, ledger, exclusions, end))
            .collect();
        let reading = |window: &Window| {
            let budget = Budget::of(ledger, exclusions, slo.target, costing, window, end)?;
            let best = at_best.spend(ledger, exclusions, budget.extent.span);
            // Without a minute that was seen in full nothing is known of what the others may hold.
            let spent_at_best =
                best.is_spent(slo.target) && (best.sums.missing == 0 || best.sums.known() > 0);
            let raw = if budget.spend.excluded_minutes > 0 {
                let none = Exclusions::none();
                Some(Budget::of(ledger, &none, slo.target, costing, window, end)?)
            } else {
                None
            };
            Ok(Reading {
                slo: slo.name.clone(),
                window: window.clone(),
                raw_left_ppb: raw.map(|raw| raw.left_ppb()),
                budget,
                spent_at_best,
                data_age,
                burns: burns.clone(),
            })
        };
        slo.windows.iter().map(reading).collect()
    }

    fn name(&self) -> String {
        format!("{} ({} over {})", self.slo, self.budget.target, self.window)
    }

    /// What this reading says after what was decided before: a budget for which *stabilise* was decided stays there
    /// until it is known to have recovered, or an early exit lets it go.
    fn judge(&self, policy: &Policy, standing: &Standing) -> Judged {
        let alone = self.judge_alone(policy);
        let was_spent = standing.is_spent(&self.slo, &self.window);
        let is_known = alone.verdict != Verdict::Unknown;
        let left = self.budget.left_ppb();
        let is_recovered = is_known && left >= policy.recover_at_ppb();
        if alone.verdict != Verdict::Stabilise && (!was_spent || is_recovered) {
            return Judged { reason: alone, is_spent: false };
        }
        let Reason { verdict, text } = alone;
        let floor = standing.floor(&self.slo, &self.window).filter(|floor| left > *floor);
        let dark = self.dark_text(policy).filter(|_| floor.is_some());
        let reason = if let Some(floor) = floor.filter(|_| is_known && dark.is_none()) {
            let end = percent_floor(floor);
            let text = format!("{text}; an early exit holds, until no more than {end} is left");
            Reason { verdict: Verdict::Caution, text }
        } else if verdict == Verdict::Stabilise {
            let dark =
                dark.map(|dark| format!("; the early exit does not hold in the dark: {dark}"));
            Reason { verdict, text: text + &dark.unwrap_or_default() }
        } else {
            let end = percent_floor(policy.recover_at_ppb());
            let text = format!("{text}; it was spent, and stabilise stands until {end} is left");
            Reason { verdict: Verdict::Stabilise, text }
        };
        Judged { reason, is_spent: true }
    }

    /// What this reading alone says.
    fn judge_alone(&self, policy: &Policy) -> Reason {
        let (name, spend) = (self.name(), &self.budget.spend);
        let left = percent_floor(self.budget.left_ppb());
        let say = |verdict, text: String, speaks: Speaks| {
            let beside = self.raw_text(speaks) + &self.held_text();
            Reason { verdict, text: format!("{name}: {text}{beside}") }
        };
        if spend.is_unseen() {
            let text = "nothing was seen in the window".to_owned();
            return say(Verdict::Unknown, text, Speaks::Neither);
        }
        if spend.sums.total() < policy.min_events {
            let (seen, needed) =
                (grouped(spend.sums.total().into()), grouped(policy.min_events.into()));
            return say(
                Verdict::Unknown,
                format!("{seen} events in the window; the policy needs {needed} to decide"),
                Speaks::Neither,
            );
        }
        if let Some(text) = self.dark_text(policy).filter(|_| !self.spent_at_best) {
            return say(Verdict::Unknown, text, Speaks::Neither);
        }
        if self.has_at_most(policy.stabilise_at_ppb) {
            let (text, speaks) = self.spent_text(&left);
            return say(Verdict::Stabilise, text, speaks);
        }
        if spend.sums.total() == 0 {
            let text = "no event in the window: nothing is known of how it answers";
            return say(Verdict::Unknown, text.to_owned(), Speaks::Neither);
        }
        if let Some(burn) = self.burns.iter().find(|burn| burn.is_fast(self.budget.target)) {
            let (fast, over) = (burn.rate_text(self.budget.target), length(burn.span.minutes()));
            let limit = decimal(burn.rule.factor_milli.into(), 3);
            let text = format!(
                "it burns {fast} times as fast as allowed over the last {over} (limit {limit}); {left} of the budget is left"
            );
            return say(Verdict::Caution, text, Speaks::Left);
        }
        if self.has_at_most(policy.caution_at_ppb) {
            let limit = percent_floor(policy.caution_at_ppb);
            return say(
                Verdict::Caution,
                format!("{left} of the budget is left; caution from {limit} down"),
                Speaks::Left,
            );
        }
        say(Verdict::Ship, format!("{left} of the budget is left"), Speaks::Left)
    }

    /// For how many minutes data may be missing up to now: what the objective holds, or else what the policy allows.
    fn max_data_age(&self, policy: &Policy) -> i64 {
        match self.budget.costing.no_data {
            NoData::Hold { minutes } => i64::from(minutes),
            NoData::Ignore | NoData::Good | NoData::Bad => i64::from(policy.max_data_age_minutes),
        }
    }

    /// That too little was seen to decide by, where it is so.
    fn dark_text(&self, policy: &Policy) -> Option<String> {
        let coverage_ppb = self.budget.spend.coverage_ppb();
        self.stale_text(policy).or_else(|| {
            let seen = percent_floor(coverage_ppb as i64);
            let needed = percent_floor(policy.min_coverage_ppb as i64);
            let is_dark = coverage_ppb < policy.min_coverage_ppb;
            is_dark.then(|| {
                format!("only {seen} of the window was measured; the policy needs {needed}")
            })
        })
    }

    /// That the data is too old to decide by, where it is.
    fn stale_text(&self, policy: &Policy) -> Option<String> {
        let most = self.max_data_age(policy);
        let held = held_minutes(self.budget.costing.no_data) > 0;
        let rule = if held { "the last decision stood for" } else { "the policy allows" };
        match self.data_age {
            Some(age) if age <= most => None,
            Some(age) => Some(format!("no data for {}; {rule} {}", length(age), length(most))),
            None => Some("no minute was ever seen in full".to_owned()),
        }
    }

    /// What exclusions took out, and what would be left or used without them, as the sentence before it speaks.
    fn raw_text(&self, speaks: Speaks) -> String {
        let Some(raw) = self.raw_left_ppb else { return String::new() };
        let out = length(self.budget.spend.excluded_minutes);
        let (left, used) = (percent_floor(raw), percent_ceil((BILLION as i64).saturating_sub(raw)));
        match speaks {
            Speaks::Left => format!("; without the exclusions of {out} it would be {left}"),
            Speaks::Used => format!("; without the exclusions of {out} it would be {used}"),
            Speaks::Neither => {
                format!("; without the exclusions of {out}, {left} of the budget would be left")
            }
        }
    }

    /// That an earlier decision is held, where it is.
    fn held_text(&self) -> String {
        let held = held_minutes(self.budget.costing.no_data);
        match self.data_age {
            Some(age) if age > 0 && age <= held => {
                format!("; as it was {} ago, with no data since", length(age))
            }
            _ => String::new(),
        }
    }

    fn has_at_most(&self, left_ppb: i64) -> bool {
        self.budget.spend.reaches(self.budget.target, BILLION as i64 - left_ppb)
    }

    fn spent_text(&self, left: &str) -> (String, Speaks) {
        if self.budget.target.allowed_ppb() == 0 {
            let bad = grouped(self.budget.spend.sums.bad.into());
            return (format!("{bad} bad events where none is allowed"), Speaks::Neither);
        }
        if !self.budget.is_spent() {
            let text = format!("{left} of the budget is left, no more than the policy asks for");
            return (text, Speaks::Left);
        }
        let used = percent_ceil(self.budget.spend.spent_ppb(self.budget.target));
        (format!("the budget is spent; {used} of it was used"), Speaks::Used)
    }
}

/// Which share of the budget a sentence names, so that what is said beside it is the same one.
#[derive(Debug, Clone, Copy)]
enum Speaks {
    /// What is left.
    Left,
    /// What was used.
    Used,
    /// None.
    Neither,
}

/// How many minutes the last decision stands when data is missing.
fn held_minutes(no_data: NoData) -> i64 {
    match no_data {
        NoData::Hold { minutes } => i64::from(minutes),
        NoData::Ignore | NoData::Good | NoData::Bad => 0,
    }
}

impl Burn {
    /// The burn of a rule's lookback, or of the whole slices that hold it: less than a slice cannot be judged.
    fn of(
        rule: FastBurn,
        costing: Costing,
        ledger: &impl Slots,
        exclusions: &Exclusions,
        end: Minute,
    ) -> Burn {
        let slice = costing.slice_minutes().unwrap_or(1);
        let to = end.floor(slice);
        let span = Span::new(to.plus(-i64::from(rule.lookback_minutes)).floor(slice), to);
        let seen_only = Costing { no_data: NoData::Ignore, ..costing };
        Burn { rule, span, spend: seen_only.spend(ledger, exclusions, span) }
    }

    /// Whether the rule calls for caution. What spent nothing does not burn, even where nothing is allowed.
    pub fn is_fast(&self, target: crate::ratio::Target) -> bool {
        self.spend.spent > 0
            && self.spend.sums.bad >= self.rule.min_failures.max(1)
            && self.spend.compare_burn(target, self.rule.factor_milli) != Ordering::Less
    }

    /// The burn rate with one decimal, rounded down; "infinitely" where nothing is allowed.
    fn rate_text(&self, target: crate::ratio::Target) -> String {
        let budget = self.spend.weight * u128::from(target.allowed_ppb());
        match quotient_ppb(self.spend.spent * u128::from(BILLION), budget) {
            Some((ppb, _)) => decimal((ppb / 100_000_000) as i128, 1),
            None => "infinitely many".to_owned(),
        }
    }
}

impl Decision {
    /// The same decision with one more reason, which may make it heavier, never lighter. Among reasons of equal
    /// weight it speaks first.
    #[must_use]
    pub fn with(mut self, reason: Reason) -> Self {
        self.verdict = self.verdict.max(reason.verdict);
        let at = self.reasons.partition_point(|other| other.verdict > reason.verdict);
        self.reasons.insert(at, reason);
        self
    }
}

/// What a reading says, and whether its budget is spent or has not recovered.
struct Judged {
    reason: Reason,
    is_spent: bool,
}

/// Decides from all readings of a service, after what was decided before. Without any reading, nothing is known.
/// Every minute before `end` counts.
pub fn decide(policy: &Policy, readings: &[Reading], standing: &Standing, end: Minute) -> Decision {
    let mut reasons = Vec::with_capacity(readings.len());
    let mut spent = Vec::new();
    for reading in readings {
        let Judged { reason, is_spent } = reading.judge(policy, standing);
        reasons.push(reason);
        if is_spent {
            spent.push(BudgetId { slo: reading.slo.clone(), window: reading.window.clone() });
        }
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.verdict));
    let verdict = reasons.first().map_or(Verdict::Unknown, |heaviest| heaviest.verdict);
    if reasons.is_empty() {
        reasons.push(Reason { verdict, text: "there is no SLO to decide by".to_owned() });
    }
    let mut decision = Decision { verdict, reasons, spent, escalated: false };
    if let Some(text) = escalation(policy, &decision, readings, standing.since, end) {
        decision.reasons.push(Reason { verdict, text });
        decision.escalated = true;
    }
    decision
}

/// The same where some objectives cannot be read: nothing is known of these, and what was spent of their budgets has
/// not recovered.
pub fn decide_with(
    policy: &Policy,
    readings: &[Reading],
    silent: &[Silent],
    standing: &Standing,
    end: Minute,
) -> Decision {
    let mut decision = decide(policy, readings, standing, end);
    if readings.is_empty() && !silent.is_empty() {
        decision.reasons.clear();
    }
    for Silent { slo, why } in silent {
        let spent = standing.spent.iter().filter(|budget| budget.slo == *slo).cloned();
        decision.spent.extend(spent);
        decision = decision.with(Reason { verdict: Verdict::Unknown, text: why.clone() });
    }
    decision
}

/// That somebody above must look, where that is so: *stabilise* lasts too long, or the budget of a quarter is spent.
fn escalation(
    policy: &Policy,
    decision: &Decision,
    readings: &[Reading],
    since: Option<Minute>,
    end: Minute,
) -> Option<String> {
    if decision.verdict != Verdict::Stabilise {
        return None;
    }
    let days = since.map_or(0, |since| (end.0 - since.0) / DAY);
    let quarter = readings.iter().find(|reading| {
        reading.budget.extent.whole_minutes >= QUARTER_MINUTES && reading.budget.is_spent()
    });
    let why = match quarter {
        _ if days >= i64::from(policy.escalation.after_days) => {
            format!("stabilise for {days} days")
        }
        Some(reading) => format!("the budget of {} is spent for a quarter", reading.name()),
        None => return None,
    };
    let to = policy.escalation.to.as_deref();
    Some(match to {
        Some(to) => format!("{why}: bring it before {to}"),
        None => format!("{why}: bring it before whoever decides over product and engineering"),
    })
}

#[cfg(test)]
mod tests;
