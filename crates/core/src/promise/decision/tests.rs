use proptest::prelude::*;

use super::*;
use crate::{
    measure::{
        ledger::{
            Ledger,
            testing::{ledger, minutes},
        },
        slot::Slot,
    },
    promise::{
        slo::Budgeting,
        standing::{Floor, Release},
    },
    ratio::Target,
    time::{DAY, HOUR},
};

const WINDOW: i64 = 30 * 24 * 60;

fn slo(target: &str, no_data: NoData) -> Slo {
    Slo {
        name: "shop-availability".to_owned(),
        service: "shop".to_owned(),
        sli: "availability".to_owned(),
        target: Target::parse_percent(target).unwrap(),
        budgeting: Budgeting::Occurrences,
        windows: vec![Window::Rolling { minutes: WINDOW as u32 }],
        no_data,
    }
}

/// A ledger of 30 days made minute by minute.
fn month(slot: impl Fn(i64) -> Slot) -> Ledger {
    minutes(WINDOW, slot)
}

fn decide_on(ledger: &Ledger, target: &str) -> Decision {
    let policy = Policy::default();
    let slo = slo(target, NoData::Ignore);
    let readings = Reading::of(&slo, &policy, ledger, &Exclusions::none(), Minute(WINDOW)).unwrap();
    decide(&policy, &readings, &Standing::default(), Minute(WINDOW))
}

fn check(ledger: &Ledger, target: &str, verdict: Verdict, text: &str) {
    let decision = decide_on(ledger, target);
    assert_eq!((decision.verdict, decision.reasons[0].text.as_str()), (verdict, text));
}

/// 100 requests a minute, and so many of the first minutes lost entirely: 4,320,000 requests, 99.9 % allow 4,320.
fn outage_of(minutes: i64) -> Ledger {
    month(|m| if m < minutes { Slot::measured(0, 100) } else { Slot::measured(100, 0) })
}

#[test]
fn a_budget_by_hand() {
    let name = "shop-availability (99.9 % over 30d): ";
    check(&outage_of(0), "99.9", Verdict::Ship, &format!("{name}100 % of the budget is left"));
    // 32 minutes are 3,200 of 4,320: 25.9 % left; 33 are 23.6 %.
    check(&outage_of(32), "99.9", Verdict::Ship, &format!("{name}25.9 % of the budget is left"));
    let caution = "23.6 % of the budget is left; caution from 25 % down";
    check(&outage_of(33), "99.9", Verdict::Caution, &format!("{name}{caution}"));
    // 4,400 of 4,320 are 101.85 %; what is spent is rounded up.
    let spent = "the budget is spent; 101.9 % of it was used";
    check(&outage_of(44), "99.9", Verdict::Stabilise, &format!("{name}{spent}"));
}

#[test]
fn what_would_be_without_exclusions_is_said_as_the_sentence_speaks() {
    let reason = |ledger: &Ledger, target: &str, out: i64| {
        let (policy, slo) = (Policy::default(), slo(target, NoData::Ignore));
        let cut = Exclusions::of([Span::new(Minute(0), Minute(out))]);
        let readings = Reading::of(&slo, &policy, ledger, &cut, Minute(WINDOW)).unwrap();
        let decision = decide(&policy, &readings, &Standing::default(), Minute(WINDOW));
        decision.reasons[0].text.clone()
    };
    let name = "shop-availability (99.9 % over 30d): ";
    // 10 of 60 minutes are out: 5,000 of 4,319 are 115.77 % used, without that 6,000 of 4,320: 138.89 %.
    let used = "the budget is spent; 115.8 % of it was used; without the exclusions of 10m it would be 138.9 %";
    assert_eq!(reason(&outage_of(60), "99.9", 10), format!("{name}{used}"));
    // 10 of 20 are out: 1,000 of 4,319 leave 76.85 %; 2,000 of 4,320 would leave 53.70 %.
    let left = "76.8 % of the budget is left; without the exclusions of 10m it would be 53.7 %";
    assert_eq!(reason(&outage_of(20), "99.9", 10), format!("{name}{left}"));
    // Nothing was seen but what is out: 100 of 100 where 0.1 is allowed, 1,000 times the budget.
    let dark = month(|m| if m < 1 { Slot::measured(0, 100) } else { Slot::Missing });
    let neither = "nothing was seen in the window; without the exclusions of 1m, -99,900 % of the budget would be left";
    assert_eq!(reason(&dark, "99.9", 1), format!("{name}{neither}"));
}

