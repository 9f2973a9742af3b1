use proptest::prelude::*;

use super::*;
use crate::{
    measure::{
        ledger::{Batch, Ledger, testing::ledger},
        slot::Slot,
        window::{Period, Unit},
    },
    promise::{cost::SLICE_UNITS, slo::NoData},
};

const OCCURRENCES: Costing = Costing { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };

fn percent(text: &str) -> Target {
    Target::parse_percent(text).unwrap()
}

#[test]
fn what_is_left_in_events_and_minutes() {
    let slots = vec![Slot::measured(999, 1); 60];
    let budget = Budget::of(
        &ledger(&slots),
        &Exclusions::none(),
        percent("99.8"),
        OCCURRENCES,
        &Window::Rolling { minutes: 60 },
        Minute(60),
    );
    let budget = budget.unwrap();
    // 60,000 events at 99.8 % allow 120, 60 are spent: 60 events, half of 0.2 % of 3,600 s = 3.6 s, floored.
    assert_eq!(budget.left_ppb(), 500_000_000);
    assert_eq!(budget.left_events_ppb(), Some(60_000_000_000));
    assert_eq!(budget.left_seconds(), 3);
    assert!(!budget.is_spent());
}

#[test]
fn no_minute_goes_uncounted_where_slices_do_not_fill_the_window() {
    for budgeting in [
        Budgeting::RatioTimeslices { slice_minutes: 7 },
        Budgeting::Timeslices { slice_minutes: 7, slice_target: Target::PERFECT },
    ] {
        let costing = Costing { budgeting, no_data: NoData::Ignore };
        for bad in 10..70_i64 {
            let slots: Vec<Slot> =
                (0..70).map(|m| Slot::measured(9, u64::from(m == bad))).collect();
            let window = Window::Rolling { minutes: 60 };
            let none = Exclusions::none();
            let budget =
                Budget::of(&ledger(&slots), &none, percent("50"), costing, &window, Minute(70));
            assert!(budget.unwrap().spend.spent > 0, "{bad}");
        }
    }
}

#[test]
fn calendar_windows_of_slices_end_at_the_last_complete_slice_of_the_period() {
    // 29 March 2026 has 23 hours in Berlin and begins at 23:00 UTC.
    let start: jiff::civil::DateTime = "2026-01-01T00:00:00".parse().unwrap();
    let every = Period { count: 1, unit: Unit::Day };
    let window = Window::Calendar { start, zone: "Europe/Berlin".to_owned(), every };
    let midnight = Minute(29_578_980); // 2026-03-28T23:00:00Z
    assert_eq!(midnight.to_string(), "2026-03-28T23:00:00Z");
    let costing =
        Costing { budgeting: Budgeting::RatioTimeslices { slice_minutes: 120 }, ..OCCURRENCES };
    let (ledger, none) = (Ledger::expecting(["a"]), Exclusions::none());
    let of = |end| Budget::of(&ledger, &none, percent("99"), costing, &window, end).unwrap().extent;
    assert_eq!(of(midnight.plus(359)).span, Span::new(midnight, midnight.plus(240)));
    assert_eq!(of(midnight.plus(360)).span, Span::new(midnight, midnight.plus(360)));
    // All of it: 11 slices of two hours and one of one.
    let no_traffic: Vec<_> = (0..23 * 60).map(|m| (midnight.plus(m), Slot::NoTraffic)).collect();
    let mut ledger = ledger.clone();
    ledger.replace(Batch { source: "a", generation: 1, slots: &no_traffic }).unwrap();
    let whole = window.period(midnight).unwrap().unwrap();
    assert_eq!(costing.spend(&ledger, &none, whole).weight, 12 * SLICE_UNITS);
}

#[test]
fn rolling_windows_of_slices_end_at_the_last_complete_slice() {
    let costing =
        Costing { budgeting: Budgeting::RatioTimeslices { slice_minutes: 5 }, ..OCCURRENCES };
    let ledger = ledger(&[Slot::measured(1, 0); 120]);
    let of = |end| {
        let window = Window::Rolling { minutes: 60 };
        Budget::of(&ledger, &Exclusions::none(), percent("99"), costing, &window, Minute(end))
            .unwrap()
            .extent
            .span
    };
    assert_eq!(of(119), Span::new(Minute(55), Minute(115)));
    assert_eq!(of(120), Span::new(Minute(60), Minute(120)));
}

proptest! {
    /// Twelfths and the like have no finite decimals: 27,720 is a multiple of every number up to 12, so that the true
    /// share is a fraction of whole numbers.
    #[test]
    fn ratio_timeslices_are_overstated_by_no_more_than_they_say(
        slices in prop::collection::vec((0..=12_u64, 1..=12_u64), 60),
        ppb in 0..BILLION,
    ) {
        let costing = Costing { budgeting: Budgeting::RatioTimeslices { slice_minutes: 1 }, no_data: NoData::Ignore };
        let slices: Vec<(u64, u64)> = slices.into_iter().map(|(bad, all)| (bad.min(all), all)).collect();
        let slots: Vec<Slot> = slices.iter().map(|&(bad, all)| Slot::measured(all - bad, bad)).collect();
        let (target, window) = (Target::from_ppb(ppb).unwrap(), Window::Rolling { minutes: 60 });
        let budget = Budget::of(&ledger(&slots), &Exclusions::none(), target, costing, &window, Minute(60)).unwrap();

        let misses: u64 = slices.iter().map(|(bad, all)| bad * (27_720 / all)).sum();
        let billion = u128::from(BILLION);
        let (spent, allowed) = (u128::from(misses), 60 * 27_720 * u128::from(BILLION - ppb));
        let shown = budget.left_ppb().abs_diff(BILLION as i64).into();
        // shown ≥ spent / allowed, in billionths of it, and no more than the error above.
        prop_assert!(u128::checked_mul(shown, allowed).unwrap() >= spent * billion * billion);
        let least = u128::saturating_sub(shown, budget.error_ppb().into());
        prop_assert!(least * allowed <= spent * billion * billion, "{} {}", shown, budget.error_ppb());
    }
}

#[test]
fn at_one_event_a_second_seconds_left_are_events_left() {
    // 99.9 % of 2,592,000 allows 2,592 bad ones.
    let month = 30 * crate::time::DAY;
    for bad in [0, 1, 1_419, 2_591, 2_592, 2_593, 4_000] {
        let bad_in = |m: i64| (bad - m * 60).clamp(0, 60) as u64;
        let slots: Vec<Slot> =
            (0..month).map(|m| Slot::measured(60 - bad_in(m), bad_in(m))).collect();
        let window = Window::Rolling { minutes: month as u32 };
        let (ledger, none) = (ledger(&slots), Exclusions::none());
        let target = percent("99.9");
        let budget = Budget::of(&ledger, &none, target, OCCURRENCES, &window, Minute(month));
        assert_eq!(budget.unwrap().left_seconds(), 2_592 - bad, "{bad}");
    }
}
