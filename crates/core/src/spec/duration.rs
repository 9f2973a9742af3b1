//! The duration shorthand of OpenSLO: a whole number and one letter, such as `5m`, `4w` or `1M`.

use std::fmt;

use super::{code, fields::Item, kind::Version, report::Report, yaml::Value};
use crate::time::{DAY, HOUR};

/// A whole number of units. A month counts 30 days, a quarter 90 and a year 365, except in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: DurationUnit,
}

/// Units of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationUnit {
    /// Only v1alpha has it.
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `M`
    Month,
    /// `Q`
    Quarter,
    /// `Y`
    Year,
}

use DurationUnit::{Day, Hour, Minute, Month, Quarter, Second, Week, Year};

impl DurationUnit {
    /// The letter it is written with; v1alpha's second has none in v1 and is written `s`.
    fn letter(self) -> char {
        match self {
            Second => 's',
            Minute => 'm',
            Hour => 'h',
            Day => 'd',
            Week => 'w',
            Month => 'M',
            Quarter => 'Q',
            Year => 'Y',
        }
    }

    fn of_letter(letter: &str) -> Option<Self> {
        [Minute, Hour, Day, Week, Month, Quarter, Year]
            .into_iter()
            .find(|unit| unit.letter().to_string() == letter)
    }

    /// Its length in seconds, outside a calendar.
    fn seconds(self) -> u64 {
        let minutes = match self {
            Second => return 1,
            Minute => 1,
            Hour => HOUR,
            Day => DAY,
            Week => 7 * DAY,
            Month => 30 * DAY,
            Quarter => 90 * DAY,
            Year => 365 * DAY,
        };
        minutes as u64 * 60
    }

    /// Whether its length depends on the calendar.
    pub fn is_uneven(self) -> bool {
        matches!(self, Month | Quarter | Year)
    }
}

impl Duration {
    /// So many minutes, in the largest unit that holds them exactly.
    pub fn of_minutes(minutes: u32) -> Self {
        let unit = [Week, Day, Hour]
            .into_iter()
            .find(|unit| minutes > 0 && (u64::from(minutes) * 60).is_multiple_of(unit.seconds()));
        let unit = unit.unwrap_or(Minute);
        Duration { count: (u64::from(minutes) * 60 / unit.seconds()) as u32, unit }
    }

    /// Its length in minutes outside a calendar; `None` when it is no whole number of minutes, or beyond counting.
    pub fn minutes(self) -> Option<u32> {
        let seconds = u64::from(self.count) * self.unit.seconds();
        if seconds.is_multiple_of(60) { u32::try_from(seconds / 60).ok() } else { None }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.letter())
    }
}

/// Reads a duration from a text.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse(text: &str) -> Result<Duration, &'static str> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, letter) = text.split_at(digits);
    if text.starts_with('-') {
        return Err("must not be negative");
    }
    if number.is_empty() {
        return Err("must begin with a whole number");
    }
    if letter.is_empty() {
        return Err("has no unit");
    }
    let unit = DurationUnit::of_letter(letter).ok_or("has a unit that does not exist")?;
    let count = number.parse().map_err(|_| "is too long")?;
    Ok(Duration { count, unit })
}

/// Whether a duration is the length of a calendar window, where a month is a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Calendar window.
    Calendar,
    /// Anything else.
    Length,
    /// The same, where whoever reads it refuses one without length.
    Positive,
}

/// Reads a duration from a field.
pub(crate) fn read(item: &Item<'_>, usage: Use, report: &mut Report) -> Option<Duration> {
    const HINT: &str = "write a whole number and m, h, d, w, M, Q or Y, such as 5m or 4w";
    const V2_HINT: &str = "write a whole number and m, h, d or w, such as 5m or 4w";
    let hint = if report.version == Version::V2alpha { V2_HINT } else { HINT };
    if let Value::Number(number) = &item.node.value {
        item.error(report, code::BAD_DURATION, format!("{number} has no unit"), hint);
        return None;
    }
    let text = item.filled_text(report)?;
    let duration = match parse(text) {
        Ok(duration) => duration,
        Err(why) => {
            item.error(report, code::BAD_DURATION, format!("{text:?} {why}"), hint);
            return None;
        }
    };
    if report.version == Version::V2alpha && duration.unit.is_uneven() {
        let message = format!("{text:?} has a unit that v2alpha does not have");
        item.error(report, code::BAD_DURATION, message, hint);
        return None;
    }
    if duration.count == 0 && usage != Use::Positive {
        let hint = "read as nothing; the specification asks for a positive number";
        item.warning(report, code::ZERO_DURATION, "has no length", hint);
    }
    if usage != Use::Calendar && duration.unit.is_uneven() {
        let hint =
            "read as 30 days a month, 90 a quarter, 365 a year; write days or weeks to be clear";
        item.warning(
            report,
            code::MONTH_WITHOUT_CALENDAR,
            format!("how long {text} is depends on the calendar"),
            hint,
        );
    }
    Some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_by_hand() {
        for (text, minutes) in [
            ("0w", 0),
            ("10m", 10),
            ("5h", 300),
            ("2d", 2880),
            ("1w", 10_080),
            ("3M", 129_600),
            ("1Q", 129_600),
            ("1Y", 525_600),
        ] {
            let duration = parse(text).unwrap();
            assert_eq!(duration.minutes(), Some(minutes), "{text}");
            assert_eq!(duration.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        assert_eq!(parse(""), Err("must begin with a whole number"));
        assert_eq!(parse("invalid"), Err("must begin with a whole number"));
        assert_eq!(parse("-1h"), Err("must not be negative"));
        assert_eq!(parse("5"), Err("has no unit"));
        assert_eq!(parse("5s"), Err("has a unit that does not exist"));
        assert_eq!(parse("5 m"), Err("has a unit that does not exist"));
        assert_eq!(parse("1.5h"), Err("has a unit that does not exist"));
        assert_eq!(parse("1month"), Err("has a unit that does not exist"));
        assert_eq!(parse("99999999999m"), Err("is too long"));
    }

    #[test]
    fn minutes_take_their_largest_unit() {
        for (minutes, text) in [
            (0, "0m"),
            (59, "59m"),
            (60, "1h"),
            (43_200, "30d"),
            (40_320, "4w"),
            (u32::MAX, "4294967295m"),
        ] {
            assert_eq!(Duration::of_minutes(minutes).to_string(), text);
        }
        assert_eq!(parse("4294967295Y").unwrap().minutes(), None);
    }
}
