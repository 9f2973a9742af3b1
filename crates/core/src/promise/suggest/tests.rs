use super::*;
use crate::{
    measure::{
        ledger::{Ledger, testing::minutes},
        slot::Slot,
    },
    promise::slo::{Budgeting, NoData},
};

const METHOD: Method = Method { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };

/// Ten days, minute by minute, and a 10-day window.
fn ten_days(slot: impl Fn(i64) -> Slot) -> Ledger {
    days(10, slot)
}

fn days(days: i64, slot: impl Fn(i64) -> Slot) -> Ledger {
    minutes(days * DAY, slot)
}

fn suggestion(ledger: &Ledger, days: i64) -> Option<Suggestion> {
    let window = Window::Rolling { minutes: (days * DAY) as u32 };
    suggest(ledger, &Exclusions::none(), METHOD, &window, Minute(days * DAY)).unwrap()
}

#[test]
fn one_outage_does_not_lower_what_can_be_promised_if_half_of_it_would_have_been_kept() {
    // 1,000 a minute, one bad in every twentieth: 99.995 %. Twenty minutes on day 4 fail.
    let ledger = ten_days(|m| match m {
        m if (4 * DAY..4 * DAY + 20).contains(&m) => Slot::measured(0, 1000),
        m => Slot::measured(1000, u64::from(m % 20 == 0)),
    });
    // 20,719 bad of 14,400,719: 144 % of 99.9 %, 288 % of 99.95 %.
    let found = suggestion(&ledger, 10).unwrap();
    assert_eq!((found.target.to_string().as_str(), found.kept, found.periods), ("99.9 %", 9, 10));
    assert_eq!(found.limit, Limit::Overspent { spent_ppb: 2_877_495_214 });
    assert!(found.budget.is_spent());
    // What held in spite of it: 28.8 % of 99.5 % is spent.
    let window = Window::Rolling { minutes: 10 * DAY as u32 };
    let kept = kept_anyway(&ledger, &Exclusions::none(), METHOD, &window, Minute(10 * DAY))
        .unwrap()
        .unwrap();
    assert_eq!(kept.target.to_string(), "99.5 %");
}

#[test]
fn a_bad_hour_on_two_days_of_ten_does() {
    let ledger = ten_days(|m| match m {
        m if [2, 7].contains(&(m / DAY)) && m % DAY < 60 => Slot::measured(500, 500),
        _ => Slot::measured(1000, 0),
    });
    // A bad day has 30,000 of 1,440,000 bad, 2.08 %: 98 % was missed on two days, 95 % kept on all.
    let found = suggestion(&ledger, 10).unwrap();
    assert_eq!((found.target.to_string().as_str(), found.kept), ("95 %", 10));
}

#[test]
fn traffic_limits_how_fine_a_target_can_be() {
    // 14,400 perfect requests: 99.95 % allows 7.2 bad ones, 99.99 % only 1.44.
    let found = suggestion(&ten_days(|_| Slot::measured(1, 0)), 10).unwrap();
    assert_eq!((found.target.to_string().as_str(), found.limit), ("99.95 %", Limit::Traffic));
    // 40 requests cannot even tell 90 %.
    assert_eq!(suggestion(&ten_days(|m| Slot::measured(u64::from(m < 40), 0)), 10), None);
}

#[test]
fn a_target_that_is_only_just_kept_is_not_proposed() {
    // 8 of 10,000 bad: 99.9 % would be 80 % spent every day, 99.5 % is 16 %.
    let found = suggestion(&ten_days(|m| Slot::measured(1000, u64::from(m % 10 < 8))), 10).unwrap();
    assert_eq!((found.target.to_string().as_str(), found.kept), ("99.5 %", 10));
}

#[test]
fn a_hopeless_service_gets_no_target() {
    assert_eq!(suggestion(&ten_days(|_| Slot::measured(1, 1)), 10), None);
}

#[test]
fn a_short_log_is_judged_by_the_hour() {
    // 1,000 of 1,440,000 bad in one hour of 24: 139 % of 99.95 %.
    let ledger =
        days(1, |m| Slot::measured(if m < 1 { 0 } else { 1000 }, if m < 1 { 1000 } else { 0 }));
    let found = suggestion(&ledger, 1).unwrap();
    assert_eq!((found.period_minutes, found.periods, found.kept), (HOUR, 24, 23));
    assert_eq!(found.target.to_string(), "99.95 %");
}
