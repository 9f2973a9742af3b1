//! Typed access to a mapping: each field is asked for by name, and what nobody asked for is unknown.

use super::{
    code,
    report::Report,
    suggest,
    yaml::{Entry, Node, Position, Value},
};

/// A value and the field it is the value of.
#[derive(Debug, Clone)]
pub(crate) struct Item<'n> {
    pub(crate) node: &'n Node,
    pub(crate) field: String,
}

impl<'n> Item<'n> {
    pub(crate) fn at(&self) -> Position {
        self.node.at
    }

    /// Reports that this value breaks a rule.
    pub(crate) fn error(
        &self,
        report: &mut Report,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        report.error(code, self.at(), &self.field, message, hint);
    }

    /// Reports that this value is doubtful.
    pub(crate) fn warning(
        &self,
        report: &mut Report,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        report.warning(code, self.at(), &self.field, message, hint);
    }

    fn wrong_type(&self, report: &mut Report, wanted: &str, hint: &str) {
        let message = format!("must be {wanted}, is {}", self.node.value.kind());
        self.error(report, code::WRONG_TYPE, message, hint);
    }

    /// The value as a text.
    pub(crate) fn text(&self, report: &mut Report) -> Option<&'n str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => {
                self.wrong_type(report, "a text", "put it in quotes");
                None
            }
            _ => {
                self.wrong_type(report, "a text", "");
                None
            }
        }
    }

    /// The value as a text of at least one character.
    pub(crate) fn filled_text(&self, report: &mut Report) -> Option<&'n str> {
        let text = self.text(report)?;
        if text.is_empty() {
            self.error(report, code::MISSING_FIELD, "is required, but empty", "");
            return None;
        }
        Some(text)
    }

    /// The value as a text of at most so many characters.
    pub(crate) fn short_text(&self, characters_max: usize, report: &mut Report) -> Option<&'n str> {
        let text = self.text(report)?;
        let characters = text.chars().count();
        if characters > characters_max {
            let message =
                format!("has {characters} characters, at most {characters_max} are allowed");
            self.error(report, code::TOO_LONG, message, "");
            return None;
        }
        Some(text)
    }

    /// The value as true or false.
    pub(crate) fn boolean(&self, report: &mut Report) -> Option<bool> {
        if let Value::Bool(value) = self.node.value {
            return Some(value);
        }
        self.wrong_type(report, "true or false", "write true or false, without quotes");
        None
    }

    /// The value as a number, in the digits it was written with.
    pub(crate) fn number(&self, report: &mut Report) -> Option<&'n str> {
        match &self.node.value {
            Value::Number(text) => Some(text),
            Value::Text(_) => {
                self.wrong_type(report, "a number", "write it in digits, without quotes or units");
                None
            }
            _ => {
                self.wrong_type(report, "a number", "");
                None
            }
        }
    }

    /// The items of a list.
    pub(crate) fn list(&self, report: &mut Report) -> Option<Vec<Item<'n>>> {
        let Value::List(nodes) = &self.node.value else {
            self.wrong_type(report, "a list", "begin each item with '- '");
            return None;
        };
        let items = nodes.iter().enumerate().map(|(i, node)| {
            let field = format!("{}[{i}]", self.field);
            Item { node, field }
        });
        Some(items.collect())
    }

    /// The fields of a mapping.
    pub(crate) fn fields(&self, report: &mut Report) -> Option<Fields<'n>> {
        let Value::Map(entries) = &self.node.value else {
            self.wrong_type(report, "a mapping of fields", "");
            return None;
        };
        Some(Fields { at: self.at(), field: self.field.clone(), entries, asked: Vec::new() })
    }

    /// The fields of a mapping that must not be empty.
    pub(crate) fn filled_fields(&self, report: &mut Report) -> Option<Fields<'n>> {
        let fields = self.fields(report)?;
        if fields.entries.is_empty() {
            self.error(report, code::MISSING_FIELD, "is required, but empty", "");
            return None;
        }
        Some(fields)
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &self,
        choices: &[(&'static str, T)],
        report: &mut Report,
    ) -> Option<T> {
        let text = self.filled_text(report)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let message = format!("must be one of {}, is {text:?}", words.join(", "));
        let hint = suggest::nearest(text, words).map(|word| format!("did you mean {word}?"));
        self.error(report, code::BAD_CHOICE, message, hint.unwrap_or_default());
        None
    }
}

/// The fields of one mapping, while they are being asked for.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    pub(crate) at: Position,
    pub(crate) field: String,
    pub(crate) entries: &'n [Entry],
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The path of a field of this mapping.
    pub(crate) fn path(&self, key: &str) -> String {
        join(&self.field, key)
    }

    /// A field, when it is there and not null.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Item<'n>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (entry.value.value != Value::Null)
            .then(|| Item { node: &entry.value, field: self.path(key) })
    }

    /// Whether a field is there and not null.
    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// A field that must be there.
    pub(crate) fn require(&mut self, key: &'static str, report: &mut Report) -> Option<Item<'n>> {
        let item = self.get(key);
        if item.is_none() {
            self.missing(key, "", report);
        }
        item
    }

    /// Reports that a field must be there.
    pub(crate) fn missing(&self, key: &str, hint: &str, report: &mut Report) {
        report.error(code::MISSING_FIELD, self.at, &self.path(key), "is required", hint);
    }

    /// Of several fields, the one that is there. Reports when none or more than one is; the mapping itself is to blame.
    pub(crate) fn exactly_one(
        &mut self,
        keys: &[&'static str],
        report: &mut Report,
    ) -> Option<(&'static str, Item<'n>)> {
        let mut found: Vec<_> =
            keys.iter().filter_map(|key| self.get(key).map(|item| (*key, item))).collect();
        if found.len() == 1 {
            return found.pop();
        }
        let message = if found.is_empty() {
            format!("one of {} is required", keys.join(", "))
        } else {
            let found: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
            format!("only one of {} can be given", found.join(", "))
        };
        report.error(code::ONE_OF, self.at, &self.field, message, "");
        None
    }

    /// Reports a field that is there and must not be.
    pub(crate) fn forbid(&mut self, key: &'static str, why: &str, report: &mut Report) {
        if let Some(item) = self.get(key) {
            item.error(
                report,
                code::FORBIDDEN_FIELD,
                format!("must not be given {why}"),
                "remove it",
            );
        }
    }

    /// Reports every field that was never asked for.
    pub(crate) fn finish(self, report: &mut Report) {
        for entry in self.entries {
            if self.asked.contains(&entry.key.as_str()) {
                continue;
            }
            let hint = suggest::nearest(&entry.key, self.asked.iter().copied()).map_or_else(
                || format!("known here: {}", self.asked.join(", ")),
                |word| format!("did you mean {word}?"),
            );
            report.error(
                code::UNKNOWN_FIELD,
                entry.key_at,
                &self.path(&entry.key),
                "unknown field",
                hint,
            );
        }
    }
}

/// The path of a key: `spec.target`, or `metadata.labels['a b']` where the key is no plain word.
pub(crate) fn join(field: &str, key: &str) -> String {
    const SHOWN_CHARS: usize = 80;
    let is_word =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let shown: String = key.chars().take(SHOWN_CHARS).collect();
    match (field, is_word) {
        ("", true) => shown,
        (_, true) => format!("{field}.{shown}"),
        (_, false) => format!("{field}['{shown}']"),
    }
}
