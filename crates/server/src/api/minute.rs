//! Minutes in requests: times in RFC 3339 that fall on a whole minute.

use jiff::Timestamp;
use plimsoll_core::time::Minute;

use super::problem::{Code, Problem};

/// The minute that begins at a time; `field` is where it stands.
pub(crate) fn parse(field: &str, text: &str) -> Result<Minute, Problem> {
    let refuse = |why: &str| {
        let shown: String = text.chars().take(60).collect();
        Problem::new(
            Code::Invalid,
            format!("{field} is {shown:?}, which {why}"),
            "write a whole minute such as 2026-11-23T06:45:00Z; in a query, + is %2B",
        )
        .with("field", field)
    };
    let time: Timestamp = text.parse().map_err(|_| refuse("is no time in RFC 3339"))?;
    let second = time.as_second();
    if time.subsec_nanosecond() != 0 || second.rem_euclid(60) != 0 {
        return Err(refuse("is no whole minute"));
    }
    Ok(Minute::of_second(second))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(parse("from", text).unwrap_err().code(), Code::Invalid, "{text}");
        }
    }
}
