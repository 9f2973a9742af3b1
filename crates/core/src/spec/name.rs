//! Names: RFC 1123 labels, keys of labels and annotations, and how any text becomes a valid name.

use std::collections::BTreeSet;

use super::{code, fields::Item, kind::Kind, report::Report};
use crate::words;

/// Longest RFC 1123 label, and longest name part of a key.
const LONGEST_LABEL: usize = 63;
/// Longest prefix of a key.
const LONGEST_PREFIX: usize = 253;

/// Whether a text is an RFC 1123 label: up to 63 of `a-z`, `0-9` and `-`, with no `-` at either end.
pub fn is_dns_label(text: &str) -> bool {
    text.len() <= LONGEST_LABEL && is_unbounded_label(text)
}

fn is_unbounded_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// The nearest RFC 1123 label to a text: small letters, everything else becomes `-`, cut at 63 characters. A text
/// without a letter or digit becomes `unnamed`. Different texts may meet in one label; [`Labels`] keeps them apart.
pub fn dns_label(text: &str) -> String {
    let mut label = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            label.push(c);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    label.truncate(LONGEST_LABEL);
    let label = label.trim_end_matches('-');
    if label.is_empty() { "unnamed".to_owned() } else { label.to_owned() }
}

/// Hands out RFC 1123 labels, each only once.
#[derive(Debug, Default)]
pub struct Labels {
    taken: BTreeSet<String>,
}

impl Labels {
    /// The label of a text; where it is taken already, with `-2`, `-3`, … behind it.
    pub fn label(&mut self, text: &str) -> String {
        let label = dns_label(text);
        let mut unique = label.clone();
        let mut number = 1_u64;
        while !self.taken.insert(unique.clone()) {
            number += 1;
            unique = with_suffix(&label, &number.to_string());
        }
        unique
    }
}

/// `name-suffix`, with the name cut so that the whole stays a label.
pub(crate) fn with_suffix(name: &str, suffix: &str) -> String {
    let room = LONGEST_LABEL.saturating_sub(suffix.len() + 1);
    let cut: String = name.chars().take(room).collect();
    format!("{}-{suffix}", cut.trim_end_matches('-'))
}

/// Reads the name of an object, or of one that is referred to.
pub(crate) fn read(item: &Item<'_>, report: &mut Report) -> Option<String> {
    let text = item.filled_text(report)?;
    if is_dns_label(text) {
        return Some(text.to_owned());
    }
    if is_dns_label(&text.to_ascii_lowercase()) {
        let message = format!("{text:?} has capital letters, which an RFC 1123 label does not");
        let hint = format!("read as it is; write {} for other tools", dns_label(text));
        item.warning(report, code::NAME_WITH_CAPITALS, message, hint);
        return Some(text.to_owned());
    }
    let message = if text.len() > LONGEST_LABEL {
        format!("has {} characters, a name has at most {LONGEST_LABEL}", text.chars().count())
    } else {
        format!(
            "{text:?} is not an RFC 1123 label: a-z, 0-9 and '-', with a letter or digit at both ends"
        )
    };
    item.error(report, code::BAD_NAME, message, format!("for example {}", dns_label(text)));
    None
}

/// Reads the name of another object, and notes that it is asked for.
pub(crate) fn reference(item: &Item<'_>, kind: Kind, report: &mut Report) -> Option<String> {
    let name = read(item, report)?;
    report.refer(kind, &name, item.at(), &item.field);
    Some(name)
}

/// Reads the service that an SLO names. OpenSLO lets it be any text; what reads otherwise than it is, is refused.
pub(super) fn of_service(item: &Item<'_>, report: &mut Report) -> Option<String> {
    let name = item.filled_text(report)?.to_owned();
    if !words::is_one_line(&name) {
        let message = "holds control characters, or such as turn the direction of writing";
        item.error(report, code::BAD_NAME, message, format!("for example {}", dns_label(&name)));
        return None;
    }
    report.refer(Kind::Service, &name, item.at(), &item.field);
    Some(name)
}

/// Whether a text is a label key of v1: letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
pub(crate) fn is_name_part(text: &str) -> bool {
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= LONGEST_LABEL
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && end(text.chars().next())
        && end(text.chars().last())
}

/// Whether a text is a key with an optional prefix, `prefix/name`. In v1 each part of the prefix has at most 63
/// characters; Kubernetes, and so v2alpha, bounds only the whole prefix.
pub(crate) fn is_prefixed_key(text: &str, bounded_parts: bool) -> bool {
    let Some((prefix, name)) = text.rsplit_once('/') else { return is_name_part(text) };
    let part_ok =
        |part: &str| if bounded_parts { is_dns_label(part) } else { is_unbounded_label(part) };
    prefix.len() <= LONGEST_PREFIX && prefix.split('.').all(part_ok) && is_name_part(name)
}

/// Whether a text is a label value of v2alpha: empty, or as a name part in small letters.
pub(crate) fn is_v2_label_value(text: &str) -> bool {
    text.is_empty() || is_name_part(text) && !text.contains(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_become_labels() {
        for (text, label) in [
            ("shop.example", "shop-example"),
            ("Shop  Example!", "shop-example"),
            ("--a--", "a"),
            ("Zürich", "z-rich"),
            ("…", "unnamed"),
            ("", "unnamed"),
            ("İstanbul", "i-stanbul"),
        ] {
            assert_eq!(dns_label(text), label, "{text:?}");
        }
        assert_eq!(dns_label(&"a".repeat(70)).len(), 63);
        assert_eq!(dns_label(&format!("{}-b", "a".repeat(62))), "a".repeat(62));
    }

    #[test]
    fn labels_are_handed_out_once() {
        let mut labels = Labels::default();
        let given: Vec<String> =
            ["a.b", "a-b", "A B", "a-b-2"].map(|text| labels.label(text)).into();
        assert_eq!(given, ["a-b", "a-b-2", "a-b-3", "a-b-2-2"]);
        let long = "x".repeat(80);
        assert_eq!(labels.label(&long), "x".repeat(63));
        assert_eq!(labels.label(&long), format!("{}-2", "x".repeat(61)));
    }

    proptest! {
        #[test]
        fn every_text_becomes_a_valid_unique_label(texts in prop::collection::vec(".{0,80}", 1..20)) {
            let mut labels = Labels::default();
            let given: Vec<String> = texts.iter().map(|text| labels.label(text)).collect();
            let distinct: BTreeSet<&String> = given.iter().collect();
            prop_assert_eq!(distinct.len(), given.len());
            for label in &given {
                prop_assert!(is_dns_label(label), "{}", label);
            }
        }
    }
}
