//! Objectives of an assessment: proposed from what was kept, or given and held.

use std::fmt::Write as _;

use super::{Question, Service, Unanswerable, ledger, window_for};
use crate::{
    limits::OUTAGES_WEIGHED_MAX,
    measure::{exclusion::Exclusions, ledger::Ledger, sli::Sli, window::Window},
    promise::{
        budget::Budget,
        cost::Costing,
        decision::{Reason, Verdict},
        lint,
        outage::{self, Outage, outages},
        slo::{Budgeting, NoData, Slo},
        suggest::{
            EVENTS_TO_RESOLVE, LADDER_PPB, Limit, Suggestion, kept_anyway, loosest, suggest,
        },
    },
    ratio::{BILLION, Target, grouped, percent_ceil, percent_floor},
    review::{curve, threshold},
    spec::name::Labels,
    time::{DAY, Span},
};

/// An assessment takes nothing out.
pub(super) const NO_EXCLUSIONS: Exclusions = Exclusions::none();

/// An outage is named from so many bad events on: fewer are noise.
const NAMED_FROM_BAD: u64 = 5;

/// An outage is named from this share of the budget on, in parts per billion: 1 %.
const NAMED_FROM_SHARE_PPB: i64 = 10_000_000;

/// How many points a curve has.
const CURVE_POINTS: usize = 60;

/// How a proposed objective counts.
const METHOD: Costing = Costing { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };

/// An objective and how the service stands against it.
#[derive(Debug, Clone)]
pub struct Objective {
    /// The objective.
    pub slo: Slo,
    /// What it counts.
    pub sli: Sli,
    /// Where it comes from.
    pub origin: Origin,
    /// Its budget at the end of the input; over the first of its windows.
    pub budget: Budget,
    /// Its budgets over its further windows, in their order.
    pub further: Vec<Budget>,
    /// A sentence why it is proposed, or where it was given.
    pub why: String,
    /// How many periods kept it, where it was chosen by them.
    pub kept: Option<Kept>,
    /// What is the matter with it, given the traffic of the input and the policy.
    pub warnings: Vec<String>,
    /// The share of bad events through the input.
    pub errors: Vec<curve::Point>,
    /// What was left of the budget through its window, in parts per billion.
    pub left: Vec<i64>,
}

/// How often a target was kept with a quarter of its budget to spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Periods with traffic that kept it.
    pub kept: usize,
    /// Periods with traffic.
    pub periods: usize,
    /// Length of a period in minutes: an hour or a day.
    pub period_minutes: i64,
}

/// Where an objective comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// What ordinary days kept: the decision rests on it.
    Proposed,
    /// The loosest target there is, where no target was kept: the decision rests on it.
    Loosest,
    /// What the whole window kept in spite of its outages, where the proposed one is spent.
    Fallback,
    /// A document.
    Given,
}

/// An outage with its objective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedOutage {
    /// The service.
    pub service: String,
    /// The SLI.
    pub sli: Sli,
    /// The objective that it burned.
    pub slo: String,
    /// When, and how much.
    pub outage: Outage,
    /// What it spent of one window's budget, in parts per billion, rounded up.
    pub share_ppb: i64,
}

impl NamedOutage {
    /// Tells outages of equal share apart, in a stable order.
    pub(super) fn key(&self) -> (Span, &str, &str) {
        (self.outage.span, &self.service, &self.slo)
    }
}

impl Objective {
    fn new(
        slo: Slo,
        sli: Sli,
        origin: Origin,
        budget: Budget,
        why: String,
        ledger: &Ledger,
        extent: Span,
    ) -> Self {
        let errors = curve::bad_share(ledger, &NO_EXCLUSIONS, extent, CURVE_POINTS);
        let left = curve::burn_down(&budget, ledger, &NO_EXCLUSIONS, CURVE_POINTS);
        let (further, kept, warnings) = (Vec::new(), None, Vec::new());
        Objective { slo, sli, origin, budget, further, why, kept, warnings, errors, left }
    }

    /// What is left of the budget of the window that has the least left, in parts per billion.
    pub fn least_left_ppb(&self) -> i64 {
        let further = self.further.iter().map(Budget::left_ppb);
        further.fold(self.budget.left_ppb(), i64::min)
    }

    /// What the verdict of this objective alone rests on, where not even the loosest target was kept.
    pub(super) fn kept_nothing(&self, alone: Verdict) -> Option<Reason> {
        let window = self.slo.windows.first()?;
        let is_missed = self.origin == Origin::Loosest && alone == Verdict::Stabilise;
        is_missed.then(|| Reason {
            verdict: Verdict::Stabilise,
            text: format!(
                "{}: {} over {window}; not even {} was kept",
                self.sli.name(),
                failed(self.sli, &self.budget),
                self.slo.target
            ),
        })
    }

    /// Whether the decision rests on it.
    pub fn decides(&self) -> bool {
        self.origin != Origin::Fallback
    }

