//! Which services a log holds.
//!
//! A log does not say what a service is. Its virtual hosts are a good sign, its first path segments a weaker one.
//! In doubt everything is one service.

use std::{borrow::Cow, fmt};

use super::tally::{Entry, Roster, Series, Tally};
use crate::limits::{HOST_NAME_BYTES_MAX, SERVICE_NAME_BYTES_MAX, SERVICES_MAX};

/// What makes a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// Whatever says more; see [`find`].
    #[default]
    Auto,
    /// Each virtual host.
    Vhost,
    /// Each first segment of the path that can name a service.
    Segment,
    /// Everything is one service.
    One,
}

impl By {
    /// Reads `auto`, `vhost`, `segment` or `one`.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(By::Auto),
            "vhost" => Ok(By::Vhost),
            "segment" => Ok(By::Segment),
            "one" => Ok(By::One),
            _ => Err(format!(
                "`{text}` does not say what makes a service: write `vhost`, `segment` (first of the path), `one`, or \
                 `auto`"
            )),
        }
    }

    /// Whether virtual hosts matter.
    pub(super) fn hosts(self) -> bool {
        matches!(self, By::Auto | By::Vhost)
    }

    /// Whether path segments matter.
    pub(super) fn segments(self) -> bool {
        matches!(self, By::Auto | By::Segment)
    }
}

impl fmt::Display for By {
    /// The word that [`By::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            By::Auto => "auto",
            By::Vhost => "vhost",
            By::Segment => "segment",
            By::One => "one",
        })
    }
}

/// One service of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its virtual host or first path segment, `all` when it is the only one and has no such name, or `other`.
    pub name: String,
    /// Its requests, excluded ones too.
    pub requests: u64,
    /// Its minutes.
    pub series: Series,
}

/// The services of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    /// What makes a service here; never [`By::Auto`].
    pub by: By,
    /// Why, as a sentence for people.
    pub why: String,
    /// Those with the most requests first, equals by name; what is left over comes last, as `other`.
    pub list: Vec<Service>,
}

/// Decides which services the input holds.
///
/// By itself ([`By::Auto`]): virtual hosts when at least two carry 1 % of the requests each; else first path segments
/// when at least two carry 2 % each and those that can name a service carry 80 % together; else one service. A name
/// with less than one request in 10,000, and a segment that is mostly not found, is left over. At most
/// [`SERVICES_MAX`] services are named.
pub fn find(tally: Tally, by: By) -> Services {
    let asked = by != By::Auto;
    let (by, why) =
        if asked { (by, "because it was asked for".to_owned()) } else { decide(&tally) };
    let requests = tally.requests();
    let whole = only_host(tally.hosts()).unwrap_or("all").to_owned();
    let (hosts, segments) = tally.into_rosters();
    let mut list = match by {
        By::Vhost => services(hosts, |entry| asked || is_seen(entry, requests)),
        By::Segment => services(segments, |entry| asked || is_plausible(entry, requests)),
        By::Auto | By::One => services(hosts, |_| false),
    };
    if let [one] = list.as_mut_slice()
        && by == By::One
    {
        one.name = whole;
    }
    Services { by, why, list }
}

/// What makes a service, and why.
fn decide(tally: &Tally) -> (By, String) {
    let requests = tally.requests();
    let hosts = tally.hosts().entries().filter(|(_, e)| is_share(e.requests, 1, requests)).count();
    if hosts >= 2 {
        return (
            By::Vhost,
            format!("{hosts} virtual hosts carry at least 1 % of the requests each"),
        );
    }
    let plausible =
        tally.segments().entries().map(|(_, e)| e).filter(|e| is_plausible(e, requests));
    let (mut large, mut together) = (0, 0);
    for entry in plausible {
        large += usize::from(is_share(entry.requests, 2, requests));
        together += entry.requests;
    }
    if large >= 2 && is_share(together, 80, requests) {
        let why = format!(
            "{large} first path segments carry at least 2 % of the requests each, and all that can name a service \
             carry at least 80 % together"
        );
        return (By::Segment, why);
    }
    let why = "neither virtual hosts nor first path segments tell services apart";
    (By::One, why.to_owned())
}

/// Whether `part` is at least so many percent of `whole`.
fn is_share(part: u64, percent: u64, whole: u64) -> bool {
    u128::from(part) * 100 >= u128::from(whole) * u128::from(percent)
}

/// Whether a name has at least one request in 10,000.
fn is_seen(entry: &Entry, requests: u64) -> bool {
    u128::from(entry.requests) * 10_000 >= u128::from(requests)
}

/// Whether a segment can be a service: seen often enough, and mostly found.
fn is_plausible(entry: &Entry, requests: u64) -> bool {
    is_seen(entry, requests) && entry.not_found * 2 < entry.requests
}

