//! Readings: what every window of every SLI holds now, kept up minute by minute.
//!
//! Summing 30 days of minutes anew each minute costs what the days hold; a running sum costs one minute that enters
//! and one that leaves. Both are exact, so the running sum is the sum, for ever: nothing is rounded, and nothing
//! drifts. Late data changes it by the difference of two slots.

use super::slot::{Slot, Sums};
use crate::time::{Minute, Span};

/// The slots of one minute, by the number of their SLI, ascending; an SLI that is not there is missing.
pub type Row = [(u32, Slot)];

/// The running sums of windows that end at the same minute, for SLIs numbered from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// Every minute before it has been taken in.
    end: Minute,
    windows: Vec<Running>,
}

/// One length of window.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    minutes: u32,
    /// By SLI; what nothing was seen of is not counted, and follows from the length.
    seen: Vec<Sums>,
}

impl Readings {
    /// Windows of these lengths in minutes, ending at `end`. Every minute is missing.
    pub fn missing(end: Minute, lengths: impl IntoIterator<Item = u32>) -> Self {
        let mut lengths: Vec<u32> = lengths.into_iter().filter(|minutes| *minutes > 0).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let windows = lengths.into_iter().map(|minutes| Running { minutes, seen: Vec::new() });
        Readings { end, windows: windows.collect() }
    }

    /// Every minute before it has been taken in.
    pub fn end(&self) -> Minute {
        self.end
    }

    /// The lengths of the windows in minutes, ascending.
    pub fn lengths(&self) -> impl ExactSizeIterator<Item = u32> {
        self.windows.iter().map(|window| window.minutes)
    }

    /// The minutes that leave when the next one enters: one for each length, in their order.
    pub fn leaving(&self) -> impl ExactSizeIterator<Item = Minute> {
        self.windows.iter().map(|window| self.end.plus(-i64::from(window.minutes)))
    }

    /// Takes in the next minute. `leaving` are the rows of the minutes that [`Readings::leaving`] names, as they were
    /// when they were taken in and corrected since.
    pub fn advance<'a>(&mut self, entering: &Row, leaving: impl IntoIterator<Item = &'a Row>) {
        for (window, leaving) in self.windows.iter_mut().zip(leaving) {
            for (sli, slot) in leaving {
                window.change(*sli, *slot, Slot::Missing);
            }
            for (sli, slot) in entering {
                window.change(*sli, Slot::Missing, *slot);
            }
        }
        self.end = self.end.plus(1);
    }

    /// Takes in that a minute was `before` and is `after`, in every window that holds it. A minute that is not over
    /// yet must not be given.
    pub fn correct(&mut self, sli: u32, minute: Minute, before: Slot, after: Slot) {
        for window in &mut self.windows {
            if Span::new(self.end.plus(-i64::from(window.minutes)), self.end).contains(minute) {
                window.change(sli, before, after);
            }
        }
    }

    /// Adds to one window of an SLI what was summed up elsewhere, as at a start.
    pub fn add(&mut self, sli: u32, minutes: u32, sums: Sums) {
        if let Some(window) = self.windows.iter_mut().find(|window| window.minutes == minutes) {
            let seen = window.seen_mut(sli);
            *seen += Sums { missing: sums.partial, ..sums };
        }
    }

    /// What a window of an SLI holds; `None` when no window of this length is kept.
    pub fn sums(&self, sli: u32, minutes: u32) -> Option<Sums> {
        let window = self.windows.iter().find(|window| window.minutes == minutes)?;
        let seen = window.seen.get(sli as usize).copied().unwrap_or_default();
        let unseen = u64::from(minutes) - seen.known() - seen.partial;
        Some(seen + Sums::all_missing(unseen))
    }
}

impl Running {
    fn seen_mut(&mut self, sli: u32) -> &mut Sums {
        let at = sli as usize;
        if self.seen.len() <= at {
            self.seen.resize(at + 1, Sums::default());
        }
        &mut self.seen[at]
    }

    fn change(&mut self, sli: u32, before: Slot, after: Slot) {
        let seen = self.seen_mut(sli);
        *seen = *seen + seen_of(after) - seen_of(before);
    }
}

/// The sum of a slot, without a minute of which nothing was seen.
fn seen_of(slot: Slot) -> Sums {
    if slot == Slot::Missing { Sums::default() } else { Sums::of(slot) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const LENGTHS: [u32; 3] = [1, 5, 30];

    fn any_slot() -> impl Strategy<Value = Slot> {
        prop_oneof![
            (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
            Just(Slot::Missing),
            (1..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::Partial { good, bad }),
        ]
    }

    type Slots = BTreeMap<(i64, u32), Slot>;

    fn row(slots: &Slots, minute: Minute) -> Vec<(u32, Slot)> {
        let row = slots.range((minute.0, 0)..(minute.0 + 1, 0));
        row.map(|((_, sli), slot)| (*sli, *slot)).collect()
    }

    proptest! {
        #[test]
        fn running_sums_are_the_naive_sums_after_late_data(
            steps in prop::collection::vec(
                (prop::collection::btree_map(0..4_u32, any_slot(), 0..4), prop::option::of((0..4_u32, 1..40_i64, any_slot()))),
                1..80,
            ),
        ) {
            let mut readings = Readings::missing(Minute(0), LENGTHS);
            let mut slots = Slots::new();
            for (now, (entering, late)) in steps.into_iter().enumerate() {
                let now = now as i64;
                slots.extend(entering.into_iter().map(|(sli, slot)| ((now, sli), slot)));
                let leaving: Vec<_> = readings.leaving().map(|minute| row(&slots, minute)).collect();
                readings.advance(&row(&slots, Minute(now)), leaving.iter().map(Vec::as_slice));
                if let Some((sli, age, slot)) = late {
                    let at = now + 1 - age;
                    let before = slots.insert((at, sli), slot).unwrap_or_default();
                    readings.correct(sli, Minute(at), before, slot);
                }
                for (sli, length) in (0..4).flat_map(|sli| LENGTHS.map(|length| (sli, length))) {
                    let minutes = now + 1 - i64::from(length)..now + 1;
                    let naive = minutes.map(|m| Sums::of(slots.get(&(m, sli)).copied().unwrap_or_default()));
                    let naive = naive.fold(Sums::default(), |a, b| a + b);
                    prop_assert_eq!(readings.sums(sli, length), Some(naive));
                }
            }
            prop_assert_eq!(readings.sums(0, 2), None);
        }
    }

    #[test]
    fn sums_made_elsewhere_are_taken_over() {
        let mut readings = Readings::missing(Minute(100), LENGTHS);
        let slots = [
            Slot::measured(7, 3),
            Slot::NoTraffic,
            Slot::Partial { good: 1, bad: 1 },
            Slot::Missing,
        ];
        let sums = slots.map(Sums::of).into_iter().fold(Sums::default(), |a, b| a + b);
        readings.add(2, 5, sums);
        assert_eq!(readings.sums(2, 5), Some(sums + Sums::all_missing(1)));
        assert_eq!(readings.sums(2, 30), Some(Sums::all_missing(30)));
    }
}
