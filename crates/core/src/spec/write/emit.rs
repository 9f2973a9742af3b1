//! From trees to YAML text that every YAML reader, of version 1.1 or 1.2, reads as the same tree.

use std::fmt::Write;

use crate::{
    printable::is_unprintable,
    spec::yaml::{Entry, Node, Value, resolve},
};

/// Writes a tree as a YAML document in block style.
pub(super) fn yaml(node: &Node) -> String {
    let mut text = String::new();
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => map(entries, 0, &mut text),
        Value::List(items) if !items.is_empty() => list(items, 0, &mut text),
        _ => {
            inline(node, &mut text);
            text.push('\n');
        }
    }
    text
}

/// Writes entries, the first one where the text already stands in the right column.
fn map(entries: &[Entry], column: usize, text: &mut String) {
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            indent(column, text);
        }
        text.push_str(&scalar(&entry.key));
        text.push(':');
        match &entry.value.value {
            Value::Map(inner) if !inner.is_empty() => {
                text.push('\n');
                indent(column + 2, text);
                map(inner, column + 2, text);
            }
            Value::List(items) if !items.is_empty() => {
                text.push('\n');
                indent(column + 2, text);
                list(items, column + 2, text);
            }
            _ => {
                text.push(' ');
                inline(&entry.value, text);
                text.push('\n');
            }
        }
    }
}

fn list(items: &[Node], column: usize, text: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            indent(column, text);
        }
        text.push_str("- ");
        match &item.value {
            Value::Map(entries) if !entries.is_empty() => map(entries, column + 2, text),
            Value::List(items) if !items.is_empty() => list(items, column + 2, text),
            _ => {
                inline(item, text);
                text.push('\n');
            }
        }
    }
}

fn indent(column: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', column));
}

fn inline(node: &Node, text: &mut String) {
    match &node.value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(number),
        Value::Text(value) => text.push_str(&scalar(value)),
        Value::List(_) => text.push_str("[]"),
        Value::Map(_) => text.push_str("{}"),
    }
}

/// A text, in quotes unless it is plain in every version of YAML.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Texts that need no quotes: words that begin with a letter and mean nothing else, and durations.
fn is_plain(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || " _-./%".contains(c);
    let is_words = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(inner)
        && !text.ends_with(' ')
        && matches!(resolve(text), Value::Text(_))
        && !is_yaml_1_1_boolean(text);
    is_words || is_duration(text)
}

/// YAML 1.1 reads these as true and false.
fn is_yaml_1_1_boolean(text: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Digits with one of the units that occur in documents, such as `4w` or `300ms`; no number in any YAML.
fn is_duration(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && ["m", "h", "d", "w", "M", "Q", "Y", "s", "ms", "us"].contains(&unit)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if needs_escape(c) => {
                // Writing to a String does not fail.
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What is not printable, and non-characters.
fn needs_escape(c: char) -> bool {
    is_unprintable(c) || matches!(c, '\u{fffe}' | '\u{ffff}')
}
