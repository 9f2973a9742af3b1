//! Access logs with one JSON object a line, as nginx, Caddy, Envoy and Traefik write them.
//!
//! Only the fields that a request needs are looked at, by the names that these servers and their manuals use; all
//! others are skipped, however deep they nest. Of a name that occurs twice the last value counts. Numbers are read
//! from their text, so that none passes through a float.

use std::{borrow::Cow, fmt};

use memchr::memchr;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Malformed, Request,
    number::{Unit, integer, status},
    request_line::{self, without_port},
    stamp::{self, Memo, Zone},
};

const NOT_JSON: Malformed = Malformed("not a JSON object");
const NO_TIME: Malformed = Malformed("no time in the JSON object");
const BAD_TIME: Malformed = Malformed("time in the JSON object is of no known form");
const NO_STATUS: Malformed = Malformed("no status in the JSON object");

/// Whose JSON it is, which decides the unit of its duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Dialect {
    /// Whatever names the configuration of nginx gives, and everything else.
    Nginx,
    Caddy,
    Envoy,
    Traefik,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Nginx => "nginx JSON",
            Dialect::Caddy => "Caddy JSON",
            Dialect::Envoy => "Envoy JSON",
            Dialect::Traefik => "Traefik JSON",
        })
    }
}

/// Reads a line that is a JSON object, or that ends in one.
pub(super) fn parse<'a>(
    line: &'a [u8],
    zone: &Zone,
    memo: &mut Memo,
) -> Result<(Dialect, Request<'a>), Malformed> {
    let object = &line[memchr(b'{', line).ok_or(NOT_JSON)?..];
    if let Ok(fields) = serde_json::from_slice::<Fields>(object) {
        return fields.request(zone, memo);
    }
    let repaired = repair(object).ok_or(NOT_JSON)?;
    let fields: Fields = serde_json::from_str(&repaired).map_err(|_| NOT_JSON)?;
    fields.request(zone, memo).map(|(dialect, request)| (dialect, request.into_owned()))
}

/// The text as JSON has to be, when it is not: some programs write bytes that are no UTF-8, and nginx escapes as
/// `\x22` unless it is told `escape=json`. `None` when it has neither fault.
fn repair(object: &[u8]) -> Option<String> {
    match String::from_utf8_lossy(object) {
        Cow::Owned(text) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => Some(text),
        text => text.contains(r"\x").then(|| text.replace(r"\x", r"\u00")),
    }
}

/// The names that matter, each with the other names of the same thing. Several keys for one thing differ in rank.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(field_identifier)]
enum Key {
    #[serde(rename = "time_iso8601")]
    TimeIso,
    #[serde(rename = "start_time", alias = "start")]
    Start,
    #[serde(rename = "StartUTC")]
    StartUtc,
    #[serde(rename = "StartLocal")]
    StartLocal,
    #[serde(rename = "time_local")]
    TimeLocal,
    #[serde(rename = "msec")]
    Msec,
    #[serde(rename = "time", alias = "datetime", alias = "date_time")]
    Time,
    #[serde(rename = "timestamp")]
    Timestamp,
    #[serde(rename = "ts")]
    Ts,
    #[serde(rename = "@timestamp")]
    AtTimestamp,
    #[serde(
        rename = "status",
        alias = "status_code",
        alias = "statusCode",
        alias = "http_status",
        alias = "http_status_code",
        alias = "response_status"
    )]
    Status,
    #[serde(rename = "response_code", alias = "code")]
    ResponseCode,
    #[serde(rename = "DownstreamStatus")]
    DownstreamStatus,
    #[serde(rename = "host")]
    Host,
    #[serde(rename = "http_host")]
    HttpHost,
    #[serde(rename = "vhost", alias = "virtual_host")]
    Vhost,
    #[serde(rename = "server_name")]
    ServerName,
    #[serde(rename = ":authority", alias = "authority")]
    Authority,
    #[serde(rename = "RequestHost")]
    RequestHost,
    #[serde(rename = "request_uri")]
    RequestUri,
    #[serde(rename = "request")]
    Request,
    #[serde(rename = "uri")]
    Uri,
    #[serde(rename = "url")]
    Url,
    #[serde(rename = "x-envoy-original-path", alias = "x-envoy-origin-path")]
    OriginalPath,
    #[serde(rename = "path", alias = ":path", alias = "request_path")]
    Path,
    #[serde(rename = "RequestPath")]
    RequestPath,
    #[serde(rename = "request_time")]
    RequestTime,
    #[serde(rename = "duration")]
    Duration,
    #[serde(rename = "Duration")]
    TraefikDuration,
    #[serde(
        rename = "duration_ms",
        alias = "request_time_ms",
        alias = "response_time_ms",
        alias = "latency_ms",
        alias = "elapsed_ms"
    )]
    DurationMs,
    #[serde(
        rename = "duration_us",
        alias = "request_time_us",
        alias = "response_time_us",
        alias = "latency_us"
    )]
    DurationUs,
    #[serde(rename = "response_flags", alias = "flags")]
    Flags,
    #[serde(other)]
    Other,
}

