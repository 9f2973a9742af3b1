//! The assessment as text for a person: the input, every service with its verdict, the worst outages, what next.

use anstyle::{AnsiColor, Style};
use plimsoll_core::{
    measure::{
        set_aside::SetAside,
        silence::Silence,
        sli::{Sli, time_text},
    },
    printable::printable,
    promise::decision::Verdict,
    ratio::{BILLION, grouped, percent_ceil, percent_floor, share_ppb},
    review::assess::{NamedOutage, Objective, Origin, ServiceFigures, SliFigures},
    time::Span,
};

use super::{answer::Answer, chart};
use crate::{
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
        let expected = match gap.predicted {
            0 => String::new(),
            predicted => format!(", about {} expected", counted(predicted, "request")),
        };
        page.labelled("missing", &format!("{stretch} ({lasting}){expected}"));
    }
    if answer.missing.len() > GAPS_LISTED {
        let more = answer.missing.len() - GAPS_LISTED;
        page.labelled("", &format!("and {more} more silent stretches"));
    }
    if let Some(silence) = answer.unjudged_silence() {
        let (stretch, lasting) = (stretch(silence), lasting(silence.minutes()));
        let minutes = (silence.minutes() / 2).min(30);
        let text = format!(
            "less than two days of log cannot tell lost data from no traffic; longest silence {stretch} ({lasting}), \
             which --gap {minutes}m makes missing data"
        );
        page.labelled("silence", &text);
    }
    page.labelled("rules", &answer.rules);
    page.labelled("", &answer.gap);
    let services = &answer.assessment.services;
    let why = match services.as_slice() {
        [only] => format!("all requests belong to {}; {}", only.name, answer.by_why),
        _ => answer.by_why.clone(),
    };
    page.labelled("services", &format!("{} (by {}): {why}", services.len(), answer.by));
}

