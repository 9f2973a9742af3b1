//! Times and lengths on the command line.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use plimsoll_core::limits::MARK_MINUTES_MAX;

/// A time: RFC 3339 with or without its seconds, a day and a time in UTC, or `now`, which is the minute that runs.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    if text == "now" {
        let now = Timestamp::now().as_second();
        return Timestamp::from_second(now - now.rem_euclid(60)).map_err(|error| error.to_string());
    }
    let of_zone = || text.parse::<Timestamp>().ok();
    let in_utc =
        || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    of_zone().or_else(in_utc).ok_or_else(|| {
        "write a time like 2026-11-23T06:45Z, \"2026-11-23 06:45\" in UTC, or now".to_owned()
    })
}

/// Shortest and longest interval that can be marked at once, in minutes.
const LENGTH_MINUTES: std::ops::RangeInclusive<i64> = 1..=MARK_MINUTES_MAX;

/// A length: whole minutes, hours or days.
pub fn length(text: &str) -> Result<SignedDuration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let minutes = match unit {
        "m" | "min" => 1,
        "h" => 60,
        "d" => 24 * 60,
        _ => 0,
    };
    let minutes = match (number.parse::<i64>(), minutes) {
        (Ok(number), 1..) => number.checked_mul(minutes).unwrap_or(i64::MAX),
        // Digits alone fail to be a number only where they are too many.
        (Err(_), 1..) if digits > 0 => i64::MAX,
        _ => return Err("write a length like 45m, 2h or 1d".to_owned()),
    };
    if LENGTH_MINUTES.contains(&minutes) {
        return Ok(SignedDuration::from_mins(minutes));
    }
    let most = LENGTH_MINUTES.end() / (24 * 60);
    Err(format!("a length is from 1m to {most}d; mark several shorter ones, if that is meant"))
}

/// Shortest and longest time that somebody waits for an answer, in milliseconds.
const WAIT_MS: std::ops::RangeInclusive<u64> = 1..=600_000;

/// How long is waited: whole milliseconds, seconds or minutes.
pub fn wait(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        _ => 0,
    };
    let number: u64 = number.parse().unwrap_or_default();
    match number.checked_mul(ms).filter(|ms| WAIT_MS.contains(ms)) {
        Some(ms) => Ok(Duration::from_millis(ms)),
        None => Err("write a time like 500ms, 10s or 2m, from 1ms to 10m".to_owned()),
    }
}

/// How long was waited, as a person reads it: `10 s`, below a second `50 ms`. What is left of a part counts as whole.
pub fn seconds_text(time: Duration) -> String {
    let ms = time.as_micros().div_ceil(1_000);
    if ms < 1_000 { format!("{ms} ms") } else { format!("{} s", ms.div_ceil(1_000)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_unless_they_say_otherwise() {
        let is = |text: &str| parse(text).map(|at| at.to_string());
        for text in [
            "2026-11-23T06:45Z",
            "2026-11-23T07:45:00+01:00",
            "2026-11-23 06:45",
            "2026-11-23T06:45",
        ] {
            assert_eq!(is(text).unwrap(), "2026-11-23T06:45:00Z", "{text}");
        }
        assert_eq!(is("2026-11-23").unwrap(), "2026-11-23T00:00:00Z");
        assert_eq!(parse("now").unwrap().as_second() % 60, 0);
        for text in ["", "soon", "06:45", "2026-13-01 00:00"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_have_a_unit() {
        let minutes = |text: &str| length(text).map(|length| length.as_mins());
        assert_eq!([minutes("45m"), minutes("2h"), minutes("1d")], [Ok(45), Ok(120), Ok(1440)]);
        assert_eq!(minutes("31d"), Ok(44_640));
        for text in ["", "2", "h", "-1h", "1.5h", "1w"] {
            assert!(length(text).unwrap_err().contains("45m, 2h or 1d"), "{text}");
        }
        for text in ["0m", "32d", "3000d", "99999999999999999999d", "9223372036854775807d"] {
            assert!(length(text).unwrap_err().contains("from 1m to 31d"), "{text}");
        }
    }

    #[test]
    fn whoever_waits_says_how_long() {
        let ms = |text: &str| wait(text).map(|time| time.as_millis());
        assert_eq!([ms("1ms"), ms("10s"), ms("10m")], [Ok(1), Ok(10_000), Ok(600_000)]);
        for text in ["", "10", "0s", "11m", "1h", "-1s", "1.5s", "99999999999999999999s"] {
            assert!(wait(text).unwrap_err().contains("from 1ms to 10m"), "{text}");
        }
        let text = |micros| seconds_text(Duration::from_micros(micros));
        assert_eq!([text(9_999_100), text(49_300), text(999_001)], ["10 s", "50 ms", "1 s"]);
    }
}