#[test]
fn a_target_of_100_percent_is_spent_by_the_first_bad_event() {
    let one_bad = month(|m| Slot::measured(100, u64::from(m == 7)));
    check(
        &one_bad,
        "100",
        Verdict::Stabilise,
        "shop-availability (100 % over 30d): 1 bad events where none is allowed",
    );
}

#[test]
fn a_fast_burn_calls_for_caution_while_the_budget_lasts() {
    // The last 5 minutes fail: 500 of 6,000 in the last hour is 8.3 %, 83 times 0.1 %; 500 of 4,320 are spent.
    let now =
        month(|m| if m >= WINDOW - 5 { Slot::measured(0, 100) } else { Slot::measured(100, 0) });
    let text = "it burns 83.3 times as fast as allowed over the last 1h (limit 14.4); 88.4 % of the budget is left";
    check(&now, "99.9", Verdict::Caution, &format!("shop-availability (99.9 % over 30d): {text}"));
}

#[test]
fn few_failures_at_night_are_no_fast_burn() {
    let quiet = month(|m| {
        if m == WINDOW - 1 {
            Slot::measured(0, 4)
        } else {
            Slot::measured(u64::from(m % 9 == 0), 0)
        }
    });
    assert_eq!(decide_on(&quiet, "99").verdict, Verdict::Ship);
}

#[test]
fn without_an_event_nothing_is_known_whatever_the_policy_asks_for() {
    let policy = Policy { min_events: 0, ..Policy::default() };
    let silent = month(|_| Slot::NoTraffic);
    let slo = slo("99.9", NoData::Ignore);
    let readings =
        Reading::of(&slo, &policy, &silent, &Exclusions::none(), Minute(WINDOW)).unwrap();
    let decision = decide(&policy, &readings, &Standing::default(), Minute(WINDOW));
    let text = "shop-availability (99.9 % over 30d): no event in the window: nothing is known of how it answers";
    assert_eq!((decision.verdict, &*decision.reasons[0].text), (Verdict::Unknown, text));
}

#[test]
fn too_little_data_is_unknown() {
    let few = month(|m| if m < 99 { Slot::measured(1, 0) } else { Slot::NoTraffic });
    let text = "shop-availability (99.9 % over 30d): 99 events in the window; the policy needs 100 to decide";
    check(&few, "99.9", Verdict::Unknown, text);
    let dark = month(|m| if m < WINDOW / 8 { Slot::Missing } else { Slot::measured(100, 0) });
    let text = "shop-availability (99.9 % over 30d): only 87.5 % of the window was measured; the policy needs 90 %";
    check(&dark, "99.9", Verdict::Unknown, text);
    assert_eq!(
        decide(&Policy::default(), &[], &Standing::default(), Minute(WINDOW)).verdict,
        Verdict::Unknown
    );
}

#[test]
fn a_budget_that_is_spent_at_best_is_spent_however_little_was_measured() {
    // Half the month is missing. 50 minutes of outage are 5,000 of 2,160 seen, and of 4,320 had all else been good.
    let with = |minutes| {
        month(move |m| match m {
            m if m < minutes => Slot::measured(0, 100),
            m if m < WINDOW / 2 => Slot::measured(100, 0),
            _ => Slot::Missing,
        })
    };
    assert_eq!(decide_on(&with(50), "99.9").verdict, Verdict::Stabilise);
    // 30 minutes: 3,000 spend what was seen, but might not spend the whole. That is unknown, not healthy.
    assert_eq!(decide_on(&with(30), "99.9").verdict, Verdict::Unknown);
}

