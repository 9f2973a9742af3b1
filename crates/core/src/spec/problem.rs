//! What is wrong with a document, told so that it can be put right.

use std::fmt;

use super::yaml::Position;
use crate::printable::printable;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The object breaks a rule and is not used.
    Error,
    /// The object is used, and the message says how it was understood.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One thing that is wrong, or doubtful, at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as its reader was given it.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Whether the object can still be used.
    pub severity: Severity,
    /// A stable name of the rule, from [`super::code`].
    pub code: &'static str,
    /// The field within its object, such as `spec.objectives[0].target`; empty where the whole file is meant.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of a whole file that could not be read as documents at all.
    pub fn of_file(path: &str, code: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Problem {
            path: path.to_owned(),
            line: 1,
            column: 1,
            severity: Severity::Error,
            code,
            field: String::new(),
            message: message.into(),
            hint: Some(hint.to_owned()),
        }
    }

    /// An error about an object that stands at this place.
    pub fn error(
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Problem {
            path: place.path,
            line: place.at.line,
            column: place.at.column,
            severity: Severity::Error,
            code,
            field: String::new(),
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// A warning about an object that stands at this place.
    pub fn warning(
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Problem { severity: Severity::Warning, ..Problem::error(code, place, message, hint) }
    }

    /// Whether it keeps the object from being used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    /// `path:line:column: error[code] field: message`, and the hint on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { path, line, column, severity, code, field, message, hint } = self;
        write!(f, "{}:{line}:{column}: {severity}[{code}] ", printable(path))?;
        if !field.is_empty() {
            write!(f, "{}: ", printable(field))?;
        }
        f.write_str(&printable(message))?;
        hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {}", printable(hint)))
    }
}

/// Sorts problems as a reader walks through the files: by file, line, column, rule.
pub fn sort(problems: &mut [Problem]) {
    problems.sort_by(|a, b| {
        (&a.path, a.line, a.column, a.severity, a.code, &a.field)
            .cmp(&(&b.path, b.line, b.column, b.severity, b.code, &b.field))
    });
}

/// Where an object or one of its fields stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub path: String,
    /// The position in it.
    pub at: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", printable(&self.path), self.at.line, self.at.column)
    }
}
