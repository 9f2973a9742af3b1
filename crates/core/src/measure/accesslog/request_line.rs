//! The quoted request line, `GET /path HTTP/1.1`, and what can be learned from it.

use std::borrow::Cow;

use memchr::memchr;

use crate::measure::word::position_of_end;

/// Longest method that is taken for one. The longest registered one has 17 letters (`UPDATEREDIRECTREF`).
const LONGEST_METHOD: usize = 32;

/// The target between method and version; `None` where this is not the request line of an HTTP client.
#[inline]
pub(super) fn target(line: &[u8]) -> Option<&[u8]> {
    let rest = match line {
        // Nearly all requests.
        [b'G', b'E', b'T', b' ', rest @ ..] | [b'P', b'O', b'S', b'T', b' ', rest @ ..] => rest,
        _ => behind_method(line)?,
    };
    match rest {
        [target @ .., b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'] if target.len() > 1 => {
            Some(target)
        }
        _ => before_version(rest),
    }
}

/// The path that a request of nearly every form asks for, and what follows the request and its quote. `text` begins
/// behind the opening quote. Nothing is read that holds a control character, a quote or a backslash.
#[inline]
pub(super) fn usual_target(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let get = text.strip_prefix(b"GET ");
    let text = get.or_else(|| text.strip_prefix(b"POST ")).or_else(|| behind_method(text))?;
    let (target, rest) = text.split_at(position_of_end(text)?);
    let (version, rest) = rest.split_first_chunk()?;
    let is_usual = target.first() == Some(&b'/')
        && (version == b" HTTP/1.1\"" || version == b" HTTP/2.0\"" || version == b" HTTP/1.0\"");
    is_usual.then_some((target, rest))
}

/// What follows the method and its space.
fn behind_method(line: &[u8]) -> Option<&[u8]> {
    let space = line.iter().take(LONGEST_METHOD).position(|byte| *byte == b' ')?;
    let (method, rest) = (&line[..space], &line[space + 1..]);
    let is_method = !method.is_empty() && method.iter().copied().all(is_method_byte);
    is_method.then_some(rest)
}

/// The target that stands before any version, or before none.
fn before_version(rest: &[u8]) -> Option<&[u8]> {
    let target = match without_version(rest) {
        Some(target) => target,
        None if is_bare_target(rest) => rest,
        None => return None,
    };
    (!target.is_empty() && target != b"-").then_some(target)
}

/// The bytes of a token of RFC 9110, 5.6.2, as far as methods use them.
fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'!' | b'*')
}

/// What stands before ` HTTP/1.1`, ` HTTP/2` and their like; `None` when there is no version.
fn without_version(rest: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = b" HTTP/";
    [MARK.len() + 3, MARK.len() + 1].into_iter().find_map(|bytes| {
        let (target, version) = rest.split_at_checked(rest.len().checked_sub(bytes)?)?;
        version.starts_with(MARK).then_some(target)
    })
}

/// Whether a request without version has a target that could be one: HTTP/0.9 and lines cut short by the log.
fn is_bare_target(rest: &[u8]) -> bool {
    (rest.starts_with(b"/") || rest.starts_with(b"http://") || rest.starts_with(b"https://"))
        && !rest.contains(&b' ')
}

/// The text behind the escapes of Apache (`\"`, `\\`, `\n`, `\x16`) and nginx (`\x22`).
pub(super) fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(b'\\', text) else {
        return Cow::Borrowed(text);
    };
    let mut plain = text[..first].to_vec();
    let mut rest = &text[first..];
    while let [byte, after @ ..] = rest {
        let (value, after) = if *byte == b'\\' { escaped(after) } else { (*byte, after) };
        plain.push(value);
        rest = after;
    }
    Cow::Owned(plain)
}