#[test]
fn the_best_case_includes_what_a_lost_source_would_have_sent() {
    // One of two sources of 100 a minute is lost in the second half: 6,480,000 seen, 8,640,000 at best, of which 99.9 %
    // allows 8,640.
    let with = |minutes: i64| {
        month(move |m| match m - WINDOW / 2 {
            ..0 => Slot::measured(200, 0),
            m if m < minutes => Slot::Partial { good: 0, bad: 100 },
            _ => Slot::Partial { good: 100, bad: 0 },
        })
    };
    assert_eq!(decide_on(&with(87), "99.9").verdict, Verdict::Stabilise);
    assert_eq!(decide_on(&with(86), "99.9").verdict, Verdict::Unknown);
    // Without a minute seen in full, nobody knows how much the lost source would have sent.
    let never = month(|_| Slot::Partial { good: 50, bad: 50 });
    assert_eq!(decide_on(&never, "99.9").verdict, Verdict::Unknown);
}

#[test]
fn the_heaviest_reading_decides_and_speaks_first() {
    let policy = Policy::default();
    let of = |ledger: &Ledger| {
        Reading::of(
            &slo("99.9", NoData::Ignore),
            &policy,
            ledger,
            &Exclusions::none(),
            Minute(WINDOW),
        )
        .unwrap()
    };
    let readings: Vec<Reading> =
        [of(&outage_of(0)), of(&outage_of(44)), of(&month(|_| Slot::Missing))].concat();
    let decision = decide(&policy, &readings, &Standing::default(), Minute(WINDOW));
    let verdicts: Vec<Verdict> = decision.reasons.iter().map(|r| r.verdict).collect();
    assert_eq!(decision.verdict, Verdict::Stabilise);
    assert_eq!(verdicts, [Verdict::Stabilise, Verdict::Unknown, Verdict::Ship]);
}

/// The decision on 30 days with so many dark minutes at their end.
fn dark_at_the_end(dark: i64, no_data: NoData, policy: &Policy, cut: &Exclusions) -> Decision {
    let ledger = month(|m| match m {
        m if m >= WINDOW - dark => Slot::Missing,
        m if m >= WINDOW - dark - 5 => Slot::measured(0, 100),
        _ => Slot::measured(100, 0),
    });
    let readings = Reading::of(&slo("99.9", no_data), policy, &ledger, cut, Minute(WINDOW));
    decide(policy, &readings.unwrap(), &Standing::default(), Minute(WINDOW))
}

#[test]
fn old_data_is_unknown_however_much_of_the_window_it_fills() {
    let (policy, none) = (Policy::default(), Exclusions::none());
    // 27 good days and 72 dark hours: 90 % of the window were measured, which is what the policy asks for.
    let dark = dark_at_the_end(3 * DAY, NoData::Ignore, &policy, &none);
    let text = "shop-availability (99.9 % over 30d): no data for 3d; the policy allows 1h";
    assert_eq!((dark.verdict, dark.reasons[0].text.as_str()), (Verdict::Unknown, text));
    for no_data in [NoData::Ignore, NoData::Good, NoData::Bad] {
        let verdict = |dark| dark_at_the_end(dark, no_data, &policy, &none).verdict;
        assert_ne!(verdict(HOUR), Verdict::Unknown, "{no_data:?}");
        assert_eq!(verdict(HOUR + 1), Verdict::Unknown, "{no_data:?}");
    }
    // What was taken out is not waited for.
    let cut = Exclusions::of([Span::new(Minute(WINDOW - DAY), Minute(WINDOW - HOUR))]);
    assert_ne!(dark_at_the_end(DAY, NoData::Ignore, &policy, &cut).verdict, Verdict::Unknown);
    assert_eq!(dark_at_the_end(DAY + 1, NoData::Ignore, &policy, &cut).verdict, Verdict::Unknown);
}