    /// The outages worth naming, in order of time.
    pub(super) fn outages(&self, ledger: &Ledger, question: &Question<'_>) -> Vec<NamedOutage> {
        let mut found = outages(ledger, &NO_EXCLUSIONS, self.slo.target, question.extent);
        found.retain(|outage| outage.bad >= NAMED_FROM_BAD);
        found.sort_by_key(|outage| (std::cmp::Reverse(outage.bad), outage.span));
        found.truncate(OUTAGES_WEIGHED_MAX);
        let named = found.into_iter().filter_map(|outage| {
            let share_ppb = self.share(ledger, outage.span)?;
            let (service, slo) = (self.slo.service.clone(), self.slo.name.clone());
            Some(NamedOutage { service, sli: self.sli, slo, outage, share_ppb })
        });
        let mut named: Vec<NamedOutage> =
            named.filter(|named| named.share_ppb >= NAMED_FROM_SHARE_PPB).collect();
        named.sort_by_key(|named| named.outage.span);
        named
    }

    /// What an outage spent of its window's budget.
    fn share(&self, ledger: &Ledger, span: Span) -> Option<i64> {
        let window = self.slo.windows.first()?;
        outage::share_ppb(span, &self.budget, window, ledger, &NO_EXCLUSIONS).ok()
    }
}

/// Proposes one objective for availability and one for latency, each with its ledger; beside one whose budget is
/// spent, the target that was kept all the same. Nothing where there are too few requests for any target.
pub(super) fn propose(
    question: &Question<'_>,
    service: &Service<'_>,
    names: &mut Labels,
) -> (Vec<Objective>, Vec<Ledger>) {
    let tightest = threshold::tightest(service.series, question.thresholds_us.len());
    let latency = tightest.map(|at| Sli::Latency { at_most_us: question.thresholds_us[at] });
    let mut objectives: Vec<Objective> = Vec::new();
    let mut ledgers = Vec::new();
    for sli in [Some(Sli::Availability), latency].into_iter().flatten() {
        // Errors are fast: latency alone says nothing of a service.
        if sli != Sli::Availability && objectives.is_empty() {
            continue;
        }
        let Some(ledger) = ledger(question, service.series, sli) else { continue };
        let name = names.label(&format!("{}-{}", service.name, sli.name()));
        for objective in propose_for(question, service.name, &name, sli, &ledger) {
            objectives.push(objective);
            ledgers.push(ledger.clone());
        }
    }
    (objectives, ledgers)
}

fn propose_for(
    question: &Question<'_>,
    service: &str,
    name: &str,
    sli: Sli,
    ledger: &Ledger,
) -> Vec<Objective> {
    let window = question.window.cloned().unwrap_or_else(|| window_for(question.extent));
    let end = question.extent.to;
    let of = |origin, budget: Budget, why: String| {
        let slo = Slo {
            name: name.to_owned(),
            service: service.to_owned(),
            sli: sli.name(),
            target: budget.target,
            budgeting: METHOD.budgeting,
            windows: vec![window.clone()],
            no_data: METHOD.no_data,
        };
        let burns =
            if origin == Origin::Fallback { Vec::new() } else { burn_warnings(&slo, question) };
        let objective = Objective::new(slo, sli, origin, budget, why, ledger, question.extent);
        Objective { warnings: burns, ..objective }
    };
    let suggested = suggest(ledger, &NO_EXCLUSIONS, METHOD, &window, end).ok().flatten();
    let kept = kept_anyway(ledger, &NO_EXCLUSIONS, METHOD, &window, end).ok().flatten();
    match (suggested, kept) {
        (Some(suggested), kept) => {
            let mut proposed = of(Origin::Proposed, suggested.budget, why(&suggested));
            proposed.kept = Some(Kept {
                kept: suggested.kept,
                periods: suggested.periods,
                period_minutes: suggested.period_minutes,
            });
            let mut objectives = vec![proposed];
            let fallback =
                kept.filter(|kept| suggested.budget.is_spent() && kept.target < suggested.target);
            objectives
                .extend(fallback.map(|budget| of(Origin::Fallback, budget, why_fallback(&budget))));
            objectives
        }
        (None, Some(budget)) => vec![of(Origin::Proposed, budget, why_fallback(&budget))],
        (None, None) => {
            let missed = loosest(ledger, &NO_EXCLUSIONS, METHOD, &window, end).ok().flatten();
            let missed =
                missed.map(|budget| of(Origin::Loosest, budget, why_loosest(sli, &budget)));
            missed.into_iter().collect()
        }
    }
}

fn why(suggestion: &Suggestion) -> String {
    let unit = if suggestion.period_minutes == DAY { "UTC days" } else { "hours" };
    let mut text = format!(
        "kept with a quarter to spare on {} of {} {unit} with traffic",
        suggestion.kept, suggestion.periods
    );
    let next = crate::promise::suggest::stricter(suggestion.target);
    match (suggestion.limit, next) {
        (Limit::Traffic, Some(next)) => {
            let _ = write!(
                text,
                "; {next} would allow fewer than {EVENTS_TO_RESOLVE} bad events in the window"
            );
        }
        (Limit::Overspent { spent_ppb }, Some(next)) => {
            let _ = write!(text, "; {next} would be spent to {}", percent_ceil(spent_ppb));
        }
        (Limit::Kept, Some(next)) => {
            let _ = write!(text, "; {next} on fewer than nine in ten");
        }
        _ => {}
    }
    text
}