fn services(page: &mut Page, answer: &Answer) {
    let all = &answer.assessment.services;
    for service in all.iter().take(SERVICES_IN_FULL) {
        service_in_full(page, service, answer);
    }
    let heaviest = all.first().and_then(ServiceFigures::tightest);
    if let Some(heaviest) = heaviest.filter(|objective| objective.budget.spend.spent > 0) {
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

fn service_in_full(page: &mut Page, service: &ServiceFigures, answer: &Answer) {
    page.gap();
    let verdict = verdict(service.decision.verdict);
    page.line(10, &format!("{verdict} {BOLD}{}{BOLD:#}", service.name));
    if let Some(availability) = service.slis.first() {
        let failed = grouped(availability.bad.into());
        let requests = counted(availability.total(), "request");
        let figures = format!("{} of {requests}, {failed} failed", ratio(availability));
        page.labelled("  good", &format!("{figures}{}", coverage(availability)));
    }
    silent(page, service, answer.extent);
    excluded(page, service, answer);
    let ladder = ladder(&service.slis);
    if !ladder.is_empty() {
        page.labelled("  within", &ladder);
    }
    for objective in &service.objectives {
        objective_in_full(page, objective);
    }
    for reason in &service.decision.reasons {
        page.labelled("  why", &reason.text);
    }
}

/// Where a service fell silent while the log went on: to the end, and the longest before.
fn silent(page: &mut Page, service: &ServiceFigures, extent: Span) {
    let (lasting_on, over): (Vec<&Silence>, Vec<&Silence>) =
        service.silent.iter().partition(|silence| silence.span.to == extent.to);
    let say = |page: &mut Page, when: &str, silence: &Silence, more: &str| {
        let lasting = lasting(silence.span.minutes());
        let expected = counted(silence.expected, "request");
        let text = format!(
            "{when} ({lasting}), while the log went on; the same minutes of other days predict {expected}{more}"
        );
        page.labelled("  silent", &text);
    };
    for silence in lasting_on {
        let since = when(silence.span.from.second(), false);
        say(page, &format!("since {since} UTC"), silence, "");
    }
    if let Some(largest) = over.iter().max_by_key(|silence| silence.expected) {
        let more = match over.len() - 1 {
            0 => String::new(),
            more => format!("; and {more} more times for less"),
        };
        say(page, &stretch(largest.span), largest, &more);
    }
}

/// What does not count, and where most of it lies.
fn excluded(page: &mut Page, service: &ServiceFigures, answer: &Answer) {
    if service.excluded == 0 {
        return;
    }
    let all = service.excluded + service.requests;
    let share = percent_ceil(share_ppb(service.excluded, all).unwrap_or(0) as i64);
    let largest = service.set_aside.iter().max_by_key(|run| run.excluded);
    let largest = largest.map_or_else(String::new, |run| set_aside(run, answer));
    let count = grouped(service.excluded.into());
    page.labelled("", &format!("excluded {count} ({share}){largest}"));
}

/// `, of these 1,200 on 10 Aug 05:00–10:00 when nothing else was counted`, and what to do about it.
fn set_aside(run: &SetAside, answer: &Answer) -> String {
    let beside = match run.requests - run.excluded {
        0 => "when nothing else was counted".to_owned(),
        counted => format!("when {} counted", grouped(counted.into())),
    };
    let (count, stretch) = (grouped(run.excluded.into()), stretch(run.span));
    let hint = answer.excluded_codes.as_ref().map_or_else(String::new, |codes| {
        format!("; --classify bad={codes} counts them as failed")
    });
    format!(", of these {count} on {stretch} {beside}{hint}")
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
    for (window, budget) in objective.slo.windows.iter().skip(1).zip(&objective.further) {
        let left = chart::left_words(budget.left_ppb());
        page.labelled("", &format!("{target} {name} over {window}: {left}"));
    }
    page.labelled("", &objective.why);
    for warning in &objective.warnings {
        page.labelled("  warning", warning);
    }
    if objective.origin != Origin::Fallback {
        let (sparkline, highest) = chart::sparkline(&objective.errors, page.room());
        let peak = if highest == 0 {
            "none bad".to_owned()
        } else {
            format!("█ = {} bad", percent_two_digits(highest))
        };
        page.labelled("", &format!("{} {DIM}{}{DIM:#}", unbroken(&sparkline), unbroken(&peak)));
    }
}

/// What is left in requests, and in minutes where none is missing: then the two say the same. Of slices, minutes.
fn remaining(objective: &Objective) -> String {
    let budget = &objective.budget;
    let whole = budget.spend.sums.missing == 0
        && budget.extent.span.minutes() == budget.extent.whole_minutes;
    let lasting = lasting(budget.left_seconds() / 60);
    match budget.left_events_ppb().map(|ppb| ppb.div_euclid(i128::from(BILLION))) {
        Some(..=0) => String::new(),
        Some(events) => {
            let requests = grouped(events.unsigned_abs());
            let s = if events == 1 { "" } else { "s" };
            let outage = format!(", or {lasting} of full outage at the window's mean traffic");
            let outage = if whole { outage.as_str() } else { "" };
            format!(" ({requests} more failed request{s}{outage})")
        }
        None if budget.left_seconds() > 0 => format!(" ({lasting} of the window)"),
        None => String::new(),
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
    page.line(0, &format!("{BOLD}What spent the budgets (UTC){BOLD:#}"));
    let listed = outages.iter().take(OUTAGES_LISTED);
    let width = listed.clone().map(|o| o.slo.chars().count()).max().unwrap_or(0);
    for named in listed {
        outage(page, named, width);
    }
    if outages.len() > OUTAGES_LISTED {
        let smaller = outages.iter().skip(OUTAGES_LISTED);
        let largest = smaller.clone().map(|named| named.share_ppb).max().unwrap_or(0);
        let (count, largest) = (smaller.len(), percent_ceil(largest));
        let text = format!("  and {count} smaller ones, of {largest} of a budget or less each");
        page.line(2, &text);
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
    let services = &answer.assessment.services;
    let has_objectives = services.iter().any(|service| !service.objectives.is_empty());
    if answer.written.is_empty() && !answer.is_given && has_objectives {
        let text =
            "--out DIR writes these objectives as OpenSLO documents; edit them, then --slo DIR";
        page.labelled("next", text);
    }
    for path in &answer.written {
        page.labelled("written", &printable(&path.display().to_string()));
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

/// Two significant digits of a percentage, rounded up: `5.4 %`, `0.0069 %`.
fn percent_two_digits(ppb: u64) -> String {
    let mut step = 1;
    while ppb.div_ceil(step) >= 100 {
        step *= 10;
    }
    plimsoll_core::ratio::decimal(i128::from(ppb.div_ceil(step) * step), 7) + " %"
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
            Some(unbroken(&format!("{} {}", time_text(at_most_us), ratio(figures))))
        }
        Sli::Availability => None,
    };
    slis.iter().filter_map(step).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_height_of_a_curve_is_never_nothing() {
        for (ppb, text) in [
            (1, "0.0000001 %"),
            (69_444, "0.007 %"),
            (68_001, "0.0069 %"),
            (53_800_000, "5.4 %"),
            (99_100_000, "10 %"),
            (1_000_000_000, "100 %"),
        ] {
            assert_eq!(percent_two_digits(ppb), text);
        }
    }
}
