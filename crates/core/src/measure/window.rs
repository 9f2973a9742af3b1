//! Windows: the stretch of time over which an objective is held.

use jiff::civil::DateTime;

/// The window of an objective, from one hour to 400 days long.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// How many units, at least 1.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// Units of calendar periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
