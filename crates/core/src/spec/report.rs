//! Everything that is gathered while one file is read.

use super::{
    code,
    kind::{Kind, Version},
    problem::{Problem, Severity},
    yaml::{Node, Position},
};
use crate::limits::PROBLEMS_PER_FILE_MAX;

/// The problems, names and references of one file.
#[derive(Debug)]
pub(crate) struct Report {
    path: String,
    problems: Vec<Problem>,
    errors: usize,
    unlisted: usize,
    /// The version of the object being read.
    pub(crate) version: Version,
    /// Names that objects of this file give themselves.
    pub(crate) definitions: Vec<Mention>,
    /// Names by which objects of this file ask for others.
    pub(crate) references: Vec<Mention>,
}

/// A name that an object has or is asked for by.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) version: Version,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Where it is written.
    pub(crate) at: Position,
    pub(crate) field: String,
}

impl Report {
    /// Begins with a file.
    pub(crate) fn new(path: &str) -> Self {
        Report {
            path: path.to_owned(),
            problems: Vec::new(),
            errors: 0,
            unlisted: 0,
            version: Version::V1,
            definitions: Vec::new(),
            references: Vec::new(),
        }
    }

    /// The file's name.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// How many errors there are so far; an object is used when this has not grown while it was read.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Reports something that keeps the object from being used. An empty hint is no hint.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: Position,
        field: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.errors += 1;
        self.add(Severity::Error, code, at, field, message.into(), hint.into());
    }

    /// Reports something doubtful; the hint says how it was understood.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: Position,
        field: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, at, field, message.into(), hint.into());
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Position,
        field: &str,
        message: String,
        hint: String,
    ) {
        if self.problems.len() >= PROBLEMS_PER_FILE_MAX {
            self.unlisted += 1;
            return;
        }
        self.problems.push(Problem {
            path: self.path.clone(),
            line: at.line,
            column: at.column,
            severity,
            code,
            field: field.to_owned(),
            message,
            hint: (!hint.is_empty()).then_some(hint),
        });
    }

    /// Notes that the object being read asks for another.
    pub(crate) fn refer(&mut self, kind: Kind, name: &str, at: Position, field: &str) {
        let (version, name, field) = (self.version, name.to_owned(), field.to_owned());
        self.references.push(Mention { version, kind, name, at, field });
    }

    /// Notes the name of the object being read.
    pub(crate) fn define(&mut self, kind: Kind, root: &Node) {
        let Some(node) = root.get("metadata").and_then(|metadata| metadata.get("name")) else {
            return;
        };
        let super::yaml::Value::Text(name) = &node.value else { return };
        let field = "metadata.name".to_owned();
        self.definitions.push(Mention {
            version: self.version,
            kind,
            name: name.clone(),
            at: node.at,
            field,
        });
    }

    /// The problems; where there were too many, the last one counts those that are not listed.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let Report { path, mut problems, unlisted, .. } = self;
        if let (Some(last), true) = (problems.last(), unlisted > 0) {
            problems.push(Problem {
                path,
                line: last.line,
                column: last.column,
                severity: Severity::Error,
                code: code::MORE_PROBLEMS,
                field: String::new(),
                message: format!("{unlisted} more problems follow"),
                hint: Some("put those above right first".to_owned()),
            });
        }
        problems
    }
}
