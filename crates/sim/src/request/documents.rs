//! Sets of documents: objectives over windows of all sorts, and what is promised and decided by them.

use plimsoll_core::command::Command;

use crate::dice::Dice;

const TARGETS: [&str; 8] = ["0.9", "0.9", "0.999", "0.5", "0.5", "0.5", "0.7", "1"];
const ROLLING: [&str; 7] = ["1h", "6h", "1d", "3d", "30d", "30d", "7h"];

/// Sets of documents. Their windows begin on a Thursday that is the first of a month, for the auditor's sake.
pub(super) fn apply(dice: &mut Dice, zone: &str) -> Command {
    let set = if dice.happens(850) { "shop" } else { "other" };
    let mut files = Vec::new();
    for source in ["counter", "meter"] {
        if dice.happens(920) {
            files.push((format!("{source}.yaml"), data_source(source).into_bytes()));
        }
    }
    let has = |name: &str, files: &[(String, Vec<u8>)]| {
        files.iter().any(|(file, _)| file.starts_with(name))
    };
    let (mut shop, mut depot) = (Vec::new(), Vec::new());
    for name in ["web", "cart", "search"] {
        if !dice.happens(600) {
            continue;
        }
        let source = if dice.happens(700) { "counter" } else { "meter" };
        let source = if has(source, &files) { source } else { "elsewhere" };
        // Sometimes another service stands beside.
        let service = if name == "search" && dice.happens(400) { "depot" } else { "shop" };
        let text = objective(dice, name, service, source, zone);
        files.push((format!("{name}.yaml"), text.into_bytes()));
        (if service == "shop" { &mut shop } else { &mut depot }).push(name);
    }
    for name in ["default", "strict"] {
        if dice.happens(800) {
            files.push((format!("{name}.yaml"), policy(dice, name).into_bytes()));
        }
    }
    for (service, slos) in [("shop", shop), ("depot", depot)] {
        if dice.happens(if slos.is_empty() { 50 } else { 600 }) {
            let text = promise(dice, service, &slos.join(", "));
            files.push((format!("{service}-promise.yaml"), text.into_bytes()));
        }
    }
    if dice.happens(60) {
        files.push(("broken.yaml".to_owned(), b"apiVersion: openslo/v1\nkind: SLO\n".to_vec()));
    }
    let reason = dice.happens(850).then(|| format!("reason {}", dice.below(100)));
    Command::Apply { set: set.to_owned(), files, may_withdraw: dice.happens(850), reason }
}

fn data_source(name: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {{name: {name}}}\nspec: {{type: push, connectionDetails: {{}}}}\n"
    )
}

fn objective(dice: &mut Dice, name: &str, service: &str, source: &str, zone: &str) -> String {
    let target = dice.pick(&TARGETS).copied().unwrap_or("0.9");
    let window = if dice.happens(500) {
        let length = dice.pick(&ROLLING).copied().unwrap_or("1d");
        format!("{{duration: {length}, isRolling: true}}")
    } else {
        let length = dice.pick(&["1d", "1w", "1M"]).copied().unwrap_or("1d");
        format!(
            "{{duration: {length}, isRolling: false, calendar: {{startTime: 2026-01-01 00:00:00, timeZone: {zone}}}}}"
        )
    };
    let (method, slices) = if dice.happens(750) {
        ("Occurrences", String::new())
    } else {
        let length = dice.pick(&["5m", "1h", "7m"]).copied().unwrap_or("5m");
        ("Timeslices", format!(", timeSliceTarget: 0.95, timeSliceWindow: {length}"))
    };
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {service}
  indicator:
    metadata: {{name: {name}-answers}}
    spec:
      ratioMetric:
        counter: false
        bad: {{metricSource: {{metricSourceRef: {source}, spec: {{count: bad}}}}}}
        total: {{metricSource: {{metricSourceRef: {source}, spec: {{count: all}}}}}}
  timeWindow: [{window}]
  budgetingMethod: {method}
  objectives: [{{target: {target}{slices}}}]
"
    )
}

/// A policy that mostly can be kept with the little that is measured here.
fn policy(dice: &mut Dice, name: &str) -> String {
    let caution = dice.pick(&[0, 10, 25, 60, 90]).copied().unwrap_or(25);
    let stabilise = dice.pick(&[0, 0, 5, 40]).copied().unwrap_or(0).min(caution);
    let recover = stabilise + dice.pick(&[0, 10, 30]).copied().unwrap_or(10);
    let coverage = dice.pick(&["0%", "0%", "0%", "0%", "0.1%", "20%"]).copied().unwrap_or("0%");
    let age = dice.pick(&["5m", "1h", "1d", "400d", "400d", "400d"]).copied().unwrap_or("1h");
    let approvers = match dice.below(4) {
        0 => "{product: [p0, p1], engineering: [p2, p3]}",
        1 => "{product: [p0], engineering: [p0, p2]}",
        _ => "{}",
    };
    let burn = match dice.below(3) {
        0 => "[]",
        1 => "[{lookback: 1h, factor: 14.4, minFailures: 5}]",
        _ => {
            "[{lookback: 30m, factor: 1.5, minFailures: 1}, {lookback: 7h, factor: 1, minFailures: 3}]"
        }
    };
    format!(
        "apiVersion: plimsoll/v1
kind: BudgetPolicy
metadata: {{name: {name}}}
spec:
  cautionAt: {caution}%
  stabiliseAt: {stabilise}%
  recoverAt: {recover}%
  fastBurn: {burn}
  minEvents: {}
  minCoverage: {coverage}
  maxDataAge: {age}
  exemptKinds: [{}]
  escalation: {{afterDays: {}}}
  exceptions: {{perQuarter: {}, maxHours: {}}}
  approvers: {approvers}
  solo: {}
",
        dice.pick(&[0, 0, 30, 60]).copied().unwrap_or(0),
        dice.pick(&["", "revert, p0-fix", "config"]).copied().unwrap_or(""),
        1 + dice.below(3),
        dice.below(4),
        1 + dice.below(72),
        dice.happens(300),
    )
}

fn promise(dice: &mut Dice, service: &str, slos: &str) -> String {
    let policy = dice.pick(&["default", "default", "strict"]).copied().unwrap_or("default");
    let next = if slos.is_empty() { "\n  nextStep: count what fails" } else { "" };
    format!(
        "apiVersion: plimsoll/v1
kind: Promise
metadata: {{name: {service}-promise}}
spec:
  service: {service}
  text: Whoever comes is served, {} times.
  slos: [{slos}]{next}
  supportHours: 24x7
  tier: {}
  owner: {{person: p1, team: shop}}
  policy: {policy}
  reviewDate: 2027-05-01
",
        dice.below(3),
        dice.pick(&["A", "B", "C"]).copied().unwrap_or("B"),
    )
}
