//! Points in time as access logs write them, each read into whole seconds since 1970-01-01T00:00:00Z.
//!
//! Fractions of a second are checked and dropped. A leap second counts as the second before it. Years from 1970 to
//! 9999 are read; whether one is plausible is for the reader of the whole file to say.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::{
    Malformed,
    number::{digit, scaled},
};

/// Bytes of a time as Apache and nginx write it: `10/Oct/2000:13:55:36 -0700`.
pub(super) const CLF_BYTES: usize = 26;

/// Bytes of `10/Oct/2000:13:55`, the part that consecutive lines share.
const CLF_MINUTE: usize = 17;

const NO_SUCH_DATE: Malformed = Malformed("time in […] is a date that does not exist");
const NOT_A_TIME: Malformed = Malformed("time in […] is not like 10/Oct/2000:13:55:36 -0700");

/// The minute of the last line: logs are nearly in order, so that most lines only differ in the second.
#[derive(Debug, Clone, Default)]
pub(super) struct Memo {
    text: [u8; CLF_BYTES],
    minute_s: i64,
}

impl Memo {
    /// The second of a time like `10/Oct/2000:13:55:36 -0700`.
    #[inline]
    pub(super) fn clf(&mut self, text: &[u8; CLF_BYTES]) -> Result<i64, Malformed> {
        let known = text[..CLF_MINUTE] == self.text[..CLF_MINUTE] && text[20..] == self.text[20..];
        if !known {
            self.learn(text)?;
        }
        match &text[CLF_MINUTE..20] {
            [b':', tens @ b'0'..=b'5', ones @ b'0'..=b'9'] => {
                Ok(self.minute_s + i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
            }
            b":60" => Ok(self.minute_s + 59),
            _ => Err(NOT_A_TIME),
        }
    }

    #[cold]
    fn learn(&mut self, text: &[u8; CLF_BYTES]) -> Result<(), Malformed> {
        if text[20] != b' ' {
            return Err(NOT_A_TIME);
        }
        let minute = clf_minute(&text[..CLF_MINUTE])?;
        let offset_s = offset(&text[21..]).ok_or(NOT_A_TIME)?;
        self.minute_s = utc_second(minute) - offset_s;
        self.text = *text;
        Ok(())
    }
}

/// The second of a time without zone, like `10/Oct/2000:13:55:36` with any fraction, on the clocks of `zone`.
pub(super) fn clf_local(text: &[u8], zone: &Zone) -> Result<i64, Malformed> {
    let (minute, second) = text.split_at_checked(CLF_MINUTE).ok_or(NOT_A_TIME)?;
    let (second, fraction) = second.split_at_checked(3).ok_or(NOT_A_TIME)?;
    if second[0] != b':' || !is_fraction(fraction) {
        return Err(NOT_A_TIME);
    }
    let second = sixty(&second[1..]).ok_or(NOT_A_TIME)?;
    zone.at(clf_minute(minute)?).map(|start| start + second).ok_or(NO_SUCH_DATE)
}

/// The minute of `10/Oct/2000:13:55`.
fn clf_minute(text: &[u8]) -> Result<DateTime, Malformed> {
    let &[d1, d2, b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':', h1, h2, b':', n1, n2] = text else {
        return Err(NOT_A_TIME);
    };
    let month = month([m1, m2, m3]).ok_or(NOT_A_TIME)?;
    let year = number(&[y1, y2, y3, y4]).ok_or(NOT_A_TIME)?;
    let day = number(&[d1, d2]).ok_or(NOT_A_TIME)?;
    let hour = number(&[h1, h2]).ok_or(NOT_A_TIME)?;
    let minute = number(&[n1, n2]).ok_or(NOT_A_TIME)?;
    civil(year, month, day, hour, minute).ok_or(NO_SUCH_DATE)
}

/// The clocks that times without zone were read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Zone {
    /// So many seconds ahead, always.
    Fixed(i64),
    /// By the rules of a zone.
    Rules(TimeZone),
}

impl Zone {
    /// A zone of the zone database, or UTC.
    pub(super) fn of(zone: TimeZone) -> Self {
        if zone == TimeZone::UTC { Zone::Fixed(0) } else { Zone::Rules(zone) }
    }

