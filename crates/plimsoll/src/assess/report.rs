//! The assessment as text for a person: the input, every service with its verdict, the worst outages, what next.

use anstyle::{AnsiColor, Style};
use plimsoll_core::{
    measure::sli::{Sli, time_text},
    promise::decision::Verdict,
    ratio::{BILLION, grouped, percent_ceil, percent_floor},
    review::assess::{NamedOutage, Objective, Origin, ServiceFigures, SliFigures},
};

use super::{
    answer::Answer,
    chart,
    page::{BOLD, DIM, Page, unbroken},
    words::{counted, lasting, stretch, when},
};

/// So many services are shown in full; the others in one line each.
const SERVICES_IN_FULL: usize = 8;

/// So many services are named at all; the rest is counted.
const SERVICES_NAMED: usize = 30;

/// So many outages are listed.
const OUTAGES_LISTED: usize = 8;

/// So many silent stretches are listed.
const GAPS_LISTED: usize = 5;

/// The whole report, with colours as ANSI codes; the caller strips them where they are not wanted. No line is wider
/// than the terminal.
pub fn text(answer: &Answer, terminal_columns: Option<usize>) -> String {
    let mut page = Page::new(terminal_columns);
    input(&mut page, answer);
    rules(&mut page, answer);
    services(&mut page, answer);
    worst(&mut page, answer);
    next(&mut page, answer);
    page.into_text()
}

fn input(page: &mut Page, answer: &Answer) {
    let reading = &answer.reading;
    let span = format!("{} to {} UTC", when(answer.first_s, true), when(answer.last_s, true));
    let (lines, lasting) = (counted(reading.lines, "line"), lasting(answer.extent.minutes()));
    page.labelled("input", &format!("{lines}, {span} ({lasting})"));
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
    let requests = counted(answer.requests(), "request");
    page.labelled("", &format!("{requests}{excluded}{malformed}"));
    for file in &reading.files {
        page.labelled("file", &super::files::describe(file));
    }
    for example in super::files::examples(reading) {
        page.labelled("", &format!("{DIM}{example}{DIM:#}"));
    }
    if let Some(before) = answer.history_cut_at {
        let before = when(before, true);
        let text =
            format!("requests before {before} are counted, but windows look back 400 days at most");
        page.labelled("history", &text);
    }
}

/// How silence, answers and names were understood.
fn rules(page: &mut Page, answer: &Answer) {
    for gap in answer.missing.iter().take(GAPS_LISTED) {
        let (stretch, lasting) = (stretch(gap.span), lasting(gap.span.minutes()));
        let expected = counted(gap.predicted, "request");
        page.labelled("missing", &format!("{stretch} ({lasting}), about {expected} expected"));
    }
    if answer.missing.len() > GAPS_LISTED {
        let more = answer.missing.len() - GAPS_LISTED;
        page.labelled("", &format!("and {more} more silent stretches"));
    }
    page.labelled("rules", &answer.rules);
    page.labelled("", &answer.gap);
    let services = answer.assessment.services.len();
    page.labelled("services", &format!("{services} (by {}): {}", answer.by, answer.by_why));
}

fn services(page: &mut Page, answer: &Answer) {
    let all = &answer.assessment.services;
    for service in all.iter().take(SERVICES_IN_FULL) {
        service_in_full(page, service);
    }
    if let Some(heaviest) = all.first().and_then(ServiceFigures::tightest) {
        burn_down(page, heaviest);
    }
    if all.len() > SERVICES_IN_FULL {
        page.gap();
    }
    for service in all.iter().take(SERVICES_NAMED).skip(SERVICES_IN_FULL) {
        let availability = service.slis.first().map_or_else(String::new, ratio);
        let (verdict, requests) =
            (verdict(service.decision.verdict), grouped(service.requests.into()));
        let text = format!("{verdict} {:<28} {availability:>9} of {requests}", service.name);
        page.line(10, &text);
    }
    if all.len() > SERVICES_NAMED {
        let more = all.len() - SERVICES_NAMED;
        page.labelled("", &format!("and {more} more services; --json lists all"));
    }
}

fn service_in_full(page: &mut Page, service: &ServiceFigures) {
    page.gap();
    let verdict = verdict(service.decision.verdict);
    page.line(10, &format!("{verdict} {BOLD}{}{BOLD:#}", service.name));
    if let Some(availability) = service.slis.first() {
        let failed = grouped(availability.bad.into());
        let requests = counted(availability.total(), "request");
        let figures = format!("{} of {requests}, {failed} failed", ratio(availability));
        page.labelled("  good", &format!("{figures}{}", coverage(availability)));
    }
    let ladder = ladder(&service.slis);
    if !ladder.is_empty() {
        page.labelled("  within", &ladder);
    }
    for objective in &service.objectives {
        objective_in_full(page, objective);
    }
    if service.objectives.is_empty() {
        let none = "none proposed: too few requests; 90 % needs at least 50 in the window";
        page.labelled("  target", none);
    }
    for reason in &service.decision.reasons {
        page.labelled("  why", &reason.text);
    }
}