#[test]
fn an_early_exit_lets_nothing_go_in_the_dark() {
    // An outage of 60 minutes at the start spent 6,000 of at most 4,320, whatever the end of the month holds.
    let decided = |dark: i64, slots: i64| {
        let ledger = month(|m| match m {
            m if m >= WINDOW - dark => Slot::Missing,
            m if m < 60 => Slot::measured(0, 100),
            m if m % 10 < slots => Slot::measured(100, 0),
            _ => Slot::Missing,
        });
        let policy = Policy::default();
        let slo = slo("99.9", NoData::Ignore);
        let end = Minute(WINDOW);
        let readings = Reading::of(&slo, &policy, &ledger, &Exclusions::none(), end).unwrap();
        let window = readings[0].window.clone();
        let budget = BudgetId { slo: slo.name, window };
        let floors = vec![Floor { budget: budget.clone(), left_ppb: -(BILLION as i64) }];
        let release = Some(Release { reason: "mended".to_owned(), floors });
        let standing = Standing { spent: vec![budget], since: None, release };
        let decision = decide(&policy, &readings, &standing, end);
        (decision.verdict, decision.reasons[0].text.clone())
    };
    assert_eq!(decided(0, 10).0, Verdict::Caution);
    assert_eq!(decided(HOUR, 10).0, Verdict::Caution);
    let (verdict, text) = decided(HOUR + 1, 10);
    assert_eq!(verdict, Verdict::Stabilise);
    let ended =
        "; the early exit does not hold in the dark: no data for 1h 1m; the policy allows 1h";
    assert!(text.ends_with(ended), "{text}");
    // Nine tenths of the window are needed.
    assert_eq!(decided(0, 9).0, Verdict::Caution);
    assert_eq!(decided(0, 8).0, Verdict::Stabilise);
}

#[test]
fn the_last_decision_is_held_for_its_time_and_no_longer() {
    let (policy, none) = (Policy::default(), Exclusions::none());
    let hold = |dark, minutes| {
        let decision = dark_at_the_end(dark, NoData::Hold { minutes }, &policy, &none);
        (decision.verdict, decision.reasons[0].text.clone())
    };
    // As `a_fast_burn_calls_for_caution_while_the_budget_lasts`, however long ago that was. Six hours of the window lie
    // before the history: 500 of 4,284.
    for (dark, left, ago) in
        [(0, "88.4", ""), (1, "88.4", "1m"), (61, "88.4", "1h 1m"), (360, "88.3", "6h")]
    {
        let burn = format!(
            "shop-availability (99.9 % over 30d): it burns 83.3 times as fast as allowed over the last 1h (limit 14.4); \
             {left} % of the budget is left"
        );
        let since = if dark == 0 {
            String::new()
        } else {
            format!("; as it was {ago} ago, with no data since")
        };
        assert_eq!(hold(dark, 360), (Verdict::Caution, burn + &since));
    }
    let over =
        "shop-availability (99.9 % over 30d): no data for 6h 1m; the last decision stood for 6h";
    assert_eq!(hold(361, 360), (Verdict::Unknown, over.to_owned()));
    // Shorter than the policy would allow.
    assert_eq!(hold(31, 30).0, Verdict::Unknown);
}

#[test]
fn a_window_of_which_nothing_was_seen_is_unknown_by_every_policy() {
    let policy = Policy {
        min_events: 0,
        min_coverage_ppb: 0,
        max_data_age_minutes: u32::MAX,
        ..Policy::default()
    };
    let dark = month(|_| Slot::Missing);
    for no_data in [NoData::Ignore, NoData::Good, NoData::Bad, NoData::Hold { minutes: u32::MAX }] {
        let readings =
            Reading::of(&slo("99.9", no_data), &policy, &dark, &Exclusions::none(), Minute(WINDOW));
        let decision = decide(&policy, &readings.unwrap(), &Standing::default(), Minute(WINDOW));
        assert_eq!(decision.verdict, Verdict::Unknown, "{no_data:?}");
        let text = "shop-availability (99.9 % over 30d): nothing was seen in the window";
        assert_eq!(decision.reasons[0].text, text);
    }
}

