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
    kind::Kind,
    model::{
        Counts, Extension, Linked, Metadata, Method, Metric, Objective, Operator, Query, SliDoc,
        SloDoc, TimeWindow,
    },
    reading::Reading,
    yaml::Node,
};

/// Longest display name of an objective, in characters.
const OBJECTIVE_NAME_MAX: usize = 1050;

/// Reads an SLO.
pub(super) fn slo(object: &mut Fields<'_>, reading: &mut Reading) -> Option<SloDoc> {
    let metadata = metadata(object, reading);
    let item = object.require("spec", reading)?;
    let mut spec = item.filled_fields(reading)?;
    let description = description(&mut spec, reading);
    let service = spec.require("service", reading).and_then(|item| {
        let name = item.filled_text(reading)?.to_owned();
        reading.refer(Kind::Service, &name, item.at(), &item.field);
        Some(name)
    });
    let indicator = spec.get("indicator");
    let list = spec.get("objectives");
    let items = list.as_ref().and_then(|list| list.list(reading)).unwrap_or_default();
    check_indicators(&item, indicator.is_some(), &items, reading);
    let metric = indicator.and_then(|item| threshold(&item, reading));
    let words = [("Occurrences", Method::Occurrences), ("Timeslices", Method::Timeslices)];
    let budgeting =
        spec.require("budgetingMethod", reading).and_then(|item| item.choice(&words, reading));
    let window = spec.require("timeWindows", reading).and_then(|list| time_window(&list, reading));
    if items.is_empty() {
        warn_no_objectives(&spec, reading);
    }
    let objectives =
        items.iter().filter_map(|item| objective(item, budgeting, &metadata, reading)).collect();
    spec.finish(reading);
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
    reading: &mut Reading,
) {
    let has_ratio = |item: &Item<'_>| item.node.get("ratioMetrics").is_some();
    let message = match (has_indicator, objectives.iter().any(has_ratio)) {
        (true, true) => "only one of indicator and objectives[*].ratioMetrics can be given",
        (false, false) => "one of indicator and objectives[*].ratioMetrics is required",
        (true, false) => return,
        (false, true) => {
            for item in objectives.iter().filter(|item| !has_ratio(item)) {
                item.error(
                    reading,
                    code::ONE_OF,
                    "ratioMetrics is required, as in the other objectives",
                    "",
                );
            }
            return;
        }
    };
    spec.error(reading, code::ONE_OF, message, "");
}

fn threshold(item: &Item<'_>, reading: &mut Reading) -> Option<Metric> {
    let mut fields = item.fields(reading)?;
    let query = fields.require("thresholdMetric", reading).and_then(|item| query(&item, reading));
    fields.finish(reading);
    query.map(Metric::Threshold)
}

fn query(item: &Item<'_>, reading: &mut Reading) -> Option<Query> {
    let mut fields = item.filled_fields(reading)?;
    let [source, kind] = ["source", "queryType"]
        .map(|key| fields.require(key, reading).and_then(|item| word(&item, reading)));
    let query = fields.require("query", reading).and_then(|item| item.filled_text(reading));
    fields.finish(reading);
    let spec = Node::map([("queryType", Node::text(kind?)), ("query", Node::text(query?))]);
    Some(Query { source_ref: None, source_type: Some(source?.to_owned()), source: None, spec })
}

/// A text of letters only.
fn word<'n>(item: &Item<'n>, reading: &mut Reading) -> Option<&'n str> {
    let text = item.filled_text(reading)?;
    if !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        item.error(reading, code::BAD_CHOICE, format!("{text:?} must have only letters a-z"), "");
        return None;
    }
    Some(text)
}

fn objective(
    item: &Item<'_>,
    method: Option<Method>,
    slo: &Metadata,
    reading: &mut Reading,
) -> Option<Objective> {
    let mut fields = item.fields(reading)?;
    let display_name = fields
        .get("displayName")
        .and_then(|item| item.short_text(OBJECTIVE_NAME_MAX, reading))
        .map(str::to_owned);
    let ratio = fields.get("ratioMetrics");
    let op = if ratio.is_some() {
        fields.forbid("op", "with ratioMetrics", reading);
        None
    } else {
        fields.require("op", reading).and_then(|item| item.choice(&Operator::WORDS, reading))
    };
    let metric = ratio.and_then(|item| ratio_metrics(&item, reading));
    let value = fields.require("value", reading).and_then(|item| number(&item, reading));
    let target = fields.require("target", reading).and_then(|item| target(&item, false, reading));
    if method == Some(Method::Timeslices) && !fields.has("timeSliceTarget") {
        fields.missing("timeSliceTarget", "a slice is good when so much of it is", reading);
    }
    let slice_target = fields.get("timeSliceTarget").and_then(|item| share(&item, reading));
    fields.finish(reading);
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

fn ratio_metrics(item: &Item<'_>, reading: &mut Reading) -> Option<Metric> {
    let mut fields = item.fields(reading)?;
    let counter = fields.get("incremental").and_then(|item| item.boolean(reading));
    let [part, total] = ["good", "total"]
        .map(|key| fields.require(key, reading).and_then(|item| query(&item, reading)));
    fields.finish(reading);
    Some(Metric::Ratio { counter, counts: Counts::Good, part: part?, total: total? })
}

fn time_window(list: &Item<'_>, reading: &mut Reading) -> Option<TimeWindow> {
    let units = [
        ("Second", DurationUnit::Second),
        ("Day", DurationUnit::Day),
        ("Week", DurationUnit::Week),
        ("Month", DurationUnit::Month),
        ("Quarter", DurationUnit::Quarter),
    ];
    let item = single(list, reading)?;
    let mut fields = item.fields(reading)?;
    let unit = fields.require("unit", reading);
    let parsed = unit.as_ref().and_then(|item| item.choice(&units, reading));
    let count = fields.require("count", reading).and_then(|item| count(&item, reading));
    let alignment = alignment(&item, &mut fields, reading);
    let is_uneven = parsed.is_some_and(DurationUnit::is_uneven) && !fields.has("calendar");
    if let (Some(item), true) = (&unit, is_uneven) {
        let hint = "read as 30 days a month, 90 a quarter; write days or weeks to be clear";
        item.warning(
            reading,
            code::MONTH_WITHOUT_CALENDAR,
            "its length depends on the calendar",
            hint,
        );
    }
    fields.finish(reading);
    Some(TimeWindow {
        duration: Duration { count: count?, unit: parsed? },
        calendar: alignment?.calendar(),
    })
}

/// A whole number above 0.
fn count(item: &Item<'_>, reading: &mut Reading) -> Option<u32> {
    let text = item.number(reading)?;
    let count = text.parse::<u32>().ok().filter(|count| *count > 0);
    if count.is_none() {
        item.error(
            reading,
            code::OUT_OF_RANGE,
            format!("must be a whole number above 0, is {text}"),
            "",
        );
    }
    count
}
