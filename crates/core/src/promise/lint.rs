//! Objectives that are well-formed and yet cannot do what they promise.
//!
//! Everything here is a pure function of an [`Slo`], and of its traffic where that matters; nothing here is an error
//! of form. The codes are stable.

use std::cmp::Ordering;

use super::slo::{Budgeting, Slo};
use crate::{
    limits::{WINDOW_MINUTES_MAX, WINDOW_MINUTES_MIN},
    measure::window::{Period, Unit, Window},
    ratio::{BILLION, Target, decimal, grouped},
    time::{DAY, HOUR},
};

/// 100 % leaves no budget.
pub const PERFECT_TARGET: &str = "perfect-target";
/// The traffic of a window is too small for the target to allow a single bad event.
pub const TARGET_TOO_FINE: &str = "target-finer-than-traffic";
/// No burn can ever be as fast as the threshold.
pub const UNREACHABLE_BURN: &str = "unreachable-burn";
/// The window is shorter than one slice.
pub const WINDOW_SHORTER_THAN_SLICE: &str = "window-shorter-than-slice";
/// The window is no whole number of slices.
pub const WINDOW_NOT_WHOLE_SLICES: &str = "window-not-whole-slices";
/// The window is shorter than an hour.
pub const WINDOW_TOO_SHORT: &str = "window-too-short";
/// The window is longer than 400 days.
pub const WINDOW_TOO_LONG: &str = "window-too-long";

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The target.
    Target,
    /// The window of this number, from 0.
    Window(usize),
    /// The burn threshold of this number, from 0.
    Burn(usize),
}

/// Something that an objective cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable name of the rule.
    pub code: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What is the matter, with its numbers.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    /// Whether it keeps the objective from being evaluated: windows outside the limits, and windows without a slice.
    pub fn prevents_evaluation(&self) -> bool {
        matches!(self.code, WINDOW_TOO_SHORT | WINDOW_TOO_LONG | WINDOW_SHORTER_THAN_SLICE)
    }
}

/// What can be said of an objective without knowing its traffic.
pub fn definition(slo: &Slo) -> Vec<Finding> {
    let windows = slo.windows.iter().enumerate().flat_map(|(index, window)| {
        let length = length(window, index);
        let slices = slice_minutes(slo.budgeting).and_then(|slice| slices(window, slice, index));
        length.into_iter().chain(slices)
    });
    perfect(slo.target).into_iter().chain(windows).collect()
}

/// Whether the target can be told from 100 % by the traffic: `events[i]` happen in the window of number `i`.
///
/// The budget of a window is `events × (1 − target)` bad events; below one, the first bad event spends all of it.
/// Slices are counted in the place of events where the budget counts slices; ratio-timeslices has no such limit.
pub fn traffic(slo: &Slo, events: &[u64]) -> Vec<Finding> {
    let allowed = u128::from(slo.target.allowed_ppb());
    if allowed == 0 || matches!(slo.budgeting, Budgeting::RatioTimeslices { .. }) {
        return Vec::new();
    }
    let finding = |(index, (window, events)): (usize, (&Window, &u64))| {
        let (count, noun) = match slo.budgeting {
            Budgeting::Timeslices { slice_minutes, .. } => {
                (longest_minutes(window) / u64::from(slice_minutes.max(1)), "slices")
            }
            Budgeting::Occurrences | Budgeting::RatioTimeslices { .. } => (*events, "events"),
        };
        let budget_ppb = u128::from(count) * allowed;
        if count == 0 || budget_ppb >= u128::from(BILLION) {
            return None;
        }
        let budget = decimal(budget_ppb as i128, 9);
        let needed = u128::from(BILLION).div_ceil(allowed);
        Some(Finding {
            code: TARGET_TOO_FINE,
            subject: Subject::Window(index),
            message: format!(
                "{} {noun} in the window allow {budget} bad ones at {}",
                grouped(count.into()),
                slo.target
            ),
            hint: format!(
                "take a lower target or a longer window: one bad one needs {} {noun}",
                grouped(needed)
            ),
        })
    };
    slo.windows.iter().zip(events).enumerate().filter_map(finding).collect()
}

/// Burn thresholds that cannot be reached. A burn rate is the share of bad events over `1 − target`, so that it is at
/// most `1 / (1 − target)`, when everything is bad. The factors are in thousandths.
pub fn burn_thresholds(target: Target, factors_milli: &[u64]) -> Vec<Finding> {
    let finding = |(index, factor): (usize, &u64)| {
        let burn = compare_with_fastest(target, u128::from(*factor) * 1_000_000);
        burn.is_gt().then(|| unreachable(target, index, *factor))
    };
    factors_milli.iter().enumerate().filter_map(finding).collect()
}

