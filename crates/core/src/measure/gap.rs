//! Silence in finished logs: where it is missing data, and where there was just no traffic.
//!
//! A finished log does not say whether a minute without lines is a minute without requests or a lost piece of
//! the log. Where the same minutes of other days were busy, silence is not believed.

pub(super) mod days;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::days::Cycle;
use crate::{
    limits::{SILENCE_REQUESTS, WINDOW_MINUTES_MAX},
    time::{DAY, HOUR, Minute, Span},
};

/// The rule by which a silent run of the input is missing data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Gap {
    /// Missing where other days predict at least so many requests for the run (at least 1).
    Predicted(u64),
    /// Never missing: every silent minute is a minute without traffic.
    Never,
    /// Missing when the run is longer than so many minutes.
    Longer(u32),
}

impl Default for Gap {
    fn default() -> Self {
        Gap::Predicted(SILENCE_REQUESTS)
    }
}

impl Gap {
    /// Reads a rule: `20` (requests predicted), `never`, or a length such as `30m`, `2h`, `1d`.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Gap::Never);
        }
        let refuse = || {
            format!(
                "`{text}` is not a rule for gaps: write the number of requests that must have been expected \
                 (`{SILENCE_REQUESTS}`), a length of silence (`30m`, `2h`, `1d`, at most 400 days), or `never`"
            )
        };
        let unit_minutes = match text.bytes().last() {
            Some(b'm') => Some(1),
            Some(b'h') => Some(HOUR as u32),
            Some(b'd') => Some(DAY as u32),
            _ => None,
        };
        let digits = &text[..text.len() - usize::from(unit_minutes.is_some())];
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        match unit_minutes {
            None => digits.parse().ok().filter(|n| *n > 0).map(Gap::Predicted).ok_or_else(refuse),
            Some(unit) => digits
                .parse::<u32>()
                .ok()
                .and_then(|n| n.checked_mul(unit))
                .filter(|minutes| *minutes <= WINDOW_MINUTES_MAX)
                .map(Gap::Longer)
                .ok_or_else(refuse),
        }
    }

    /// The form that [`Gap::parse`] reads.
    pub fn text(self) -> String {
        match self {
            Gap::Predicted(requests) => requests.to_string(),
            Gap::Never => "never".to_owned(),
            Gap::Longer(minutes) => format!("{minutes}m"),
        }
    }
}

impl TryFrom<String> for Gap {
    type Error = String;

    /// Reads a rule as it is kept. Once it was kept as the sentence for people.
    fn try_from(text: String) -> Result<Self, String> {
        if text == Gap::Never.to_string() {
            return Ok(Gap::Never);
        }
        let number = |before: &str, after: &str| {
            text.strip_prefix(before)?.strip_suffix(after)?.parse::<u64>().ok()
        };
        let longer = number("silence of more than ", " min is missing data, else no traffic");
        let predicted = number(
            "silence is missing data where the same minutes of other days predict at least ",
            " requests, else no traffic",
        );
        match (longer.and_then(|minutes| u32::try_from(minutes).ok()), predicted) {
            (Some(minutes), _) => Ok(Gap::Longer(minutes)),
            (None, Some(requests)) => Ok(Gap::Predicted(requests)),
            (None, None) => Gap::parse(&text),
        }
    }
}

impl From<Gap> for String {
    fn from(value: Gap) -> String {
        value.text()
    }
}

impl fmt::Display for Gap {
    /// A sentence for people that states the rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::Predicted(requests) => write!(
                f,
                "silence is missing data where the same minutes of other days predict at least {requests} \
                 requests, else no traffic"
            ),
            Gap::Never => f.write_str("silence is never missing data, always no traffic"),
            Gap::Longer(minutes) => {
                write!(f, "silence of more than {minutes} min is missing data, else no traffic")
            }
        }
    }
}

/// A maximal run of minutes without any line, between the first and the last minute of the input, that is
/// missing data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The silent minutes.
    pub span: Span,
    /// How many lines the same minutes of other days predict for it, rounded down.
    pub predicted: u64,
}

/// The silent runs that are missing data, in order.
///
/// `activity` holds the lines of each minute of the whole input, ascending, zero or absent where there were none.
///
/// The prediction for a run is the sum, over its minutes, of the mean count at the same minute of the day (UTC) on
/// the days of the input where that minute is not part of the run; where there is no such day it is nothing. It is
/// compared without rounding.
pub fn missing(activity: &[(Minute, u64)], rule: Gap) -> Vec<Missing> {
    let mut busy = activity.iter().filter(|(_, lines)| *lines > 0).map(|(minute, _)| *minute);
    let Some(first) = busy.next() else { return Vec::new() };
    let end = activity.iter().rev().find(|(_, lines)| *lines > 0).map_or(first, |(last, _)| *last);
    let days = Cycle::of(DAY, activity, Span::new(first, end.plus(1)));
    let mut missing = Vec::new();
    let mut before = first;
    for minute in busy {
        let span = Span::new(before.plus(1), minute);
        before = minute;
        if span.is_empty() || rule == Gap::Never {
            continue;
        }
        let predicted = days.predict(span, &[span]);
        let counts = match rule {
            Gap::Predicted(requests) => predicted.reaches(requests),
            Gap::Longer(minutes) => span.minutes() > i64::from(minutes),
            Gap::Never => false,
        };
        if counts {
            missing.push(Missing { span, predicted: predicted.floor() });
        }
    }
    missing
}

/// The longest silent run of the input, the first of equals, that is not one of the missing ones.
pub fn longest(activity: &[(Minute, u64)], missing: &[Span]) -> Option<Span> {
    let busy: Vec<Minute> =
        activity.iter().filter(|(_, lines)| *lines > 0).map(|(minute, _)| *minute).collect();
    let runs = busy.windows(2).map(|pair| Span::new(pair[0].plus(1), pair[1]));
    runs.filter(|run| !run.is_empty() && !missing.contains(run))
        .max_by_key(|run| (run.minutes(), std::cmp::Reverse(run.from)))
}

#[cfg(test)]
mod tests;
