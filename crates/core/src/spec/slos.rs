//! From documents to objectives that can be evaluated.

use std::collections::BTreeSet;

use super::{
    accesslog::{self, Question},
    code,
    docs::{Docs, Placed},
    duration::{Duration, DurationUnit},
    kind::Version,
    lints,
    model::{Linked, Metric, Objective, PUSH_TYPE, Query, SliDoc, SloDoc, TimeWindow},
    name::{dns_label, with_suffix},
    openslo::Dialect,
    problem::{Place, Problem},
    report::Report,
};
use crate::{
    measure::{
        sli::Sli,
        window::{Period, Unit, Window},
    },
    promise::slo::{Budgeting, NoData, Slo},
    ratio::Target,
};

/// The window of an SLO that names none: four whole weeks, so that every weekday counts alike.
const DEFAULT_WINDOW: TimeWindow =
    TimeWindow { duration: Duration { count: 4, unit: DurationUnit::Week }, calendar: None };

/// The length of a slice where the document cannot say it (v1alpha): one slot.
const DEFAULT_SLICE_MINUTES: u32 = 1;

/// What stands for the type of a source that nobody says.
pub const UNKNOWN_TYPE: &str = "unknown";

/// Where the measurements of an objective come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SliSource {
    /// Access logs, counted for this service.
    AccessLog {
        /// The service, as the logs name it.
        service: String,
        /// What is counted.
        sli: Sli,
        /// The name of the data source, where one is named.
        data_source: Option<String>,
    },
    /// Slots that somebody sends.
    Push {
        /// The name of the data source, where one is named.
        data_source: Option<String>,
    },
    /// A source that this program does not read.
    Other {
        /// Its type, or [`UNKNOWN_TYPE`].
        kind: String,
    },
}

/// An objective that can be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluable {
    /// The objective.
    pub slo: Slo,
    /// Where its measurements come from.
    pub source: SliSource,
    /// Where it stands.
    pub place: Place,
}

/// One [`Slo`] for each objective of each SLO document that can be evaluated, and a warning for each that cannot. An
/// SLO with several objectives gives each its display name, or else its number, as a suffix.
pub fn slos(docs: &Docs) -> (Vec<Evaluable>, Vec<Problem>) {
    let mut slos = Vec::new();
    let mut problems = Vec::new();
    let mut taken = BTreeSet::new();
    for placed in &docs.slos {
        let mut report = report_of(placed);
        slos.append(&mut convert(placed, docs, &mut taken, &mut report));
        problems.append(&mut report.into_problems());
    }
    super::problem::sort(&mut problems);
    (slos, problems)
}

/// What minutes without data mean where an SLO does not say: what the budget policy says. Of several policies none is
/// taken by chance.
fn by_policy(docs: &Docs) -> Option<NoData> {
    match docs.budget_policies.as_slice() {
        [only] => only.doc.no_data,
        _ => None,
    }
}

fn convert(
    placed: &Placed<SloDoc>,
    docs: &Docs,
    taken: &mut BTreeSet<String>,
    report: &mut Report,
) -> Vec<Evaluable> {
    let doc = &placed.doc;
    let warn = |field: &str, message: String, hint: &str, report: &mut Report| {
        report.warning(code::NOT_EVALUATED, placed.place(field).at, field, message, hint);
    };
    if doc.indicator.is_none() && doc.objectives.len() > 1 && placed.version != Version::V1alpha {
        let hint = "each objective is evaluated by itself: OpenSLO does not define the sum precisely enough";
        let at = placed.place("spec.objectives").at;
        report.warning(
            code::COMPOSITE_READ_APART,
            at,
            "spec.objectives",
            "this is a composite SLO",
            hint,
        );
    }
    let windows = match windows(doc) {
        Ok(windows) => windows,
        Err(message) => {
            warn(
                "spec.timeWindow",
                message,
                "give whole minutes, hours, days, weeks or months",
                report,
            );
            return Vec::new();
        }
    };
    let mut converted = Vec::new();
    for (index, objective) in doc.objectives.iter().enumerate() {
        let field = format!("spec.objectives[{index}]");
        let Some(linked) = doc.indicator_of(objective) else { continue };
        // Where the indicator is missing or wrong, a problem was reported when the documents were read.
        let Some((sli, source)) = source_of(linked, placed.version, docs) else { continue };
        let budgeting = match budgeting(doc, objective) {
            Ok(budgeting) => budgeting,
            Err(message) => {
                warn(
                    &format!("{field}.timeSliceWindow"),
                    message,
                    "give whole minutes, such as 1m",
                    report,
                );
                continue;
            }
        };
        let slo = Slo {
            name: unique(&objective_name(doc, index), taken),
            service: doc.service.clone(),
            sli,
            target: if doc.extension.perfect_target { Target::PERFECT } else { objective.target },
            budgeting,
            windows: windows.clone(),
            no_data: doc.extension.no_data.or(by_policy(docs)).unwrap_or(NoData::Ignore),
        };
        if lints::report(placed, &field, &slo, report) {
            converted.push(Evaluable { slo, source, place: placed.place(&field) });
        }
    }
    converted
}

