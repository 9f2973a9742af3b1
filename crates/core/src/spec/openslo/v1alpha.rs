//! `SLO` of v1alpha, which has only this kind and `Service`.

use super::{
    description, metadata,
    objective::{number, share, target},
    slo::warn_no_objectives,
    window::{alignment, single},
};
use crate::spec::{
    code,
    duration::{Duration, DurationUnit},
    fields::{Fields, Item},
    model::{
        Counts, Extension, Linked, Metadata, Method, Metric, Objective, Operator, Query, SliDoc,
        SloDoc, TimeWindow,
    },
    name,
    report::Report,
    yaml::Node,
};

/// Longest display name of an objective, in characters.
const LONGEST_OBJECTIVE_NAME: usize = 1050;

/// Reads an SLO.
pub(super) fn slo(object: &mut Fields<'_>, report: &mut Report) -> Option<SloDoc> {
    let metadata = metadata(object, report);
    let item = object.require("spec", report)?;
    let mut spec = item.filled_fields(report)?;
    let description = description(&mut spec, report);
    let service = spec.require("service", report).and_then(|item| name::of_service(&item, report));
    let indicator = spec.get("indicator");
    let list = spec.get("objectives");
    let items = list.as_ref().and_then(|list| list.list(report)).unwrap_or_default();
    check_indicators(&item, indicator.is_some(), &items, report);
    let metric = indicator.and_then(|item| threshold(&item, report));
    let words = [("Occurrences", Method::Occurrences), ("Timeslices", Method::Timeslices)];
    let budgeting =
        spec.require("budgetingMethod", report).and_then(|item| item.choice(&words, report));
    let window = spec.require("timeWindows", report).and_then(|list| time_window(&list, report));
    if items.is_empty() {
        warn_no_objectives(&spec, report);
    }
    let objectives =
        items.iter().filter_map(|item| objective(item, budgeting, &metadata, report)).collect();
    spec.finish(report);
    let indicator = metric.map(|metric| Linked::Inline(named_as(&metadata, metric)));
    Some(SloDoc {
        metadata,
        description,
        service: service.unwrap_or_default(),
        indicator,
        window: Some(window?),
        budgeting,
        objectives,
        alert_policies: Vec::new(),
        extension: Extension::default(),
    })
}

/// An indicator of its own, as the later versions have it; it has the SLO's name for want of another.
fn named_as(slo: &Metadata, metric: Metric) -> SliDoc {
    let metadata = Metadata { name: slo.name.clone(), ..Metadata::default() };
    SliDoc { metadata, description: None, metric }
}

/// Either one threshold metric for all objectives, or a ratio in each.
fn check_indicators(
    spec: &Item<'_>,
    has_indicator: bool,
    objectives: &[Item<'_>],
    report: &mut Report,
) {
    let has_ratio = |item: &Item<'_>| item.node.get("ratioMetrics").is_some();
    let message = match (has_indicator, objectives.iter().any(has_ratio)) {
        (true, true) => "only one of indicator and objectives[*].ratioMetrics can be given",
        (false, false) => "one of indicator and objectives[*].ratioMetrics is required",
        (true, false) => return,
        (false, true) => {
            for item in objectives.iter().filter(|item| !has_ratio(item)) {
                item.error(
                    report,
                    code::ONE_OF,
                    "ratioMetrics is required, as in the other objectives",
                    "",
                );
            }
            return;
        }
    };
    spec.error(report, code::ONE_OF, message, "");
}

fn threshold(item: &Item<'_>, report: &mut Report) -> Option<Metric> {
    let mut fields = item.fields(report)?;
    let query = fields.require("thresholdMetric", report).and_then(|item| query(&item, report));
    fields.finish(report);
    query.map(Metric::Threshold)
}

fn query(item: &Item<'_>, report: &mut Report) -> Option<Query> {
    let mut fields = item.filled_fields(report)?;
    let [source, kind] = ["source", "queryType"]
        .map(|key| fields.require(key, report).and_then(|item| word(&item, report)));
    let query = fields.require("query", report).and_then(|item| item.filled_text(report));
    fields.finish(report);
    let spec = Node::map([("queryType", Node::text(kind?)), ("query", Node::text(query?))]);
    Some(Query { source_ref: None, source_type: Some(source?.to_owned()), source: None, spec })
}

/// A text of letters only.
fn word<'n>(item: &Item<'n>, report: &mut Report) -> Option<&'n str> {
    let text = item.filled_text(report)?;
    if !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        item.error(report, code::BAD_CHOICE, format!("{text:?} must have only letters a-z"), "");
        return None;
    }
    Some(text)
}

