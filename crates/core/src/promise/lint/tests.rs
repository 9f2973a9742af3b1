use super::*;
use crate::promise::slo::NoData;
use jiff::civil::date;
use proptest::prelude::*;

fn slo(percent: &str, budgeting: Budgeting, windows: Vec<Window>) -> Slo {
    Slo {
        name: "s".to_owned(),
        service: "s".to_owned(),
        sli: "s".to_owned(),
        target: Target::parse_percent(percent).unwrap(),
        budgeting,
        windows,
        no_data: NoData::Ignore,
    }
}

fn rolling(minutes: u32) -> Window {
    Window::Rolling { minutes }
}

fn calendar(count: u32, unit: Unit) -> Window {
    Window::Calendar {
        start: date(2026, 1, 1).at(0, 0, 0, 0),
        zone: "UTC".to_owned(),
        every: Period { count, unit },
    }
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_sound_objective_has_no_findings() {
    let slices = Budgeting::Timeslices { slice_minutes: 5, slice_target: Target::PERFECT };
    let windows = vec![rolling(43_200), calendar(1, Unit::Month), calendar(1, Unit::Year)];
    assert_eq!(definition(&slo("99.9", slices, windows)), []);
}

#[test]
fn five_thousand_requests_do_not_resolve_99_99() {
    // 5,000 × 0.0001 = 0.5 bad events; one needs 10,000.
    let slo = slo("99.99", Budgeting::Occurrences, vec![rolling(43_200), rolling(1440)]);
    let findings = traffic(&slo, &[5_000, 10_000]);
    assert_eq!(codes(&findings), [TARGET_TOO_FINE]);
    assert_eq!(findings[0].subject, Subject::Window(0));
    assert_eq!(findings[0].message, "5,000 events in the window allow 0.5 bad ones at 99.99 %");
    assert!(findings[0].hint.ends_with("needs 10,000 events"), "{}", findings[0].hint);
    assert_eq!(traffic(&slo, &[10_000, 9_999])[0].subject, Subject::Window(1));
    assert_eq!(traffic(&slo, &[0, 0]), []);
}

#[test]
fn slices_are_what_a_slice_budget_resolves() {
    // 1 day of 5-minute slices: 288; at 99.9 % that allows 0.288 of one.
    let slices = Budgeting::Timeslices { slice_minutes: 5, slice_target: Target::PERFECT };
    let findings = traffic(&slo("99.9", slices, vec![rolling(1440)]), &[1_000_000]);
    assert_eq!(findings[0].message, "288 slices in the window allow 0.288 bad ones at 99.9 %");
}

#[test]
fn thresholds_beyond_total_failure_are_found() {
    // 14.4 × (1 − T) > 1 exactly when T < 93.0555… %.
    let below = Target::parse_percent("93.0555555").unwrap();
    let above = Target::parse_percent("93.0555556").unwrap();
    let findings = burn_thresholds(below, &[14_400, 6_000]);
    assert_eq!(codes(&findings), [UNREACHABLE_BURN]);
    assert_eq!(findings[0].subject, Subject::Burn(0));
    assert_eq!(burn_thresholds(above, &[14_400, 6_000]), []);
    let message = &burn_thresholds(Target::parse_percent("90").unwrap(), &[14_400])[0].message;
    assert_eq!(message, "a burn of 14.4 is impossible at 90 %: when everything fails it is 10");
    // Exactly 10 is reached when everything fails.
    assert_eq!(burn_thresholds(Target::parse_percent("90").unwrap(), &[10_000]), []);
    assert_eq!(burn_thresholds(Target::PERFECT, &[u64::MAX]), []);
}

#[test]
fn a_perfect_target_is_pointed_out() {
    assert_eq!(
        codes(&definition(&slo("100", Budgeting::Occurrences, vec![rolling(60)]))),
        [PERFECT_TARGET]
    );
}

#[test]
fn windows_keep_to_their_limits() {
    for (window, expected) in [
        (rolling(59), vec![WINDOW_TOO_SHORT]),
        (rolling(60), vec![]),
        (rolling(576_000), vec![]),
        (rolling(576_001), vec![WINDOW_TOO_LONG]),
        (calendar(1, Unit::Hour), vec![]),
        (calendar(13, Unit::Month), vec![WINDOW_TOO_LONG]),
        (calendar(u32::MAX, Unit::Year), vec![WINDOW_TOO_LONG]),
    ] {
        let slo = slo("99", Budgeting::Occurrences, vec![window.clone()]);
        assert_eq!(codes(&definition(&slo)), expected, "{window:?}");
    }
}

#[test]
fn slices_fit_into_their_window() {
    for (window, slice_minutes, expected) in [
        (rolling(60), 61, vec![WINDOW_SHORTER_THAN_SLICE]),
        (rolling(60), 60, vec![]),
        (rolling(60), 7, vec![WINDOW_NOT_WHOLE_SLICES]),
        (calendar(1, Unit::Month), 7, vec![WINDOW_NOT_WHOLE_SLICES]),
        (calendar(1, Unit::Month), 1440, vec![]),
        (calendar(1, Unit::Week), 2 * 1440, vec![WINDOW_NOT_WHOLE_SLICES]),
        (calendar(1, Unit::Day), 1441, vec![WINDOW_SHORTER_THAN_SLICE]),
    ] {
        let slo = slo("99", Budgeting::RatioTimeslices { slice_minutes }, vec![window.clone()]);
        assert_eq!(codes(&definition(&slo)), expected, "{window:?} {slice_minutes}");
    }
}

#[test]
fn lookbacks_hold_a_slice() {
    let slices = Budgeting::RatioTimeslices { slice_minutes: 60 };
    let findings = lookbacks(slices, &[60, 59, 360]);
    assert_eq!(codes(&findings), [LOOKBACK_SHORTER_THAN_SLICE]);
    assert_eq!(findings[0].subject, Subject::Burn(1));
    assert_eq!(lookbacks(Budgeting::Occurrences, &[1]), []);
}

#[test]
fn caution_comes_before_stabilise() {
    let policy = |stabilise_at_ppb| Policy { stabilise_at_ppb, ..Policy::default() };
    assert_eq!(shares(&policy(250_000_000)), None);
    let finding = shares(&policy(500_000_000)).unwrap();
    assert_eq!(finding.code, UNREACHABLE_CAUTION);
    assert_eq!(finding.message, "stabilise begins at 50 % left, before caution at 25 %");
}

proptest! {
    /// A burn factor is reachable exactly when some share of bad events up to all of them has that burn.
    #[test]
    fn reachable_means_some_failure_burns_so_fast(ppb in 0..BILLION, factor_milli in 1_u64..100_000) {
        let target = Target::from_ppb(ppb).unwrap();
        // All of 10^9 events are bad: burn = 10^9 / allowed, compared in whole numbers.
        let reached = u128::from(BILLION) * 1_000 >= u128::from(factor_milli) * u128::from(target.allowed_ppb());
        prop_assert_eq!(burn_thresholds(target, &[factor_milli]).is_empty(), reached);
    }
}
