//! The assessment as one JSON object, for programs. Its names are an interface: they are added to, not changed.

use std::collections::BTreeMap;

use plimsoll_core::{
    ratio::BILLION,
    review::assess::{NamedOutage, Objective, Origin, ServiceFigures, SliFigures},
    time::{Minute, Span, rfc3339},
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{answer::Answer, files};

/// A decimal number written exactly, from parts per billion.
type Exact = Box<RawValue>;

#[derive(Serialize)]
struct Root {
    input: Input,
    services: Vec<Service>,
    worst: Vec<Worst>,
}

#[derive(Serialize)]
struct Input {
    lines: u64,
    parsed: u64,
    malformed: u64,
    skipped: u64,
    excluded: u64,
    requests: u64,
    from: String,
    to: String,
    missing: Vec<Stretch>,
    formats: BTreeMap<String, String>,
    duplicates: Vec<String>,
    problems: Vec<String>,
    malformed_examples: Vec<String>,
    rules: String,
    gap: String,
    services_by: String,
}

#[derive(Serialize)]
struct Stretch {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Service {
    name: String,
    slis: Vec<Sli>,
    proposals: Vec<Proposal>,
    decision: Decision,
}

#[derive(Serialize)]
struct Sli {
    name: String,
    good: u64,
    bad: u64,
    total: u64,
    ratio: Option<Exact>,
    coverage: Exact,
}

#[derive(Serialize)]
struct Proposal {
    name: String,
    sli: String,
    target: Exact,
    window: String,
    budget_left: Exact,
    why: String,
    warnings: Vec<String>,
    /// `proposed`, `loosest` (no target was kept), `fallback` (kept in spite of everything; the decision does not rest on it) or `given`.
    origin: &'static str,
}

#[derive(Serialize)]
struct Decision {
    verdict: &'static str,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct Worst {
    service: String,
    sli: String,
    from: String,
    to: String,
    bad: u64,
    total: u64,
    share_of_budget: Exact,
    proposal: String,
}

/// The object, with a line end.
pub fn text(answer: &Answer) -> String {
    let assessment = &answer.assessment;
    let root = Root {
        input: input(answer),
        services: assessment.services.iter().map(service).collect(),
        worst: assessment.worst.iter().map(worst).collect(),
    };
    // Serialising strings and integers into memory cannot fail.
    serde_json::to_string_pretty(&root).unwrap_or_default() + "\n"
}

fn input(answer: &Answer) -> Input {
    let reading = &answer.reading;
    Input {
        lines: reading.lines,
        parsed: reading.parsed,
        malformed: reading.malformed,
        skipped: reading.skipped,
        excluded: answer.excluded,
        requests: answer.requests(),
        from: rfc3339(answer.first_s),
        to: rfc3339(answer.last_s),
        missing: answer.missing.iter().map(|gap| stretch(gap.span)).collect(),
        formats: files::formats(reading),
        duplicates: files::duplicates(reading),
        problems: files::problems(reading),
        malformed_examples: files::examples(reading),
        rules: answer.rules.clone(),
        gap: answer.gap.clone(),
        services_by: answer.by.clone(),
    }
}

fn stretch(span: Span) -> Stretch {
    Stretch { from: minute(span.from), to: minute(span.to) }
}

fn minute(minute: Minute) -> String {
    rfc3339(minute.second())
}

fn service(figures: &ServiceFigures) -> Service {
    Service {
        name: figures.name.clone(),
        slis: figures.slis.iter().map(sli).collect(),
        proposals: figures.objectives.iter().map(proposal).collect(),
        decision: Decision {
            verdict: figures.decision.verdict.word(),
            reasons: figures.decision.reasons.iter().map(|reason| reason.text.clone()).collect(),
        },
    }
}

fn sli(figures: &SliFigures) -> Sli {
    Sli {
        name: figures.sli.name(),
        good: figures.good,
        bad: figures.bad,
        total: figures.total(),
        ratio: figures.ratio_ppb().map(|ppb| exact(ppb as i64)),
        coverage: exact(figures.coverage_ppb as i64),
    }
}

fn proposal(objective: &Objective) -> Proposal {
    Proposal {
        name: objective.slo.name.clone(),
        sli: objective.sli.name(),
        target: exact(objective.slo.target.ppb() as i64),
        window: objective.slo.windows.first().map(ToString::to_string).unwrap_or_default(),
        budget_left: exact(objective.budget.left_ppb()),
        why: objective.why.clone(),
        warnings: objective.warnings.clone(),
        origin: match objective.origin {
            Origin::Proposed => "proposed",
            Origin::Loosest => "loosest",
            Origin::Fallback => "fallback",
            Origin::Given => "given",
        },
    }
}

fn worst(named: &NamedOutage) -> Worst {
    Worst {
        service: named.service.clone(),
        sli: named.sli.name(),
        from: minute(named.outage.span.from),
        to: minute(named.outage.span.to),
        bad: named.outage.bad,
        total: named.outage.total,
        share_of_budget: exact(named.share_ppb),
        proposal: named.slo.clone(),
    }
}

/// A share as a plain decimal number with up to nine decimals: no float stands between the count and the reader.
fn exact(ppb: i64) -> Exact {
    const { assert!(BILLION == 1_000_000_000) };
    let text = plimsoll_core::ratio::decimal(i128::from(ppb), 9);
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
