//! Outages: runs of minutes that burn faster than the target allows.

use super::budget::burns;
use crate::{
    measure::{exclusion::Exclusions, ledger::Ledger, slot::Slot},
    ratio::Target,
    time::{Minute, Span},
};

/// Runs that are at most so many minutes apart are one outage.
pub const GAP_MINUTES: i64 = 5;

/// A stretch of time in which an objective was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// From its first burning minute to its last.
    pub span: Span,
    /// Bad events in it.
    pub bad: u64,
    /// All events in it.
    pub total: u64,
}

/// Every outage of a span, in order. A minute burns when its own share of bad events is above what the target
/// allows; minutes taken out by an exclusion do not.
pub fn outages(
    ledger: &Ledger,
    exclusions: &Exclusions,
    target: Target,
    span: Span,
) -> Vec<Outage> {
    let mut found: Vec<Outage> = Vec::new();
    let mut between = (0, 0);
    for (minute, slot) in ledger.slots(span) {
        let slot = if exclusions.contains(minute) { Slot::Missing } else { slot };
        let (good, bad) = slot.events();
        if !burns(slot, target) {
            between = (between.0 + good, between.1 + bad);
            continue;
        }
        match found.last_mut() {
            Some(last) if minute.0 - last.span.to.0 <= GAP_MINUTES => {
                last.grow(minute, good + between.0, bad + between.1);
            }
            _ => found.push(Outage {
                span: Span::new(minute, minute.plus(1)),
                bad,
                total: good + bad,
            }),
        }
        between = (0, 0);
    }
    found
}

impl Outage {
    fn grow(&mut self, minute: Minute, good: u64, bad: u64) {
        self.span.to = minute.plus(1);
        self.bad += bad;
        self.total += good + bad;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::ledger::Batch;

    fn check(slots: &[Slot], expected: &[(i64, i64, u64, u64)]) {
        let slots: Vec<_> =
            slots.iter().enumerate().map(|(m, &slot)| (Minute(m as i64), slot)).collect();
        let mut ledger = Ledger::expecting(["a"]);
        ledger.replace(Batch { source: "a", generation: 1, slots: &slots }).unwrap();
        let span = Span::new(Minute(0), Minute(slots.len() as i64));
        let found =
            outages(&ledger, &Exclusions::none(), Target::parse_percent("90").unwrap(), span);
        let found: Vec<_> =
            found.iter().map(|o| (o.span.from.0, o.span.to.0, o.bad, o.total)).collect();
        assert_eq!(found, expected);
    }

    const GOOD: Slot = Slot::Measured { good: 10, bad: 0 };
    /// Exactly what 90 % allows: it does not burn.
    const NOISE: Slot = Slot::Measured { good: 9, bad: 1 };
    const BAD: Slot = Slot::Measured { good: 5, bad: 5 };

    #[test]
    fn a_run_has_its_minutes_and_events() {
        check(&[GOOD, BAD, BAD, GOOD], &[(1, 3, 10, 20)]);
        check(&[NOISE, NOISE], &[]);
        check(&[Slot::Missing, Slot::NoTraffic], &[]);
    }

    #[test]
    fn runs_up_to_five_minutes_apart_are_one() {
        let five = [BAD, GOOD, NOISE, Slot::NoTraffic, Slot::Missing, GOOD, BAD];
        check(&five, &[(0, 7, 11, 50)]);
        let six = [BAD, GOOD, GOOD, GOOD, GOOD, GOOD, GOOD, BAD, GOOD];
        check(&six, &[(0, 1, 5, 10), (7, 8, 5, 10)]);
    }
}
