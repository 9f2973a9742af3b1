use proptest::prelude::*;

use super::*;
use crate::measure::ledger::Batch;

const OCCURRENCES: Method = Method { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };

fn percent(text: &str) -> Target {
    Target::parse_percent(text).unwrap()
}

/// A ledger whose minutes 0, 1, 2 … are these slots.
fn ledger(slots: &[Slot]) -> Ledger {
    let slots: Vec<_> =
        slots.iter().enumerate().map(|(m, &slot)| (Minute(m as i64), slot)).collect();
    let mut ledger = Ledger::expecting(["a"]);
    ledger.replace(Batch { source: "a", generation: 1, slots: &slots }).unwrap();
    ledger
}

fn spend(slots: &[Slot], method: Method) -> Spend {
    method.spend(
        &ledger(slots),
        &Exclusions::none(),
        Span::new(Minute(0), Minute(slots.len() as i64)),
    )
}

/// (bad, total) gives this share spent, in parts per billion, and is spent or not.
fn check(bad: u64, total: u64, target: &str, spent_ppb: i64, is_spent: bool) {
    let spend = spend(&[Slot::measured(total - bad, bad)], OCCURRENCES);
    assert_eq!(spend.spent_ppb(percent(target)), spent_ppb, "{bad} of {total} at {target} %");
    assert_eq!(spend.is_spent(percent(target)), is_spent, "{bad} of {total} at {target} %");
}

