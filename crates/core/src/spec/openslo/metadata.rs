//! `metadata`, as each version has it, and `description`.

use std::collections::BTreeMap;

use crate::spec::{
    code, extension,
    fields::{Fields, Item, join},
    kind::Version,
    model::Metadata,
    name,
    report::Report,
    yaml::Value,
};

/// Longest display name, in characters.
pub(crate) const LONGEST_DISPLAY_NAME: usize = 63;
/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 1050;

/// Reads the `metadata` of an object, in the words of the version being read.
pub(crate) fn metadata(object: &mut Fields<'_>, report: &mut Report) -> Metadata {
    let (metadata, own) = metadata_and_own(object, report);
    for item in own {
        let message = "annotations with the prefix plimsoll/ belong to the metadata of an SLO";
        item.error(report, code::BAD_ANNOTATION, message, "move it there, or remove it");
    }
    metadata
}

/// Reads the `metadata` of an object, and apart from it the annotations with our own prefix.
pub(super) fn metadata_and_own<'n>(
    object: &mut Fields<'n>,
    report: &mut Report,
) -> (Metadata, Vec<Item<'n>>) {
    let mut metadata = Metadata::default();
    let mut own = Vec::new();
    let Some(item) = object.require("metadata", report) else { return (metadata, own) };
    let Some(mut fields) = item.filled_fields(report) else { return (metadata, own) };
    if let Some(item) = fields.require("name", report) {
        metadata.name = name::read(&item, report).unwrap_or_default();
    }
    if report.version != Version::V2alpha {
        let item = fields.get("displayName");
        metadata.display_name =
            item.and_then(|item| item.short_text(LONGEST_DISPLAY_NAME, report)).map(str::to_owned);
    }
    if report.version != Version::V1alpha {
        if let Some(item) = fields.get("labels") {
            metadata.labels = labels(&item, report);
        }
        if let Some(item) = fields.get("annotations") {
            (metadata.annotations, own) = annotations(&item, report);
        }
    }
    fields.finish(report);
    (metadata, own)
}

/// Reads an optional `description`.
pub(crate) fn description(fields: &mut Fields<'_>, report: &mut Report) -> Option<String> {
    let item = fields.get("description")?;
    item.short_text(LONGEST_DESCRIPTION, report).map(str::to_owned)
}

/// Reads labels: lists of texts in v1, single texts in v2alpha.
pub(crate) fn labels(item: &Item<'_>, report: &mut Report) -> BTreeMap<String, Vec<String>> {
    let mut labels = BTreeMap::new();
    let Some(fields) = item.fields(report) else { return labels };
    let is_v2 = report.version == Version::V2alpha;
    for entry in fields.entries {
        let key_ok = if is_v2 {
            name::is_prefixed_key(&entry.key, false)
        } else {
            name::is_name_part(&entry.key)
        };
        if !key_ok {
            let message = if is_v2 {
                "a label key is [prefix/]name: the name has up to 63 letters, digits, '-', '_', '.'"
            } else {
                "a label key has up to 63 letters, digits, '-', '_', '.', with a letter or digit at both ends"
            };
            report.error(code::BAD_LABEL, entry.key_at, &fields.path(&entry.key), message, "");
        }
        let value = Item { node: &entry.value, field: join(&fields.field, &entry.key) };
        let values = if is_v2 { v2_label(&value, report) } else { v1_label(&value, report) };
        labels.insert(entry.key.clone(), values);
    }
    labels
}

fn v1_label(item: &Item<'_>, report: &mut Report) -> Vec<String> {
    match &item.node.value {
        Value::Null => Vec::new(),
        Value::List(_) => {
            let items = item.list(report).unwrap_or_default();
            items.iter().filter_map(|item| item.text(report)).map(str::to_owned).collect()
        }
        _ => item.text(report).map(str::to_owned).into_iter().collect(),
    }
}

fn v2_label(item: &Item<'_>, report: &mut Report) -> Vec<String> {
    if item.node.value == Value::Null {
        return vec![String::new()];
    }
    let Some(text) = item.text(report) else { return Vec::new() };
    if !name::is_v2_label_value(text) {
        let message = "a label value has up to 63 small letters, digits, '-', '_', '.', with a letter or digit at both ends";
        item.error(report, code::BAD_LABEL, message, "");
    }
    vec![text.to_owned()]
}

fn annotations<'n>(
    item: &Item<'n>,
    report: &mut Report,
) -> (BTreeMap<String, String>, Vec<Item<'n>>) {
    let mut annotations = BTreeMap::new();
    let mut own = Vec::new();
    let Some(fields) = item.fields(report) else { return (annotations, own) };
    for entry in fields.entries {
        let value = Item { node: &entry.value, field: fields.path(&entry.key) };
        if !name::is_prefixed_key(&entry.key, report.version == Version::V1) {
            let message = "an annotation key is [prefix/]name: a DNS subdomain, '/', and up to 63 letters, digits, \
                           '-', '_', '.'";
            let hint = "for example my-domain.org/my-key";
            report.error(code::BAD_ANNOTATION, entry.key_at, &value.field, message, hint);
        }
        if entry.key.starts_with(extension::PREFIX) {
            own.push(value);
            continue;
        }
        let is_null = entry.value.value == Value::Null;
        let text = if is_null { None } else { value.text(report) };
        annotations.insert(entry.key.clone(), text.unwrap_or_default().to_owned());
    }
    (annotations, own)
}