/// The values of an object by [`Key`], as they are written.
#[derive(Debug, Clone, Copy)]
struct Fields<'a>([Option<&'a str>; Key::Other as usize]);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields([None; Key::Other as usize]);
                while let Some(key) = map.next_key::<Key>()? {
                    match fields.0.get_mut(key as usize) {
                        Some(field) => *field = Some(map.next_value::<&RawValue>()?.get()),
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'a> Fields<'a> {
    /// The value of a key as text: the content of a string, or a number. Empty strings and hyphens are no value.
    fn text(&self, key: Key) -> Option<Cow<'a, str>> {
        let raw = self.0[key as usize]?;
        let text = match raw.as_bytes() {
            [b'"', ..] => content(raw),
            [b'-' | b'0'..=b'9', ..] => Cow::Borrowed(raw),
            _ => return None,
        };
        (!text.is_empty() && text != "-").then_some(text)
    }

    /// The value of the first of these keys that has one.
    fn first(&self, keys: &[Key]) -> Option<Cow<'a, str>> {
        keys.iter().find_map(|key| self.text(*key))
    }

    fn has(&self, key: Key) -> bool {
        self.0[key as usize].is_some()
    }

    fn dialect(&self) -> Dialect {
        if self.has(Key::DownstreamStatus) {
            Dialect::Traefik
        } else if self.0[Key::Request as usize].is_some_and(|request| request.starts_with('{')) {
            Dialect::Caddy
        } else if self.has(Key::ResponseCode)
            && [Key::Start, Key::Flags, Key::Authority].iter().any(|k| self.has(*k))
        {
            Dialect::Envoy
        } else {
            Dialect::Nginx
        }
    }

    fn request(&self, zone: &Zone, memo: &mut Memo) -> Result<(Dialect, Request<'a>), Malformed> {
        let dialect = self.dialect();
        let asked = if dialect == Dialect::Caddy { self.nested_request()? } else { *self };
        let request = Request {
            at_s: self.at_s(zone, memo)?,
            status: self.status(dialect)?,
            host: asked.host().map(bytes),
            target: asked.target().map(bytes),
            duration_us: self.duration_us(dialect),
        };
        Ok((dialect, request))
    }

    /// The time, from the field that tells it best.
    fn at_s(&self, zone: &Zone, memo: &mut Memo) -> Result<i64, Malformed> {
        const KEYS: [Key; 10] = [
            Key::Start,
            Key::StartUtc,
            Key::StartLocal,
            Key::TimeIso,
            Key::TimeLocal,
            Key::Msec,
            Key::Time,
            Key::Timestamp,
            Key::Ts,
            Key::AtTimestamp,
        ];
        let mut texts = KEYS.iter().filter_map(|key| self.text(*key)).peekable();
        texts.peek().ok_or(NO_TIME)?;
        texts.find_map(|text| stamp::any(text.as_bytes(), zone, memo)).ok_or(BAD_TIME)
    }

    fn status(&self, dialect: Dialect) -> Result<Option<u16>, Malformed> {
        const KEYS: [Key; 3] = [Key::DownstreamStatus, Key::Status, Key::ResponseCode];
        let raw = KEYS.iter().find_map(|key| self.0[*key as usize]).ok_or(NO_STATUS)?;
        let status = status(content(raw).as_bytes())?;
        Ok(match dialect {
            // Caddy logs 0 where no handler wrote a response; Go's server then sends an empty 200.
            Dialect::Caddy => status.or(Some(200)),
            _ => status,
        })
    }

    fn host(&self) -> Option<Cow<'a, str>> {
        const KEYS: [Key; 6] = [
            Key::RequestHost,
            Key::Authority,
            Key::Host,
            Key::HttpHost,
            Key::Vhost,
            Key::ServerName,
        ];
        self.first(&KEYS).map(portless)
    }

    fn target(&self) -> Option<Cow<'a, str>> {
        const KEYS: [Key; 6] =
            [Key::RequestPath, Key::RequestUri, Key::OriginalPath, Key::Uri, Key::Path, Key::Url];
        self.text(Key::Request).and_then(requested).or_else(|| self.first(&KEYS))
    }

    /// What the client asked for, which Caddy has in an object of its own.
    fn nested_request(&self) -> Result<Fields<'a>, Malformed> {
        serde_json::from_str(self.0[Key::Request as usize].unwrap_or_default())
            .map_err(|_| NOT_JSON)
    }

    /// The duration, in the unit that the dialect writes. A name that fits any unit is not read.
    fn duration_us(&self, dialect: Dialect) -> Option<u64> {
        let named = |key, unit: Unit| self.text(key).and_then(|text| unit.micros(text.as_bytes()));
        match dialect {
            Dialect::Traefik => named(Key::TraefikDuration, Unit::Nanos),
            Dialect::Envoy => {
                named(Key::Duration, Unit::Millis).or_else(|| named(Key::DurationMs, Unit::Millis))
            }
            Dialect::Caddy => self.text(Key::Duration).and_then(|text| seconds(&text)),
            Dialect::Nginx => self
                .text(Key::RequestTime)
                .and_then(|text| seconds(&text))
                .or_else(|| named(Key::DurationMs, Unit::Millis))
                .or_else(|| named(Key::DurationUs, Unit::Micros)),
        }
    }
}

