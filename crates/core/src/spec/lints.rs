//! Lints of [`crate::promise::lint`], with the places in the documents they are about.

use super::{
    docs::{Docs, Placed},
    kind::Version,
    model::{AlertConditionDoc, AlertPolicyDoc, Linked, Operator, SloDoc},
    own::PolicyDoc,
    problem::{self, Problem},
    report::Report,
    slos::{Evaluable, slos},
};
use crate::{
    promise::{
        lint::{self, Finding, Subject},
        slo::Slo,
    },
    ratio::{NotExact, Target},
};

/// Reports what is the matter with an objective; whether it can be evaluated.
pub(crate) fn report(
    placed: &Placed<SloDoc>,
    objective: &str,
    slo: &Slo,
    report: &mut Report,
) -> bool {
    let findings = lint::definition(slo);
    for finding in &findings {
        let field = match finding.subject {
            Subject::Target if placed.doc.extension.perfect_target => {
                "metadata.annotations".to_owned()
            }
            Subject::Target | Subject::Burn(_) | Subject::Shares => format!("{objective}.target"),
            Subject::Window(0) => "spec.timeWindow".to_owned(),
            Subject::Window(_) => "metadata.annotations".to_owned(),
        };
        let at = placed.place(&field).at;
        report.warning(finding.code, at, &field, finding.message.as_str(), finding.hint.as_str());
    }
    !findings.iter().any(Finding::prevents_evaluation)
}

/// Burn thresholds that no objective of the same documents can reach: of the alert conditions of each SLO, and of
/// budget policies, which hold for all of them. Of those also lookbacks that are shorter than a slice.
pub fn thresholds(docs: &Docs) -> Vec<Problem> {
    let mut problems = Vec::new();
    // What cannot be evaluated was reported where it was tried.
    let (slos, _) = slos(docs);
    for placed in &docs.slos {
        let mut report = Report::new(placed.path());
        alert_conditions(placed, docs, &mut report);
        problems.append(&mut report.into_problems());
    }
    for placed in &docs.budget_policies {
        let mut report = Report::new(placed.path());
        let factors: Vec<u64> =
            placed.doc.policy.fast_burn.iter().map(|burn| burn.factor_milli).collect();
        if let Some((name, target)) = lowest_target(docs) {
            let findings = lint::burn_thresholds(target, &factors);
            burn_findings(placed, findings, "factor", name, &mut report);
        }
        let lookbacks: Vec<u32> =
            placed.doc.policy.fast_burn.iter().map(|burn| burn.lookback_minutes).collect();
        if let Some(slo) = longest_slices(&slos) {
            let findings = lint::lookbacks(slo.budgeting, &lookbacks);
            burn_findings(placed, findings, "lookback", &slo.name, &mut report);
        }
        problems.append(&mut report.into_problems());
    }
    problem::sort(&mut problems);
    problems
}

/// Reports what is the matter with the burns of a budget policy, and for the sake of which objective.
fn burn_findings(
    placed: &Placed<PolicyDoc>,
    findings: Vec<Finding>,
    of: &str,
    slo: &str,
    report: &mut Report,
) {
    for finding in findings {
        let Subject::Burn(index) = finding.subject else { continue };
        let field = format!("spec.fastBurn[{index}].{of}");
        let message = format!("{} ({slo})", finding.message);
        report.warning(finding.code, placed.place(&field).at, &field, message, finding.hint);
    }
}

/// The objective with the longest slices.
fn longest_slices(slos: &[Evaluable]) -> Option<&Slo> {
    slos.iter().map(|evaluable| &evaluable.slo).max_by_key(|slo| slo.budgeting.slice_minutes())
}

/// The objective whose burn rates end soonest.
fn lowest_target(docs: &Docs) -> Option<(&str, Target)> {
    let targets =
        docs.slos.iter().filter(|placed| !placed.doc.extension.perfect_target).flat_map(|placed| {
            let name = placed.doc.metadata.name.as_str();
            placed.doc.objectives.iter().map(move |objective| (name, objective.target))
        });
    targets.min_by_key(|(_, target)| *target)
}

fn alert_conditions(placed: &Placed<SloDoc>, docs: &Docs, report: &mut Report) {
    let targets = placed.doc.objectives.iter().map(|objective| objective.target);
    let Some(target) = targets.min().filter(|_| !placed.doc.extension.perfect_target) else {
        return;
    };
    for (index, linked) in placed.doc.alert_policies.iter().enumerate() {
        let Some(policy) = policy(linked, placed.version, docs) else { continue };
        let conditions =
            policy.conditions.iter().filter_map(|linked| condition(linked, placed.version, docs));
        for condition in conditions.filter(|condition| !is_reachable(target, condition)) {
            let field = format!("spec.alertPolicies[{index}]");
            let fastest = lint::fastest_burn(target).unwrap_or_default();
            let message = format!(
                "the alert {} waits for a burn of {}, which is impossible at {target}: when everything fails it is \
                 {fastest}",
                condition.metadata.name,
                condition.threshold.as_str()
            );
            let hint = format!("take a threshold below {fastest}, or a higher target");
            report.warning(lint::UNREACHABLE_BURN, placed.place(&field).at, &field, message, hint);
        }
    }
}

fn is_reachable(target: Target, condition: &AlertConditionDoc) -> bool {
    let threshold = match condition.threshold.ppb() {
        Ok(ppb) => u128::from(ppb),
        // Above 10^9, which is the fastest burn at the finest target.
        Err(NotExact::TooLarge) => u128::MAX,
        Err(_) => return true,
    };
    let burn = lint::compare_with_fastest(target, threshold);
    match condition.op {
        Operator::Gte => burn.is_le(),
        Operator::Gt => burn.is_lt(),
        Operator::Lte | Operator::Lt => true,
    }
}

fn policy<'a>(
    linked: &'a Linked<AlertPolicyDoc>,
    version: Version,
    docs: &'a Docs,
) -> Option<&'a AlertPolicyDoc> {
    match linked {
        Linked::Inline(policy) => Some(policy),
        Linked::Reference(name) => docs.alert_policy(version, name),
    }
}

fn condition<'a>(
    linked: &'a Linked<AlertConditionDoc>,
    version: Version,
    docs: &'a Docs,
) -> Option<&'a AlertConditionDoc> {
    match linked {
        Linked::Inline(condition) => Some(condition),
        Linked::Reference(name) => docs.alert_condition(version, name),
    }
}
