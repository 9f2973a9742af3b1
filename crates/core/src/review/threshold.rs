//! The latency threshold that says most about a service.

use crate::{
    measure::tally::{Cell, Series},
    ratio::share_ppb,
    time::DAY,
};

/// A threshold is looked for that ordinary days meet for this share of the requests, in parts per billion; where
/// none does, for the next.
const SHARES_PPB: [u64; 3] = [990_000_000, 950_000_000, 900_000_000];

/// Of ten days, so many are ordinary; where no threshold is met on as many, half of the days must do: a service that
/// hung for a week was fast before, and a threshold shows it.
const ORDINARY_OF_TEN: [usize; 2] = [9, 5];

/// The position of the tightest threshold that ordinary days meet: for 99 % of the timed requests, else for 95 %,
/// else for 90 %. `None` when there are no times, or when even the widest is missed on most days.
pub fn tightest(series: &Series, thresholds: usize) -> Option<usize> {
    let days = days(series);
    let met_by = |at: usize, share: u64, ordinary: usize| {
        let met = days
            .iter()
            .filter(|day| share_ppb(day.within[at], day.timed).is_some_and(|ppb| ppb >= share));
        met.count() * 10 >= days.len() * ordinary
    };
    let tightest_for = |share, ordinary| (0..thresholds).find(|&at| met_by(at, share, ordinary));
    let tightest_on =
        |ordinary| SHARES_PPB.into_iter().find_map(|share| tightest_for(share, ordinary));
    if days.is_empty() { None } else { ORDINARY_OF_TEN.into_iter().find_map(tightest_on) }
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
