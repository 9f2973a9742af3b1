//! What other days, or the same days of other weeks, predict for a silent run.

use std::collections::BTreeMap;

use crate::time::{DAY, Minute, Span};

/// Minutes of a week.
pub(in crate::measure) const WEEK: i64 = 7 * DAY;

/// What the input holds at each minute of a day, or of a week.
pub(in crate::measure) struct Cycle {
    /// How many minutes it has.
    period: i64,
    /// Lines at this minute of the cycle, over all of them.
    lines: Vec<u64>,
    /// How many cycles of the input have this minute.
    times: Vec<u64>,
}

impl Cycle {
    /// Of lines per minute, over the days or weeks of a span.
    pub(in crate::measure) fn of(period: i64, activity: &[(Minute, u64)], watched: Span) -> Self {
        let mut lines = vec![0; period as usize];
        for (minute, count) in activity {
            lines[minute.0.rem_euclid(period) as usize] += count;
        }
        Cycle { period, lines, times: occurrences(period, watched) }
    }

    /// How many lines the other days (or weeks) predict for parts of a silent run: for each minute the mean at the
    /// same minute of those where it is not part of the run.
    pub(in crate::measure) fn predict(&self, run: Span, parts: &[Span]) -> Sum {
        let in_run = occurrences(self.period, run);
        let mut sum = Sum::default();
        let mut add = |at: usize, times: u64| {
            let others = self.times[at].saturating_sub(in_run[at]);
            sum.add(u128::from(self.lines[at]) * u128::from(times), others);
        };
        for part in parts {
            if part.minutes() < self.period {
                part.iter().for_each(|minute| add(minute.0.rem_euclid(self.period) as usize, 1));
            } else {
                let times = occurrences(self.period, *part).into_iter().enumerate();
                times.for_each(|(at, times)| add(at, times));
            }
        }
        sum
    }

    /// Whether every minute of a run has others to be compared with.
    pub(in crate::measure) fn knows(&self, run: Span) -> bool {
        let in_run = occurrences(self.period, run);
        self.times.iter().zip(in_run).all(|(times, in_run)| in_run == 0 || *times > in_run)
    }
}

/// How often each minute of the cycle lies in the span.
fn occurrences(period: i64, span: Span) -> Vec<u64> {
    let whole = span.minutes().div_euclid(period);
    let mut occurrences = vec![whole as u64; period as usize];
    for minute in Span::new(span.from.plus(whole * period), span.to).iter() {
        occurrences[minute.0.rem_euclid(period) as usize] += 1;
    }
    occurrences
}

/// An exact sum of fractions. There are few denominators: numbers of days, of which a run sees at most four.
#[derive(Default)]
pub(in crate::measure) struct Sum {
    numerators: BTreeMap<u64, u128>,
}

impl Sum {
    fn add(&mut self, numerator: u128, denominator: u64) {
        if denominator > 0 {
            *self.numerators.entry(denominator).or_default() += numerator;
        }
    }

    /// Numerator and denominator of the sum. With at most 2^14 days, four denominators and 2^60 lines neither
    /// needs more than 118 bits; saturation only guards what cannot be.
    fn fraction(&self) -> (u128, u128) {
        self.numerators.iter().fold((0, 1), |(above, below), (denominator, numerator)| {
            let denominator = u128::from(*denominator);
            let sum =
                above.saturating_mul(denominator).saturating_add(numerator.saturating_mul(below));
            (sum, below.saturating_mul(denominator))
        })
    }

    pub(in crate::measure) fn reaches(&self, requests: u64) -> bool {
        let (above, below) = self.fraction();
        above >= below.saturating_mul(u128::from(requests))
    }

    pub(in crate::measure) fn floor(&self) -> u64 {
        let (above, below) = self.fraction();
        u64::try_from(above / below).unwrap_or(u64::MAX)
    }
}
