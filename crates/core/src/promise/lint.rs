//! Objectives that are well-formed and yet cannot do what they promise.
//!
//! Everything here is a pure function of an [`Slo`], and of its traffic where that matters; nothing here is an error
//! of form. The codes are stable.

use std::cmp::Ordering;

use super::{
    policy::Policy,
    slo::{Budgeting, Slo},
};
use crate::{
    limits::{WINDOW_MINUTES_MAX, WINDOW_MINUTES_MIN},
    measure::window::{Period, Unit, Window},
    ratio::{BILLION, Target, decimal, grouped, percent_floor},
    time::{DAY, HOUR},
};

/// 100 % leaves no budget.
pub const PERFECT_TARGET: &str = "perfect-target";
/// The traffic of a window is too small for the target to allow a single bad event.
pub const TARGET_TOO_FINE: &str = "target-finer-than-traffic";
/// No burn can ever be as fast as the threshold.
pub const UNREACHABLE_BURN: &str = "unreachable-burn";
/// A burn is looked for in less than a slice.
pub const LOOKBACK_SHORTER_THAN_SLICE: &str = "lookback-shorter-than-slice";
/// *Caution* would come after *stabilise*.
pub const UNREACHABLE_CAUTION: &str = "unreachable-caution";
/// *Stabilise* ends with as much as it begins with.
pub const NO_HYSTERESIS: &str = "no-hysteresis";
/// *Stabilise* ends only with all of a budget.
pub const NO_RECOVERY: &str = "no-recovery";
/// A decision rests on however few events.
pub const NO_LEAST_EVENTS: &str = "no-least-events";
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
    /// The shares of the budget that a policy waits for.
    Shares,
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
    /// Whether it keeps the objective from being evaluated: windows outside the limits, and windows that slices do not
    /// fill.
    pub fn prevents_evaluation(&self) -> bool {
        matches!(
            self.code,
            WINDOW_TOO_SHORT
                | WINDOW_TOO_LONG
                | WINDOW_SHORTER_THAN_SLICE
                | WINDOW_NOT_WHOLE_SLICES
        )
    }
}

/// What can be said of an objective without knowing its traffic.
pub fn definition(slo: &Slo) -> Vec<Finding> {
    let windows = slo.windows.iter().enumerate().flat_map(|(index, window)| {
        let length = length(window, index);
        let slices = slo.budgeting.slice_minutes().and_then(|slice| slices(window, slice, index));
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

/// Lookbacks, in minutes, that are shorter than a slice. The burn is then measured over a whole slice.
pub fn lookbacks(budgeting: Budgeting, lookbacks: &[u32]) -> Vec<Finding> {
    let slice = budgeting.slice_minutes().unwrap_or(1);
    let finding = |(index, &minutes): (usize, &u32)| {
        (minutes < slice).then(|| Finding {
            code: LOOKBACK_SHORTER_THAN_SLICE,
            subject: Subject::Burn(index),
            message: format!(
                "a lookback of {minutes} minutes holds no slice of {slice}; the burn is measured over one slice"
            ),
            hint: format!("take a lookback of at least {slice}m, or shorter slices"),
        })
    };
    lookbacks.iter().enumerate().filter_map(finding).collect()
}

/// A policy whose budgets are spent too far for *caution* before they have so little left that it asks for it.
pub fn shares(policy: &Policy) -> Option<Finding> {
    (policy.caution_at_ppb < policy.stabilise_at_ppb).then(|| Finding {
        code: UNREACHABLE_CAUTION,
        subject: Subject::Shares,
        message: format!(
            "stabilise begins at {} left, before caution at {}",
            percent_floor(policy.stabilise_at_ppb),
            percent_floor(policy.caution_at_ppb)
        ),
        hint: "caution comes before stabilise: give cautionAt a larger share".to_owned(),
    })
}

/// A policy by which *stabilise* ends with the same share of a budget with which it begins, so that a budget at the edge
/// goes to and fro; or only with all of it, which one bad event in the window forbids.
pub fn recovery(policy: &Policy) -> Option<Finding> {
    if policy.recover_at_ppb >= BILLION as i64 {
        return Some(Finding {
            code: NO_RECOVERY,
            subject: Subject::Shares,
            message: "stabilise ends only with 100 % left: one bad event in the window forbids it"
                .to_owned(),
            hint: "let it end with less: give recoverAt below 100%".to_owned(),
        });
    }
    let share = percent_floor(policy.stabilise_at_ppb);
    (policy.recover_at_ppb <= policy.stabilise_at_ppb).then(|| Finding {
        code: NO_HYSTERESIS,
        subject: Subject::Shares,
        message: format!(
            "stabilise begins and ends at {share} left: a budget there goes to and fro"
        ),
        hint: "let it end with more, such as 10 % above; leave recoverAt out for that".to_owned(),
    })
}

/// A policy that decides by however few events.
pub fn events(policy: &Policy) -> Option<Finding> {
    (policy.min_events == 0).then(|| Finding {
        code: NO_LEAST_EVENTS,
        subject: Subject::Shares,
        message: "a single event decides: one bad one spends most budgets, one good one says ship"
            .to_owned(),
        hint: "ask for as many as the target needs to be told from 100 %; leave it out for 100"
            .to_owned(),
    })
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
mod tests;
