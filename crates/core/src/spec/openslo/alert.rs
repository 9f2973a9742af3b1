//! `AlertPolicy`, `AlertCondition` and `AlertNotificationTarget`, each an object of its own or in place.

use super::{description, metadata, objective, window, without_errors};
use crate::spec::{
    code,
    duration::{self, Use},
    fields::{Fields, Item},
    kind::{Kind, Version},
    model::{AlertConditionDoc, AlertNotificationTargetDoc, AlertPolicyDoc, Linked, Operator},
    name,
    report::Report,
};

/// Reads the `alertPolicies` of an SLO.
pub(super) fn policies(spec: &mut Fields<'_>, report: &mut Report) -> Vec<Linked<AlertPolicyDoc>> {
    let items = spec.get("alertPolicies").and_then(|list| list.list(report)).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| linked(item, "alertPolicyRef", Kind::AlertPolicy, policy, report))
        .collect()
}

/// Reads an alert policy.
pub(super) fn policy(object: &mut Fields<'_>, report: &mut Report) -> Option<AlertPolicyDoc> {
    let metadata = metadata(object, report);
    let mut spec = object.require("spec", report)?.fields(report)?;
    let description = description(&mut spec, report);
    let [when_no_data, when_breaching, when_resolved] =
        ["alertWhenNoData", "alertWhenBreaching", "alertWhenResolved"]
            .map(|key| spec.get(key).and_then(|item| item.boolean(report)).unwrap_or(false));
    let conditions =
        spec.require("conditions", report).and_then(|list| window::single(&list, report));
    let conditions = conditions
        .and_then(|item| linked(&item, "conditionRef", Kind::AlertCondition, condition, report))
        .into_iter()
        .collect();
    let list = spec.require("notificationTargets", report);
    let items = list.as_ref().and_then(|list| list.list(report)).unwrap_or_default();
    if let (Some(list), true) = (&list, items.is_empty()) {
        list.error(report, code::WRONG_COUNT, "must have at least one item", "");
    }
    let targets = items
        .iter()
        .filter_map(|item| linked(item, "targetRef", Kind::AlertNotificationTarget, target, report))
        .collect();
    spec.finish(report);
    Some(AlertPolicyDoc {
        metadata,
        description,
        when_no_data,
        when_breaching,
        when_resolved,
        conditions,
        targets,
    })
}

/// Reads an alert condition.
pub(super) fn condition(object: &mut Fields<'_>, report: &mut Report) -> Option<AlertConditionDoc> {
    let metadata = metadata(object, report);
    let mut spec = object.require("spec", report)?.filled_fields(report)?;
    let description = description(&mut spec, report);
    let severity = spec.require("severity", report).and_then(|item| item.filled_text(report));
    let burn = spec.require("condition", report);
    let burn = burn.and_then(|item| burn_rate(&item, report));
    spec.finish(report);
    let Burn { op, threshold, lookback, after } = burn?;
    let severity = severity?.to_owned();
    Some(AlertConditionDoc {
        metadata,
        description,
        severity,
        op: op?,
        threshold: threshold?,
        lookback: lookback?,
        after,
    })
}

struct Burn {
    op: Option<Operator>,
    threshold: Option<crate::spec::model::Number>,
    lookback: Option<duration::Duration>,
    after: Option<duration::Duration>,
}

/// Reads `condition`. Its other fields are required only where its kind is known.
fn burn_rate(item: &Item<'_>, report: &mut Report) -> Option<Burn> {
    let mut fields = item.filled_fields(report)?;
    let kind =
        fields.require("kind", report).and_then(|item| item.choice(&[("burnrate", ())], report));
    let op = fields.get("op").and_then(|item| item.choice(&Operator::WORDS, report));
    let threshold = fields.get("threshold").and_then(|item| objective::number(&item, report));
    let [lookback, after] = ["lookbackWindow", "alertAfter"]
        .map(|key| fields.get(key).and_then(|item| duration::read(&item, Use::Length, report)));
    if kind.is_some() {
        let required: &[&'static str] = if report.version == Version::V2alpha {
            &["op", "threshold", "lookbackWindow", "alertAfter"]
        } else {
            &["op", "threshold", "lookbackWindow"]
        };
        for key in required {
            if !fields.has(key) {
                fields.missing(key, "", report);
            }
        }
    }
    if let (Some(item), Some(true)) = (fields.get("op"), op.map(Operator::is_below)) {
        let hint = "read as written; an alert on a fast burn has gt or gte";
        item.warning(report, code::LOW_BURN_ALERTS, "alerts while the budget burns slowly", hint);
    }
    fields.finish(report);
    Some(Burn { op, threshold, lookback, after })
}

/// Reads a notification target.
pub(super) fn target(
    object: &mut Fields<'_>,
    report: &mut Report,
) -> Option<AlertNotificationTargetDoc> {
    let metadata = metadata(object, report);
    let item = object.require("spec", report)?;
    let mut spec = if report.version == Version::V2alpha {
        item.filled_fields(report)?
    } else {
        item.fields(report)?
    };
    let description = description(&mut spec, report);
    let target = spec.require("target", report).and_then(|item| item.filled_text(report));
    spec.finish(report);
    Some(AlertNotificationTargetDoc { metadata, description, target: target?.to_owned() })
}

/// Reads an object that is named (`{reference}: name`) or stands in place (`kind`, `metadata`, `spec`).
fn linked<T>(
    item: &Item<'_>,
    reference: &'static str,
    kind: Kind,
    read: impl FnOnce(&mut Fields<'_>, &mut Report) -> Option<T>,
    report: &mut Report,
) -> Option<Linked<T>> {
    let mut fields = item.fields(report)?;
    let inline = ["kind", "metadata", "spec"];
    let is_inline = inline.iter().any(|key| fields.has(key));
    match (fields.get(reference), is_inline) {
        (Some(name), false) => {
            fields.finish(report);
            name::reference(&name, kind, report).map(Linked::Reference)
        }
        (None, true) => without_errors(item, report, |_, report| {
            let found = fields.require("kind", report);
            found.and_then(|item| item.choice(&[(kind.as_str(), ())], report));
            let object = read(&mut fields, report);
            fields.finish(report);
            object
        })
        .map(Linked::Inline),
        (found, _) => {
            let message = if found.is_some() {
                format!("only one of {reference} and spec can be given")
            } else {
                format!("{reference}, or kind, metadata and spec, are required")
            };
            item.error(report, code::ONE_OF, message, "");
            fields.finish(report);
            None
        }
    }
}
