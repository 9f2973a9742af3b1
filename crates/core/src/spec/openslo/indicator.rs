//! `SLI`: threshold, ratio and raw metrics.

use super::{Dialect, description, metadata, source, without_errors};
use crate::spec::{
    code,
    fields::{Fields, Item},
    kind::Kind,
    model::{Counts, Linked, Metric, Query, SliDoc},
    name,
    report::Report,
    yaml::Value,
};

/// Reads an indicator: an object of its own, or what stands in place of one (`metadata` and `spec`).
pub(super) fn sli(
    object: &mut Fields<'_>,
    dialect: Dialect,
    report: &mut Report,
) -> Option<SliDoc> {
    let metadata = metadata(object, report);
    let item = object.require("spec", report)?;
    let mut spec = item.fields(report)?;
    let description = description(&mut spec, report);
    let metric =
        spec.exactly_one(&["thresholdMetric", "ratioMetric"], report).and_then(|(key, item)| {
            if key == "ratioMetric" {
                ratio(&item, dialect, report)
            } else {
                query(&item, dialect, report).map(Metric::Threshold)
            }
        });
    spec.finish(report);
    Some(SliDoc { metadata, description, metric: metric? })
}

/// Reads the indicator of an SLO or of an objective, in place or by name; `None` also where there is none.
pub(super) fn linked(
    fields: &mut Fields<'_>,
    dialect: Dialect,
    report: &mut Report,
) -> Option<Linked<SliDoc>> {
    let keys = [dialect.indicator, dialect.indicator_ref];
    if !keys.iter().any(|key| fields.has(key)) {
        return None;
    }
    let (key, item) = fields.exactly_one(&keys, report)?;
    if key == dialect.indicator_ref {
        return name::reference(&item, Kind::Sli, report).map(Linked::Reference);
    }
    without_errors(&item, report, |item, report| {
        let mut object = item.fields(report)?;
        let sli = sli(&mut object, dialect, report);
        object.finish(report);
        sli
    })
    .map(Linked::Inline)
}

fn ratio(item: &Item<'_>, dialect: Dialect, report: &mut Report) -> Option<Metric> {
    let mut fields = item.fields(report)?;
    let counter = fields.get("counter").and_then(|item| item.boolean(report));
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
        item.error(report, code::ONE_OF, message, "");
    } else if has_raw_type && !has_raw {
        fields.forbid("rawType", "without raw", report);
    }
    let metric = if problem.is_some() {
        None
    } else if has_raw {
        raw(&mut fields, counter, dialect, report)
    } else {
        part_of_total(&mut fields, counter, dialect, report)
    };
    fields.finish(report);
    metric
}

fn part_of_total(
    fields: &mut Fields<'_>,
    counter: Option<bool>,
    dialect: Dialect,
    report: &mut Report,
) -> Option<Metric> {
    let (key, part) = fields.exactly_one(&["good", "bad"], report)?;
    let counts = if key == "good" { Counts::Good } else { Counts::Bad };
    let part = query(&part, dialect, report);
    let total = fields.require("total", report).and_then(|item| query(&item, dialect, report));
    Some(Metric::Ratio { counter, counts, part: part?, total: total? })
}

fn raw(
    fields: &mut Fields<'_>,
    counter: Option<bool>,
    dialect: Dialect,
    report: &mut Report,
) -> Option<Metric> {
    let words = [("success", Counts::Good), ("failure", Counts::Bad)];
    let counts = fields.require("rawType", report).and_then(|item| item.choice(&words, report));
    let query = fields.require("raw", report).and_then(|item| query(&item, dialect, report));
    Some(Metric::Raw { counter, counts: counts?, query: query? })
}

fn query(item: &Item<'_>, dialect: Dialect, report: &mut Report) -> Option<Query> {
    let mut fields = item.fields(report)?;
    let query =
        if dialect.is_v2 { v2_query(&mut fields, report) } else { v1_query(&mut fields, report) };
    fields.finish(report);
    query
}

/// `metricSource` with `metricSourceRef`, `type` and `spec`.
fn v1_query(fields: &mut Fields<'_>, report: &mut Report) -> Option<Query> {
    let item = fields.require("metricSource", report)?;
    let mut source = item.filled_fields(report)?;
    let source_ref = optional_reference(&mut source, "metricSourceRef", report);
    let source_type = source.get("type").and_then(|item| item.text(report)).map(str::to_owned);
    if !source.has("metricSourceRef") && source_type.as_deref().unwrap_or_default().is_empty() {
        let hint = "read as a source of unknown type; give its type or metricSourceRef";
        item.warning(
            report,
            code::NO_SOURCE_TYPE,
            "does not say what kind of source this is",
            hint,
        );
    }
    let spec = source.require("spec", report);
    source.finish(report);
    let spec = spec?;
    spec.filled_fields(report)?;
    Some(Query { source_ref, source_type, source: None, spec: spec.node.clone() })
}

/// `dataSourceRef` or `dataSourceSpec`, and `spec`.
fn v2_query(fields: &mut Fields<'_>, report: &mut Report) -> Option<Query> {
    let source = fields.exactly_one(&["dataSourceRef", "dataSourceSpec"], report);
    let spec = fields.get("spec");
    let spec = match &spec {
        Some(item) => item.fields(report).map(|_| item.node.clone()),
        None => Some(crate::spec::yaml::Node::new(Value::Map(Vec::new()))),
    };
    let (key, item) = source?;
    let mut query = Query { source_ref: None, source_type: None, source: None, spec: spec? };
    if key == "dataSourceRef" {
        query.source_ref = name::reference(&item, Kind::DataSource, report);
    } else {
        let (_, source) = source::source(&item, report)?;
        query.source_type = Some(source.kind().to_owned());
        query.source = Some(Box::new(source));
    }
    Some(query)
}

/// A reference that may be missing or empty.
fn optional_reference(
    fields: &mut Fields<'_>,
    key: &'static str,
    report: &mut Report,
) -> Option<String> {
    let item = fields.get(key).filter(|item| item.node.value != Value::Text(String::new()))?;
    name::reference(&item, Kind::DataSource, report)
}
