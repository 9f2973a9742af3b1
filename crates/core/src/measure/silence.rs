//! Silence of one service while the log goes on: the service is down before it is reached, or gone.
//!
//! It is not missing data, because the log was there. It is not health either.

use super::{
    gap::{
        Gap,
        days::{Cycle, WEEK},
    },
    tally::Series,
};
use crate::{
    limits::SILENCE_REQUESTS,
    time::{DAY, Minute, Span},
};

/// A run of minutes without a request to a service, where some were to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// The silent minutes.
    pub span: Span,
    /// How many requests the same minutes of other days predict for those of them that are not missing.
    pub expected: u64,
}

/// The silent runs of a service, in order, from its first request to the end of the input.
///
/// It is the rule of [`gap::missing`](super::gap::missing), for one service: the other days predict at least
/// [`SILENCE_REQUESTS`] (or what the rule says) for the minutes of the run that are not missing data. Where there are
/// other weeks to compare with, the same days of those must predict as many too: a service that rests at the weekend
/// is as it should be. A run in which the whole input is silent says nothing about the service. With [`Gap::Never`] no silence counts.
pub fn of(
    service: &Series,
    input: &[(Minute, u64)],
    missing: &[Span],
    extent: Span,
    rule: Gap,
) -> Vec<Silence> {
    let threshold = match rule {
        Gap::Never => return Vec::new(),
        Gap::Predicted(requests) => requests,
        Gap::Longer(_) => SILENCE_REQUESTS,
    };
    let mut activity = Vec::new();
    service.visit(|minute, cell| activity.push((minute, cell.requests())));
    let Some((first, _)) = activity.first().copied() else { return Vec::new() };
    let watched = Span::new(first, extent.to);
    let days = Cycle::of(DAY, &activity, watched);
    let weeks = Cycle::of(WEEK, &activity, watched);
    let ends = activity.iter().map(|(minute, _)| *minute).skip(1).chain([extent.to]);
    let runs = activity.iter().zip(ends).map(|((last, _), next)| Span::new(last.plus(1), next));
    let silence = |run: Span| {
        let parts = without(run.intersection(extent), missing);
        let span = Span::new(parts.first()?.from, parts.last()?.to);
        let mut predicted = days.predict(run, &parts);
        if predicted.reaches(threshold) && weeks.knows(run) {
            predicted = weeks.predict(run, &parts);
        }
        (predicted.reaches(threshold) && is_active(input, run))
            .then(|| Silence { span, expected: predicted.floor() })
    };
    runs.filter(|run| !run.is_empty()).filter_map(silence).collect()
}

/// Whether the input has a minute with requests in the run.
fn is_active(input: &[(Minute, u64)], run: Span) -> bool {
    let from = input.partition_point(|(minute, _)| *minute < run.from);
    input.get(from).is_some_and(|(minute, _)| run.contains(*minute))
}

