//! Any other format, by a regular expression with named groups.

use std::borrow::Cow;

use jiff::fmt::strtime::{self, BrokenDownTime};
use regex::bytes::{Captures, Regex, RegexBuilder};

use super::{
    Malformed, Request,
    number::{Unit, status},
    request_line,
    stamp::{self, Memo, Zone},
};
use crate::limits::PATTERN_BYTES_MAX;

/// Every group that a pattern may name.
const GROUPS: [&str; 9] =
    ["time", "status", "request", "target", "host", "seconds", "millis", "micros", "nanos"];

/// A pattern whose groups are known.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    time_format: Option<String>,
    /// The group of the duration and its unit.
    duration: Option<(&'static str, Unit)>,
}

impl Pattern {
    /// Checks and compiles a pattern.
    pub(super) fn new(pattern: &str, time_format: Option<&str>) -> Result<Self, String> {
        let regex = RegexBuilder::new(pattern)
            .size_limit(PATTERN_BYTES_MAX)
            .build()
            .map_err(|error| format!("the pattern is no regular expression: {error}"))?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        if let Some(unknown) = names.iter().find(|name| !GROUPS.contains(name)) {
            return Err(format!(
                "the pattern has a group {unknown}, which means nothing; groups are {}",
                GROUPS.join(", ")
            ));
        }
        for needed in ["time", "status"] {
            if !names.contains(&needed) {
                return Err(format!(
                    "the pattern has no group {needed}; write it as (?<{needed}>…)"
                ));
            }
        }
        if let Some(format) = time_format {
            check_time_format(format)?;
        }
        let units = [
            ("seconds", Unit::Seconds),
            ("millis", Unit::Millis),
            ("micros", Unit::Micros),
            ("nanos", Unit::Nanos),
        ];
        let mut durations = units.into_iter().filter(|(name, _)| names.contains(name));
        let duration = durations.next();
        if let (Some((first, _)), Some((second, _))) = (duration, durations.next()) {
            return Err(format!(
                "the pattern has groups {first} and {second}; a request has one duration"
            ));
        }
        Ok(Pattern { regex, time_format: time_format.map(str::to_owned), duration })
    }

    /// Reads a line.
    pub(super) fn parse<'a>(
        &self,
        line: &'a [u8],
        zone: &Zone,
        memo: &mut Memo,
    ) -> Result<Request<'a>, Malformed> {
        let groups = self.regex.captures(line).ok_or(Malformed("does not match the pattern"))?;
        let time = group(&groups, "time").ok_or(Malformed("group time matches nothing"))?;
        let status_text =
            group(&groups, "status").ok_or(Malformed("group status matches nothing"))?;
        Ok(Request {
            at_s: self.at_s(time, zone, memo)?,
            status: status(status_text)?,
            host: group(&groups, "host").and_then(request_line::host).map(Cow::Borrowed),
            target: target(&groups),
            duration_us: self.duration.and_then(|(name, unit)| unit.micros(group(&groups, name)?)),
        })
    }

    fn at_s(&self, time: &[u8], zone: &Zone, memo: &mut Memo) -> Result<i64, Malformed> {
        let Some(format) = &self.time_format else {
            return stamp::any(time, zone, memo)
                .ok_or(Malformed("group time matches no known form of time"));
        };
        let parsed = BrokenDownTime::parse(format, time)
            .map_err(|_| Malformed("group time is not of the time format"))?;
        if let Ok(timestamp) = parsed.to_timestamp() {
            return Ok(timestamp.as_second());
        }
        let local = parsed.to_datetime().ok().and_then(|local| zone.at(local));
        local.ok_or(Malformed("group time is no date and time by the time format"))
    }
}

/// What a group matched, unless it matched nothing.
fn group<'a>(groups: &Captures<'a>, name: &str) -> Option<&'a [u8]> {
    groups.name(name).map(|group| group.as_bytes()).filter(|text| !text.is_empty())
}

/// The target, from its own group or from the request line.
fn target<'a>(groups: &Captures<'a>) -> Option<Cow<'a, [u8]>> {
    let own = group(groups, "target").filter(|target| *target != b"-");
    own.or_else(|| group(groups, "request").and_then(request_line::target))
        .map(request_line::unescape)
}

