//! What happens to objects, in words.

use std::collections::BTreeSet;

use plimsoll_core::ratio::Target;
use plimsoll_server::api::documents::{Action, Change};
use serde_json::{Map, Value};

use crate::table::Table;

/// Longer values are not shown, in characters; that they changed is.
const VALUE_CHARS_MAX: usize = 60;

/// Changes, one a row: `+` new, `~` altered, `>` in another file, `-` withdrawn.
pub fn table(changes: &[Change]) -> Table {
    let mut table = Table::new("nothing changes", &["", "KIND", "NAME", "FILE", "WHAT"]);
    for Change { action, kind, name, file, before, after } in changes {
        let (sign, what) = match action {
            Action::Declare => ("+", String::new()),
            Action::Alter => ("~", altered(before.as_ref(), after.as_ref())),
            Action::Move => (">", "stands in another file".to_owned()),
            Action::Withdraw if ["promise", "policy"].contains(&kind.as_str()) => {
                ("-", "is withdrawn; what both sides agreed to stays in force".to_owned())
            }
            Action::Withdraw => ("-", "is withdrawn".to_owned()),
        };
        table.row([
            sign.to_owned(),
            kind.clone(),
            name.clone(),
            file.clone().unwrap_or_default(),
            what,
        ]);
    }
    table
}

/// What is different: `target 99 % → 99.9 %; windows`.
fn altered(before: Option<&Value>, after: Option<&Value>) -> String {
    let (Some(before), Some(after)) = (fields(before), fields(after)) else {
        return "definition".to_owned();
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let words = changed.map(|name| {
        let of = |fields: &Map<String, Value>| value(name, fields.get(name));
        let name_shown = name.replace('_', " ");
        match (of(before), of(after)) {
            (Some(before), Some(after)) => format!("{name_shown} {before} → {after}"),
            _ => name_shown,
        }
    });
    words.collect::<Vec<_>>().join("; ")
}

/// The fields of an object, which stands under the name of its kind.
fn fields(object: Option<&Value>) -> Option<&Map<String, Value>> {
    object?.as_object()?.values().next()?.as_object()
}

/// A value for people; `None` where it is too long to be read in a table.
fn value(name: &str, value: Option<&Value>) -> Option<String> {
    let text = match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(ppb)) if name == "target" => ppb
            .as_u64()
            .and_then(Target::from_ppb)
            .map_or_else(|| ppb.to_string(), |target| target.to_string()),
        Some(other @ (Value::Array(_) | Value::Object(_))) if other.to_string().contains('{') => {
            return None;
        }
        Some(other) => other.to_string(),
    };
    (text.chars().count() <= VALUE_CHARS_MAX).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_told_in_words() {
        let slo = |target: u64, windows: Value| json!({"slo": {"name": "web", "target": target, "windows": windows, "no_data": "ignore"}});
        let month = json!([{"rolling": {"minutes": 43_200}}]);
        let week = json!([{"rolling": {"minutes": 10_080}}]);
        let change = |before: &Value, after: &Value| altered(Some(before), Some(after));
        let before = slo(990_000_000, month.clone());
        assert_eq!(change(&before, &slo(999_000_000, month)), "target 99 % → 99.9 %");
        assert_eq!(change(&before, &slo(990_000_000, week)), "windows");
        let service = |title: Value| json!({"service": {"title": title}});
        assert_eq!(change(&service(json!("Shop")), &service(Value::Null)), "title Shop → nothing");
        assert_eq!(
            change(&json!({"source": "push"}), &json!({"source": {"other": {"kind": "x"}}})),
            "definition"
        );
    }
}