/// The byte that stands behind a backslash, and what follows. An unknown escape is a backslash that was not one.
fn escaped(rest: &[u8]) -> (u8, &[u8]) {
    match rest {
        [mark @ (b'"' | b'\\'), after @ ..] => (*mark, after),
        [b'n', after @ ..] => (b'\n', after),
        [b'r', after @ ..] => (b'\r', after),
        [b't', after @ ..] => (b'\t', after),
        [b'b', after @ ..] => (0x08, after),
        [b'f', after @ ..] => (0x0C, after),
        [b'v', after @ ..] => (0x0B, after),
        [b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            (hex(*high) << 4 | hex(*low), after)
        }
        rest => (b'\\', rest),
    }
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// Whether the quote at `at` is escaped: an odd number of backslashes stands before it.
#[inline]
pub(super) fn is_escaped(text: &[u8], at: usize) -> bool {
    at > 0
        && text[at - 1] == b'\\'
        && text[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Splits an absolute URL into host, without port, and path with query; `None` when it is not absolute.
pub(super) fn split_url(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let scheme = memchr::memmem::find(url, b"://")?;
    if scheme == 0 || !url[..scheme].iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let rest = &url[scheme + 3..];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let path = &rest[end..];
    Some((without_port(&rest[..end]), if path.is_empty() { b"/" } else { path }))
}

/// The host that a target names itself, where it is an absolute URL, and its path.
pub(super) fn host_and_path(target: Option<&[u8]>) -> (Option<&[u8]>, Option<&[u8]>) {
    match target.and_then(split_url) {
        Some((authority, path)) => (host(authority), Some(path)),
        None => (None, target),
    }
}

/// A host without its port: `example.com:443`, `[::1]:443`.
pub(super) fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|byte| !byte.is_ascii_digit()) {
        // An IPv6 address outside brackets has further colons; its last group is not a port.
        Some(at) if host[at] == b':' && (!host[..at].contains(&b':') || host[at - 1] == b']') => {
            &host[..at]
        }
        _ => host,
    }
}

/// A host field: no port, and `None` where the log has a hyphen or nothing.
pub(super) fn host(field: &[u8]) -> Option<&[u8]> {
    let host = without_port(field);
    (!host.is_empty() && host != b"-").then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_stands_between_method_and_version() {
        assert_eq!(target(b"GET /a?b=c HTTP/1.1"), Some(&b"/a?b=c"[..]));
        assert_eq!(target(b"GET / HTTP/2"), Some(&b"/"[..]));
        assert_eq!(target(b"VERSION-CONTROL * HTTP/1.1"), Some(&b"*"[..]));
        assert_eq!(target(b"CONNECT example.com:443 HTTP/1.1"), Some(&b"example.com:443"[..]));
        assert_eq!(target(b"GET /with space HTTP/1.0"), Some(&b"/with space"[..]));
        assert_eq!(target(b"GET /old"), Some(&b"/old"[..]));
    }

    #[test]
    fn what_no_http_client_sends_has_no_target() {
        for line in [
            &b""[..],
            b"-",
            b" ",
            b"GARBAGE",
            b"- - -",
            b"- - HTTP/1.1",
            b"GET - HTTP/1.1",
            b"<BADREQ>",
        ] {
            assert_eq!(target(line), None, "{}", line.escape_ascii());
        }
        assert_eq!(target(br"\x16\x03\x01\x01 \x02"), None);
        assert_eq!(target(b"GET  HTTP/1.1"), None);
        assert_eq!(target(b"t3 12.1.2"), None);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape(b"/plain"), Cow::Borrowed(b"/plain"));
        assert_eq!(unescape(br#"/\x22\"\\\x5C\t\xc3"#), &b"/\"\"\\\\\t\xC3"[..]);
        assert_eq!(unescape(br"/\q\x1"), &br"/\q\x1"[..]);
        assert_eq!(unescape(br"end\"), &br"end\"[..]);
        assert!(is_escaped(br#"a\""#, 2));
        assert!(!is_escaped(br#"a\\""#, 3));
    }

    #[test]
    fn hosts_lose_their_port() {
        assert_eq!(
            split_url(b"https://example.com:443/a?b"),
            Some((&b"example.com"[..], &b"/a?b"[..]))
        );
        assert_eq!(split_url(b"http://example.com"), Some((&b"example.com"[..], &b"/"[..])));
        assert_eq!(split_url(b"http://[::1]:80/"), Some((&b"[::1]"[..], &b"/"[..])));
        assert_eq!(split_url(b"/r?to=http://example.com/"), None);
        assert_eq!(without_port(b"::1"), b"::1");
        assert_eq!(without_port(b"80"), b"80");
        assert_eq!(host(b"-"), None);
        assert_eq!(host(b":80"), None);
    }
}
