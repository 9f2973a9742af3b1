//! Minutes, the unit in which everything is measured, and the zones in which people read them.

use std::fmt;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A minute, counted since 1970-01-01T00:00Z. It stands for the 60 seconds that begin there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(pub i64);

/// Minutes of an hour.
pub const HOUR: i64 = 60;
/// Minutes of a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

impl Minute {
    /// The minute that holds the given second since 1970.
    #[inline]
    pub fn of_second(second: i64) -> Self {
        Minute(second.div_euclid(60))
    }

    /// The first second of this minute, since 1970; the last there is where the minute lies beyond.
    pub fn second(self) -> i64 {
        self.0.saturating_mul(60)
    }

    /// The minute `minutes` later (or earlier, when negative).
    #[must_use]
    pub fn plus(self, minutes: i64) -> Self {
        Minute(self.0 + minutes)
    }

    /// The last minute not after this one whose count since 1970 is a multiple of `step`.
    #[must_use]
    pub fn floor(self, step: i64) -> Self {
        Minute(self.0.div_euclid(step) * step)
    }

    /// The first minute not before this one whose count since 1970 is a multiple of `step`.
    #[must_use]
    pub fn ceil(self, step: i64) -> Self {
        let floor = self.floor(step);
        if floor == self { self } else { floor.plus(step) }
    }
}

impl fmt::Display for Minute {
    /// RFC 3339 in UTC, such as `2026-11-23T06:45:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc3339(self.second()))
    }
}

/// Minutes from `from` (inclusive) to `to` (exclusive); empty when they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First minute.
    pub from: Minute,
    /// First minute after.
    pub to: Minute,
}

impl Span {
    /// The span of these bounds; `to` before `from` gives an empty span at `from`.
    pub fn new(from: Minute, to: Minute) -> Self {
        Span { from, to: to.max(from) }
    }

    /// How many minutes it holds.
    pub fn minutes(self) -> i64 {
        self.to.0 - self.from.0
    }

    /// Whether it holds no minute.
    pub fn is_empty(self) -> bool {
        self.from == self.to
    }

    /// Whether it holds this minute.
    pub fn contains(self, minute: Minute) -> bool {
        self.from <= minute && minute < self.to
    }

    /// What both spans hold.
    #[must_use]
    pub fn intersection(self, other: Span) -> Span {
        Span::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// Every minute, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Minute> {
        (self.from.0..self.to.0).map(Minute)
    }
}

/// Writes a second since 1970 as RFC 3339 in UTC. Seconds outside the years -9999 to 9999 show as a number.
pub fn rfc3339(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| format!("{second}s"), |t| t.to_string())
}

/// Writes a millisecond since 1970 as RFC 3339 in UTC, with as many decimals as it needs.
pub fn rfc3339_ms(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms}ms"), |t| t.to_string())
}

/// Writes a minute for people: `2026-11-23 06:45 UTC`.
pub fn utc(minute: Minute) -> String {
    let text = minute.to_string();
    match text.strip_suffix(":00Z") {
        Some(text) => text.replacen('T', " ", 1) + " UTC",
        None => text,
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(civil::Date);

impl Date {
    /// Reads a day of the years 1990 to 2200 such as `2027-05-01`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        // The library reads more forms than this one.
        let date: civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
        (1990..=2200).contains(&date.year()).then_some(Date(date))
    }

    /// The day in UTC that holds this minute; the last there is for minutes beyond.
    pub fn of(minute: Minute) -> Self {
        let moment = Timestamp::from_second(minute.second()).unwrap_or(Timestamp::MAX);
        Date(TimeZone::UTC.to_datetime(moment).date())
    }

    /// Its year, and its month from 1 to 12.
    pub fn year_and_month(self) -> (i16, i8) {
        (self.0.year(), self.0.month())
    }

    /// Its first minute in UTC.
    pub fn begin(self) -> Minute {
        let moment = self.0.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_second());
        Minute::of_second(moment.unwrap_or_default())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Date::parse(&text).ok_or_else(|| format!("{text:?} is no day such as 2027-05-01"))
    }
}

/// The time zone of an IANA name such as `Europe/Berlin`, from the rules bundled with the program; `None` when
/// there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    jiff::tz::TimeZoneDatabase::bundled().get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_hold_their_seconds_also_before_1970() {
        assert_eq!(Minute::of_second(0), Minute(0));
        assert_eq!(Minute::of_second(59), Minute(0));
        assert_eq!(Minute::of_second(60), Minute(1));
        assert_eq!(Minute::of_second(-1), Minute(-1));
        assert_eq!(
            [-61, -60, -1, 0, 1, 60].map(|m| Minute(m).ceil(60).0),
            [-60, -60, 0, 0, 60, 60]
        );
        assert_eq!(Minute(29_923_605).to_string(), "2026-11-23T06:45:00Z");
        assert_eq!(Minute(i64::MAX).to_string(), format!("{}s", i64::MAX));
    }

    #[test]
    fn minutes_read_well() {
        assert_eq!(utc(Minute(29_923_605)), "2026-11-23 06:45 UTC");
        assert_eq!(utc(Minute(i64::MAX / 60)), format!("{}s", i64::MAX / 60 * 60));
    }

    #[test]
    fn days_are_read_and_written_as_they_stand_in_the_calendar() {
        let day = Date::parse("2026-11-23").unwrap();
        assert_eq!(day.to_string(), "2026-11-23");
        assert_eq!(Date::of(Minute(29_923_605)), day);
        assert_eq!(day.begin().to_string(), "2026-11-23T00:00:00Z");
        for text in ["2026-11-31", "20261123", "2026-11-23T00:00", "26-11-23", "1066-10-14", ""] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn zones_are_bundled() {
        assert!(zone("Europe/Berlin").is_some());
        assert!(zone("Europe/Atlantis").is_none());
    }
}