fn only_host(hosts: &Roster) -> Option<&str> {
    let mut entries = hosts.entries();
    match (entries.next(), entries.next()) {
        (Some((name, _)), None) if hosts.rest().requests == 0 => Some(name),
        _ => None,
    }
}

/// The names that are services, and what is left over.
fn services(roster: Roster, is_service: impl Fn(&Entry) -> bool) -> Vec<Service> {
    let (entries, rest) = roster.into_entries();
    let (mut named, mut left): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(_, entry)| is_service(entry));
    named.sort_by(|(a_name, a), (b_name, b)| b.requests.cmp(&a.requests).then(a_name.cmp(b_name)));
    left.extend(named.drain(SERVICES_MAX.min(named.len())..));
    let rest: Vec<Entry> = left.into_iter().map(|(_, entry)| entry).chain([rest]).collect();
    let other = Service {
        name: other(&named),
        requests: rest.iter().map(|entry| entry.requests).sum(),
        series: Series::sum_of(rest.iter().map(|entry| &entry.series)),
    };
    let mut list: Vec<Service> = named
        .into_iter()
        .map(|(name, Entry { series, requests, .. })| Service { name, requests, series })
        .collect();
    if other.requests > 0 {
        list.push(other);
    }
    list
}

/// A name for what is left over that no service has.
fn other(named: &[(String, Entry)]) -> String {
    let mut name = "other".to_owned();
    while named.iter().any(|(taken, _)| *taken == name) {
        name.push('_');
    }
    name
}

/// The virtual host that a log writes as `raw`: in lower case, without port and last dot. `None` where that is no
/// name (empty, `-`, or bytes that stand in no name).
pub(super) fn host_name(raw: &[u8]) -> Option<String> {
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

/// Most bytes of a first segment that are looked at: each byte of a name may be written in three (`%61`).
const RAW_SEGMENT_BYTES: usize = 3 * SERVICE_NAME_BYTES_MAX;

/// The first segment of a path as it is written; empty where there is none, or it is too long to name a service.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RawSegment<'a> {
    path: &'a [u8],
    len: usize,
}

impl<'a> RawSegment<'a> {
    /// The first segment of `path`, which begins with it.
    #[inline]
    fn of(path: &'a [u8]) -> Self {
        let len = match path.first_chunk::<WORD_BYTES>().and_then(end_in_word) {
            Some(end) => end,
            None => path
                .iter()
                .take(RAW_SEGMENT_BYTES + 1)
                .position(|byte| ENDS.contains(byte))
                .unwrap_or(path.len()),
        };
        RawSegment { path, len: if len <= RAW_SEGMENT_BYTES { len } else { 0 } }
    }

    /// The segment.
    #[inline]
    pub(super) fn bytes(&self) -> &'a [u8] {
        &self.path[..self.len]
    }

    /// The segment and everything behind it.
    #[inline]
    pub(super) fn path(&self) -> &'a [u8] {
        self.path
    }
}

/// What ends a path segment.
const ENDS: &[u8] = b"/?#;";

const WORD_BYTES: usize = 16;

/// Where the first of [`ENDS`] stands in sixteen bytes. It looks at all of them at once, since where it stands is
/// hard to foretell for a processor.
#[inline]
fn end_in_word(bytes: &[u8; WORD_BYTES]) -> Option<usize> {
    const ONES: u128 = u128::MAX / 0xff;
    let word = u128::from_le_bytes(*bytes);
    // The highest bit of each byte that is zero, and perhaps of some behind the first of them.
    let zeros = |word: u128| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let is = |byte: u8| zeros(word ^ (ONES * u128::from(byte)));
    let ends = is(b'/') | is(b'?') | is(b'#') | is(b';');
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
}

/// The host of a target that is a full URL, and the first segment of its path.
#[inline]
pub(super) fn raw_segment(target: &[u8]) -> (Option<&[u8]>, RawSegment<'_>) {
    let (host, mut path) = match target.first() {
        Some(b'/') => (None, target),
        _ => full_url(target).map_or((None, &[][..]), |(host, path)| (Some(host), path)),
    };
    while let Some((b'/', rest)) = path.split_first() {
        path = rest;
    }
    (host, RawSegment::of(path))
}

/// Host and path of `http://host/path`.
fn full_url(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = target.iter().take(8).position(|b| *b == b':')?;
    let rest = target[colon..].strip_prefix(b"://")?;
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit(|b| *b == b'@').next()?;
    Some((host, if path.first() == Some(&b'/') { path } else { &[] }))
}

/// The service that a first path segment can name: letters, digits, `_`, `-` and `.`, beginning with a letter; not a
/// file, and not an identifier of some thing.
pub(super) fn segment_name(raw: &[u8]) -> Option<String> {
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

#[cfg(test)]
mod tests;