/// The name itself for a single objective; else with the display name or the number behind it.
fn objective_name(doc: &SloDoc, index: usize) -> String {
    let name = &doc.metadata.name;
    if doc.objectives.len() == 1 {
        return name.clone();
    }
    let labels: Vec<String> = doc
        .objectives
        .iter()
        .map(|objective| objective.display_name.as_deref().map(dns_label).unwrap_or_default())
        .collect();
    let distinct: BTreeSet<&String> = labels.iter().filter(|label| !label.is_empty()).collect();
    if distinct.len() == labels.len() {
        with_suffix(name, &labels[index])
    } else {
        with_suffix(name, &(index + 1).to_string())
    }
}

fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut unique = name.to_owned();
    let mut number = 1_u64;
    while !taken.insert(unique.clone()) {
        number += 1;
        unique = with_suffix(name, &number.to_string());
    }
    unique
}

fn windows(doc: &SloDoc) -> Result<Vec<Window>, String> {
    let first = doc.window.as_ref().unwrap_or(&DEFAULT_WINDOW);
    std::iter::once(first).chain(&doc.extension.further_windows).map(window).collect()
}

/// The window to evaluate. Minutes of a calendar window below an hour are months; see `calendar-minutes`.
fn window(window: &TimeWindow) -> Result<Window, String> {
    let Duration { count, unit } = window.duration;
    let Some(calendar) = &window.calendar else {
        let minutes = window.duration.minutes().filter(|minutes| *minutes > 0);
        let minutes =
            minutes.ok_or_else(|| format!("{} is no whole number of minutes", window.duration))?;
        return Ok(Window::Rolling { minutes });
    };
    let (count, unit) = match unit {
        DurationUnit::Minute if count < 60 => (count, Unit::Month),
        DurationUnit::Minute if count.is_multiple_of(60) => (count / 60, Unit::Hour),
        DurationUnit::Second if count.is_multiple_of(3600) => (count / 3600, Unit::Hour),
        DurationUnit::Minute | DurationUnit::Second => {
            return Err(format!(
                "a calendar period of {} is no whole number of hours",
                window.duration
            ));
        }
        DurationUnit::Hour => (count, Unit::Hour),
        DurationUnit::Day => (count, Unit::Day),
        DurationUnit::Week => (count, Unit::Week),
        DurationUnit::Month => (count, Unit::Month),
        DurationUnit::Quarter => (count, Unit::Quarter),
        DurationUnit::Year => (count, Unit::Year),
    };
    if count == 0 {
        return Err("the window has no length".to_owned());
    }
    Ok(Window::Calendar {
        start: calendar.start,
        zone: calendar.zone.clone(),
        every: Period { count, unit },
    })
}

fn budgeting(doc: &SloDoc, objective: &Objective) -> Result<Budgeting, String> {
    use super::model::Method;
    let slice_minutes = || match objective.slice_window {
        None => Ok(DEFAULT_SLICE_MINUTES),
        Some(duration) => duration
            .minutes()
            .filter(|minutes| *minutes > 0)
            .ok_or_else(|| format!("a slice of {duration} is no whole number of minutes")),
    };
    Ok(match doc.budgeting.unwrap_or(Method::Occurrences) {
        Method::Occurrences => Budgeting::Occurrences,
        Method::Timeslices => Budgeting::Timeslices {
            slice_minutes: slice_minutes()?,
            slice_target: objective.slice_target.unwrap_or(Target::PERFECT),
        },
        Method::RatioTimeslices => Budgeting::RatioTimeslices { slice_minutes: slice_minutes()? },
    })
}

/// The name of the indicator and where its measurements come from.
fn source_of(
    linked: &Linked<SliDoc>,
    version: Version,
    docs: &Docs,
) -> Option<(String, SliSource)> {
    let sli = match linked {
        Linked::Inline(sli) => sli,
        Linked::Reference(name) => docs.sli(version, name)?,
    };
    Some((sli.metadata.name.clone(), source_of_sli(sli, version, docs)))
}

