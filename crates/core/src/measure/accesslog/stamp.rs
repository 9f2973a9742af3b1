//! Points in time as access logs write them, each read into whole seconds since 1970-01-01T00:00:00Z.
//!
//! Fractions of a second are checked and dropped. A leap second counts as the second before it. Years from 1970 to
//! 9999 are read; whether one is plausible is for the reader of the whole file to say.

use jiff::civil::{Date, DateTime, Time};

use super::{Malformed, number::digit};

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

/// A minute that exists, from 1970 on.
fn civil(year: i16, month: i16, day: i16, hour: i16, minute: i16) -> Option<DateTime> {
    if year < 1970 {
        return None;
    }
    let date = Date::new(year, month as i8, day as i8).ok()?;
    let time = Time::new(hour as i8, minute as i8, 0, 0).ok()?;
    Some(DateTime::from_parts(date, time))
}

/// The second since 1970 at which this minute begins on clocks that show UTC.
fn utc_second(minute: DateTime) -> i64 {
    minute.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_secs()
}

/// One to four digits.
fn number(text: &[u8]) -> Option<i16> {
    text.iter().try_fold(0, |sum, byte| Some(sum * 10 + i16::from(digit(*byte)?)))
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