    /// The second of a time on these clocks. Where clocks were put back, the first of both times; where they were put
    /// forward, the time that the old rule gives.
    pub(super) fn at(&self, local: DateTime) -> Option<i64> {
        match self {
            Zone::Fixed(ahead_s) => Some(utc_second(local) - ahead_s),
            Zone::Rules(zone) => {
                zone.to_ambiguous_timestamp(local).compatible().ok().map(Timestamp::as_second)
            }
        }
    }
}

/// The second of a time like `2000-10-10T13:55:36.123-07:00`.
///
/// Also read: a space or `/` as separators, a comma before the fraction, `-0700`, `-07`, and no zone at all, which
/// means `zone`.
pub(super) fn iso(text: &[u8], zone: &Zone) -> Option<i64> {
    let &[
        y1,
        y2,
        y3,
        y4,
        s1,
        m1,
        m2,
        s2,
        d1,
        d2,
        t,
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        c1,
        c2,
        ref rest @ ..,
    ] = text
    else {
        return None;
    };
    if s1 != s2 || !matches!(s1, b'-' | b'/') || !matches!(t, b'T' | b't' | b' ') {
        return None;
    }
    let minute = civil(
        number(&[y1, y2, y3, y4])?,
        number(&[m1, m2])?,
        number(&[d1, d2])?,
        number(&[h1, h2])?,
        number(&[n1, n2])?,
    )?;
    let second = sixty(&[c1, c2])?;
    let ends = rest
        .iter()
        .position(|byte| !matches!(byte, b'.' | b',' | b'0'..=b'9'))
        .unwrap_or(rest.len());
    let (fraction, stated) = rest.split_at(ends);
    if !is_fraction(fraction) {
        return None;
    }
    match stated.trim_ascii_start() {
        [] => zone.at(minute).map(|start| start + second),
        [b'Z' | b'z'] => Some(utc_second(minute) + second),
        stated => Some(utc_second(minute) + second - offset(stated)?),
    }
}

/// The offset from UTC, in seconds, that a time like `2000-10-10T13:55:36-07:00` states; `None` when it states none.
pub(super) fn stated_offset(text: &[u8]) -> Option<i64> {
    if let Some(b'Z' | b'z') = text.last() {
        return Some(0);
    }
    let time = text.iter().position(|byte| matches!(byte, b'T' | b't'))?;
    let sign = text[time..].iter().position(|byte| matches!(byte, b'+' | b'-'))?;
    offset(&text[time + sign..])
}

/// Seconds since 1970 as logs write them: seconds, milliseconds, microseconds or nanoseconds, told apart by their
/// size (10^11 seconds are the year 5138, 10^11 milliseconds are March 1973), with or without a fraction.
pub(super) fn epoch(text: &[u8]) -> Option<i64> {
    let whole = scaled(text, 0)?;
    let divisor = match whole {
        0..100_000_000_000 => 1,
        100_000_000_000..100_000_000_000_000 => 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
        _ => 1_000_000_000,
    };
    i64::try_from(whole / divisor).ok()
}

/// The second of a time in any of the forms above. `zone` is for those that state none.
pub(super) fn any(text: &[u8], zone: &Zone, memo: &mut Memo) -> Option<i64> {
    let text = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
    match text {
        [_, _, b'/', ..] => match <&[u8; CLF_BYTES]>::try_from(text) {
            Ok(text) => memo.clf(text).ok(),
            Err(_) => clf_local(text, zone).ok(),
        },
        [_, _, _, _, b'-' | b'/', ..] => iso(text, zone),
        _ => epoch(text),
    }
}

/// A minute that exists, from 1970 on.
fn civil(year: i16, month: i16, day: i16, hour: i16, minute: i16) -> Option<DateTime> {
    if year < 1970 {
        return None;
    }
    let date = Date::new(year, month as i8, day as i8).ok()?;
    let time = Time::new(hour as i8, minute as i8, 0, 0).ok()?;
    Some(DateTime::from_parts(date, time))
}

/// The second since 1970 at which clocks that show UTC show this.
fn utc_second(clock: DateTime) -> i64 {
    clock.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_secs()
}

/// One to four digits.
fn number(text: &[u8]) -> Option<i16> {
    text.iter().try_fold(0, |sum, byte| Some(sum * 10 + i16::from(digit(*byte)?)))
}

