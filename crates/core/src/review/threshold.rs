//! The latency threshold that says most about a service.

use crate::{
    measure::tally::{Cell, Series},
    ratio::share_ppb,
    time::DAY,
};

/// A threshold is looked for that ordinary days meet for this share of the requests, in parts per billion; where
/// none does, for the next.
const SHARES_PPB: [u64; 3] = [990_000_000, 950_000_000, 900_000_000];

/// Of ten days, so many are ordinary.
const ORDINARY_OF_TEN: usize = 9;

/// The position of the tightest threshold that ordinary days meet: for 99 % of the timed requests, else for 95 %,
/// else for 90 %. `None` when there are no times, or when even the widest is missed.
pub fn tightest(series: &Series, thresholds: usize) -> Option<usize> {
    let days = days(series);
    let met_by = |at: usize, share: u64| {
        let met = days
            .iter()
            .filter(|day| share_ppb(day.within[at], day.timed).is_some_and(|ppb| ppb >= share));
        met.count() * 10 >= days.len() * ORDINARY_OF_TEN
    };
    let tightest_for = |share: u64| (0..thresholds).find(|&at| met_by(at, share));
    if days.is_empty() { None } else { SHARES_PPB.into_iter().find_map(tightest_for) }
}

/// The sums of every day with timed requests.
fn days(series: &Series) -> Vec<Cell> {
    let mut days: Vec<(i64, Cell)> = Vec::new();
    series.visit(|minute, cell| {
        let day = minute.0.div_euclid(DAY);
        match days.last_mut() {
            Some((last, sums)) if *last == day => sums.add(cell),
            _ => days.push((day, *cell)),
        }
    });
    days.into_iter().map(|(_, sums)| sums).filter(|sums| sums.timed > 0).collect()
}
