//! The assessment as text for a person: the input, every service with its verdict, the worst outages, what next.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use plimsoll_core::{
    measure::sli::{Sli, time_text},
    printable::printable,
    promise::decision::Verdict,
    ratio::{BILLION, grouped, percent_floor},
    review::assess::{NamedOutage, Objective, Origin, ServiceFigures, SliFigures},
};

use super::{
    answer::Answer,
    chart,
    words::{counted, lasting, stretch, when},
};

/// So many services are shown in full; the others in one line each.
const SERVICES_IN_FULL: usize = 8;

/// So many services are named at all; the rest is counted.
const SERVICES_NAMED: usize = 30;

/// So many outages are listed.
const OUTAGES_LISTED: usize = 8;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The whole report, with colours as ANSI codes; the caller strips them where they are not wanted.
pub fn text(answer: &Answer) -> String {
    let mut out = String::new();
    input(&mut out, answer);
    services(&mut out, answer);
    worst(&mut out, answer);
    next(&mut out, answer);
    out
}

fn line(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "{DIM}{label:<10}{DIM:#}{text}");
}

fn input(out: &mut String, answer: &Answer) {
    let reading = &answer.reading;
    let span = format!("{} to {} UTC", when(answer.first_s, true), when(answer.last_s, true));
    line(
        out,
        "input",
        &format!(
            "{}, {span} ({})",
            counted(reading.lines, "line"),
            lasting(answer.extent.minutes())
        ),
    );
    let excluded = if answer.excluded > 0 {
        format!(", {} excluded", grouped(answer.excluded.into()))
    } else {
        String::new()
    };
    let malformed = if reading.malformed > 0 {
        format!(", {} could not be read", counted(reading.malformed, "line"))
    } else {
        String::new()
    };
    line(out, "", &format!("{}{excluded}{malformed}", counted(answer.requests(), "request")));
    for file in &reading.files {
        line(out, "file", &super::files::describe(file));
    }
    for example in super::files::examples(reading) {
        let _ = writeln!(out, "{:<10}{DIM}{example}{DIM:#}", "");
    }
    if let Some(before) = answer.history_cut_at {
        let text = format!(
            "requests before {} are counted, but windows look back 400 days at most",
            when(before, true)
        );
        line(out, "history", &text);
    }
    for gap in answer.missing.iter().take(5) {
        let expected = counted(gap.predicted, "request");
        let text = format!(
            "{} ({}), about {expected} expected",
            stretch(gap.span),
            lasting(gap.span.minutes())
        );
        line(out, "missing", &text);
    }
    if answer.missing.len() > 5 {
        line(out, "", &format!("and {} more silent stretches", answer.missing.len() - 5));
    }
    line(out, "rules", &format!("{}; {}", answer.rules, answer.gap));
    let services = answer.assessment.services.len();
    line(out, "services", &format!("{services}, by {}: {}", answer.by, answer.by_why));
}

fn services(out: &mut String, answer: &Answer) {
    let all = &answer.assessment.services;
    for service in all.iter().take(SERVICES_IN_FULL) {
        service_in_full(out, service);
    }
    if let Some(heaviest) = all.first().and_then(ServiceFigures::tightest) {
        burn_down(out, heaviest);
    }
    if all.len() > SERVICES_IN_FULL {
        let _ = writeln!(out);
    }
    for service in all.iter().take(SERVICES_NAMED).skip(SERVICES_IN_FULL) {
        let availability = service.slis.first().map_or_else(String::new, ratio);
        let verdict = verdict(service.decision.verdict);
        let _ = writeln!(
            out,
            "{verdict} {:<28} {availability:>9} of {}",
            service.name,
            grouped(service.requests.into())
        );
    }
    if all.len() > SERVICES_NAMED {
        let _ = writeln!(
            out,
            "{:>10} {} more services; --json lists all",
            "",
            all.len() - SERVICES_NAMED
        );
    }
}

fn service_in_full(out: &mut String, service: &ServiceFigures) {
    let _ = writeln!(out, "\n{} {BOLD}{}{BOLD:#}", verdict(service.decision.verdict), service.name);
    if let Some(availability) = service.slis.first() {
        let failed = grouped(availability.bad.into());
        let figures = format!(
            "{} of {}, {failed} failed",
            ratio(availability),
            counted(availability.total(), "request")
        );
        line(out, "  good", &format!("{figures}{}", coverage(availability)));
    }
    let ladder = ladder(&service.slis);
    if !ladder.is_empty() {
        line(out, "  within", &ladder);
    }
    for objective in &service.objectives {
        objective_in_full(out, objective);
    }
    if service.objectives.is_empty() {
        line(
            out,
            "  target",
            "none proposed: too few requests, or too many of them failed, for 90 %",
        );
    }
    for reason in &service.decision.reasons {
        line(out, "  why", &reason.text);
    }
}

