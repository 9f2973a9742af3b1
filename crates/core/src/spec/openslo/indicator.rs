//! `SLI`: threshold, ratio and raw metrics.

use super::{Dialect, description, metadata, source, without_errors};
use crate::spec::{
    code,
    fields::{Fields, Item},
    kind::Kind,
    model::{Counts, Linked, Metric, Query, SliDoc},
    name,
    reading::Reading,
    yaml::Value,
};

/// Reads an indicator: an object of its own, or what stands in place of one (`metadata` and `spec`).
pub(super) fn sli(
    object: &mut Fields<'_>,
    dialect: Dialect,
    reading: &mut Reading,
) -> Option<SliDoc> {
    let metadata = metadata(object, reading);
    let item = object.require("spec", reading)?;
    let mut spec = item.fields(reading)?;
    let description = description(&mut spec, reading);
    let metric =
        spec.exactly_one(&["thresholdMetric", "ratioMetric"], reading).and_then(|(key, item)| {
            if key == "ratioMetric" {
                ratio(&item, dialect, reading)
            } else {
                query(&item, dialect, reading).map(Metric::Threshold)
            }
        });
    spec.finish(reading);
    Some(SliDoc { metadata, description, metric: metric? })
}

/// Reads the indicator of an SLO or of an objective, in place or by name; `None` also where there is none.
pub(super) fn linked(
    fields: &mut Fields<'_>,
    dialect: Dialect,
    reading: &mut Reading,
) -> Option<Linked<SliDoc>> {
    let keys = [dialect.indicator, dialect.indicator_ref];
    if !keys.iter().any(|key| fields.has(key)) {
        return None;
    }
    let (key, item) = fields.exactly_one(&keys, reading)?;
    if key == dialect.indicator_ref {
        return name::reference(&item, Kind::Sli, reading).map(Linked::Reference);
    }
    without_errors(&item, reading, |item, reading| {
        let mut object = item.fields(reading)?;
        let sli = sli(&mut object, dialect, reading);
        object.finish(reading);
        sli
    })
    .map(Linked::Inline)
}

fn ratio(item: &Item<'_>, dialect: Dialect, reading: &mut Reading) -> Option<Metric> {
    let mut fields = item.fields(reading)?;
    let counter = fields.get("counter").and_then(|item| item.boolean(reading));
    // Every key is asked for, so that none of them is unknown whatever the others say.
    let keys = ["total", "raw", "good", "bad", "rawType"];
    let [has_total, has_raw, has_good, has_bad, has_raw_type] = keys.map(|key| fields.has(key));
    let parts = usize::from(has_raw) + usize::from(has_good) + usize::from(has_bad);
    let problem = match (has_total, has_raw) {
        (true, true) => Some("only one of total and raw can be given"),
        (false, false) if parts < 2 => Some("one of total (with good or bad) and raw is required"),
        _ if parts > 1 => Some("only one of good, bad and raw can be given"),
        (true, false) if parts == 0 => Some("total needs good or bad beside it"),
        _ => None,
    };
    if let Some(message) = problem {
        item.error(reading, code::ONE_OF, message, "");
    } else if has_raw_type && !has_raw {
        fields.forbid("rawType", "without raw", reading);
    }
    let metric = if problem.is_some() {
        None
    } else if has_raw {
        raw(&mut fields, counter, dialect, reading)
    } else {
        part_of_total(&mut fields, counter, dialect, reading)
    };
    fields.finish(reading);
    metric
}

fn part_of_total(
    fields: &mut Fields<'_>,
    counter: Option<bool>,
    dialect: Dialect,
    reading: &mut Reading,
) -> Option<Metric> {
    let (key, part) = fields.exactly_one(&["good", "bad"], reading)?;
    let counts = if key == "good" { Counts::Good } else { Counts::Bad };
    let part = query(&part, dialect, reading);
    let total = fields.require("total", reading).and_then(|item| query(&item, dialect, reading));
    Some(Metric::Ratio { counter, counts, part: part?, total: total? })
}

fn raw(
    fields: &mut Fields<'_>,
    counter: Option<bool>,
    dialect: Dialect,
    reading: &mut Reading,
) -> Option<Metric> {
    let words = [("success", Counts::Good), ("failure", Counts::Bad)];
    let counts = fields.require("rawType", reading).and_then(|item| item.choice(&words, reading));
    let query = fields.require("raw", reading).and_then(|item| query(&item, dialect, reading));
    Some(Metric::Raw { counter, counts: counts?, query: query? })
}

fn query(item: &Item<'_>, dialect: Dialect, reading: &mut Reading) -> Option<Query> {
    let mut fields = item.fields(reading)?;
    let query =
        if dialect.is_v2 { v2_query(&mut fields, reading) } else { v1_query(&mut fields, reading) };
    fields.finish(reading);
    query
}

/// `metricSource` with `metricSourceRef`, `type` and `spec`.
fn v1_query(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<Query> {
    let item = fields.require("metricSource", reading)?;
    let mut source = item.filled_fields(reading)?;
    let source_ref = optional_reference(&mut source, "metricSourceRef", reading);
    let source_type = source.get("type").and_then(|item| item.text(reading)).map(str::to_owned);
    if !source.has("metricSourceRef") && source_type.as_deref().unwrap_or_default().is_empty() {
        let hint = "read as a source of unknown type; give its type or metricSourceRef";
        item.warning(
            reading,
            code::NO_SOURCE_TYPE,
            "does not say what kind of source this is",
            hint,
        );
    }
    let spec = source.require("spec", reading);
    source.finish(reading);
    let spec = spec?;
    spec.filled_fields(reading)?;
    Some(Query { source_ref, source_type, source: None, spec: spec.node.clone() })
}

/// `dataSourceRef` or `dataSourceSpec`, and `spec`.
fn v2_query(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<Query> {
    let source = fields.exactly_one(&["dataSourceRef", "dataSourceSpec"], reading);
    let spec = fields.get("spec");
    let spec = match &spec {
        Some(item) => item.fields(reading).map(|_| item.node.clone()),
        None => Some(crate::spec::yaml::Node::new(Value::Map(Vec::new()))),
    };
    let (key, item) = source?;
    let mut query = Query { source_ref: None, source_type: None, source: None, spec: spec? };
    if key == "dataSourceRef" {
        query.source_ref = name::reference(&item, Kind::DataSource, reading);
    } else {
        let (_, source) = source::source(&item, reading)?;
        query.source_type = Some(source.kind().to_owned());
        query.source = Some(Box::new(source));
    }
    Some(query)
}

/// A reference that may be missing or empty.
fn optional_reference(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading,
) -> Option<String> {
    let item = fields.get(key).filter(|item| item.node.value != Value::Text(String::new()))?;
    name::reference(&item, Kind::DataSource, reading)
}
