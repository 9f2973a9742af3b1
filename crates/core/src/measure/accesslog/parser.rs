//! From a line of any file to a request.

use super::{
    Malformed, Request, clf,
    format::{Format, Kind},
    stamp::Memo,
};

/// What a line of an access log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// A request that was served, or refused.
    Request(Request<'a>),
    /// A blank line or a header (`#Version`, `#Fields`): to be skipped, neither parsed nor malformed.
    Comment,
}

/// Reads the lines of one file, in any order. Remembers the last time it read: each thread has its own.
#[derive(Debug, Clone)]
pub struct Parser {
    format: Format,
    memo: Memo,
}

impl Parser {
    /// A parser of this format.
    pub fn new(format: Format) -> Self {
        Parser { format, memo: Memo::default() }
    }

    /// Reads one line, with or without its line break.
    ///
    /// # Errors
    ///
    /// When the line is not of the format, with the reason.
    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Result<Line<'a>, Malformed> {
        let line = without_break(line);
        if is_comment(line) {
            return Ok(Line::Comment);
        }
        match &self.format.kind {
            Kind::Clf(clf) => {
                clf::parse(line, clf.timing.as_ref(), &mut self.memo).map(Line::Request)
            }
        }
    }
}

/// The line without the bytes that end it.
#[inline]
fn without_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether the line is blank or a header.
#[inline]
fn is_comment(line: &[u8]) -> bool {
    match line.first() {
        Some(b'#') | None => true,
        Some(byte) => byte.is_ascii_whitespace() && line.trim_ascii().is_empty(),
    }
}