fn objective_in_full(out: &mut String, objective: &Objective) {
    let label = if objective.origin == Origin::Fallback { "  or" } else { "  target" };
    let name = match objective.sli {
        Sli::Availability => "good".to_owned(),
        Sli::Latency { at_most_us } => format!("within {}", time_text(at_most_us)),
    };
    let left = percent_floor(objective.budget.left_ppb());
    let window = objective.slo.windows.first().map(ToString::to_string).unwrap_or_default();
    let target = objective.slo.target;
    line(
        out,
        label,
        &format!(
            "{BOLD}{target} {name}{BOLD:#} over {window}: {left} of the budget left{}",
            remaining(objective)
        ),
    );
    line(out, "", &objective.why);
    for warning in &objective.warnings {
        line(out, "  warning", warning);
    }
    if objective.origin != Origin::Fallback {
        let (sparkline, highest) = chart::sparkline(&objective.errors);
        let peak = percent_floor(highest as i64);
        line(out, "", &format!("{sparkline} {DIM}█ = {peak} bad{DIM:#}"));
    }
}

/// What is left in requests and minutes, where that is more than nothing.
fn remaining(objective: &Objective) -> String {
    let events = objective.budget.left_events_ppb().map(|ppb| ppb.div_euclid(i128::from(BILLION)));
    let minutes = objective.budget.left_seconds() / 60;
    match events {
        Some(events) if events > 0 => format!(
            " ({} requests, or {} of total failure)",
            grouped(events as u128),
            lasting(minutes)
        ),
        _ => String::new(),
    }
}

fn burn_down(out: &mut String, objective: &Objective) {
    let window = objective.slo.windows.first().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(out, "\n{DIM}budget of {} through its {window}{DIM:#}", objective.slo.name);
    for row in chart::burn_down(&objective.left) {
        let _ = writeln!(out, "  {row}");
    }
}

fn worst(out: &mut String, answer: &Answer) {
    let outages = &answer.assessment.worst;
    if outages.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{BOLD}What spent the budgets{BOLD:#}");
    let width =
        outages.iter().take(OUTAGES_LISTED).map(|o| o.slo.chars().count()).max().unwrap_or(0);
    for outage in outages.iter().take(OUTAGES_LISTED) {
        let _ = writeln!(out, "  {}", outage_line(outage, width));
    }
    if outages.len() > OUTAGES_LISTED {
        let _ = writeln!(out, "  and {} smaller ones", outages.len() - OUTAGES_LISTED);
    }
}

fn outage_line(named: &NamedOutage, width: usize) -> String {
    let (outage, share) = (named.outage, percent_floor(named.share_ppb));
    let (bad, total) = (grouped(outage.bad.into()), grouped(outage.total.into()));
    let lasting = lasting(outage.span.minutes());
    format!(
        "{share:>9} {:<width$}  {} ({lasting}), {bad} of {total} bad",
        named.slo,
        stretch(outage.span)
    )
}

fn next(out: &mut String, answer: &Answer) {
    let _ = writeln!(out);
    if answer.written.is_empty() && !answer.is_given {
        line(
            out,
            "next",
            "--out DIR writes these objectives as OpenSLO documents; edit them, then --slo DIR",
        );
    }
    for path in &answer.written {
        line(out, "written", &printable(&path.display().to_string()));
    }
}

fn verdict(verdict: Verdict) -> String {
    let (color, mark) = match verdict {
        Verdict::Ship => (AnsiColor::Green, "SHIP"),
        Verdict::Caution => (AnsiColor::Yellow, "CAUTION"),
        Verdict::Unknown => (AnsiColor::Cyan, "UNKNOWN"),
        Verdict::Stabilise => (AnsiColor::Red, "STABILISE"),
    };
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{mark:<9}{style:#}")
}

/// The share of good events to three decimals of a percent, rounded down; a dash without events.
fn ratio(figures: &SliFigures) -> String {
    figures.ratio_ppb().map_or_else(|| "–".to_owned(), |ppb| percent_fine(ppb) + " %")
}

/// Three decimals of a percent, rounded down, without trailing zeros.
fn percent_fine(ppb: u64) -> String {
    plimsoll_core::ratio::decimal(i128::from(ppb / 10_000), 3)
}

fn coverage(figures: &SliFigures) -> String {
    if figures.coverage_ppb == BILLION {
        return String::new();
    }
    format!("; {} of the time was measured", percent_floor(figures.coverage_ppb as i64))
}

/// The latency ladder in one line: `50ms 71.2 %  100ms 88 % …`.
fn ladder(slis: &[SliFigures]) -> String {
    let step = |figures: &SliFigures| match figures.sli {
        Sli::Latency { at_most_us } => {
            let share = figures.ratio_ppb().map_or(0, |ppb| ppb as i64);
            Some(format!("{} {}", time_text(at_most_us), percent_floor(share)))
        }
        Sli::Availability => None,
    };
    slis.iter().filter_map(step).collect::<Vec<_>>().join("  ")
}