#[test]
fn hand_computed_budgets() {
    // 60,000 requests at 99.9 % allow 60 bad ones: exactly spent is spent. Floats leave 1.1e-16 here.
    check(60, 60_000, "99.9", 1_000_000_000, true);
    check(59, 60_000, "99.9", 983_333_334, false);
    check(61, 60_000, "99.9", 1_016_666_667, true);
    // One bad of a million at 99.9999 % is all of it.
    check(1, 1_000_000, "99.9999", 1_000_000_000, true);
    check(1, 2_000_000, "99.9999", 500_000_000, false);
    // A total outage at 99 % spends 100 budgets; at 0 % exactly one.
    check(5, 5, "99", 100_000_000_000, true);
    check(5, 5, "0", 1_000_000_000, true);
    // 100 % is legal: whole until the first bad event, then spent.
    check(0, 1_000, "100", 0, false);
    check(1, 1_000, "100", 1_000_000_000, true);
    // Nothing happened: nothing is spent, not even of nothing.
    check(0, 0, "99.9", 0, false);
    check(0, 0, "100", 0, false);
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
fn missing_minutes_weigh_as_the_policy_says() {
    // 2 known minutes with 100 events each (mean 100), 2 missing. 4 bad of 200 seen.
    let slots = [Slot::measured(98, 2), Slot::Missing, Slot::measured(98, 2), Slot::Missing];
    let with = |no_data| spend(&slots, Method { no_data, ..OCCURRENCES }).spent_ppb(percent("90"));
    assert_eq!(with(NoData::Ignore), 200_000_000); // 4 of 200 × 10 % = 20
    assert_eq!(with(NoData::Hold { minutes: 5 }), 200_000_000);
    assert_eq!(with(NoData::Good), 100_000_000); // 4 of 400 × 10 % = 40
    assert_eq!(with(NoData::Bad), 5_100_000_000); // 204 of 40
    let spend = spend(&slots, OCCURRENCES);
    assert_eq!(spend.coverage_ppb(), 500_000_000);
}

#[test]
fn one_known_minute_is_mean_enough() {
    let slots = [Slot::measured(9, 1), Slot::Missing];
    let with = |no_data| spend(&slots, Method { no_data, ..OCCURRENCES });
    assert_eq!(with(NoData::Good).spent_ppb(percent("90")), 500_000_000);
    assert_eq!(with(NoData::Bad).spent_ppb(percent("90")), 5_500_000_000);
}

#[test]
fn bad_events_that_were_seen_count_although_a_source_is_missing() {
    let slots = [Slot::measured(100, 0), Slot::Partial { good: 0, bad: 50 }];
    let with = |no_data| spend(&slots, Method { no_data, ..OCCURRENCES }).spent_ppb(percent("90"));
    assert_eq!(with(NoData::Ignore), 3_333_333_334); // 50 of 15
    assert_eq!(with(NoData::Good), 3_333_333_334); // nothing good is added to a minute that was seen
    assert_eq!(with(NoData::Bad), 6_000_000_000); // 150 of 25
}

#[test]
fn without_a_mean_nothing_is_invented() {
    for no_data in [NoData::Good, NoData::Bad] {
        let spend = spend(&[Slot::Missing; 3], Method { no_data, ..OCCURRENCES });
        assert_eq!((spend.spent, spend.weight, spend.coverage_ppb()), (0, 0, 0));
    }
}

#[test]
fn hand_computed_timeslices() {
    let slice_target = percent("90");
    let budgeting = Budgeting::Timeslices { slice_minutes: 2, slice_target };
    let slots = [
        Slot::measured(9, 1), // slice 1: 18 of 20, exactly 90 %: good
        Slot::measured(9, 1),
        Slot::measured(10, 0), // slice 2: 18 of 21: bad
        Slot::measured(8, 3),
        Slot::NoTraffic, // slice 3: no traffic: good
        Slot::NoTraffic,
        Slot::measured(10, 0), // slice 4: what was seen is good, one minute is missing: missing
        Slot::Missing,
        Slot::measured(0, 10), // slice 5: what was seen is bad enough: bad
        Slot::Missing,
        Slot::measured(1, 0), // incomplete slice: left out
    ];
    let with = |no_data| {
        let spend = spend(&slots, Method { budgeting, no_data });
        (spend.spent / SLICE_UNITS, spend.weight / SLICE_UNITS)
    };
    assert_eq!(with(NoData::Ignore), (2, 4));
    assert_eq!(with(NoData::Good), (2, 5));
    assert_eq!(with(NoData::Bad), (3, 5));
}

#[test]
fn hand_computed_ratio_timeslices() {
    let budgeting = Budgeting::RatioTimeslices { slice_minutes: 1 };
    // Misses 1/4, 0 (no traffic), 1/3 rounded up at 10^-12; mean ratio of the three.
    let slots = [Slot::measured(3, 1), Slot::NoTraffic, Slot::measured(2, 1), Slot::Missing];
    let spend = spend(&slots, Method { budgeting, no_data: NoData::Ignore });
    assert_eq!(spend.spent, 250_000_000_000 + 333_333_333_334);
    assert_eq!(spend.weight, 3 * SLICE_UNITS);
    // 0.58333/3 of 0.5: 38.9 %.
    assert_eq!(spend.spent_ppb(percent("50")), 388_888_889);
}

#[test]
fn a_quiet_outage_and_a_loud_one_differ_by_method() {
    // 600 requests a minute by day, 6 by night, half of one hour fails. An average of ratios cannot tell which.
    let day = |bad: bool| if bad { Slot::measured(300, 300) } else { Slot::measured(600, 0) };
    let night = |bad: bool| if bad { Slot::measured(3, 3) } else { Slot::measured(6, 0) };
    let slots = |loud: bool, quiet: bool| -> Vec<Slot> {
        let day = (0..720).map(|m| day(loud && m < 60));
        day.chain((0..720).map(|m| night(quiet && m < 60))).collect()
    };
    let ratio = Method {
        budgeting: Budgeting::RatioTimeslices { slice_minutes: 5 },
        no_data: NoData::Ignore,
    };
    let spent = |slots: &[Slot], method| spend(slots, method).spent_ppb(percent("99"));
    assert_eq!(spent(&slots(true, false), ratio), spent(&slots(false, true), ratio));
    // 18,000 of 436,320 × 1 % and 180 of it: a hundred times apart.
    assert_eq!(spent(&slots(true, false), OCCURRENCES), 4_125_412_542);
    assert_eq!(spent(&slots(false, true), OCCURRENCES), 41_254_126);
}

#[test]
fn burn_rates_compare_exactly() {
    // 144 bad of 10,000 at 99.9 % is a burn rate of 14.4.
    let spend = spend(&[Slot::measured(9_856, 144)], OCCURRENCES);
    assert_eq!(spend.compare_burn(percent("99.9"), 14_400), Ordering::Equal);
    assert_eq!(spend.compare_burn(percent("99.9"), 14_401), Ordering::Less);
    assert_eq!(spend.compare_burn(percent("99.9"), 14_399), Ordering::Greater);
    assert_eq!(spend.compare_burn(percent("100"), 1_000_000), Ordering::Greater);
}

#[test]
fn rolling_windows_of_slices_end_at_the_last_complete_slice() {
    let method =
        Method { budgeting: Budgeting::RatioTimeslices { slice_minutes: 5 }, ..OCCURRENCES };
    let ledger = ledger(&[Slot::measured(1, 0); 120]);
    let of = |end| {
        let window = Window::Rolling { minutes: 60 };
        Budget::of(&ledger, &Exclusions::none(), percent("99"), method, &window, Minute(end))
            .unwrap()
            .extent
            .span
    };
    assert_eq!(of(119), Span::new(Minute(55), Minute(115)));
    assert_eq!(of(120), Span::new(Minute(60), Minute(120)));
}

#[test]
fn the_largest_slots_do_not_overflow() {
    let max = crate::limits::SLOT_COUNT_MAX;
    let slots = vec![Slot::measured(max, max); 10_000];
    for no_data in [NoData::Ignore, NoData::Good, NoData::Bad] {
        let spend = spend(&slots, Method { no_data, ..OCCURRENCES });
        assert_eq!(spend.spent_ppb(percent("99.9999")), 500_000_000_000_000);
    }
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        4 => (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        1 => Just(Slot::Missing),
        1 => (0..9_u64, 0..9_u64).prop_map(|(good, bad)| Slot::Partial { good, bad: bad + 1 }),
    ]
}

fn any_method() -> impl Strategy<Value = Method> {
    let slice_target = (0..=1000_u64).prop_map(|m| Target::from_ppb(m * 1_000_000).unwrap());
    let budgeting = prop_oneof![
        Just(Budgeting::Occurrences),
        (1..9_u32, slice_target).prop_map(|(slice_minutes, slice_target)| {
            Budgeting::Timeslices { slice_minutes, slice_target }
        }),
        (1..9_u32).prop_map(|slice_minutes| Budgeting::RatioTimeslices { slice_minutes }),
    ];
    let no_data = prop::sample::select(vec![
        NoData::Ignore,
        NoData::Good,
        NoData::Bad,
        NoData::Hold { minutes: 9 },
    ]);
    (budgeting, no_data).prop_map(|(budgeting, no_data)| Method { budgeting, no_data })
}

/// The oracle: spent and weight as plain fractions of events or slices, minute by minute, in floats. It shares no
/// code with the budget; agreement to nine digits on random inputs is what it is for.
fn naive(slots: &[Slot], excluded: &[bool], method: Method) -> (f64, f64) {
    let kept = |range: std::ops::Range<usize>| -> Vec<Slot> {
        range.filter(|&m| !excluded[m]).map(|m| slots[m]).collect()
    };
    let events = |slots: &[Slot]| -> (f64, f64) {
        let good: u64 = slots.iter().map(|s| s.events().0).sum();
        let bad: u64 = slots.iter().map(|s| s.events().1).sum();
        (bad as f64, (good + bad) as f64)
    };
    let slice = match method.budgeting {
        Budgeting::Occurrences => {
            let all = kept(0..slots.len());
            let (bad, total) = events(&all);
            let known: Vec<Slot> = all.iter().copied().filter(|s| !s.is_missing()).collect();
            let mean = if known.is_empty() { 0.0 } else { events(&known).1 / known.len() as f64 };
            let dark = all.iter().filter(|s| **s == Slot::Missing).count() as f64;
            let missing = all.iter().filter(|s| s.is_missing()).count() as f64;
            return match method.no_data {
                NoData::Good => (bad, total + mean * dark),
                NoData::Bad => (bad + mean * missing, total + mean * missing),
                _ => (bad, total),
            };
        }
        Budgeting::Timeslices { slice_minutes, .. }
        | Budgeting::RatioTimeslices { slice_minutes } => slice_minutes,
    } as usize;
    let (mut spent, mut weight) = (0.0, 0.0);
    for n in 0..slots.len() / slice {
        let minutes = kept(n * slice..(n + 1) * slice);
        if minutes.is_empty() {
            continue;
        }
        let (bad, total) = events(&minutes);
        let lacks = minutes.iter().any(|s| s.is_missing());
        let miss = match method.budgeting {
            Budgeting::Timeslices { slice_target, .. } => {
                let goal = slice_target.ppb() as f64 / 1e9;
                let is_bad = total > 0.0 && (total - bad) / total < goal - 1e-12;
                if is_bad { Some(1.0) } else { (!lacks).then_some(0.0) }
            }
            _ if total > 0.0 => Some(bad / total),
            _ => (!lacks).then_some(0.0),
        };
        match (miss, method.no_data) {
            (Some(miss), _) => (spent, weight) = (spent + miss, weight + 1.0),
            (None, NoData::Good) => weight += 1.0,
            (None, NoData::Bad) => (spent, weight) = (spent + 1.0, weight + 1.0),
            (None, _) => {}
        }
    }
    (spent, weight)
}

proptest! {
    #[test]
    fn spend_is_the_naive_spend(
        slots in prop::collection::vec(any_slot(), 1..60),
        cut in (0..60_usize, 0..20_usize),
        method in any_method(),
    ) {
        let excluded: Vec<bool> = (0..slots.len()).map(|m| (cut.0..cut.0 + cut.1).contains(&m)).collect();
        let exclusions = Exclusions::of([Span::new(Minute(cut.0 as i64), Minute((cut.0 + cut.1) as i64))]);
        let span = Span::new(Minute(0), Minute(slots.len() as i64));
        let spend = method.spend(&ledger(&slots), &exclusions, span);
        let (spent, weight) = naive(&slots, &excluded, method);
        prop_assert_eq!(spend.weight > 0, weight > 0.0);
        if weight > 0.0 {
            let share = spend.spent as f64 / spend.weight as f64;
            prop_assert!((share - spent / weight).abs() < 1e-9, "{} {} {} {}", spend.spent, spend.weight, spent, weight);
        }
    }

    #[test]
    fn costs_of_the_minutes_sum_to_the_spend(
        slots in prop::collection::vec(any_slot(), 1..60),
        cut in (0..60_i64, 0..20_i64),
        method in any_method(),
        at in 0..60_i64,
    ) {
        let ledger = ledger(&slots);
        let exclusions = Exclusions::of([Span::new(Minute(cut.0), Minute(cut.0 + cut.1))]);
        let span = Span::new(Minute(0), Minute(slots.len() as i64));
        let costs = method.costs(&ledger, &exclusions, span);
        prop_assert_eq!(costs.iter().map(|c| c.units).sum::<u128>(), method.spend(&ledger, &exclusions, span).spent);
        prop_assert!(costs.is_sorted_by_key(|c| c.minute));
        prop_assert!(costs.iter().all(|c| !exclusions.contains(c.minute) || c.for_missing_data));

        let part = |from, to| method.costs_in(&ledger, &exclusions, span, Span::new(Minute(from), Minute(to)));
        prop_assert_eq!([part(-9, at), part(at, 99)].concat(), costs);
    }

    #[test]
    fn more_bad_never_leaves_more(good in 0..100_000_u64, bad in 0..1000_u64, ppb in 0..=BILLION) {
        let target = Target::from_ppb(ppb).unwrap();
        let less = spend(&[Slot::measured(good + 1, bad)], OCCURRENCES);
        let more = spend(&[Slot::measured(good, bad + 1)], OCCURRENCES);
        prop_assert!(more.spent_ppb(target) >= less.spent_ppb(target));
        prop_assert!(more.is_spent(target) || !less.is_spent(target));
        prop_assert_eq!(less.is_spent(target), bad > 0 && less.spent_ppb(target) >= BILLION as i64
            && u128::from(bad) * u128::from(BILLION) >= u128::from(good + 1 + bad) * u128::from(BILLION - ppb));
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