/// What is left of a span without others, which are apart and in order.
fn without(span: Span, others: &[Span]) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut from = span.from;
    for other in others.iter().map(|other| other.intersection(span)).filter(|o| !o.is_empty()) {
        parts.push(Span::new(from, other.from));
        from = other.to;
    }
    parts.push(Span::new(from, span.to));
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{measure::tally::Cell, time::DAY};

    /// So many requests in each minute of ten days for which the function says so.
    fn ten_days(per_minute: u64, speaks: impl Fn(i64) -> bool) -> Series {
        let mut series = Series::default();
        for m in (0..10 * DAY).filter(|m| speaks(*m)) {
            series.add(Minute(m), &Cell { good: per_minute, ..Cell::default() });
        }
        series
    }

    fn check(service: &Series, missing: &[Span], rule: Gap, expected: &[(i64, i64, u64)]) {
        let others = ten_days(9, |m| !missing.iter().any(|span| span.contains(Minute(m))));
        let mut input = Vec::new();
        others.visit(|minute, cell| input.push((minute, cell.requests())));
        let extent = Span::new(Minute(0), Minute(10 * DAY));
        let found = of(service, &input, missing, extent, rule);
        let found: Vec<_> =
            found.iter().map(|s| (s.span.from.0, s.span.to.0, s.expected)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_service_that_vanishes_is_silent_to_the_end() {
        let gone = ten_days(4, |m| m < 7 * DAY);
        check(&gone, &[], Gap::default(), &[(7 * DAY, 10 * DAY, 3 * 1440 * 4)]);
        check(&gone, &[], Gap::Longer(30), &[(7 * DAY, 10 * DAY, 3 * 1440 * 4)]);
        check(&gone, &[], Gap::Never, &[]);
    }

    #[test]
    fn so_is_one_that_pauses_where_twenty_requests_were_expected() {
        let pauses = |minutes: i64| ten_days(4, move |m| !(DAY..DAY + minutes).contains(&m));
        check(&pauses(5), &[], Gap::default(), &[(DAY, DAY + 5, 20)]);
        check(&pauses(4), &[], Gap::default(), &[]);
        check(&pauses(4), &[], Gap::Predicted(16), &[(DAY, DAY + 4, 16)]);
        // A service that sleeps every night, and one that begins late, are as they should be.
        check(&ten_days(4, |m| m % DAY > 600), &[], Gap::default(), &[]);
        check(&ten_days(4, |m| m > 5 * DAY), &[], Gap::default(), &[]);
        check(&Series::default(), &[], Gap::default(), &[]);
    }

    #[test]
    fn a_service_that_rests_at_the_weekend_is_as_it_should_be() {
        // Three weeks that begin on a Thursday, as 1970 did, and end on a Sunday; nothing on days 2 and 3 of each.
        let is_weekend = |m: i64| matches!(m / DAY % 7, 2 | 3);
        let weeks = |speaks: &dyn Fn(i64) -> bool| {
            let mut series = Series::default();
            for m in (0..18 * DAY).filter(|m| speaks(*m)) {
                series.add(Minute(m), &Cell { good: 4, ..Cell::default() });
            }
            series
        };
        let input: Vec<_> = (0..18 * DAY).map(|m| (Minute(m), 9)).collect();
        let extent = Span::new(Minute(0), Minute(18 * DAY));
        let found = |series: &Series| of(series, &input, &[], extent, Gap::default());
        assert_eq!(found(&weeks(&|m| !is_weekend(m))), []);
        // Monday of the second week is missed too: 2 × 1440 × 4 requests on the other two Mondays, of which it takes
        // the mean. The weekend before it is in the same run and predicts nothing.
        let monday = found(&weeks(&|m| !is_weekend(m) && m / DAY != 11));
        let span = Span::new(Minute(9 * DAY), Minute(12 * DAY));
        assert_eq!(monday, [Silence { span, expected: 1440 * 4 }]);
    }

    #[test]
    fn missing_data_is_nobodys_silence() {
        let lost = [Span::new(Minute(3 * DAY), Minute(4 * DAY))];
        check(&ten_days(4, |m| m / DAY != 3), &lost, Gap::default(), &[]);
        // Silent from ten minutes before the lost day to ten after: on eight of nine other days there are requests,
        // the ninth is the lost one only for minutes that are not in the run.
        let longer = ten_days(4, |m| !(3 * DAY - 10..4 * DAY + 10).contains(&m));
        check(&longer, &lost, Gap::default(), &[(3 * DAY - 10, 4 * DAY + 10, 80)]);
    }

    #[test]
    fn when_everything_is_silent_it_says_nothing_of_a_service() {
        let series = ten_days(4, |m| !(DAY..DAY + 60).contains(&m));
        let mut input = Vec::new();
        series.visit(|minute, cell| input.push((minute, cell.requests())));
        let extent = Span::new(Minute(0), Minute(10 * DAY));
        assert_eq!(of(&series, &input, &[], extent, Gap::Longer(120)), []);
    }
}
