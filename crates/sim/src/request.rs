//! What clients ask for: commands that mostly make sense, about few things, so that they get in each other's way.

use plimsoll_core::{
    command::Command,
    marks::{Interval, Subject, attribution, exclusion},
    people::token::{self, Scope},
    time::Minute,
};

use crate::{audit::roll::Roll, dice::Dice};

/// A command. `number` makes its words its own; `now` is about the minute it is.
pub fn command(dice: &mut Dice, roll: &Roll, number: usize, now: i64, zone: &str) -> Command {
    let person = format!("p{}", dice.below(14));
    match dice.weighed(&[20, 6, 12, 8, 9, 14, 8, 10, 6]) {
        0 => Command::AddPerson(person),
        1 => Command::ErasePerson(person),
        2 => Command::IssueToken(token::Wish {
            person,
            label: format!("request {number}"),
            scopes: Scope::ALL[..=dice.below(5) as usize].iter().copied().collect(),
            days: 1 + dice.below(366) as u32,
        }),
        3 => Command::RevokeToken(known(dice, roll.tokens.keys())),
        4 => apply(dice, zone),
        5 => {
            let interval = interval(dice, roll, now);
            Command::Exclude(exclusion::Wish { interval, reason: format!("request {number}") })
        }
        6 => Command::UndoExclusion(known(dice, roll.exclusions.keys())),
        7 => Command::Attribute(attribution::Wish {
            interval: interval(dice, roll, now),
            kind: "incident".to_owned(),
            name: format!("INC-{}", dice.below(9)),
            reason: Some(format!("request {number}")),
        }),
        _ => Command::UndoAttribution(known(dice, roll.attributions.iter())),
    }
}

/// One of those that are there, mostly.
fn known<'a>(dice: &mut Dice, of: impl Iterator<Item = &'a String>) -> String {
    let of: Vec<&String> = of.collect();
    let one = if dice.happens(900) { dice.pick(&of) } else { None };
    one.map_or_else(|| "nobody-knows".to_owned(), |one| (*one).clone())
}

fn interval(dice: &mut Dice, roll: &Roll, now: i64) -> Interval {
    let slis: Vec<&String> =
        roll.objects.keys().filter(|(kind, _)| kind == "sli").map(|(_, name)| name).collect();
    let of = match dice.pick(&slis) {
        Some(sli) if dice.happens(700) => Subject::Sli(sli.as_str().into()),
        _ => Subject::Service("shop".into()),
    };
    let from = now + dice.between(-5000, 400);
    Interval::new(of, Minute(from), Minute(from + dice.between(-5, 700)))
}

const TARGETS: [&str; 4] = ["0.9", "0.999", "0.5", "1"];
const ROLLING: [&str; 6] = ["1h", "6h", "1d", "3d", "30d", "7h"];

/// Sets of documents. Their windows begin on a Thursday that is the first of a month, for the auditor's sake.
fn apply(dice: &mut Dice, zone: &str) -> Command {
    let set = if dice.happens(850) { "shop" } else { "other" };
    let mut files = Vec::new();
    for source in ["counter", "meter"] {
        if dice.happens(800) {
            files.push((format!("{source}.yaml"), data_source(source).into_bytes()));
        }
    }
    let has = |name: &str, files: &[(String, Vec<u8>)]| {
        files.iter().any(|(file, _)| file.starts_with(name))
    };
    for name in ["web", "cart", "search"] {
        if !dice.happens(800) {
            continue;
        }
        let source = if dice.happens(700) { "counter" } else { "meter" };
        let source = if has(source, &files) { source } else { "elsewhere" };
        files.push((format!("{name}.yaml"), objective(dice, name, source, zone).into_bytes()));
    }
    if dice.happens(60) {
        files.push(("broken.yaml".to_owned(), b"apiVersion: openslo/v1\nkind: SLO\n".to_vec()));
    }
    Command::Apply { set: set.to_owned(), files, may_withdraw: dice.happens(700), reason: None }
}

fn data_source(name: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {{name: {name}}}\nspec: {{type: push, connectionDetails: {{}}}}\n"
    )
}

fn objective(dice: &mut Dice, name: &str, source: &str, zone: &str) -> String {
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
  service: shop
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
