//! The tree of a document: every value and key with its place.

use std::fmt;

/// A place in a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Position = Position { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A value and where it stands. Two nodes are equal when their values are, wherever they stand.
#[derive(Debug, Clone, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: Position,
    /// What it is.
    pub value: Value,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// The kinds of values, as the YAML 1.2 core schema resolves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as it was written: `0.999` is read exactly, never through floating point.
    Number(String),
    /// A text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the document.
    Map(Vec<Entry>),
}

impl Value {
    /// What it is called in a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// A key and its value. Two entries are equal when both are, wherever they stand.
#[derive(Debug, Clone, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key begins.
    pub key_at: Position,
    /// Its value.
    pub value: Node,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Node {
    /// A node that stands nowhere yet, for documents that are about to be written.
    pub fn new(value: Value) -> Self {
        Node { at: Position::START, value }
    }

    /// A text that stands nowhere yet.
    pub fn text(text: impl Into<String>) -> Self {
        Node::new(Value::Text(text.into()))
    }

    /// A mapping that stands nowhere yet.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| Entry {
            key: key.into(),
            key_at: Position::START,
            value,
        });
        Node::new(Value::Map(entries.collect()))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Where a field such as `spec.objectives[0].target` stands, or else the nearest node around it.
    pub fn position_of(&self, field: &str) -> Position {
        self.nearest(field).at
    }

    /// The text of a field, where it is one.
    pub fn text_of(&self, field: &str) -> Option<&str> {
        if let Value::Text(text) = &self.nearest(field).value { Some(text) } else { None }
    }

    fn nearest(&self, field: &str) -> &Node {
        let mut node = self;
        for step in field.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match &node.value {
                Value::Map(_) => node.get(step),
                Value::List(items) => {
                    step.trim_end_matches(']').parse::<usize>().ok().and_then(|i| items.get(i))
                }
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node
    }

    /// How many nodes it holds, itself included.
    pub fn count(&self) -> usize {
        self.children().map(Node::count).sum::<usize>() + 1
    }

    /// How deep it is: 1 for a scalar.
    pub fn depth(&self) -> usize {
        self.children().map(Node::depth).max().unwrap_or(0) + 1
    }

    /// How many bytes of text it holds.
    pub fn text_bytes(&self) -> usize {
        let own = match &self.value {
            Value::Number(text) | Value::Text(text) => text.len(),
            Value::Map(entries) => entries.iter().map(|entry| entry.key.len()).sum(),
            Value::Null | Value::Bool(_) | Value::List(_) => 0,
        };
        own + self.children().map(Node::text_bytes).sum::<usize>()
    }

    fn children(&self) -> Box<dyn Iterator<Item = &Node> + '_> {
        match &self.value {
            Value::List(items) => Box::new(items.iter()),
            Value::Map(entries) => Box::new(entries.iter().map(|entry| &entry.value)),
            _ => Box::new(std::iter::empty()),
        }
    }
}
