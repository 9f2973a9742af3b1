//! From the parser's events to trees, within the limits.

use std::{borrow::Cow, collections::BTreeMap};

use saphyr_parser::{Event, ScalarStyle, Tag};

use super::{Entry, Node, Position, Value, is_decimal, resolve};
use crate::{
    limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX},
    spec::{code, report::Report},
};

/// The rest of the file cannot be read; the problem is reported.
#[derive(Debug)]
pub(super) struct Stop;

/// Gathers events into documents.
#[derive(Debug, Default)]
pub(super) struct Builder {
    documents: Vec<Node>,
    /// The collections that are open, outermost first.
    open: Vec<Open>,
    /// What anchors stand for, by the parser's number.
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    /// Bytes of text copied for anchors, aliases and tags.
    copied_bytes: usize,
}

#[derive(Debug)]
struct Open {
    at: Position,
    anchor: usize,
    collection: Collection,
}

#[derive(Debug)]
enum Collection {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// The key whose value comes next.
        key: Option<Key>,
        /// The keys so far, for a quick look.
        seen: BTreeMap<String, Position>,
        merges: Vec<Node>,
    },
}

#[derive(Debug)]
enum Key {
    Name(String, Position),
    /// `<<`, unquoted.
    Merge,
    /// A key that is reported as wrong; its value is dropped.
    Wrong,
}

impl Builder {
    /// The documents that are complete, without empty ones.
    pub(super) fn documents(self) -> Vec<Node> {
        self.documents
    }

    /// Takes the next event.
    pub(super) fn take(
        &mut self,
        event: Event<'_>,
        at: Position,
        report: &mut Report,
    ) -> Result<(), Stop> {
        if let Event::Scalar(.., Some(tag))
        | Event::SequenceStart(_, Some(tag))
        | Event::MappingStart(_, Some(tag)) = &event
        {
            // The parser copies the prefix that a directive gave, however long it is, to every tag.
            self.copied_bytes += tag.handle.len() + tag.suffix.len();
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.grow(1, at, report)?;
                if self.wants_key() {
                    let is_merge = text == "<<" && style == ScalarStyle::Plain;
                    let key = if is_merge { Key::Merge } else { Key::Name(text.into_owned(), at) };
                    return self.set_key(key, anchor, report);
                }
                let value = scalar(text, style, tag.as_deref(), at, report);
                self.finish(Node { at, value }, anchor, report)
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), &["seq"], at, report);
                self.open(Collection::List(Vec::new()), anchor, at, report)
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), &["map"], at, report);
                let map = Collection::Map {
                    entries: Vec::new(),
                    key: None,
                    seen: BTreeMap::new(),
                    merges: Vec::new(),
                };
                self.open(map, anchor, at, report)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(report),
            Event::Alias(anchor) => self.alias(anchor, at, report),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    /// Counts nodes against the limit.
    fn grow(&mut self, nodes: usize, at: Position, report: &mut Report) -> Result<(), Stop> {
        self.nodes += nodes;
        if self.nodes <= DOCUMENT_NODES_MAX && self.copied_bytes <= DOCUMENT_BYTES_MAX {
            return Ok(());
        }
        let message = if self.nodes > DOCUMENT_NODES_MAX {
            format!("the file grows beyond {DOCUMENT_NODES_MAX} values here, aliases expanded")
        } else {
            let most = DOCUMENT_BYTES_MAX;
            format!("the file grows beyond {most} bytes here, aliases and tags expanded")
        };
        let hint = "split the file, or use fewer aliases and shorter tags";
        report.error(code::TOO_MANY_NODES, at, "", message, hint);
        Err(Stop)
    }

    /// Takes a copy of a node, counted against the limits.
    fn copy(&mut self, node: &Node, at: Position, report: &mut Report) -> Result<Node, Stop> {
        self.copied_bytes += node.text_bytes();
        self.grow(node.count(), at, report)?;
        Ok(node.clone())
    }

    fn open(
        &mut self,
        collection: Collection,
        anchor: usize,
        at: Position,
        report: &mut Report,
    ) -> Result<(), Stop> {
        self.grow(1, at, report)?;
        self.check_depth(1, at, report)?;
        self.open.push(Open { at, anchor, collection });
        Ok(())
    }

    fn check_depth(&self, more: usize, at: Position, report: &mut Report) -> Result<(), Stop> {
        if self.open.len() + more <= DOCUMENT_DEPTH_MAX {
            return Ok(());
        }
        too_deep(at, report);
        Err(Stop)
    }

    fn close(&mut self, report: &mut Report) -> Result<(), Stop> {
        let Some(Open { at, anchor, collection }) = self.open.pop() else { return Ok(()) };
        let value = match collection {
            Collection::List(items) => Value::List(items),
            Collection::Map { entries, seen, merges, .. } => {
                Value::Map(merge(entries, seen, merges, report))
            }
        };
        self.finish(Node { at, value }, anchor, report)
    }

    fn alias(&mut self, anchor: usize, at: Position, report: &mut Report) -> Result<(), Stop> {
        let Some(node) = self.anchors.remove(&anchor) else {
            let hint = "write out what is meant: a value cannot contain itself";
            report.error(
                code::ALIAS_OF_ITSELF,
                at,
                "",
                "this alias stands inside the value it names",
                hint,
            );
            return Err(Stop);
        };
        self.check_depth(node.depth() - 1, at, report)?;
        let copy = self.copy(&node, at, report)?;
        self.anchors.insert(anchor, node);
        match copy.value {
            Value::Text(name) if self.wants_key() => self.set_key(Key::Name(name, at), 0, report),
            value => {
                self.place(Node { at, value }, report);
                Ok(())
            }
        }
    }

    /// Remembers a complete node under its anchor and puts it where it belongs.
    fn finish(&mut self, node: Node, anchor: usize, report: &mut Report) -> Result<(), Stop> {
        if anchor != 0 {
            let copy = self.copy(&node, node.at, report)?;
            self.anchors.insert(anchor, copy);
        }
        self.place(node, report);
        Ok(())
    }

    fn place(&mut self, node: Node, report: &mut Report) {
        let Some(open) = self.open.last_mut() else {
            if node.value != Value::Null {
                self.documents.push(node);
            }
            return;
        };
        match &mut open.collection {
            Collection::List(items) => items.push(node),
            Collection::Map { entries, key, merges, .. } => match key.take() {
                Some(Key::Name(name, key_at)) => {
                    entries.push(Entry { key: name, key_at, value: node });
                }
                Some(Key::Merge) => merges.push(node),
                Some(Key::Wrong) => {}
                None => {
                    report.error(
                        code::WRONG_TYPE,
                        node.at,
                        "",
                        format!("this key is {}", node.value.kind()),
                        "a key is a single word or text; put values such as {{ … }} in quotes",
                    );
                    *key = Some(Key::Wrong);
                }
            },
        }
    }

    /// Whether the innermost open collection is a mapping that waits for a key.
    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { collection: Collection::Map { key: None, .. }, .. }))
    }

    fn set_key(&mut self, new: Key, anchor: usize, report: &mut Report) -> Result<(), Stop> {
        if let (Key::Name(name, at), true) = (&new, anchor != 0) {
            let node = Node { at: *at, value: Value::Text(name.clone()) };
            let copy = self.copy(&node, *at, report)?;
            self.anchors.insert(anchor, copy);
        }
        if let Some(Open { collection: Collection::Map { key, seen, .. }, .. }) =
            self.open.last_mut()
        {
            *key = Some(new_or_wrong(new, seen, report));
        }
        Ok(())
    }
}

