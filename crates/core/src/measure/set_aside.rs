//! Runs of minutes in which most requests are excluded: a service that hangs may look like this, and like nothing else.

use super::tally::Series;
use crate::time::Span;

/// A run has at least so many minutes.
const NAMED_FROM_MINUTES: i64 = 5;

/// A run has at least so many excluded requests.
const NAMED_FROM_EXCLUDED: u64 = 20;

/// Minutes that are at most so far apart are one run.
const GAP_MINUTES: i64 = 5;

/// A stretch of time in which most requests of a service did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// From its first such minute to its last.
    pub span: Span,
    /// Excluded requests in it.
    pub excluded: u64,
    /// All requests in it.
    pub requests: u64,
}

/// The runs of minutes with more excluded requests than others, at least 5 minutes long and with at least 20 excluded
/// requests, in order. Such minutes up to 5 minutes apart are one run.
pub fn of(series: &Series) -> Vec<SetAside> {
    let mut found: Vec<SetAside> = Vec::new();
    let mut between = (0, 0);
    series.visit(|minute, cell| {
        between = (between.0 + cell.excluded, between.1 + cell.requests());
        if cell.excluded <= cell.total() {
            return;
        }
        match found.last_mut() {
            Some(last) if minute.0 - last.span.to.0 <= GAP_MINUTES => {
                last.span.to = minute.plus(1);
                last.excluded += between.0;
                last.requests += between.1;
            }
            _ => found.push(SetAside {
                span: Span::new(minute, minute.plus(1)),
                excluded: cell.excluded,
                requests: cell.requests(),
            }),
        }
        between = (0, 0);
    });
    found.retain(|run| {
        run.span.minutes() >= NAMED_FROM_MINUTES && run.excluded >= NAMED_FROM_EXCLUDED
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{measure::tally::Cell, time::Minute};

    fn check(minutes: &[(i64, u64, u64)], expected: &[(i64, i64, u64, u64)]) {
        let mut series = Series::default();
        for &(minute, good, excluded) in minutes {
            series.add(Minute(minute), &Cell { good, excluded, ..Cell::default() });
        }
        let found = of(&series);
        let found: Vec<_> =
            found.iter().map(|s| (s.span.from.0, s.span.to.0, s.excluded, s.requests)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_hang_that_clients_gave_up_on_is_a_run() {
        let hang: Vec<_> = (0..20).map(|m| if m < 10 { (m, 4, 0) } else { (m, 0, 4) }).collect();
        check(&hang, &[(10, 20, 40, 40)]);
        // Four minutes, or nineteen requests, are none; half is not most.
        check(&hang[..14], &[]);
        check(&[(0, 0, 15), (5, 0, 4)], &[]);
        check(&[(0, 0, 15), (5, 0, 5)], &[(0, 6, 20, 20)]);
        check(&[(0, 9, 9), (1, 9, 9), (2, 9, 9), (3, 9, 9), (4, 9, 9)], &[]);
    }

    #[test]
    fn runs_up_to_five_minutes_apart_are_one_with_what_lies_between() {
        check(&[(0, 1, 20), (3, 7, 2), (6, 0, 20), (7, 9, 0)], &[(0, 7, 42, 50)]);
        check(&[(0, 0, 20), (7, 0, 20), (11, 0, 1)], &[(7, 12, 21, 21)]);
    }
}
