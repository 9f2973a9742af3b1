//! The assessment as one JSON object, for programs. Its names are an interface: they are added to, not changed.

use std::collections::BTreeMap;

use plimsoll_core::{
    measure::set_aside::SetAside,
    ratio::BILLION,
    review::{
        assess::{NamedOutage, Objective, Origin, ServiceFigures, SliFigures},
        curve::Point,
    },
    time::{Minute, Span, rfc3339},
};
use plimsoll_source::FileReport;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{answer::Answer, files};

/// A decimal number written exactly, from parts per billion.
type Exact = Box<RawValue>;

/// The version of the object. It grows when a key changes its meaning or goes, not when one is added.
const SCHEMA: u32 = 1;

/// One stretch of a curve: a share of bad events, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Share {
    Bad(Exact),
    Word(&'static str),
}

#[derive(Serialize)]
struct Root {
    schema: u32,
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
    missing: Vec<Silence>,
    longest_silence: Option<Stretch>,
    files: Vec<File>,
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
struct Silence {
    from: String,
    to: String,
    expected: u64,
}

#[derive(Serialize)]
struct File {
    name: String,
    format: Option<String>,
    lines: u64,
    malformed: u64,
    duplicate_of: Option<String>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct ExcludedRun {
    from: String,
    to: String,
    excluded: u64,
    requests: u64,
}

#[derive(Serialize)]
struct Service {
    name: String,
    requests: u64,
    excluded: u64,
    silent: Vec<Silence>,
    excluded_runs: Vec<ExcludedRun>,
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
    budget_spent: Exact,
    /// `None` where slices are counted, or missing minutes have a weight.
    left_requests: Option<i64>,
    left_seconds: i64,
    window_from: String,
    window_to: String,
    window_good: u64,
    window_bad: u64,
    window_coverage: Exact,
    further_windows: Vec<FurtherWindow>,
    periods_kept: Option<usize>,
    periods: Option<usize>,
    period_minutes: Option<i64>,
    bad_shares: Vec<Share>,
    left_shares: Vec<Exact>,
    why: String,
    warnings: Vec<String>,
    /// `proposed`, `loosest` (no target was kept), `fallback` (kept in spite of everything; the decision does not rest on it) or `given`.
    origin: &'static str,
}

#[derive(Serialize)]
struct FurtherWindow {
    window: String,
    budget_left: Exact,
    budget_spent: Exact,
    window_coverage: Exact,
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
        schema: SCHEMA,
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
        missing: answer.missing.iter().map(|gap| silence(gap.span, gap.predicted)).collect(),
        longest_silence: answer.longest_silence.map(stretch),
        files: reading.files.iter().map(file).collect(),
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

fn silence(span: Span, expected: u64) -> Silence {
    Silence { from: minute(span.from), to: minute(span.to), expected }
}

fn file(report: &FileReport) -> File {
    File {
        name: report.input.to_string(),
        format: report.format.clone(),
        lines: report.lines,
        malformed: report.malformed,
        duplicate_of: report.duplicate.as_ref().map(|duplicate| duplicate.of.to_string()),
        problem: report.problem.as_ref().map(ToString::to_string),
    }
}

fn minute(minute: Minute) -> String {
    rfc3339(minute.second())
}

fn service(figures: &ServiceFigures) -> Service {
    Service {
        name: figures.name.clone(),
        requests: figures.requests,
        excluded: figures.excluded,
        silent: figures.silent.iter().map(|found| silence(found.span, found.expected)).collect(),
        excluded_runs: figures.set_aside.iter().map(excluded_run).collect(),
        slis: figures.slis.iter().map(sli).collect(),
        proposals: figures.objectives.iter().map(proposal).collect(),
        decision: Decision {
            verdict: figures.decision.verdict.word(),
            reasons: figures.decision.reasons.iter().map(|reason| reason.text.clone()).collect(),
        },
    }
}

fn excluded_run(run: &SetAside) -> ExcludedRun {
    ExcludedRun {
        from: minute(run.span.from),
        to: minute(run.span.to),
        excluded: run.excluded,
        requests: run.requests,
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
    let budget = &objective.budget;
    let (span, sums) = (budget.extent.span, budget.spend.sums);
    let left_requests = budget.left_events_ppb().map(|ppb| ppb.div_euclid(BILLION.into()));
    Proposal {
        name: objective.slo.name.clone(),
        sli: objective.sli.name(),
        target: exact(objective.slo.target.ppb() as i64),
        window: objective.slo.windows.first().map(ToString::to_string).unwrap_or_default(),
        budget_left: exact(budget.left_ppb()),
        budget_spent: exact(budget.spend.spent_ppb(budget.target)),
        left_requests: left_requests.and_then(|left| i64::try_from(left).ok()),
        left_seconds: budget.left_seconds(),
        window_from: minute(span.from),
        window_to: minute(span.to),
        window_good: sums.good,
        window_bad: sums.bad,
        window_coverage: exact(budget.spend.coverage_ppb() as i64),
        further_windows: further_windows(objective),
        periods_kept: objective.kept.map(|kept| kept.kept),
        periods: objective.kept.map(|kept| kept.periods),
        period_minutes: objective.kept.map(|kept| kept.period_minutes),
        bad_shares: objective.errors.iter().map(share).collect(),
        left_shares: objective.left.iter().map(|&left| exact(left)).collect(),
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

fn further_windows(objective: &Objective) -> Vec<FurtherWindow> {
    let windows = objective.slo.windows.iter().skip(1).zip(&objective.further);
    let further = windows.map(|(window, budget)| FurtherWindow {
        window: window.to_string(),
        budget_left: exact(budget.left_ppb()),
        budget_spent: exact(budget.spend.spent_ppb(budget.target)),
        window_coverage: exact(budget.spend.coverage_ppb() as i64),
    });
    further.collect()
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

fn share(point: &Point) -> Share {
    match point {
        Point::Bad(ppb) => Share::Bad(exact(*ppb as i64)),
        Point::NoTraffic => Share::Word("no traffic"),
        Point::Missing => Share::Word("missing"),
    }
}

/// A share as a plain decimal number with up to nine decimals: no float stands between the count and the reader.
fn exact(ppb: i64) -> Exact {
    const { assert!(BILLION == 1_000_000_000) };
    let text = plimsoll_core::ratio::decimal(i128::from(ppb), 9);
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
