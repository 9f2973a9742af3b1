//! What other days predict for a silent run.

use std::collections::BTreeMap;

use crate::time::{DAY, Minute, Span};

/// What the input holds at each minute of the day.
pub(in crate::measure) struct Days {
    /// Lines at this minute of the day, over all days.
    lines: Vec<u64>,
    /// How many days of the input have this minute.
    days: Vec<u64>,
}

impl Days {
    /// Of lines per minute, over the days of a span.
    pub(in crate::measure) fn of(activity: &[(Minute, u64)], watched: Span) -> Self {
        let mut lines = vec![0; DAY as usize];
        for (minute, count) in activity {
            lines[of_day(*minute)] += count;
        }
        Days { lines, days: occurrences(watched) }
    }

    /// How many lines the other days predict for parts of a silent run: for each minute the mean at the same minute
    /// of the day on the days where it is not part of the run.
    pub(in crate::measure) fn predict(&self, run: Span, parts: &[Span]) -> Sum {
        let in_run = occurrences(run);
        let mut sum = Sum::default();
        let mut add = |at: usize, times: u64| {
            let others = self.days[at].saturating_sub(in_run[at]);
            sum.add(u128::from(self.lines[at]) * u128::from(times), others);
        };
        for part in parts {
            if part.minutes() < DAY {
                part.iter().for_each(|minute| add(of_day(minute), 1));
            } else {
                occurrences(*part).into_iter().enumerate().for_each(|(at, times)| add(at, times));
            }
        }
        sum
    }
}

fn of_day(minute: Minute) -> usize {
    minute.0.rem_euclid(DAY) as usize
}

/// How often each minute of the day lies in the span.
fn occurrences(span: Span) -> Vec<u64> {
    let whole_days = span.minutes().div_euclid(DAY);
    let mut occurrences = vec![whole_days as u64; DAY as usize];
    for minute in Span::new(span.from.plus(whole_days * DAY), span.to).iter() {
        occurrences[of_day(minute)] += 1;
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
