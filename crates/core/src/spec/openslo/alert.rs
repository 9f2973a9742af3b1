//! `AlertPolicy`, `AlertCondition` and `AlertNotificationTarget`, each an object of its own or in place.

use super::{description, metadata, objective, window, without_errors};
use crate::spec::{
    code,
    duration::{self, Use},
    fields::{Fields, Item},
    kind::{Kind, Version},
    model::{AlertConditionDoc, AlertNotificationTargetDoc, AlertPolicyDoc, Linked, Operator},
    name,
    reading::Reading,
};

/// Reads the `alertPolicies` of an SLO.
pub(super) fn policies(
    spec: &mut Fields<'_>,
    reading: &mut Reading,
) -> Vec<Linked<AlertPolicyDoc>> {
    let items = spec.get("alertPolicies").and_then(|list| list.list(reading)).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| linked(item, "alertPolicyRef", Kind::AlertPolicy, policy, reading))
        .collect()
}

/// Reads an alert policy.
pub(super) fn policy(object: &mut Fields<'_>, reading: &mut Reading) -> Option<AlertPolicyDoc> {
    let metadata = metadata(object, reading);
    let mut spec = object.require("spec", reading)?.fields(reading)?;
    let description = description(&mut spec, reading);
    let [when_no_data, when_breaching, when_resolved] =
        ["alertWhenNoData", "alertWhenBreaching", "alertWhenResolved"]
            .map(|key| spec.get(key).and_then(|item| item.boolean(reading)).unwrap_or(false));
    let conditions =
        spec.require("conditions", reading).and_then(|list| window::single(&list, reading));
    let conditions = conditions
        .and_then(|item| linked(&item, "conditionRef", Kind::AlertCondition, condition, reading))
        .into_iter()
        .collect();
    let list = spec.require("notificationTargets", reading);
    let items = list.as_ref().and_then(|list| list.list(reading)).unwrap_or_default();
    if let (Some(list), true) = (&list, items.is_empty()) {
        list.error(reading, code::WRONG_COUNT, "must have at least one item", "");
    }
    let targets = items
        .iter()
        .filter_map(|item| {
            linked(item, "targetRef", Kind::AlertNotificationTarget, target, reading)
        })
        .collect();
    spec.finish(reading);
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
pub(super) fn condition(
    object: &mut Fields<'_>,
    reading: &mut Reading,
) -> Option<AlertConditionDoc> {
    let metadata = metadata(object, reading);
    let mut spec = object.require("spec", reading)?.filled_fields(reading)?;
    let description = description(&mut spec, reading);
    let severity = spec.require("severity", reading).and_then(|item| item.filled_text(reading));
    let burn = spec.require("condition", reading);
    let burn = burn.and_then(|item| burn_rate(&item, reading));
    spec.finish(reading);
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
fn burn_rate(item: &Item<'_>, reading: &mut Reading) -> Option<Burn> {
    let mut fields = item.filled_fields(reading)?;
    let kind =
        fields.require("kind", reading).and_then(|item| item.choice(&[("burnrate", ())], reading));
    let op = fields.get("op").and_then(|item| item.choice(&Operator::WORDS, reading));
    let threshold = fields.get("threshold").and_then(|item| objective::number(&item, reading));
    let [lookback, after] = ["lookbackWindow", "alertAfter"]
        .map(|key| fields.get(key).and_then(|item| duration::read(&item, Use::Length, reading)));
    if kind.is_some() {
        let required: &[&'static str] = if reading.version == Version::V2alpha {
            &["op", "threshold", "lookbackWindow", "alertAfter"]
        } else {
            &["op", "threshold", "lookbackWindow"]
        };
        for key in required {
            if !fields.has(key) {
                fields.missing(key, "", reading);
            }
        }
    }
    if let (Some(item), Some(true)) = (fields.get("op"), op.map(Operator::is_below)) {
        let hint = "read as written; an alert on a fast burn has gt or gte";
        item.warning(reading, code::LOW_BURN_ALERTS, "alerts while the budget burns slowly", hint);
    }
    fields.finish(reading);
    Some(Burn { op, threshold, lookback, after })
}

/// Reads a notification target.
pub(super) fn target(
    object: &mut Fields<'_>,
    reading: &mut Reading,
) -> Option<AlertNotificationTargetDoc> {
    let metadata = metadata(object, reading);
    let item = object.require("spec", reading)?;
    let mut spec = if reading.version == Version::V2alpha {
        item.filled_fields(reading)?
    } else {
        item.fields(reading)?
    };
    let description = description(&mut spec, reading);
    let target = spec.require("target", reading).and_then(|item| item.filled_text(reading));
    spec.finish(reading);
    Some(AlertNotificationTargetDoc { metadata, description, target: target?.to_owned() })
}

/// Reads an object that is named (`{reference}: name`) or stands in place (`kind`, `metadata`, `spec`).
fn linked<T>(
    item: &Item<'_>,
    reference: &'static str,
    kind: Kind,
    read: impl FnOnce(&mut Fields<'_>, &mut Reading) -> Option<T>,
    reading: &mut Reading,
) -> Option<Linked<T>> {
    let mut fields = item.fields(reading)?;
    let inline = ["kind", "metadata", "spec"];
    let is_inline = inline.iter().any(|key| fields.has(key));
    match (fields.get(reference), is_inline) {
        (Some(name), false) => {
            fields.finish(reading);
            name::reference(&name, kind, reading).map(Linked::Reference)
        }
        (None, true) => without_errors(item, reading, |_, reading| {
            let found = fields.require("kind", reading);
            found.and_then(|item| item.choice(&[(kind.as_str(), ())], reading));
            let object = read(&mut fields, reading);
            fields.finish(reading);
            object
        })
        .map(Linked::Inline),
        (found, _) => {
            let message = if found.is_some() {
                format!("only one of {reference} and spec can be given")
            } else {
                format!("{reference}, or kind, metadata and spec, are required")
            };
            item.error(reading, code::ONE_OF, message, "");
            fields.finish(reading);
            None
        }
    }
}