/// A second of a minute; the leap second 60 is taken for the 59th.
fn sixty(text: &[u8]) -> Option<i64> {
    number(text).filter(|second| *second <= 60).map(|second| i64::from(second.min(59)))
}

/// Nothing, or a point or comma and digits.
fn is_fraction(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b'.' | b',', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Seconds ahead of UTC of `+0530`, `+05:30` or `+05`.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match *text {
        [sign, h1, h2] => (sign, number(&[h1, h2])?, 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => {
            (sign, number(&[h1, h2])?, number(&[m1, m2])?)
        }
        _ => return None,
    };
    let seconds =
        (hours < 24 && minutes < 60).then(|| i64::from(hours) * 3600 + i64::from(minutes) * 60)?;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// `Jan` is 1. Only the English short names are written by any server, whatever its locale.
fn month(name: [u8; 3]) -> Option<i16> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES.iter().position(|known| **known == name).map(|index| index as i16 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T06:46:57Z: `date -u -d 2026-11-23T06:46:57Z +%s`.
    const AT_S: i64 = 1_795_416_417;

    fn utc(text: &str) -> Option<i64> {
        any(text.as_bytes(), &Zone::Fixed(0), &mut Memo::default())
    }

    #[test]
    fn one_second_in_every_form() {
        for text in [
            "2026-11-23T06:46:57Z",
            "2026-11-23T06:46:57.676z",
            "2026-11-23 06:46:57,676",
            "2026/11/23 06:46:57.5",
            "2026-11-23T12:16:57+05:30",
            "2026-11-23T02:46:57.1-0400",
            "2026-11-23T17:46:57+11",
            "2026-11-23 17:46:57 +1100",
            "23/Nov/2026:06:46:57 +0000",
            "[23/Nov/2026:17:46:57 +1100]",
            "23/Nov/2026:06:46:57.676",
            "23/Nov/2026:06:46:57",
            "1795416417",
            "1795416417.676",
            "1795416417676",
            "1795416417676123",
            "1795416417676123456",
            "1.795416417676e9",
        ] {
            assert_eq!(utc(text), Some(AT_S), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "-",
            "yesterday",
            "2026-11-23",
            "2026-02-31T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T06:60:00Z",
            "2026-11-23T06:46:61Z",
            "2026-11-23T06:46:57.Z",
            "2026-11-23T06:46:57X",
            "2026-11-23T06:46:57+24:00",
            "2026-11/23T06:46:57Z",
            "23/Nov/2026:06:46:57.",
            "23/Nov/2026",
            "-1795416417",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_second_of_9999_and_the_leap_second_are_read() {
        assert_eq!(utc("31/Dec/9999:23:59:59 +0000"), Some(253_402_300_799));
        assert_eq!(utc("2016-12-31T23:59:60Z"), Some(1_483_228_799));
        assert_eq!(utc("1970-01-01T00:00:00Z"), Some(0));
    }

    #[test]
    fn times_without_zone_are_on_the_clocks_of_the_given_one() {
        let zone = Zone::of(crate::time::zone("Europe/Berlin").unwrap());
        let at = |text: &str| any(text.as_bytes(), &zone, &mut Memo::default());
        assert_eq!(at("23/Nov/2026:07:46:57.676"), Some(AT_S));
        assert_eq!(at("2026-11-23 07:46:57"), Some(AT_S));
        assert_eq!(at("23/Nov/2026:06:46:57 +0000"), Some(AT_S), "a stated zone wins");
        // 2026-10-25 02:30 came twice, at 00:30Z and at 01:30Z: `date -u -d 2026-10-25T00:30Z +%s`.
        assert_eq!(at("25/Oct/2026:02:30:00"), Some(1_792_888_200));
    }

    #[test]
    fn offsets_are_found_in_times() {
        assert_eq!(stated_offset(b"2026-11-23T06:46:57.676Z"), Some(0));
        assert_eq!(stated_offset(b"2026-11-23T06:46:57-03:30"), Some(-12_600));
        assert_eq!(stated_offset(b"2026-11-23T06:46:57"), None);
        assert_eq!(stated_offset(b"2026-11-23"), None);
    }
}