proptest! {
    /// Whatever the slices hide, and however short the lookback: what spent nothing is no fast burn.
    #[test]
    fn a_lookback_without_spent_units_is_never_fast(
        slice_minutes in 1..90_u32,
        lookback_minutes in 1..200_u32,
        factor_milli in 0..20_000_u64,
        ppb in prop_oneof![Just(BILLION), 0..=BILLION],
        bad in 0..5_u64,
    ) {
        // At most four of ten fail where half of a slice may.
        let slice_target = Target::parse_percent("50").unwrap();
        let ledger = ledger(&[Slot::measured(10 - bad, bad); 300]);
        let costing = Costing {
            budgeting: Budgeting::Timeslices { slice_minutes, slice_target },
            no_data: NoData::Ignore,
        };
        let rule = FastBurn { lookback_minutes, factor_milli, min_failures: 0 };
        let burn = Burn::of(rule, costing, &ledger, &Exclusions::none(), Minute(300));
        prop_assert!(!burn.is_fast(Target::from_ppb(ppb).unwrap()));
        // It looked at whole slices, and at all of the lookback.
        prop_assert_eq!(burn.span.minutes() % i64::from(slice_minutes), 0);
        prop_assert!(burn.span.minutes() >= i64::from(lookback_minutes));
    }
}

proptest! {
    /// One event that was good and is bad instead never makes the answer lighter.
    #[test]
    fn one_more_bad_event_is_never_a_lighter_verdict(
        slots in prop::collection::vec((0..12_u8, 0..30_u64, 0..4_u64), 120),
        worse in prop::sample::Index::arbitrary(),
        kind in 0..3_u8,
        slice_minutes in prop::sample::select(vec![1_u32, 5, 20]),
        no_data in prop::sample::select(vec![
            NoData::Ignore, NoData::Good, NoData::Bad, NoData::Hold { minutes: 5 },
        ]),
        (percent, min_coverage, factor) in (50..=100_u64, 0..=100_u64, 1..50_u64),
    ) {
        let mut slots: Vec<Slot> = slots
            .into_iter()
            .map(|(kind, good, bad)| match kind {
                0 => Slot::Missing,
                1 => Slot::Partial { good: good + 1, bad },
                _ => Slot::measured(good, bad),
            })
            .collect();
        let slice_target = Target::parse_percent("90").unwrap();
        let budgeting = match kind {
            0 => Budgeting::Occurrences,
            1 => Budgeting::Timeslices { slice_minutes, slice_target },
            _ => Budgeting::RatioTimeslices { slice_minutes },
        };
        let slo = Slo {
            budgeting,
            windows: vec![Window::Rolling { minutes: 60 }, Window::Rolling { minutes: 120 }],
            ..slo(&percent.to_string(), no_data)
        };
        let policy = Policy {
            fast_burn: vec![FastBurn { lookback_minutes: 20, factor_milli: factor * 100, min_failures: 3 }],
            min_coverage_ppb: min_coverage * 10_000_000,
            max_data_age_minutes: 10,
            ..Policy::default()
        };
        let verdict = |slots: &[Slot]| {
            let readings = Reading::of(&slo, &policy, &ledger(slots), &Exclusions::none(), Minute(120));
            decide(&policy, &readings.unwrap(), &Standing::default(), Minute(WINDOW)).verdict
        };
        let before = verdict(&slots);
        let slot = &mut slots[worse.index(120)];
        *slot = match *slot {
            Slot::Measured { good: 1.., bad } => Slot::measured(slot.events().0 - 1, bad + 1),
            Slot::Partial { good: 1.., bad } => Slot::Partial { good: slot.events().0 - 1, bad: bad + 1 },
            other => other,
        };
        prop_assert!(verdict(&slots) >= before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Unknown never ships: whatever is lost from the data, the answer never becomes *ship* from something heavier
    /// than *caution* by losing so much that the policy's coverage is not met.
    #[test]
    fn lost_data_never_ships(outage in 0..60_i64, lost in 0..WINDOW, length in 0..WINDOW) {
        let ledger = month(|m| match m {
            m if (lost..lost + length).contains(&m) => Slot::Missing,
            m if m < outage => Slot::measured(0, 100),
            _ => Slot::measured(100, 0),
        });
        let decision = decide_on(&ledger, "99.9");
        let missing = (lost + length).min(WINDOW) - lost;
        if missing * 10 > WINDOW {
            prop_assert!(decision.verdict >= Verdict::Unknown);
        }
        if decision.verdict == Verdict::Ship {
            let bad = (0..outage).filter(|m| !(lost..lost + length).contains(m)).count() as i64 * 100;
            prop_assert!(bad * 1000 * 4 < (WINDOW - missing) * 100 * 3, "more than a quarter left");
        }
    }
}
