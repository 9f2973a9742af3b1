//! `SLO` of v1 and v2alpha.

use super::{
    Dialect, alert, description, indicator,
    metadata::metadata_and_own,
    objective::{self, Around, InlineMetric},
    window,
};
use crate::spec::{
    code, extension,
    fields::{Fields, Item},
    model::{Method, SloDoc},
    name,
    report::Report,
};

/// Reads an SLO.
pub(super) fn slo(
    object: &mut Fields<'_>,
    dialect: Dialect,
    report: &mut Report,
) -> Option<SloDoc> {
    let (metadata, own) = metadata_and_own(object, report);
    let item = object.require("spec", report)?;
    let mut spec = item.filled_fields(report)?;
    let description = description(&mut spec, report);
    let service = service(&mut spec, dialect, report);
    let indicator = indicator::linked(&mut spec, dialect, report);
    let window = window::time_window(&mut spec, report);
    let budgeting = budgeting(&mut spec, report);
    let list = spec.get("objectives");
    let items = list.as_ref().and_then(|list| list.list(report)).unwrap_or_default();
    let around = Around {
        dialect,
        method: budgeting.unwrap_or(Method::Occurrences),
        metric: metric(&item, dialect),
        is_composite: is_composite(&items, dialect),
    };
    check_indicators(&item, &mut spec, around.is_composite, dialect, report);
    check_objectives(list.as_ref(), items.len(), around, report);
    if items.is_empty() {
        warn_no_objectives(&spec, report);
    }
    let objectives: Vec<_> =
        items.iter().filter_map(|item| objective::objective(item, around, report)).collect();
    let alert_policies = alert::policies(&mut spec, report);
    spec.finish(report);
    let extension = extension::read(&own, items.len(), report);
    Some(SloDoc {
        metadata,
        description,
        service: service.unwrap_or_default(),
        indicator,
        window,
        budgeting,
        objectives,
        alert_policies,
        extension,
    })
}

/// `service`; v2alpha's SDK calls it `serviceRef`, its specification `service`.
fn service(spec: &mut Fields<'_>, dialect: Dialect, report: &mut Report) -> Option<String> {
    let item = if !dialect.is_v2 {
        spec.require("service", report)
    } else if let (Some(item), false) = (spec.get("service"), spec.has("serviceRef")) {
        let hint = "read as serviceRef, the SDK's name for it";
        item.warning(report, code::V2_SERVICE_FIELD, "the name of this field is in dispute", hint);
        Some(item)
    } else {
        spec.forbid("service", "beside serviceRef", report);
        spec.require("serviceRef", report)
    }?;
    name::of_service(&item, report)
}

fn budgeting(spec: &mut Fields<'_>, report: &mut Report) -> Option<Method> {
    let words = [
        ("Occurrences", Method::Occurrences),
        ("Timeslices", Method::Timeslices),
        ("RatioTimeslices", Method::RatioTimeslices),
    ];
    let Some(item) = spec.get("budgetingMethod") else {
        let hint = "read as Occurrences; give it to be clear";
        report.warning(
            code::NO_BUDGETING_METHOD,
            spec.at,
            &spec.path("budgetingMethod"),
            "is missing",
            hint,
        );
        return None;
    };
    item.choice(&words, report)
}

fn is_composite(objectives: &[Item<'_>], dialect: Dialect) -> bool {
    objectives.iter().any(|item| {
        [dialect.indicator, dialect.indicator_ref].iter().any(|key| item.node.get(key).is_some())
    })
}

/// The specification requires objectives, the SDK does not.
pub(super) fn warn_no_objectives(spec: &Fields<'_>, report: &mut Report) {
    let hint = "read as an SLO that promises nothing; give it a target";
    report.warning(code::NO_OBJECTIVES, spec.at, &spec.path("objectives"), "there are none", hint);
}

/// The indicator belongs either to the SLO or to every objective.
fn check_indicators(
    item: &Item<'_>,
    spec: &mut Fields<'_>,
    is_composite: bool,
    dialect: Dialect,
    report: &mut Report,
) {
    let Dialect { indicator, indicator_ref, .. } = dialect;
    let message = match (spec.has(indicator) || spec.has(indicator_ref), is_composite) {
        (false, false) => {
            format!(
                "{indicator} or {indicator_ref} is required, here or in every objective (composite SLO)"
            )
        }
        (true, true) => {
            format!(
                "{indicator} or {indicator_ref} is given both here and in objectives (composite SLO)"
            )
        }
        _ => return,
    };
    item.error(report, code::ONE_OF, message, "");
}

/// Which metric the indicator of the SLO has, if it stands in place; also where it has other problems.
fn metric(spec: &Item<'_>, dialect: Dialect) -> Option<InlineMetric> {
    let sli = spec.node.get(dialect.indicator)?.get("spec")?;
    if sli.get("thresholdMetric").is_some() {
        return Some(InlineMetric::Threshold);
    }
    sli.get("ratioMetric").map(|_| InlineMetric::Ratio)
}

fn check_objectives(list: Option<&Item<'_>>, count: usize, around: Around, report: &mut Report) {
    let Some(list) = list else { return };
    if count > 1 && around.metric == Some(InlineMetric::Threshold) && !around.dialect.is_v2 {
        let message = format!("v1 allows one objective for a threshold metric, here are {count}");
        let hint = "read as they are; the SDK accepts them, and v2alpha allows them";
        list.warning(report, code::SEVERAL_THRESHOLDS, message, hint);
    }
}
