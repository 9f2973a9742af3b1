//! The common log format of Apache, its combined extension, and what nginx, Traefik and others make of them:
//!
//! ```text
//! [vhost[:port]] client ident user [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 ["referer" "agent"] [more]
//! ```
//!
//! Everything up to the status is read from the front; of what follows only the duration, where a [`Timing`] says that
//! there is one. Bytes in between are never looked at, which is what makes this fast.

mod layout;

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::{
    Malformed, Request, RequestRef,
    number::{status, usual_status},
    request_line::{is_escaped, target, unescape, usual_target},
    stamp::{CLF_BYTES, Memo},
    timing::Timing,
    words::Words,
};
use crate::measure::word::position_up_to_space;
pub(super) use layout::Layout;
use layout::stamp;

const NO_TIME: Malformed = Malformed("no time in […]");
const NO_REQUEST: Malformed = Malformed("no quoted request behind the time");
const OPEN_REQUEST: Malformed = Malformed("ends within the request");
const NO_STATUS: Malformed = Malformed("ends before the status");

/// A line up to its status, and the rest.
pub(super) struct Head<'a> {
    vhost: Option<&'a [u8]>,
    at_s: i64,
    answered: Answered<'a>,
}

impl<'a> Head<'a> {
    /// Everything behind the status.
    pub(super) fn tail(&self) -> &'a [u8] {
        self.answered.tail
    }
}

/// Reads the first line of a text when it begins like nearly all do, `client - - [time] "GET /target HTTP/1.1" status`,
/// without escapes; and says where its line break stands.
///
/// No field before the status is read beyond the end of its line, so that this end need only be looked for behind it.
#[inline]
pub(super) fn parse_usual<'a>(
    text: &'a [u8],
    timing: Option<&Timing>,
    memo: &mut Memo,
) -> Option<(RequestRef<'a>, usize)> {
    let (stamp, rest) = behind_client(text, position_up_to_space(text)?)?;
    let at_s = memo.clf(stamp).ok()?;
    let (target, rest) = usual_target(rest.strip_prefix(b" \"")?)?;
    let (status, rest) = usual_status(rest)?;
    let tail = &rest[..memchr(b'\n', rest)?];
    let request = RequestRef {
        at_s,
        status: Some(status),
        host: None,
        target: Some(target),
        duration_us: match timing {
            Some(timing) => timing.micros_before_break(tail),
            None => None,
        },
    };
    Some((request, text.len() - rest.len() + tail.len()))
}

/// Reads a line of the common log format or one of its extensions.
pub(super) fn parse<'a>(
    line: &'a [u8],
    layout: &Layout,
    timing: Option<&Timing>,
    memo: &mut Memo,
) -> Result<Request<'a>, Malformed> {
    let Head { vhost, at_s, answered } = head(line, layout, memo)?;
    let target = target(answered.request);
    Ok(Request {
        at_s,
        status: answered.status,
        host: vhost.map(Cow::Borrowed),
        target: if answered.has_escapes { target.map(unescape) } else { target.map(Cow::Borrowed) },
        duration_us: timing.and_then(|timing| timing.micros(answered.tail)),
    })
}

/// Reads everything up to the status.
#[inline]
pub(super) fn head<'a>(
    line: &'a [u8],
    layout: &Layout,
    memo: &mut Memo,
) -> Result<Head<'a>, Malformed> {
    let (vhost, stamp, rest) = match anonymous(line) {
        Some((stamp, [b' ', b'"', rest @ ..])) => (None, stamp, rest),
        _ => layout.named(line)?,
    };
    let at_s = memo.clf(stamp)?;
    Ok(Head { vhost, at_s, answered: answered(rest)? })
}

/// A time without its brackets, and what follows it.
type Stamped<'a> = (&'a [u8; CLF_BYTES], &'a [u8]);

/// The time, and what follows it, of a line that begins like nearly all do: `client - - [time]`.
#[inline]
fn anonymous(line: &[u8]) -> Option<Stamped<'_>> {
    behind_client(line, memchr(b' ', line)?)
}

/// The time, and what follows it, of a line whose client ends here.
#[inline]
fn behind_client(line: &[u8], end: usize) -> Option<Stamped<'_>> {
    stamp(line[end..].strip_prefix(b" - - [")?)
}

/// A request line, the status behind it, and the rest.
struct Answered<'a> {
    request: &'a [u8],
    /// Whether a backslash may stand in the request.
    has_escapes: bool,
    status: Option<u16>,
    tail: &'a [u8],
}

/// Reads on behind the quote that opens the request.
#[inline]
fn answered(text: &[u8]) -> Result<Answered<'_>, Malformed> {
    let first = memchr2(b'"', b'\\', text).ok_or(OPEN_REQUEST)?;
    match status_field(&text[first + 1..]) {
        Ok((status, tail)) if text[first] == b'"' => {
            Ok(Answered { request: &text[..first], has_escapes: false, status, tail })
        }
        _ => answered_with_escapes(text),
    }
}

/// Reads on behind the quote that opens a request with escapes or with quotes.
///
/// The request ends at the first quote that is not escaped and that a status follows, so that a raw quote inside of
/// it does not end it.
fn answered_with_escapes(text: &[u8]) -> Result<Answered<'_>, Malformed> {
    let mut reason = OPEN_REQUEST;
    let mut from = 0;
    while let Some(at) = memchr(b'"', &text[from..]) {
        let close = from + at;
        from = close + 1;
        if is_escaped(text, close) {
            continue;
        }
        match status_field(&text[from..]) {
            Ok((status, tail)) => {
                return Ok(Answered { request: &text[..close], has_escapes: true, status, tail });
            }
            // The first quote is the likely end, and its reason the one to tell.
            Err(error) if reason == OPEN_REQUEST => reason = error,
            Err(_) => {}
        }
    }
    Err(reason)
}

/// The status and what follows it. `text` begins behind the closing quote.
#[inline]
fn status_field(text: &[u8]) -> Result<(Option<u16>, &[u8]), Malformed> {
    let text = match text {
        [b' ', text @ ..] => text,
        [] => return Err(NO_STATUS),
        _ => return Err(Malformed("request is not followed by a space")),
    };
    let end = match text {
        [b'1'..=b'9', _, _, b' ', ..] => 3,
        [] => return Err(NO_STATUS),
        // Four bytes are enough to know that it is no status.
        _ => text.iter().take(4).position(|byte| *byte == b' ').unwrap_or(text.len().min(4)),
    };
    Ok((status(&text[..end])?, &text[end..]))
}

/// Whether a tail has what makes the format combined: two quoted fields, behind the size.
pub(super) fn is_combined(tail: &[u8]) -> bool {
    let mut quoted = Words(tail).skip(1).take_while(|word| word.starts_with(b"\""));
    quoted.next().is_some() && quoted.next().is_some()
}

#[cfg(test)]
mod tests;
