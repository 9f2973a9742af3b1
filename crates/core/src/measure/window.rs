//! Windows: the stretch of time over which an objective is held.

use std::fmt;

use jiff::{civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::time::{DAY, HOUR, Minute, Span};

/// The window of an objective, from one hour to 400 days long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last so many minutes, ending at the last complete slot.
    Rolling {
        /// Its length in minutes.
        minutes: u32,
    },
    /// The current one of periods that follow each other from `start`, by the calendar of a zone.
    Calendar {
        /// Where the first period begins, on the clocks of `zone`.
        start: DateTime,
        /// IANA name, such as `Europe/Berlin`.
        zone: String,
        /// How long a period is.
        every: Period,
    },
}

/// The length of a calendar period. A day may have 23 or 25 hours, a month 28 to 31 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// How many units, at least 1.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// Units of calendar periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 60 minutes.
    Hour,
    /// Midnight to midnight.
    Day,
    /// Seven days.
    Week,
    /// The same day of the next month, or the last day where the month is shorter.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// A window at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// The minutes of it that are over.
    pub span: Span,
    /// How many minutes it has in all: for a calendar window the whole period, with the part that is to come.
    pub whole_minutes: i64,
}

/// Why a calendar window has no place at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoExtent {
    /// The zone is not in the bundled rules.
    UnknownZone,
    /// The calendar does not reach there (years -9999 to 9999).
    OutOfCalendar,
    /// The period has no length.
    EmptyPeriod,
}

impl fmt::Display for NoExtent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoExtent::UnknownZone => {
                "the time zone is not known; use an IANA name such as Europe/Berlin"
            }
            NoExtent::EmptyPeriod => {
                "the window's period has no length; give a count of at least 1"
            }
            NoExtent::OutOfCalendar => "the window lies outside the years -9999 to 9999",
        })
    }
}

impl Window {
    /// Where the window lies when all slots before `end` are complete. A calendar window is the period that holds
    /// `end`, up to it; at a boundary the new period has just begun and is empty.
    ///
    /// # Errors
    /// [`NoExtent`], for calendar windows only.
    pub fn at(&self, end: Minute) -> Result<Extent, NoExtent> {
        match self {
            Window::Rolling { minutes } => {
                let minutes = i64::from(*minutes);
                Ok(Extent { span: Span::new(end.plus(-minutes), end), whole_minutes: minutes })
            }
            Window::Calendar { start, zone, every } => {
                let period = Periods::of(*start, zone, *every)?.holding(end)?;
                Ok(Extent { span: Span::new(period.from, end), whole_minutes: period.minutes() })
            }
        }
    }

    /// The whole period of a calendar window that holds this minute; `None` for a rolling window, which has none.
    ///
    /// # Errors
    /// [`NoExtent`], for calendar windows only.
    pub fn period(&self, minute: Minute) -> Result<Option<Span>, NoExtent> {
        match self {
            Window::Rolling { .. } => Ok(None),
            Window::Calendar { start, zone, every } => {
                Periods::of(*start, zone, *every)?.holding(minute).map(Some)
            }
        }
    }

    /// Whether the window moves with every minute.
    pub fn is_rolling(&self) -> bool {
        matches!(self, Window::Rolling { .. })
    }
}

impl fmt::Display for Window {
    /// `30d`, `1h 30m`; calendar windows as `1 month from 2026-01-01T00:00:00 Europe/Berlin`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Rolling { minutes } => f.write_str(&length(i64::from(*minutes))),
            Window::Calendar { start, zone, every } => {
                let s = if every.count == 1 { "" } else { "s" };
                write!(f, "{} {}{s} from {start} {zone}", every.count, every.unit.name())
            }
        }
    }
}

/// A length in minutes as people write it: `30d`, `1d 6h`, `90m` as `1h 30m`.
pub fn length(minutes: i64) -> String {
    let parts = [(minutes / DAY, 'd'), (minutes % DAY / HOUR, 'h'), (minutes % HOUR, 'm')];
    let text: Vec<String> =
        parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0m".to_owned() } else { text.join(" ") }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        }
    }

    /// About how many minutes it has; exact for an hour.
    fn about_minutes(self) -> i64 {
        match self {
            Unit::Hour => HOUR,
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => 30 * DAY,
            Unit::Quarter => 91 * DAY,
            Unit::Year => 365 * DAY,
        }
    }
}

/// The endless row of periods of a calendar window.
struct Periods {
    start: DateTime,
    zone: TimeZone,
    every: Period,
}

impl Periods {
    fn of(start: DateTime, zone: &str, every: Period) -> Result<Self, NoExtent> {
        let zone = crate::time::zone(zone).ok_or(NoExtent::UnknownZone)?;
        Ok(Periods { start, zone, every })
    }

    /// The period that holds a minute. Before the first one the row goes on backwards.
    fn holding(&self, minute: Minute) -> Result<Span, NoExtent> {
        if self.every.count == 0 {
            return Err(NoExtent::EmptyPeriod);
        }
        // A guess that is off by the uneven lengths of months and years, walked to the right one.
        let first = self.boundary(0)?;
        let about = (self.every.unit.about_minutes() * i64::from(self.every.count)).max(1);
        let mut n = (minute.0 - first.0).div_euclid(about);
        let mut from = self.boundary(n)?;
        while from > minute {
            n -= 1;
            from = self.boundary(n)?;
        }
        loop {
            let to = self.boundary(n + 1)?;
            if minute < to {
                return Ok(Span::new(from, to));
            }
            (n, from) = (n + 1, to);
        }
    }

    /// Where period `n` begins. Counted from the start each time, so that the 31st comes back after a short month.
    /// A local time that a clock change skips is taken after the change, one that happens twice is the first.
    fn boundary(&self, n: i64) -> Result<Minute, NoExtent> {
        let out = NoExtent::OutOfCalendar;
        let units = n.checked_mul(i64::from(self.every.count)).ok_or(out)?;
        let step = match self.every.unit {
            Unit::Hour => {
                let first = self
                    .start
                    .to_zoned(self.zone.clone())
                    .map_err(|_| out)?
                    .timestamp()
                    .as_second();
                return Ok(Minute::of_second(first).plus(units.checked_mul(HOUR).ok_or(out)?));
            }
            Unit::Day => jiff::Span::new().try_days(units),
            Unit::Week => jiff::Span::new().try_weeks(units),
            Unit::Month => jiff::Span::new().try_months(units),
            Unit::Quarter => jiff::Span::new().try_months(units.checked_mul(3).ok_or(out)?),
            Unit::Year => jiff::Span::new().try_years(units),
        };
        let local = step.and_then(|step| self.start.checked_add(step));
        let zoned = local.map_err(|_| out)?.to_zoned(self.zone.clone()).map_err(|_| out)?;
        Ok(Minute::of_second(zoned.timestamp().as_second()))
    }
}

#[cfg(test)]
mod tests;