/// The key, unless the mapping has it already.
fn new_or_wrong(key: Key, seen: &mut BTreeMap<String, Position>, report: &mut Report) -> Key {
    let Key::Name(name, at) = &key else { return key };
    if let Some(first) = seen.get(name) {
        let message = format!("the key {name:?} already stands at {first}");
        report.error(code::DUPLICATE_KEY, *at, "", message, "keep one of the two");
        return Key::Wrong;
    }
    seen.insert(name.clone(), *at);
    key
}

/// Reports nesting beyond the limit.
pub(super) fn too_deep(at: Position, report: &mut Report) {
    let message = format!("the document is nested deeper than {DOCUMENT_DEPTH_MAX} levels here");
    report.error(code::TOO_DEEP, at, "", message, "no document needs that; is it the right file?");
}

/// Adds the keys of merged mappings that are not there yet; earlier mappings win over later ones.
fn merge(
    mut entries: Vec<Entry>,
    mut seen: BTreeMap<String, Position>,
    merges: Vec<Node>,
    report: &mut Report,
) -> Vec<Entry> {
    for node in merges {
        let at = node.at;
        let mappings = match node.value {
            Value::List(items) => items,
            value => vec![Node { at, value }],
        };
        for mapping in mappings {
            let Value::Map(more) = mapping.value else {
                let message = format!("'<<' merges mappings, this is {}", mapping.value.kind());
                report.error(
                    code::BAD_MERGE,
                    mapping.at,
                    "",
                    message,
                    "name a mapping: '<<: *anchor'",
                );
                continue;
            };
            for entry in more {
                if !seen.contains_key(&entry.key) {
                    seen.insert(entry.key.clone(), entry.key_at);
                    entries.push(entry);
                }
            }
        }
    }
    entries
}

fn scalar(
    text: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
    at: Position,
    report: &mut Report,
) -> Value {
    let resolved = resolve(&text);
    match tag.map(name_of) {
        None if style == ScalarStyle::Plain => resolved,
        None => Value::Text(text.into_owned()),
        Some(name) if name == "!" || name == "str" => Value::Text(text.into_owned()),
        Some(name) if fits(&name, &resolved) => resolved,
        Some(name) => {
            misfit(&name, at, report);
            Value::Text(text.into_owned())
        }
    }
}

/// Whether a core tag says what the plain text would mean anyway.
fn fits(tag: &str, value: &Value) -> bool {
    match value {
        Value::Null => tag == "null",
        Value::Bool(_) => tag == "bool",
        Value::Number(text) => {
            tag == "float" || tag == "int" && is_decimal(text) && !text.contains(['.', 'e', 'E'])
        }
        _ => false,
    }
}

fn check_tag(tag: Option<&Tag>, fitting: &[&str], at: Position, report: &mut Report) {
    if let Some(name) =
        tag.map(name_of).filter(|name| name != "!" && !fitting.contains(&name.as_str()))
    {
        misfit(&name, at, report);
    }
}

/// Reports a tag; of a long one only the beginning is told.
fn misfit(name: &str, at: Position, report: &mut Report) {
    const TOLD_CHARS: usize = 80;
    let dots = if name.chars().nth(TOLD_CHARS).is_some() { "…" } else { "" };
    let name: String = name.chars().take(TOLD_CHARS).collect();
    let message = format!("the tag {name:?}{dots} does not fit here");
    report.error(code::UNKNOWN_TAG, at, "", message, "remove the tag");
}

/// The name of a tag, without the prefix that all core tags share.
fn name_of(tag: &Tag) -> String {
    let full = format!("{}{}", tag.handle, tag.suffix);
    full.strip_prefix("tag:yaml.org,2002:").map_or(full.clone(), str::to_owned)
}
