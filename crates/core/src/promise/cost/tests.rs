use proptest::prelude::*;

use super::*;
use crate::measure::{ledger::testing::ledger, slot::Slot};

const OCCURRENCES: Costing = Costing { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };

fn percent(text: &str) -> Target {
    Target::parse_percent(text).unwrap()
}

fn spend(slots: &[Slot], costing: Costing) -> Spend {
    costing.spend(
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
fn missing_minutes_weigh_as_the_policy_says() {
    // 2 known minutes with 100 events each (mean 100), 2 missing. 4 bad of 200 seen.
    let slots = [Slot::measured(98, 2), Slot::Missing, Slot::measured(98, 2), Slot::Missing];
    let with = |no_data| spend(&slots, Costing { no_data, ..OCCURRENCES }).spent_ppb(percent("90"));
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
    let with = |no_data| spend(&slots, Costing { no_data, ..OCCURRENCES });
    assert_eq!(with(NoData::Good).spent_ppb(percent("90")), 500_000_000);
    assert_eq!(with(NoData::Bad).spent_ppb(percent("90")), 5_500_000_000);
}

#[test]
fn bad_events_that_were_seen_count_although_a_source_is_missing() {
    let slots = [Slot::measured(100, 0), Slot::Partial { good: 0, bad: 50 }];
    let with = |no_data| spend(&slots, Costing { no_data, ..OCCURRENCES }).spent_ppb(percent("90"));
    assert_eq!(with(NoData::Ignore), 3_333_333_334); // 50 of 15
    assert_eq!(with(NoData::Good), 2_500_000_000); // 50 of 20: the mean is 100, 50 of them good and unseen
    assert_eq!(with(NoData::Bad), 6_000_000_000); // 150 of 25
}

#[test]
fn without_a_mean_nothing_is_invented() {
    for no_data in [NoData::Good, NoData::Bad] {
        let spend = spend(&[Slot::Missing; 3], Costing { no_data, ..OCCURRENCES });
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
        Slot::measured(1, 0), // slice 6, cut short: good
    ];
    let with = |no_data| {
        let spend = spend(&slots, Costing { budgeting, no_data });
        (spend.spent / SLICE_UNITS, spend.weight / SLICE_UNITS)
    };
    assert_eq!(with(NoData::Ignore), (2, 5));
    // The mean of the known minutes is 68 / 8 = 8.5. Slice 5 at best: 8.5 of 18.5, still bad.
    assert_eq!(with(NoData::Good), (2, 6));
    // Slice 4 at worst: half of it, bad.
    assert_eq!(with(NoData::Bad), (3, 6));
}

#[test]
fn hand_computed_ratio_timeslices() {
    let budgeting = Budgeting::RatioTimeslices { slice_minutes: 1 };
    // Misses 1/4, 0 (no traffic), 1/3 rounded up at 10^-12; mean ratio of the three.
    let slots = [Slot::measured(3, 1), Slot::NoTraffic, Slot::measured(2, 1), Slot::Missing];
    let spend = spend(&slots, Costing { budgeting, no_data: NoData::Ignore });
    assert_eq!(spend.spent, 250_000_000_000 + 333_333_333_334);
    assert_eq!(spend.weight, 3 * SLICE_UNITS);
    // 0.58333/3 of 0.5: 38.9 %.
    assert_eq!(spend.spent_ppb(percent("50")), 388_888_889);
}

#[test]
fn minutes_that_weigh_bad_weigh_so_by_every_method() {
    // One good minute in each slice of five and four missing: 80 % of everything is charged.
    let slots: Vec<Slot> =
        (0..60).map(|m| if m % 5 == 0 { Slot::measured(100, 0) } else { Slot::Missing }).collect();
    let share = |budgeting| {
        let spend = spend(&slots, Costing { budgeting, no_data: NoData::Bad });
        (spend.spent * 100 / spend.weight, spend.spent / SLICE_UNITS)
    };
    assert_eq!(share(Budgeting::Occurrences).0, 80);
    assert_eq!(share(Budgeting::RatioTimeslices { slice_minutes: 5 }), (80, 9)); // 9.6 of 12
    let slice_target = percent("50");
    assert_eq!(share(Budgeting::Timeslices { slice_minutes: 5, slice_target }), (100, 12));
}

#[test]
fn the_best_case_of_partly_seen_minutes() {
    // Two sources of 100 a minute, one of them lost half-way through 10,000 minutes: 16,000 bad of the 20,000 that 99 %
    // of 2,000,000 would allow.
    let slots: Vec<Slot> = (0..10_000)
        .map(|m| match m {
            0..5000 => Slot::measured(200, 0),
            5000..5160 => Slot::Partial { good: 0, bad: 100 },
            _ => Slot::Partial { good: 100, bad: 0 },
        })
        .collect();
    let with = |no_data| spend(&slots, Costing { no_data, ..OCCURRENCES }).spent_ppb(percent("99"));
    assert_eq!(with(NoData::Good), 800_000_000);
    assert_eq!(with(NoData::Ignore), 1_066_666_667); // 16,000 of 15,000
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
    let ratio = Costing {
        budgeting: Budgeting::RatioTimeslices { slice_minutes: 5 },
        no_data: NoData::Ignore,
    };
    let spent = |slots: &[Slot], costing| spend(slots, costing).spent_ppb(percent("99"));
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

/// Two slots in turn, from an even minute to an even minute, without the memory.
struct InTurn([Slot; 2]);

impl Slots for InTurn {
    fn sums(&self, span: Span) -> Sums {
        let (two, turns) = (Sums::of(self.0[0]) + Sums::of(self.0[1]), span.minutes() as u64 / 2);
        Sums {
            good: two.good * turns,
            bad: two.bad * turns,
            partial_events: two.partial_events * turns,
            measured: two.measured * turns,
            no_traffic: two.no_traffic * turns,
            missing: two.missing * turns,
            partial: two.partial * turns,
        }
    }

    fn slots(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)> {
        span.iter().map(|minute| (minute, self.0[minute.0 as usize % 2]))
    }

    fn extent(&self) -> Option<Span> {
        None
    }
}

#[test]
fn the_largest_slots_of_all_sources_do_not_overflow() {
    use crate::limits::{LEDGER_DAYS_MAX, SLI_SOURCES_MAX, SLOT_COUNT_MAX, WINDOW_MINUTES_MAX};
    let most = Slot::measured(
        SLOT_COUNT_MAX * SLI_SOURCES_MAX as u64,
        SLOT_COUNT_MAX * SLI_SOURCES_MAX as u64,
    );
    let ledger = Span::new(Minute(0), Minute(LEDGER_DAYS_MAX as i64 * crate::time::DAY));
    let whole = InTurn([most, most]).sums(ledger);
    assert!(whole.good.checked_add(whole.bad).is_some());

    let window = Span::new(Minute(0), Minute(i64::from(WINDOW_MINUTES_MAX)));
    let slice_minutes = WINDOW_MINUTES_MAX;
    let target = percent("99.9999");
    let spent = |slots: [Slot; 2], budgeting, no_data| {
        let costing = Costing { budgeting, no_data };
        let spend = costing.spend(&InTurn(slots), &Exclusions::none(), window);
        assert_eq!(spend.compare_burn(target, 14_400), Ordering::Greater);
        spend.spent_ppb(target) / 10_000_000_000_000
    };
    // In percent of everything, 100 % being a million budgets. Half of what is there is bad.
    for (slots, by_policy) in [([most, most], [50, 50, 50]), ([most, Slot::Missing], [50, 25, 75])]
    {
        for (no_data, expected) in
            [NoData::Ignore, NoData::Good, NoData::Bad].into_iter().zip(by_policy)
        {
            let ratio = Budgeting::RatioTimeslices { slice_minutes };
            assert_eq!(spent(slots, Budgeting::Occurrences, no_data), expected);
            assert_eq!(spent(slots, ratio, no_data), expected);
            let slice_target = percent("99");
            let timeslices = Budgeting::Timeslices { slice_minutes, slice_target };
            assert_eq!(spent(slots, timeslices, no_data), 100);
        }
    }
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        4 => (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        1 => Just(Slot::Missing),
        1 => (0..9_u64, 0..9_u64).prop_map(|(good, bad)| Slot::Partial { good, bad: bad + 1 }),
    ]
}

fn any_costing() -> impl Strategy<Value = Costing> {
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
    (budgeting, no_data).prop_map(|(budgeting, no_data)| Costing { budgeting, no_data })
}

/// The oracle: spent and weight as plain fractions of events or slices, in floats. It looks at each minute by itself
/// and shares no code with the budget; agreement to nine digits on random inputs is what it is for.
struct Naive {
    /// Minutes that count, by slice.
    slices: Vec<Vec<Slot>>,
    costing: Costing,
}

impl Naive {
    fn new(slots: &[Slot], excluded: &[bool], costing: Costing) -> Naive {
        let length = match costing.budgeting {
            Budgeting::Occurrences => slots.len(),
            Budgeting::Timeslices { slice_minutes, .. }
            | Budgeting::RatioTimeslices { slice_minutes } => slice_minutes as usize,
        };
        let minutes: Vec<(Slot, bool)> =
            slots.iter().copied().zip(excluded.iter().copied()).collect();
        let kept = |slice: &[(Slot, bool)]| {
            slice.iter().filter(|(_, excluded)| !excluded).map(|(slot, _)| *slot).collect()
        };
        let slices = minutes.chunks(length).map(kept).filter(|slice: &Vec<Slot>| !slice.is_empty());
        Naive { slices: slices.collect(), costing }
    }

    /// The mean traffic of the minutes that were seen in full; `None` without such a minute.
    fn mean(&self) -> Option<f64> {
        let known: Vec<f64> = self
            .slices
            .iter()
            .flatten()
            .filter_map(|slot| match slot {
                Slot::Measured { good, bad } => Some((good + bad) as f64),
                Slot::NoTraffic => Some(0.0),
                Slot::Missing | Slot::Partial { .. } => None,
            })
            .collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }

    /// Good and bad events of some minutes when what went unseen was good.
    fn at_best(&self, minutes: &[Slot]) -> (f64, f64) {
        let (mut good, mut bad, mut partly_seen, mut partly) = (0.0, 0.0, 0.0, 0.0);
        let mean = self.mean();
        for slot in minutes {
            let (seen_good, seen_bad) = (slot.events().0 as f64, slot.events().1 as f64);
            (good, bad) = (good + seen_good, bad + seen_bad);
            match slot {
                Slot::Missing => good += mean.unwrap_or(0.0),
                Slot::Partial { .. } => {
                    partly_seen += seen_good + seen_bad;
                    partly += mean.unwrap_or(0.0);
                }
                Slot::Measured { .. } | Slot::NoTraffic => {}
            }
        }
        (good + f64::max(partly - partly_seen, 0.0), bad)
    }

    fn seen(minutes: &[Slot]) -> (f64, f64) {
        let sum = |of: fn(&Slot) -> u64| minutes.iter().map(of).sum::<u64>() as f64;
        (sum(|slot| slot.events().0), sum(|slot| slot.events().1))
    }

    fn events(&self) -> (f64, f64) {
        let minutes = self.slices.concat();
        let (good, bad) = Self::seen(&minutes);
        let lost = minutes.iter().filter(|slot| slot.is_missing()).count() as f64;
        let (good, bad) = match (self.costing.no_data, self.mean()) {
            (NoData::Good, _) => self.at_best(&minutes),
            (NoData::Bad, Some(mean)) => (good, bad + mean * lost),
            _ => (good, bad),
        };
        (bad, good + bad)
    }

    /// The share of good of a slice; `None` where nothing can be said.
    fn share(&self, slice: &[Slot]) -> Option<f64> {
        let ((good, bad), lost) = (Self::seen(slice), slice.iter().any(|slot| slot.is_missing()));
        let seen = if good + bad > 0.0 { good / (good + bad) } else { 1.0 };
        match self.costing.no_data {
            NoData::Good => {
                let (good, bad) = self.at_best(slice);
                Some(if good + bad > 0.0 { good / (good + bad) } else { 1.0 })
            }
            // Minute by minute: one that was seen is as good as the slice, one that is missing is bad.
            NoData::Bad => {
                let good_minutes: f64 =
                    slice.iter().map(|slot| if slot.is_missing() { 0.0 } else { seen }).sum();
                Some(good_minutes / slice.len() as f64)
            }
            _ if good + bad > 0.0 || !lost => Some(seen),
            _ => None,
        }
    }

    fn spend(&self) -> (f64, f64) {
        let judge = |slice: &Vec<Slot>| match self.costing.budgeting {
            Budgeting::Timeslices { slice_target, .. } => {
                let is_bad = self.share(slice)? < slice_target.ppb() as f64 / 1e9 - 1e-12;
                let is_open = matches!(self.costing.no_data, NoData::Ignore | NoData::Hold { .. })
                    && slice.iter().any(|slot| slot.is_missing());
                if is_bad { Some(1.0) } else { (!is_open).then_some(0.0) }
            }
            _ => Some(1.0 - self.share(slice)?),
        };
        if self.costing.budgeting == Budgeting::Occurrences {
            return self.events();
        }
        let judged: Vec<f64> = self.slices.iter().filter_map(judge).collect();
        (judged.iter().sum(), judged.len() as f64)
    }
}

proptest! {
    #[test]
    fn spend_is_the_naive_spend(
        slots in prop::collection::vec(any_slot(), 1..60),
        cut in (0..60_usize, 0..20_usize),
        costing in any_costing(),
    ) {
        let excluded: Vec<bool> = (0..slots.len()).map(|m| (cut.0..cut.0 + cut.1).contains(&m)).collect();
        let exclusions = Exclusions::of([Span::new(Minute(cut.0 as i64), Minute((cut.0 + cut.1) as i64))]);
        let span = Span::new(Minute(0), Minute(slots.len() as i64));
        let spend = costing.spend(&ledger(&slots), &exclusions, span);
        let (spent, weight) = Naive::new(&slots, &excluded, costing).spend();
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
        costing in any_costing(),
        at in 0..60_i64,
    ) {
        let ledger = ledger(&slots);
        let exclusions = Exclusions::of([Span::new(Minute(cut.0), Minute(cut.0 + cut.1))]);
        let span = Span::new(Minute(0), Minute(slots.len() as i64));
        let costs = costing.costs(&ledger, &exclusions, span);
        prop_assert_eq!(costs.iter().map(|c| c.units).sum::<u128>(), costing.spend(&ledger, &exclusions, span).spent);
        prop_assert!(costs.is_sorted_by_key(|c| c.minute));
        prop_assert!(costs.iter().all(|c| !exclusions.contains(c.minute)));
        let is_missing = |minute: Minute| slots[minute.0 as usize].is_missing();
        prop_assert!(costs.iter().all(|c| !c.for_missing_data || costing.no_data == NoData::Bad && is_missing(c.minute)));

        let part = |from, to| costing.costs_in(&ledger, &exclusions, span, Span::new(Minute(from), Minute(to)));
        prop_assert_eq!([part(-9, at), part(at, 99)].concat(), costs);
    }

    /// With even traffic, *good* and *bad* say what would have been said had the lost data been there and so.
    #[test]
    fn even_traffic_is_filled_up_as_it_was(
        minutes in prop::collection::vec((0..=20_u64, 0..=20_u64, 0..8_u8), 1..60),
        costing in any_costing(),
    ) {
        // Two sources of 20 a minute, so many of them bad. `lost` says which of them are gone.
        let whole = Slot::measured(40, 0);
        let good_lost = minutes.iter().map(|&(a, b, lost)| match lost {
            0 => (Slot::Missing, whole),
            1 => {
                let (good, bad) = (20 - a, a);
                (Slot::Partial { good, bad }, Slot::measured(good + 20, bad))
            }
            _ => (Slot::measured(40 - a - b, a + b), Slot::measured(40 - a - b, a + b)),
        });
        let bad_lost = minutes.iter().map(|&(a, b, lost)| match lost {
            0 => (Slot::Missing, Slot::measured(0, 40)),
            _ => (Slot::measured(40 - a - b, a + b), Slot::measured(40 - a - b, a + b)),
        });
        let cases: [(NoData, Vec<(Slot, Slot)>); 2] =
            [(NoData::Good, good_lost.collect()), (NoData::Bad, bad_lost.collect())];
        for (no_data, pairs) in cases {
            let (lossy, full): (Vec<Slot>, Vec<Slot>) = pairs.into_iter().unzip();
            let lossy = spend(&lossy, Costing { no_data, ..costing });
            if lossy.sums.known() == 0 {
                continue;
            }
            let share = |spend: Spend| spend.spent as f64 / spend.weight as f64;
            let full = spend(&full, Costing { no_data: NoData::Ignore, ..costing });
            prop_assert!((share(lossy) - share(full)).abs() < 1e-9, "{:?} {} {}", no_data, share(lossy), share(full));
        }
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
