//! The decision: ship, caution, stabilise or unknown, with the readings it was made from.

use std::{cmp::Ordering, fmt};

use super::{
    budget::{Budget, Method, Spend},
    policy::{FastBurn, Policy},
    slo::{NoData, Slo},
};
use crate::{
    measure::{
        exclusion::Exclusions,
        ledger::Ledger,
        window::{NoExtent, Window, length},
    },
    ratio::{BILLION, decimal, grouped, percent_ceil, percent_floor, quotient_ppb},
    time::{Minute, Span},
};

/// What the budgets say about the next change. In order of weight: the heaviest of all readings decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The objective.
    pub slo: String,
    /// Over which of its windows.
    pub window: Window,
    /// The budget.
    pub budget: Budget,
    /// Whether the budget is spent even if every missing minute had been good.
    pub spent_at_best: bool,
    /// How fast it burned, in the order of the policy's rules.
    pub burns: Vec<Burn>,
}

/// What a lookback of a [`FastBurn`] rule cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burn {
    /// The rule.
    pub rule: FastBurn,
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
}

/// What one reading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What this reading alone would decide.
    pub verdict: Verdict,
    /// A sentence with its numbers.
    pub text: String,
}

impl Reading {
    /// The readings of an objective, one for each window, when every slot before `end` is complete.
    ///
    /// # Errors
    /// [`NoExtent`], when a calendar window has no place at that moment.
    pub fn of(
        slo: &Slo,
        policy: &Policy,
        ledger: &Ledger,
        exclusions: &Exclusions,
        end: Minute,
    ) -> Result<Vec<Reading>, NoExtent> {
        let method = Method { budgeting: slo.budgeting, no_data: slo.no_data };
        let at_best = Method { no_data: NoData::Good, ..method };
        let burns: Vec<Burn> = policy
            .fast_burn
            .iter()
            .map(|&rule| Burn::of(rule, method, ledger, exclusions, end))
            .collect();
        let reading = |window: &Window| {
            let budget = Budget::of(ledger, exclusions, slo.target, method, window, end)?;
            let spent_at_best =
                at_best.spend(ledger, exclusions, budget.extent.span).is_spent(slo.target);
            let (slo, window, burns) = (slo.name.clone(), window.clone(), burns.clone());
            Ok(Reading { slo, window, budget, spent_at_best, burns })
        };
        slo.windows.iter().map(reading).collect()
    }

    fn name(&self) -> String {
        format!("{} ({} over {})", self.slo, self.budget.target, self.window)
    }

    /// What this reading alone says.
    fn judge(&self, policy: &Policy) -> Reason {
        let (name, spend) = (self.name(), &self.budget.spend);
        let left = percent_floor(self.budget.left_ppb());
        let say = |verdict, text: String| Reason { verdict, text: format!("{name}: {text}") };
        if spend.sums.total() < policy.min_events {
            let (seen, needed) =
                (grouped(spend.sums.total().into()), grouped(policy.min_events.into()));
            return say(
                Verdict::Unknown,
                format!("{seen} events in the window; the policy needs {needed} to decide"),
            );
        }
        if spend.coverage_ppb() < policy.min_coverage_ppb && !self.spent_at_best {
            let seen = percent_floor(spend.coverage_ppb() as i64);
            let needed = percent_floor(policy.min_coverage_ppb as i64);
            return say(
                Verdict::Unknown,
                format!("only {seen} of the window was measured; the policy needs {needed}"),
            );
        }
        if self.has_at_most(policy.stabilise_at_ppb) {
            return say(Verdict::Stabilise, self.spent_text(&left));
        }
        if let Some(burn) = self.burns.iter().find(|burn| burn.is_fast(self.budget.target)) {
            let (fast, over) =
                (burn.rate_text(self.budget.target), length(burn.rule.lookback_minutes.into()));
            let limit = decimal(burn.rule.factor_milli.into(), 3);
            let text = format!(
                "it burns {fast} times as fast as allowed over the last {over} (limit {limit}); {left} of the budget is left"
            );
            return say(Verdict::Caution, text);
        }
        if self.has_at_most(policy.caution_at_ppb) {
            let limit = percent_floor(policy.caution_at_ppb);
            return say(
                Verdict::Caution,
                format!("{left} of the budget is left; caution from {limit} down"),
            );
        }
        say(Verdict::Ship, format!("{left} of the budget is left"))
    }

    fn has_at_most(&self, left_ppb: i64) -> bool {
        self.budget.spend.reaches(self.budget.target, BILLION as i64 - left_ppb)
    }

    fn spent_text(&self, left: &str) -> String {
        if self.budget.target.allowed_ppb() == 0 {
            let bad = grouped(self.budget.spend.sums.bad.into());
            return format!("{bad} bad events where none is allowed");
        }
        if !self.budget.is_spent() {
            return format!("{left} of the budget is left, no more than the policy asks for");
        }
        format!(
            "the budget is spent; {} of it was used",
            percent_ceil(self.budget.spend.spent_ppb(self.budget.target))
        )
    }
}

impl Burn {
    fn of(
        rule: FastBurn,
        method: Method,
        ledger: &Ledger,
        exclusions: &Exclusions,
        end: Minute,
    ) -> Burn {
        let slice = method.slice_minutes().unwrap_or(1);
        let to = end.floor(slice);
        let span = Span::new(to.plus(-i64::from(rule.lookback_minutes)), to);
        let seen_only = Method { no_data: NoData::Ignore, ..method };
        Burn { rule, spend: seen_only.spend(ledger, exclusions, span) }
    }

    /// Whether the rule calls for caution.
    pub fn is_fast(&self, target: crate::ratio::Target) -> bool {
        self.spend.sums.bad >= self.rule.min_failures.max(1)
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

/// Decides from all readings of a service. Without any, nothing is known.
pub fn decide(policy: &Policy, readings: &[Reading]) -> Decision {
    let mut reasons: Vec<Reason> = readings.iter().map(|reading| reading.judge(policy)).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.verdict));
    let verdict = reasons.first().map_or(Verdict::Unknown, |heaviest| heaviest.verdict);
    if reasons.is_empty() {
        reasons.push(Reason { verdict, text: "there is no SLO to decide by".to_owned() });
    }
    Decision { verdict, reasons }
}

#[cfg(test)]
mod tests;