fn objective_in_full(page: &mut Page, objective: &Objective) {
    let label = if objective.origin == Origin::Fallback { "  or" } else { "  target" };
    let name = match objective.sli {
        Sli::Availability => "good".to_owned(),
        Sli::Latency { at_most_us } => format!("within {}", time_text(at_most_us)),
    };
    let left = chart::left_words(objective.budget.left_ppb());
    let window = objective.slo.windows.first().map(ToString::to_string).unwrap_or_default();
    let (target, remaining) = (objective.slo.target, remaining(objective));
    let promise = format!("{BOLD}{target} {name}{BOLD:#} over {window}");
    page.labelled(label, &format!("{promise}: {left}{remaining}"));
    page.labelled("", &objective.why);
    for warning in &objective.warnings {
        page.labelled("  warning", warning);
    }
    if objective.origin != Origin::Fallback {
        let (sparkline, highest) = chart::sparkline(&objective.errors, page.room());
        let peak = if highest == 0 {
            "none bad".to_owned()
        } else {
            format!("█ = {} bad", percent_ceil(highest as i64))
        };
        page.labelled("", &format!("{} {DIM}{}{DIM:#}", unbroken(&sparkline), unbroken(&peak)));
    }
}

/// What is left in requests and minutes, where that is more than nothing.
fn remaining(objective: &Objective) -> String {
    let events = objective.budget.left_events_ppb().map(|ppb| ppb.div_euclid(i128::from(BILLION)));
    let minutes = objective.budget.left_seconds() / 60;
    match events {
        Some(events) if events > 0 => format!(
            " ({}, or {} of total failure)",
            counted(u64::try_from(events).unwrap_or(u64::MAX), "request"),
            lasting(minutes)
        ),
        _ => String::new(),
    }
}

fn burn_down(page: &mut Page, objective: &Objective) {
    let window = objective.slo.windows.first().map(ToString::to_string).unwrap_or_default();
    page.gap();
    page.line(0, &format!("{DIM}budget of {} through its {window}{DIM:#}", objective.slo.name));
    for row in chart::burn_down(&objective.left, page.room()) {
        page.line(0, &format!("  {row}"));
    }
}

fn worst(page: &mut Page, answer: &Answer) {
    let outages = &answer.assessment.worst;
    if outages.is_empty() {
        return;
    }
    page.gap();
    page.line(0, &format!("{BOLD}What spent the budgets{BOLD:#}"));
    let listed = outages.iter().take(OUTAGES_LISTED);
    let width = listed.clone().map(|o| o.slo.chars().count()).max().unwrap_or(0);
    for named in listed {
        outage(page, named, width);
    }
    if outages.len() > OUTAGES_LISTED {
        page.line(2, &format!("  and {} smaller ones", outages.len() - OUTAGES_LISTED));
    }
}

/// An outage as a row of a table; in two lines where that is too wide.
fn outage(page: &mut Page, named: &NamedOutage, width: usize) {
    let (outage, share) = (named.outage, percent_ceil(named.share_ppb));
    let (bad, total) = (grouped(outage.bad.into()), grouped(outage.total.into()));
    let (stretch, lasting) = (stretch(outage.span), lasting(outage.span.minutes()));
    let what = format!("{stretch} ({lasting}), {bad} of {total} bad");
    let row = format!("  {share:>9} {:<width$}  {what}", named.slo);
    if page.fits(&row) {
        page.line(12, &row);
    } else {
        page.line(12, &format!("  {share:>9} {}", named.slo));
        page.line(12, &format!("{:12}{what}", ""));
    }
}

fn next(page: &mut Page, answer: &Answer) {
    page.gap();
    if answer.written.is_empty() && !answer.is_given {
        let text =
            "--out DIR writes these objectives as OpenSLO documents; edit them, then --slo DIR";
        page.labelled("next", text);
    }
    for path in &answer.written {
        page.labelled("written", &path.display().to_string());
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
            Some(unbroken(&format!("{} {}", time_text(at_most_us), percent_floor(share))))
        }
        Sli::Availability => None,
    };
    slis.iter().filter_map(step).collect::<Vec<_>>().join("  ")
}