fn source_of_sli(sli: &SliDoc, version: Version, docs: &Docs) -> SliSource {
    let query = a_query(&sli.metric);
    let kind = kind_of(query, version, docs).unwrap_or(UNKNOWN_TYPE);
    if kind == accesslog::TYPE {
        // Indicators that ask it for nonsense are reported when the documents are read, and left out.
        let mut unheard = Report::new("");
        let root = super::yaml::Node::map::<String>([]);
        if let Some(Question { service, sli }) =
            accesslog::question(&sli.metric, "", "", &root, &mut unheard)
        {
            return SliSource::AccessLog { service, sli, data_source: query.source_ref.clone() };
        }
    }
    if kind == PUSH_TYPE && matches!(sli.metric, Metric::Ratio { .. }) {
        return SliSource::Push { data_source: query.source_ref.clone() };
    }
    SliSource::Other { kind: kind.to_owned() }
}

fn a_query(metric: &Metric) -> &Query {
    match metric {
        Metric::Threshold(query) | Metric::Raw { query, .. } => query,
        Metric::Ratio { total, .. } => total,
    }
}

/// The type of a query's data source: that of the one it names, or else what it says itself.
fn kind_of<'a>(query: &'a Query, version: Version, docs: &'a Docs) -> Option<&'a str> {
    let named = query.source_ref.as_deref().and_then(|name| docs.data_source(version, name));
    named
        .map(|doc| doc.source.kind())
        .or(query.source_type.as_deref())
        .filter(|kind| !kind.is_empty())
}

/// Checks what indicators ask of access logs, and takes those that ask for nonsense out of the documents.
pub(crate) fn check_access_logs(docs: &mut Docs) -> Vec<Problem> {
    let mut problems = Vec::new();
    let indicators = std::mem::take(&mut docs.slis);
    let objectives = std::mem::take(&mut docs.slos);
    let mut is_sound = |check: &dyn Fn(&mut Report), mut report: Report| {
        check(&mut report);
        let is_sound = report.errors() == 0;
        problems.append(&mut report.into_problems());
        is_sound
    };
    let sound_indicators = indicators.into_iter().filter(|placed| {
        let check = |report: &mut Report| check_sli(&placed.doc, "spec", placed, docs, report);
        is_sound(&check, report_of(placed))
    });
    let sound_indicators = sound_indicators.collect();
    let sound_objectives = objectives.into_iter().filter(|placed| {
        let check = |report: &mut Report| check_slo(placed, docs, report);
        is_sound(&check, report_of(placed))
    });
    let sound_objectives = sound_objectives.collect();
    (docs.slis, docs.slos) = (sound_indicators, sound_objectives);
    problems
}

fn report_of<T>(placed: &Placed<T>) -> Report {
    let mut report = Report::new(placed.path());
    report.version = placed.version;
    report
}

fn check_slo(placed: &Placed<SloDoc>, docs: &Docs, report: &mut Report) {
    let key = Dialect::of(placed.version).indicator;
    if let Some(Linked::Inline(sli)) = &placed.doc.indicator {
        check_sli(sli, &format!("spec.{key}.spec"), placed, docs, report);
    }
    for (index, objective) in placed.doc.objectives.iter().enumerate() {
        if let Some(Linked::Inline(sli)) = &objective.indicator {
            check_sli(sli, &format!("spec.objectives[{index}].{key}.spec"), placed, docs, report);
        }
    }
}

fn check_sli<T>(sli: &SliDoc, field: &str, placed: &Placed<T>, docs: &Docs, report: &mut Report) {
    let is_ours = |query: &Query| kind_of(query, placed.version, docs) == Some(accesslog::TYPE);
    let queries = match &sli.metric {
        Metric::Threshold(query) | Metric::Raw { query, .. } => vec![query],
        Metric::Ratio { part, total, .. } => vec![part, total],
    };
    if !queries.iter().any(|query| is_ours(query)) {
        return;
    }
    let sources: BTreeSet<_> =
        queries.iter().map(|query| (&query.source_ref, is_ours(query))).collect();
    let contradicts =
        |query: &&Query| query.source_type.as_deref().is_some_and(|kind| kind != accesslog::TYPE);
    if sources.len() > 1 || queries.iter().any(contradicts) {
        let message = "good or bad and total must come from the same access logs";
        let hint = "name the same data source in both, and no other type";
        report.error(code::BAD_CHOICE, placed.place(field).at, field, message, hint);
        return;
    }
    let query_spec = Dialect::of(placed.version).query_spec();
    accesslog::question(&sli.metric, field, query_spec, placed.root(), report);
}
