//! Times in requests, in RFC 3339: whole minutes, where slots are meant, and others.

use jiff::Timestamp;
use plimsoll_core::time::Minute;

use super::problem::{Code, Problem};

/// The minute that begins at a time; `field` is where it stands.
pub(crate) fn parse(field: &str, text: &str) -> Result<Minute, Problem> {
    let hint = "write a whole minute such as 2026-11-23T06:45:00Z; in a query, + is %2B";
    let time = read(text).ok_or_else(|| refused(field, text, "is no time in RFC 3339", hint))?;
    let second = time.as_second();
    if time.subsec_nanosecond() != 0 || second.rem_euclid(60) != 0 {
        return Err(refused(field, text, "is no whole minute", hint));
    }
    Ok(Minute::of_second(second))
}

/// A time of any precision, in milliseconds since 1970, rounded down; `field` is where it stands.
pub(crate) fn instant(field: &str, text: &str) -> Result<i64, Problem> {
    let hint = "write a time such as 2026-11-23T06:45:30Z; in a query, + is %2B";
    let time = read(text).ok_or_else(|| refused(field, text, "is no time in RFC 3339", hint))?;
    Ok(time.as_nanosecond().div_euclid(1_000_000) as i64)
}

/// Refuses a stretch of time that ends no later than it begins: nothing lies in it, whatever is there.
pub(crate) fn check_order<T: PartialOrd>(
    from: T,
    to: T,
    text: impl Fn(T) -> String,
) -> Result<(), Problem> {
    if from < to {
        return Ok(());
    }
    let what = if from == to { "holds no time" } else { "is backwards" };
    let detail = format!("from {} to {} {what}", text(from), text(to));
    Err(Problem::new(Code::Invalid, detail, "let `to` be later than `from`"))
}

fn read(text: &str) -> Option<Timestamp> {
    Some(text).filter(|text| is_rfc3339(text)).and_then(|text| text.parse().ok())
}

fn refused(field: &str, text: &str, why: &str, hint: &str) -> Problem {
    let shown: String = text.chars().take(60).collect();
    Problem::new(Code::Invalid, format!("{field} is {shown:?}, which {why}"), hint)
        .with("field", field)
}

/// Whether it is written as RFC 3339 says; the parser takes more, such as the name of a zone behind it.
fn is_rfc3339(text: &str) -> bool {
    let Some((date, time)) = text.split_at_checked(10) else { return false };
    let is_date = date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let of_time = |byte: u8| byte.is_ascii_digit() || b":.".contains(&byte);
    let Some(time) = time.strip_prefix('T') else { return false };
    let Some(zone) = time.find(|c: char| !c.is_ascii() || !of_time(c as u8)) else { return false };
    let is_zone = match &time.as_bytes()[zone..] {
        b"Z" => true,
        [b'+' | b'-', h @ b'0'..=b'2', i @ b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9'] => {
            (h - b'0') * 10 + (i - b'0') < 24
        }
        _ => false,
    };
    is_date && is_zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_milliseconds() {
        // date -ud 2026-11-23T06:45:01Z +%s  →  1795416301
        for (text, ms) in [
            ("2026-11-23T06:45:01Z", 1_795_416_301_000),
            ("2026-11-23T07:45:01.2509+01:00", 1_795_416_301_250),
            ("1969-12-31T23:59:59.9999Z", -1),
        ] {
            assert_eq!(instant("from", text).unwrap(), ms);
        }
        for text in ["", "now", "1795416301", "2026-11-23", "2026-11-23T06:45:01"] {
            assert_eq!(instant("from", text).unwrap_err().code(), Code::Invalid, "{text}");
        }
    }

    #[test]
    fn a_minute_is_a_time_without_seconds() {
        // date -ud 2026-11-23T06:45:00Z +%s  →  1795416300
        let minute = Minute(1_795_416_300 / 60);
        for text in
            ["2026-11-23T06:45:00Z", "2026-11-23T06:45:00.000Z", "2026-11-23T07:45:00+01:00"]
        {
            assert_eq!(parse("from", text).unwrap(), minute);
        }
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T06:45:01Z",
            "2026-11-23T06:45:00.1Z",
            "2026-11-23T06:45:00",
            "2026-11-23 06:45:00Z",
            "2026-11-23T07:45:00+01:00[Europe/Berlin]",
            "2026-11-24T07:45:00+25:00",
            "2026-11-23T06:45Z+01:00",
            "+002026-11-23T06:45:00Z",
            "2026-11-23T06:45:00é",
        ] {
            assert_eq!(parse("from", text).unwrap_err().code(), Code::Invalid, "{text}");
        }
    }
}
