//! What can be the name of a service.

use std::borrow::Cow;

use crate::limits::{HOST_NAME_BYTES_MAX, SERVICE_NAME_BYTES_MAX};

/// The virtual host that a log writes as `raw`: in lower case, without port and last dot. `None` where that is no
/// name (empty, `-`, or bytes that stand in no name).
pub(in crate::measure) fn host_name(raw: &[u8]) -> Option<String> {
    let host = without_port(raw);
    let host = host.strip_suffix(b".").unwrap_or(host);
    let is_name = !host.is_empty() && host != b"-" && host.len() <= HOST_NAME_BYTES_MAX;
    let is_allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(b);
    (is_name && host.iter().all(is_allowed))
        .then(|| String::from_utf8_lossy(host).to_ascii_lowercase())
}

/// Cuts `:8080` off. An address of IPv6 has colons of its own, and is in brackets when a port follows.
fn without_port(host: &[u8]) -> &[u8] {
    let Some(colon) = host.iter().rposition(|b| *b == b':') else { return host };
    let (name, port) = host.split_at(colon);
    let is_port = port[1..].iter().all(u8::is_ascii_digit);
    if is_port && (name.ends_with(b"]") || !name.contains(&b':')) { name } else { host }
}

/// The service that a first path segment can name: letters, digits, `_`, `-` and `.`, beginning with a letter; not a
/// file, and not an identifier of some thing.
pub(in crate::measure) fn segment_name(raw: &[u8]) -> Option<String> {
    let name = decoded(raw)?;
    let name = std::str::from_utf8(&name).ok()?;
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let is_name = name.len() <= SERVICE_NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(is_allowed)
        && !is_file(name)
        && !is_identifier(name);
    is_name.then(|| name.to_owned())
}

/// Undoes percent-encoding; `None` where it is broken.
fn decoded(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !raw.contains(&b'%') {
        return Some(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            _ => *byte,
        });
    }
    Some(Cow::Owned(decoded))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Whether it ends like a file: a point and up to five letters or digits, such as `.ico`, `.html`, `.mp4`. Names of
/// packages, whose last part begins with a capital (`grpc.health.v1.Health`), and versions (`v1.2`) do not.
fn is_file(name: &str) -> bool {
    let Some((_, end)) = name.rsplit_once('.') else { return false };
    let is_version = end.bytes().all(|b| b.is_ascii_digit());
    let is_short = (1..=5).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_one_case = !end.bytes().any(|b| b.is_ascii_uppercase())
        || !end.bytes().any(|b| b.is_ascii_lowercase());
    end.is_empty() || (is_short && is_one_case && !is_version)
}

/// Whether it looks like the key of some thing: hexadecimal with a digit (also in groups, as UUIDs are), or mostly
/// digits.
fn is_identifier(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    name.len() >= 8 && digits > 0 && (is_hex || digits * 2 >= name.len())
}
