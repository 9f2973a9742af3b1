//! The board against a map that does the obvious, and against itself made anew.

use std::collections::BTreeMap;

use plimsoll_core::measure::window::{Period, Unit};
use plimsoll_store::{
    Durability,
    slots::{SlotBatch, SlotFile, Write},
};
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

/// The day before the board begins, in minutes since 1970; not at the beginning of a day.
const BEGIN: Minute = Minute(20_000 * DAY + 500);

/// SLIs of two groups of 64. The last has two sources.
const SLIS: [u32; 4] = [0, 1, 70, 2];

fn windows() -> Vec<Window> {
    let daily = Window::Calendar {
        start: jiff::civil::date(2020, 1, 1).at(0, 0, 0, 0),
        zone: "Asia/Kolkata".to_owned(),
        every: Period { count: 1, unit: Unit::Day },
    };
    let rolling =
        [60, 7 * HOUR as u32, 3 * DAY as u32 + 11].map(|minutes| Window::Rolling { minutes });
    rolling.into_iter().chain([daily]).collect()
}

#[derive(Debug, Clone)]
enum Step {
    /// Minutes of an SLI from so many minutes before the end on; of the second source, where it has one.
    Write(u32, bool, i64, Vec<Slot>),
    Advance(u32),
    Fold,
    Load,
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        Just(Slot::Missing),
        Just(Slot::NoTraffic),
        (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        (1..9_u64, 0..1_u64 << 30).prop_map(|(good, bad)| Slot::Partial { good, bad }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let age = prop_oneof![-20..5_i64, 0..500_i64, 0..5 * DAY];
    let slots = prop::collection::vec(any_slot(), 1..5).prop_flat_map(|slots| {
        (1..200_usize).prop_map(move |n| slots.iter().copied().cycle().take(n).collect())
    });
    prop_oneof![
        6 => (prop::sample::select(&SLIS[..]), any::<bool>(), age, slots)
            .prop_map(|(sli, second, age, slots)| Step::Write(sli, second, age, slots)),
        4 => (1..90_u32).prop_map(Step::Advance),
        1 => (1..3000_u32).prop_map(Step::Advance),
        1 => Just(Step::Fold),
        1 => Just(Step::Load),
    ]
}

/// The slots by SLI and minute, for each of two sources.
type Naive = BTreeMap<(u32, i64), [Slot; 2]>;

fn expected(naive: &Naive, sli: u32, span: Span) -> Sums {
    let all = naive.range((sli, span.from.0)..(sli, span.to.0));
    let mut sums = Sums::default();
    let mut known = 0;
    for (_, [a, b]) in all {
        let slot = match (*a, *b) {
            (a, Slot::Missing) => a,
            (Slot::Missing, b) => b,
            (a, b) => a.and(b),
        };
        sums += Sums::of(slot);
        known += 1;
    }
    sums + Sums::all_missing(span.minutes() as u64 - known)
}

fn check(board: &Board, naive: &Naive) -> Result<(), TestCaseError> {
    for window in windows() {
        let span = window.at(board.end()).unwrap().span;
        for sli in SLIS {
            let found = board.readings().sums(sli, span);
            prop_assert_eq!(found, Some(expected(naive, sli, span)), "{} of {}", window, sli);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_board_is_what_the_slots_sum_to(steps in prop::collection::vec(step(), 1..30)) {
        let folder = tempdir().unwrap();
        let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
        let mut board = Board::load(&mut store, BEGIN, windows()).unwrap();
        let mut naive = Naive::new();
        let mut generation = 0;
        for step in steps {
            match step {
                Step::Write(sli, second, age, slots) => {
                    generation += 1;
                    let second = second && sli == 2;
                    let from = board.end().plus(-age);
                    let slots: Vec<_> = (from.0..).map(Minute).zip(slots).collect();
                    let source = if second { 901 } else { 900 };
                    let batches = [SlotBatch { source, sli, generation, slots: &slots }];
                    let write = Write { batches: &batches, ..Write::default() };
                    let written = store.write(&[write], Durability::Lazy).unwrap();
                    prop_assert!(written.outcomes[0].is_ok());
                    board.change(&store, &written.changes).unwrap();
                    for (minute, slot) in slots {
                        naive.entry((sli, minute.0)).or_default()[usize::from(second)] = slot;
                    }
                }
                Step::Advance(minutes) => {
                    for _ in 0..minutes {
                        board.advance(&store).unwrap();
                    }
                }
                Step::Fold => while !store.fold(board.end(), 7).unwrap().done {},
                Step::Load => board = Board::load(&mut store, board.end(), windows()).unwrap(),
            }
            check(&board, &naive)?;
        }
    }
}

#[test]
fn two_sources_of_one_minute_may_come_in_one_write() {
    let folder = tempdir().unwrap();
    let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    let mut board = Board::load(&mut store, BEGIN, windows()).unwrap();
    let mut naive = Naive::new();
    for (generation, age) in [(1, 9), (2, 7)] {
        let at = BEGIN.plus(-age);
        let slots = [(at, Slot::measured(generation, 1))];
        let batches =
            [900, 901].map(|source| SlotBatch { source, sli: 2, generation, slots: &slots });
        let write = Write { batches: &batches, ..Write::default() };
        let written = store.write(&[write], Durability::Lazy).unwrap();
        board.change(&store, &written.changes).unwrap();
        naive.insert((2, at.0), [slots[0].1; 2]);
        check(&board, &naive).unwrap();
    }
}

#[test]
fn slots_older_than_every_window_are_found_after_a_start() {
    let folder = tempdir().unwrap();
    let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    let at = BEGIN.plus(-20 * DAY);
    let slots = [(at, Slot::measured(3, 1))];
    let batches = [SlotBatch { source: 900, sli: 1, generation: 1, slots: &slots }];
    let write = Write { batches: &batches, ..Write::default() };
    store.write(&[write], Durability::Synced).unwrap();
    let board = Board::load(&mut store, BEGIN, windows()).unwrap();
    let span = Span::new(at, at.plus(1));
    assert_eq!(board.series(&store, 1, span), Ok(vec![slots[0].1]));
}

#[test]
fn when_an_sli_was_seen_last_is_known_after_a_start_however_long_ago_it_was() {
    let folder = tempdir().unwrap();
    let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    let at = BEGIN.plus(-20 * DAY);
    let partial = Slot::Partial { good: 1, bad: 0 };
    let slots = [(at, Slot::measured(3, 1)), (at.plus(1), partial), (at.plus(3 * DAY), partial)];
    // One that was seen on the day on which a long window begins, and on a later one that is summed.
    let month = [Window::Rolling { minutes: 30 * DAY as u32 }];
    let twice = [(BEGIN.plus(-30 * DAY), Slot::NoTraffic), (BEGIN.plus(-5 * DAY), Slot::NoTraffic)];
    let batches = [(1, &slots[..]), (3, &twice[..])].map(|(sli, slots)| SlotBatch {
        source: 900,
        sli,
        generation: 1,
        slots,
    });
    let write = Write { batches: &batches, ..Write::default() };
    store.write(&[write], Durability::Synced).unwrap();
    let board = Board::load(&mut store, BEGIN, month).unwrap();
    assert_eq!(board.readings().seen_until(1), Some(at.plus(1)));
    assert_eq!(board.readings().seen_until(2), None);
    assert_eq!(board.readings().seen_until(3), Some(BEGIN.plus(-5 * DAY + 1)));
}