fn objective(
    item: &Item<'_>,
    method: Option<Method>,
    slo: &Metadata,
    report: &mut Report,
) -> Option<Objective> {
    let mut fields = item.fields(report)?;
    let display_name = fields
        .get("displayName")
        .and_then(|item| item.short_text(LONGEST_OBJECTIVE_NAME, report))
        .map(str::to_owned);
    let ratio = fields.get("ratioMetrics");
    let op = if ratio.is_some() {
        fields.forbid("op", "with ratioMetrics", report);
        None
    } else {
        fields.require("op", report).and_then(|item| item.choice(&Operator::WORDS, report))
    };
    let metric = ratio.and_then(|item| ratio_metrics(&item, report));
    let value = fields.require("value", report).and_then(|item| number(&item, report));
    let target = fields.require("target", report).and_then(|item| target(&item, false, report));
    if method == Some(Method::Timeslices) && !fields.has("timeSliceTarget") {
        fields.missing("timeSliceTarget", "a slice is good when so much of it is", report);
    }
    let slice_target = fields.get("timeSliceTarget").and_then(|item| share(&item, report));
    fields.finish(report);
    Some(Objective {
        display_name,
        op,
        value,
        target: target?,
        slice_target,
        slice_window: None,
        indicator: metric.map(|metric| Linked::Inline(named_as(slo, metric))),
        weight: None,
    })
}

fn ratio_metrics(item: &Item<'_>, report: &mut Report) -> Option<Metric> {
    let mut fields = item.fields(report)?;
    let counter = fields.get("incremental").and_then(|item| item.boolean(report));
    let [part, total] = ["good", "total"]
        .map(|key| fields.require(key, report).and_then(|item| query(&item, report)));
    fields.finish(report);
    Some(Metric::Ratio { counter, counts: Counts::Good, part: part?, total: total? })
}

fn time_window(list: &Item<'_>, report: &mut Report) -> Option<TimeWindow> {
    let units = [
        ("Second", DurationUnit::Second),
        ("Day", DurationUnit::Day),
        ("Week", DurationUnit::Week),
        ("Month", DurationUnit::Month),
        ("Quarter", DurationUnit::Quarter),
    ];
    let item = single(list, report)?;
    let mut fields = item.fields(report)?;
    let unit = fields.require("unit", report);
    let parsed = unit.as_ref().and_then(|item| item.choice(&units, report));
    let count = fields.require("count", report).and_then(|item| count(&item, report));
    let alignment = alignment(&item, &mut fields, report);
    let is_uneven = parsed.is_some_and(DurationUnit::is_uneven) && !fields.has("calendar");
    if let (Some(item), true) = (&unit, is_uneven) {
        let hint = "read as 30 days a month, 90 a quarter; write days or weeks to be clear";
        item.warning(
            report,
            code::MONTH_WITHOUT_CALENDAR,
            "its length depends on the calendar",
            hint,
        );
    }
    fields.finish(report);
    Some(TimeWindow {
        duration: Duration { count: count?, unit: parsed? },
        calendar: alignment?.calendar(),
    })
}

/// A whole number above 0.
fn count(item: &Item<'_>, report: &mut Report) -> Option<u32> {
    let text = item.number(report)?;
    let count = text.parse::<u32>().ok().filter(|count| *count > 0);
    if count.is_none() {
        item.error(
            report,
            code::OUT_OF_RANGE,
            format!("must be a whole number above 0, is {text}"),
            "",
        );
    }
    count
}
