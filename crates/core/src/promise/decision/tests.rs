use proptest::prelude::*;

use super::*;
use crate::{
    measure::{ledger::Batch, slot::Slot},
    promise::slo::Budgeting,
    ratio::Target,
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
    let slots: Vec<_> = (0..WINDOW).map(|m| (Minute(m), slot(m))).collect();
    let mut ledger = Ledger::expecting(["log"]);
    ledger.replace(Batch { source: "log", generation: 1, slots: &slots }).unwrap();
    ledger
}

fn decide_on(ledger: &Ledger, target: &str) -> Decision {
    let policy = Policy::default();
    let slo = slo(target, NoData::Ignore);
    let readings = Reading::of(&slo, &policy, ledger, &Exclusions::none(), Minute(WINDOW)).unwrap();
    decide(&policy, &readings)
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
fn too_little_data_is_unknown() {
    let few = month(|m| if m < 99 { Slot::measured(1, 0) } else { Slot::NoTraffic });
    let text = "shop-availability (99.9 % over 30d): 99 events in the window; the policy needs 100 to decide";
    check(&few, "99.9", Verdict::Unknown, text);
    let dark = month(|m| if m < WINDOW / 8 { Slot::Missing } else { Slot::measured(100, 0) });
    let text = "shop-availability (99.9 % over 30d): only 87.5 % of the window was measured; the policy needs 90 %";
    check(&dark, "99.9", Verdict::Unknown, text);
    assert_eq!(decide(&Policy::default(), &[]).verdict, Verdict::Unknown);
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
    let decision = decide(&policy, &readings);
    let verdicts: Vec<Verdict> = decision.reasons.iter().map(|r| r.verdict).collect();
    assert_eq!(decision.verdict, Verdict::Stabilise);
    assert_eq!(verdicts, [Verdict::Stabilise, Verdict::Unknown, Verdict::Ship]);
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