/// Refuses a format that can never give a date and a time.
fn check_time_format(format: &str) -> Result<(), String> {
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let text = strtime::format(format, &sample)
        .map_err(|error| format!("the time format cannot be used: {error}"))?;
    let parsed = BrokenDownTime::parse(format, &text)
        .map_err(|error| format!("the time format cannot be used: {error}"))?;
    if parsed.to_timestamp().is_err() && parsed.to_datetime().is_err() {
        return Err(format!(
            "the time format {format} gives no date and time; it needs a year, a month, a day and an hour"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T06:46:57Z.
    const AT_S: i64 = 1_795_416_417;

    fn read(
        pattern: &str,
        time_format: Option<&str>,
        line: &str,
    ) -> Result<Request<'static>, Malformed> {
        let pattern = Pattern::new(pattern, time_format).unwrap();
        pattern
            .parse(line.as_bytes(), &Zone::Fixed(0), &mut Memo::default())
            .map(Request::into_owned)
    }

    #[test]
    fn named_groups_are_the_fields() {
        let pattern =
            r#"^(?<time>\S+) (?<host>\S+) "(?<request>[^"]*)" (?<status>\S+) (?<millis>\S+)$"#;
        let line = r#"2026-11-23T06:46:57Z example.com:443 "GET /a HTTP/1.1" 200 1.5"#;
        let expected = Request {
            at_s: AT_S,
            status: Some(200),
            host: Some(b"example.com".into()),
            target: Some(b"/a".into()),
            duration_us: Some(1_500),
        };
        assert_eq!(read(pattern, None, line), Ok(expected));
        assert_eq!(read(pattern, None, &line.replace("200", "-")).unwrap().status, None);
        assert_eq!(read(pattern, None, &line.replace("1.5", "-1")).unwrap().duration_us, None);
    }

    #[test]
    fn every_unit_of_duration_has_its_group() {
        for (unit, text) in
            [("seconds", "1"), ("millis", "1000"), ("micros", "1000000"), ("nanos", "1000000000")]
        {
            let pattern = format!(r"(?<time>\d+) (?<status>\d+) (?<{unit}>\d+)");
            let request = read(&pattern, None, &format!("1795416417 200 {text}")).unwrap();
            assert_eq!((request.at_s, request.duration_us), (AT_S, Some(1_000_000)), "{unit}");
        }
    }

    #[test]
    fn times_follow_their_format() {
        let pattern = r"^\[(?<time>[^\]]+)\] (?<status>\d+)";
        let at = |format: &str, time: &str| {
            read(pattern, Some(format), &format!("[{time}] 200")).map(|r| r.at_s)
        };
        assert_eq!(at("%d.%m.%Y %H:%M:%S", "23.11.2026 06:46:57"), Ok(AT_S));
        assert_eq!(at("%a %b %e %T %Y %z", "Mon Nov 23 17:46:57 2026 +1100"), Ok(AT_S));
        assert_eq!(at("%s", "1795416417"), Ok(AT_S));
        assert_eq!(
            at("%d.%m.%Y %H:%M:%S", "2026-11-23 06:46:57"),
            Err(Malformed("group time is not of the time format"))
        );
        assert!(at("%d.%m.%Y %H:%M:%S", "31.02.2026 06:46:57").is_err());
    }

    #[test]
    fn useless_patterns_are_refused_with_the_reason() {
        let refused =
            |pattern: &str, format: Option<&str>| Pattern::new(pattern, format).unwrap_err();
        assert!(refused("(", None).starts_with("the pattern is no regular expression: "));
        assert_eq!(
            refused("(?<time>.)", None),
            "the pattern has no group status; write it as (?<status>…)"
        );
        assert_eq!(
            refused("(?<status>.)", None),
            "the pattern has no group time; write it as (?<time>…)"
        );
        assert!(
            refused("(?<time>.)(?<status>.)(?<user>.)", None)
                .contains("a group user, which means nothing")
        );
        let both = "(?<time>.)(?<status>.)(?<millis>.)(?<seconds>.)";
        assert_eq!(
            refused(both, None),
            "the pattern has groups seconds and millis; a request has one duration"
        );
        let good = "(?<time>.)(?<status>.)";
        assert!(refused(good, Some("%H:%M")).contains("gives no date and time"));
        assert!(refused(good, Some("%!")).starts_with("the time format cannot be used: "));
        assert!(refused(&format!("{good}\\w{{9999}}"), None).contains("size limit"));
    }

    #[test]
    fn malformed_lines_say_what_is_missing() {
        let reason = |line: &str| read(r"^(?<time>\w*),(?<status>\w*)", None, line).unwrap_err().0;
        assert_eq!(reason("hello"), "does not match the pattern");
        assert_eq!(reason(",200"), "group time matches nothing");
        assert_eq!(reason("1795416417,"), "group status matches nothing");
        assert_eq!(reason("noon,200"), "group time matches no known form of time");
        assert_eq!(reason("1795416417,OK"), "status is not a number");
    }
}
