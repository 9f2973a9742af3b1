//! From a line of any file to a request.

use std::{borrow::Cow, mem::discriminant};

use super::{
    Malformed, Request, RequestRef, alb, clf,
    cloudfront::{self, Columns},
    envelope, envoy,
    format::{Format, Kind},
    haproxy, json,
    stamp::{Memo, Zone},
};

/// What a line of an access log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// A request that was served, or refused.
    Request(Request<'a>),
    /// A blank line or a header (`#Version`, `#Fields`): to be skipped, neither parsed nor malformed.
    Comment,
}

/// Reads the lines of one file, in any order. Remembers the last time and header it read: each thread has its own.
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

    /// Reads the first line of a text when it is of the form that nearly all lines of the commonest formats have, and
    /// says where its line break stands; `None` where [`Parser::parse`] must look closer. What it reads, that reads
    /// alike.
    ///
    /// It is apart so that the fields of the request stay in registers: moving them through memory took a quarter of
    /// the time.
    #[inline]
    pub fn parse_usual<'a>(&mut self, text: &'a [u8]) -> Option<(RequestRef<'a>, usize)> {
        let Kind::Clf(clf) = &self.format.kind else { return None };
        clf::parse_usual(text, clf.timing.as_ref(), &mut self.memo)
    }

    /// The format by which it reads now: a header may have named other columns than those it began with.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Reads one line, with or without its line break.
    ///
    /// A line that is not of the parser's format may be of any other published one, because real files mix them. It
    /// then has no duration where only a sample of such lines could tell which field that is. A pattern is meant for
    /// the whole file, and stands alone.
    ///
    /// # Errors
    ///
    /// When the line is of no format, with the reason why it is not of the parser's.
    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Result<Line<'a>, Malformed> {
        match envelope::unwrap(without_break(line)) {
            Cow::Borrowed(line) => self.line(line),
            Cow::Owned(line) => Ok(match self.line(&line)? {
                Line::Request(request) => Line::Request(request.into_owned()),
                Line::Comment => Line::Comment,
            }),
        }
    }

    /// Reads a line that stands in no envelope.
    fn line<'a>(&mut self, line: &'a [u8]) -> Result<Line<'a>, Malformed> {
        if is_comment(line) {
            return Ok(self.comment(line));
        }
        let Format { kind, zone } = &self.format;
        read(kind, line, zone, &mut self.memo)
            .or_else(|reason| self.request_of_another_format(line).ok_or(reason))
            .map(Line::Request)
    }

    /// A comment. In the common log format there are none, and a client that calls itself `#` is not let through as one.
    #[cold]
    fn comment<'a>(&mut self, line: &'a [u8]) -> Line<'a> {
        self.learn(line);
        let Format { kind, zone } = &self.format;
        let request = match kind {
            Kind::Clf(_) => read(kind, line, zone, &mut self.memo).ok(),
            _ => None,
        };
        request.map_or(Line::Comment, Line::Request)
    }

    #[cold]
    fn request_of_another_format<'a>(&mut self, line: &'a [u8]) -> Option<Request<'a>> {
        let Format { kind: own, zone } = &self.format;
        if matches!(own, Kind::Pattern(_)) {
            return None;
        }
        let others =
            Kind::published().into_iter().filter(|kind| discriminant(kind) != discriminant(own));
        others.into_iter().find_map(|kind| read(&kind, line, zone, &mut self.memo).ok())
    }

    /// Takes over the columns that a header names.
    fn learn(&mut self, comment: &[u8]) {
        if let Kind::CloudFront(columns) = &mut self.format.kind {
            *columns = Columns::of_header(comment).unwrap_or(*columns);
        }
    }
}

/// Reads a line by one format.
#[inline]
pub(super) fn read<'a>(
    kind: &Kind,
    line: &'a [u8],
    zone: &Zone,
    memo: &mut Memo,
) -> Result<Request<'a>, Malformed> {
    match kind {
        Kind::Clf(clf) => clf::parse(line, &clf.layout, clf.timing.as_ref(), memo),
        Kind::Json(_) => json::parse(line, zone, memo).map(|(_, request)| request),
        Kind::Envoy => envoy::parse(line, zone),
        Kind::HaProxy { .. } => haproxy::parse(line, zone),
        Kind::Alb => alb::parse(line),
        Kind::CloudFront(columns) => cloudfront::parse(line, columns),
        Kind::Pattern(pattern) => pattern.parse(line, zone, memo),
    }
}

/// The line without the bytes that end it.
#[inline]
pub(super) fn without_break(line: &[u8]) -> &[u8] {
    without_return(line.strip_suffix(b"\n").unwrap_or(line))
}

/// The line without the first of two bytes that end it; the second is taken off already.
#[inline]
pub(super) fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether the line is blank or a header.
#[inline]
pub(super) fn is_comment(line: &[u8]) -> bool {
    match line.first() {
        Some(b'#') | None => true,
        Some(byte) => byte.is_ascii_whitespace() && line.trim_ascii().is_empty(),
    }
}

#[cfg(test)]
mod tests;
