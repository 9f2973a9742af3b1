//! Counting against naive sums.

mod batches;
mod names;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{limits::THRESHOLDS_MAX, time::DAY};

fn cell(good: u64, bad: u64, excluded: u64, steps: &[u64]) -> Cell {
    let mut cell = Cell { good, bad, excluded, ..Cell::default() };
    for (at, step) in steps.iter().enumerate() {
        cell.timed += step;
        cell.within.iter_mut().skip(at).for_each(|within| *within += step);
    }
    cell
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let count = prop_oneof![4 => Just(0), 4 => 0..3_u64, 2 => 0..300_u64, 1 => 0..(1_u64 << 50)];
    prop::collection::vec(count, 4 + THRESHOLDS_MAX)
        .prop_map(|counts| cell(counts[0], counts[1], counts[2], &counts[3..]))
}

fn naive(added: &[(i64, Cell)]) -> Vec<(Minute, Cell)> {
    let mut sums: BTreeMap<i64, Cell> = BTreeMap::new();
    for (minute, cell) in added {
        let sum = sums.entry(*minute).or_default();
        sum.good += cell.good;
        sum.bad += cell.bad;
        sum.excluded += cell.excluded;
        sum.timed += cell.timed;
        for at in 0..THRESHOLDS_MAX {
            sum.within[at] += cell.within[at];
        }
    }
    sums.into_iter().map(|(minute, cell)| (Minute(minute), cell)).collect()
}

fn series(added: &[(i64, Cell)]) -> Series {
    let mut series = Series::default();
    for (minute, cell) in added {
        series.add(Minute(*minute), cell);
    }
    series
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_series_is_the_naive_sum_whatever_the_order_and_the_split(
        mut added in prop::collection::vec((-400..400_i64, any_cell()), 0..600),
        cuts in prop::collection::vec(0..600_usize, 3),
        sorted in any::<bool>(),
    ) {
        if sorted {
            added.sort_by_key(|(minute, _)| *minute);
        }
        let expected = naive(&added);
        let whole = series(&added);
        prop_assert_eq!(whole.iter().collect::<Vec<_>>(), expected.clone());
        let mut visited = Vec::new();
        whole.visit(|minute, cell| visited.push((minute, *cell)));
        prop_assert_eq!(visited, expected.clone());
        let parts: Vec<Series> =
            added.chunks(1 + cuts[0]).flat_map(|part| part.chunks(1 + cuts[1] / 7)).map(series).collect();
        prop_assert_eq!(Series::sum_of(&parts), whole.clone());
        let mut merged = Series::default();
        parts.iter().rev().for_each(|part| merged.merge(part));
        prop_assert_eq!(&merged, &whole);
        let total = expected.iter().fold(Cell::default(), |mut sum, (_, cell)| { sum.add(cell); sum });
        prop_assert_eq!(merged.total(), total);
    }

    #[test]
    fn every_cell_packs_and_unpacks_also_one_that_makes_no_sense(
        counts in prop::array::uniform20(any::<u64>()),
        after in 0..(1_u64 << 40),
    ) {
        let mut cell = Cell { good: counts[0], bad: counts[1], excluded: counts[2], timed: counts[3], ..Cell::default() };
        cell.within.copy_from_slice(&counts[4..]);
        let mut bytes = Vec::new();
        pack::write(&mut bytes, after, &cell);
        pack::write(&mut bytes, 1, &Cell::default());
        let rows: Vec<_> = pack::Rows::new(&bytes, Minute(7)).collect();
        let at = Minute(7 + after as i64);
        prop_assert_eq!(rows, vec![(at, cell), (at.plus(1), Cell::default())]);
    }
}

#[test]
fn two_hundred_names_over_thirty_busy_days_stay_under_100_mb() {
    // One name stands for all: what it takes, times 200. Seven requests a minute are what 10 GB of log hold.
    let mut series = Series::default();
    for minute in 0..30 * DAY {
        let odd = minute as u64 % 5;
        series.add(
            Minute(minute),
            &cell(6 + odd, u64::from(odd == 4), 0, &[5, 1, odd, u64::from(odd == 4)]),
        );
    }
    assert_eq!(series.iter().count() as i64, 30 * DAY);
    let bytes = series.bytes() * 200;
    assert!(bytes < 100_000_000, "{bytes}");
}

/// Numbers that are spread over `0..1 << bits`, each once.
fn spread(bits: u32) -> impl Iterator<Item = i64> {
    (0..1_i64 << bits).map(move |number| (number * 0x9e37_79b1) & ((1 << bits) - 1))
}

#[test]
fn minutes_in_any_order_are_packed_in_few_runs() {
    let one = cell(1, 0, 0, &[]);
    let mut series = Series::default();
    for minute in spread(16) {
        series.add(Minute(minute), &one);
        // Each run is more than twice as large as the next; the smallest has one minute, the last is new.
        assert!(series.runs() <= 16 + 2, "{}", series.runs());
    }
    assert!(series.iter().eq((0..1 << 16).map(|minute| (Minute(minute), one))));

    // Logs of several machines, one behind the other.
    let mut series = Series::default();
    for _ in 0..20 {
        (0..10 * DAY).for_each(|minute| series.add(Minute(minute), &one));
        assert!(series.runs() <= 3, "{}", series.runs());
    }
    let all = cell(20, 0, 0, &[]);
    assert!(series.iter().eq((0..10 * DAY).map(|minute| (Minute(minute), all))));
}