/// Seconds with a decimal point, or zero. Another integer may be of any unit (Caddy can be told to write
/// nanoseconds), while whole seconds are rare.
fn seconds(text: &str) -> Option<u64> {
    match integer(text.as_bytes()) {
        Some(0) => Some(0),
        Some(_) => None,
        None => Unit::Seconds.micros(text.as_bytes()),
    }
}

/// What a JSON string holds; a number is its own text. Escapes that encode no character stay as they are.
fn content(raw: &str) -> Cow<'_, str> {
    let Some(text) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
        return Cow::Borrowed(raw);
    };
    if text.contains('\\') {
        serde_json::from_str(raw).map_or(Cow::Borrowed(text), Cow::Owned)
    } else {
        Cow::Borrowed(text)
    }
}

/// The target of a field that holds a request line, or just the target.
fn requested(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let is_target =
        text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://");
    if is_target {
        return Some(text);
    }
    let target = request_line::target(text.as_bytes())?;
    let start = target.as_ptr() as usize - text.as_ptr() as usize;
    let bytes = target.len();
    Some(slice(text, start, bytes))
}

/// A host without its port.
fn portless(host: Cow<'_, str>) -> Cow<'_, str> {
    let bytes = without_port(host.as_bytes()).len();
    slice(host, 0, bytes)
}

/// The part of a text that begins at `start`, borrowed where the text is.
fn slice(text: Cow<'_, str>, start: usize, bytes: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..start + bytes]),
        Cow::Owned(text) => Cow::Owned(text[start..start + bytes].to_owned()),
    }
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests;