/// How a burn of so many billionths compares with the fastest that is possible at this target: `factor × (1 − target)`
/// with 1. A greater one is never reached.
pub fn compare_with_fastest(target: Target, factor_ppb: u128) -> Ordering {
    let whole = u128::from(BILLION) * u128::from(BILLION);
    factor_ppb.saturating_mul(u128::from(target.allowed_ppb())).cmp(&whole)
}

/// The fastest burn that is possible, when everything is bad, rounded down to thousandths; `None` without a limit.
pub fn fastest_burn(target: Target) -> Option<String> {
    let allowed = i128::from(target.allowed_ppb());
    (allowed != 0).then(|| decimal(i128::from(BILLION) * 1_000 / allowed, 3))
}

fn unreachable(target: Target, index: usize, factor_milli: u64) -> Finding {
    let factor = decimal(i128::from(factor_milli), 3);
    let fastest = fastest_burn(target).unwrap_or_default();
    Finding {
        code: UNREACHABLE_BURN,
        subject: Subject::Burn(index),
        message: format!(
            "a burn of {factor} is impossible at {target}: when everything fails it is {fastest}"
        ),
        hint: format!("take a factor below {fastest}, or a higher target"),
    }
}

fn perfect(target: Target) -> Option<Finding> {
    (target == Target::PERFECT).then(|| Finding {
        code: PERFECT_TARGET,
        subject: Subject::Target,
        message: "100 % leaves no budget: the first bad event spends it".to_owned(),
        hint: "take a target that people notice being missed".to_owned(),
    })
}

fn length(window: &Window, index: usize) -> Option<Finding> {
    let (shortest, longest) = (shortest_minutes(window), longest_minutes(window));
    let (code, message, hint) = if shortest < u64::from(WINDOW_MINUTES_MIN) {
        (
            WINDOW_TOO_SHORT,
            format!("a window of {shortest} minutes is too short"),
            "the shortest is 1h",
        )
    } else if longest > u64::from(WINDOW_MINUTES_MAX) {
        let days = longest / DAY as u64;
        (WINDOW_TOO_LONG, format!("a window of {days} days is too long"), "the longest is 400d")
    } else {
        return None;
    };
    Some(Finding { code, subject: Subject::Window(index), message, hint: hint.to_owned() })
}

fn slices(window: &Window, slice: u32, index: usize) -> Option<Finding> {
    let (shortest, grain, slice) =
        (shortest_minutes(window), grain_minutes(window), u64::from(slice.max(1)));
    let (code, message) = if shortest < slice {
        let message = format!("the window has {shortest} minutes, a slice {slice}");
        (WINDOW_SHORTER_THAN_SLICE, message)
    } else if !grain.is_multiple_of(slice) {
        let message = format!("the window is no whole number of slices of {slice} minutes");
        (WINDOW_NOT_WHOLE_SLICES, message)
    } else {
        return None;
    };
    let hint = "take slices that fit into the window, such as 1m or 5m".to_owned();
    Some(Finding { code, subject: Subject::Window(index), message, hint })
}

fn slice_minutes(budgeting: Budgeting) -> Option<u32> {
    match budgeting {
        Budgeting::Occurrences => None,
        Budgeting::Timeslices { slice_minutes, .. }
        | Budgeting::RatioTimeslices { slice_minutes } => Some(slice_minutes),
    }
}

/// What slices must divide: the window itself, or the day (hour) of which calendar periods are made.
fn grain_minutes(window: &Window) -> u64 {
    match window {
        Window::Rolling { minutes } => u64::from(*minutes),
        Window::Calendar { every: Period { count, unit }, .. } => match unit {
            Unit::Hour => u64::from(*count) * HOUR as u64,
            Unit::Day | Unit::Week => u64::from(*count) * days(*unit).0 * DAY as u64,
            Unit::Month | Unit::Quarter | Unit::Year => DAY as u64,
        },
    }
}

fn shortest_minutes(window: &Window) -> u64 {
    minutes(window, |unit| days(unit).0)
}

fn longest_minutes(window: &Window) -> u64 {
    minutes(window, |unit| days(unit).1)
}

fn minutes(window: &Window, days: impl Fn(Unit) -> u64) -> u64 {
    match window {
        Window::Rolling { minutes } => u64::from(*minutes),
        Window::Calendar { every: Period { count, unit: Unit::Hour }, .. } => {
            u64::from(*count) * HOUR as u64
        }
        Window::Calendar { every: Period { count, unit }, .. } => {
            u64::from(*count) * days(*unit) * DAY as u64
        }
    }
}

/// The fewest and the most days of a unit. Clock changes are left aside: they never decide here.
fn days(unit: Unit) -> (u64, u64) {
    match unit {
        Unit::Hour => (0, 0),
        Unit::Day => (1, 1),
        Unit::Week => (7, 7),
        Unit::Month => (28, 31),
        Unit::Quarter => (90, 92),
        Unit::Year => (365, 366),
    }
}

#[cfg(test)]
mod tests {
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
}