fn why_fallback(budget: &Budget) -> String {
    format!(
        "would have been kept in spite of everything, with {} of its budget left",
        percent_floor(budget.left_ppb())
    )
}

fn why_loosest(sli: Sli, budget: &Budget) -> String {
    format!("no target was kept with a quarter to spare: {}", failed(sli, budget))
}

/// Why nothing is proposed for a service.
pub(super) fn nothing_proposed(question: &Question<'_>, service: &Service<'_>) -> Option<Reason> {
    let window = question.window.cloned().unwrap_or_else(|| window_for(question.extent));
    let ledger = ledger(question, service.series, Sli::Availability)?;
    let loosest = Target::from_ppb(*LADDER_PPB.last()?)?;
    let end = question.extent.to;
    let budget = Budget::of(&ledger, &NO_EXCLUSIONS, loosest, METHOD, &window, end).ok()?;
    let needed = u128::from(EVENTS_TO_RESOLVE * BILLION).div_ceil(loosest.allowed_ppb().into());
    let seen = grouped(budget.spend.sums.total().into());
    let needed = grouped(needed);
    Some(Reason {
        verdict: Verdict::Unknown,
        text: format!(
            "{seen} requests over {window}; the loosest target, {loosest}, needs {needed}"
        ),
    })
}

/// `120 of 3,000 requests failed`.
fn failed(sli: Sli, budget: &Budget) -> String {
    let sums = &budget.spend.sums;
    let (bad, total) = (grouped(sums.bad.into()), grouped(sums.total().into()));
    let how = if sli == Sli::Availability { "failed" } else { "were slower" };
    format!("{bad} of {total} requests {how}")
}

/// Holds a service against the objectives given for it.
///
/// # Errors
/// [`Unanswerable`], when a window has no place or a threshold was not counted.
pub(super) fn hold(
    question: &Question<'_>,
    service: &Service<'_>,
) -> Result<(Vec<Objective>, Vec<Ledger>), Unanswerable> {
    let mut objectives = Vec::new();
    let mut ledgers = Vec::new();
    for given in question.given.iter().filter(|given| given.slo.service == service.name) {
        let slo = given.slo.clone();
        let named = || format!("{} ({})", slo.name, given.place);
        let ledger = ledger(question, service.series, given.sli)
            .ok_or_else(|| Unanswerable::Threshold { slo: named() })?;
        let method = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
        let window = slo.windows.first().cloned().unwrap_or_else(|| window_for(question.extent));
        let budget = |window: &Window| {
            Budget::of(&ledger, &NO_EXCLUSIONS, slo.target, method, window, question.extent.to)
                .map_err(|why| Unanswerable::Window { slo: named(), why })
        };
        let further: Vec<Budget> =
            slo.windows.iter().skip(1).map(budget).collect::<Result<_, _>>()?;
        let budget = budget(&window)?;
        let warnings = warnings(&slo, method, &ledger, question);
        let why = format!("given in {}", given.place);
        let extent = question.extent;
        let objective = Objective::new(slo, given.sli, Origin::Given, budget, why, &ledger, extent);
        objectives.push(Objective { further, warnings, ..objective });
        ledgers.push(ledger);
    }
    Ok((objectives, ledgers))
}

/// What the traffic of the input and the policy say against an objective.
fn warnings(slo: &Slo, method: Costing, ledger: &Ledger, question: &Question<'_>) -> Vec<String> {
    let events = |window: &Window| {
        Budget::of(ledger, &NO_EXCLUSIONS, slo.target, method, window, question.extent.to)
            .map_or(0, |budget| budget.spend.sums.total())
    };
    let events: Vec<u64> = slo.windows.iter().map(events).collect();
    let findings = lint::traffic(slo, &events);
    findings.iter().map(warning).chain(burn_warnings(slo, question)).collect()
}

/// Burn rates of the policy that cannot happen at this target.
fn burn_warnings(slo: &Slo, question: &Question<'_>) -> Vec<String> {
    let factors: Vec<u64> =
        question.policy.fast_burn.iter().map(|rule| rule.factor_milli).collect();
    let lookbacks: Vec<u32> =
        question.policy.fast_burn.iter().map(|rule| rule.lookback_minutes).collect();
    let impossible = lint::burn_thresholds(slo.target, &factors).into_iter();
    impossible.chain(lint::lookbacks(slo.budgeting, &lookbacks)).map(|f| warning(&f)).collect()
}

fn warning(finding: &lint::Finding) -> String {
    format!("{}; {}", finding.message, finding.hint)
}
