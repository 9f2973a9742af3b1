//! Readings: what every window of every SLI holds now, kept up minute by minute.
//!
//! Summing 30 days of minutes anew each minute costs what the days hold; a running sum costs one minute that enters
//! and one that leaves. Both are exact, so the running sum is the sum, for ever: nothing is rounded, and nothing
//! drifts. Late data changes it by the difference of two slots.

use super::{
    row::Row,
    slot::{Slot, Sums},
    window::Window,
};
use crate::time::{Minute, Span};

/// The running sums of windows that end at the same minute, for SLIs numbered from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// Every minute before it has been taken in.
    end: Minute,
    windows: Vec<Running>,
    /// The end of the last minute that was seen in full, by SLI, as far as it was told.
    seen_until: Vec<Option<Minute>>,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    window: Window,
    /// Where it begins now.
    from: Minute,
    /// By SLI; what nothing was seen of is not counted, and follows from the length.
    seen: Vec<Sums>,
}

impl Readings {
    /// These windows, ending at `end`. Every minute is missing. A window that has no place then is left out.
    pub fn missing(end: Minute, windows: impl IntoIterator<Item = Window>) -> Self {
        let mut running: Vec<Running> = Vec::new();
        for window in windows {
            let extent = window.at(end).ok().filter(|_| running.iter().all(|r| r.window != window));
            if let Some(extent) = extent {
                running.push(Running { window, from: extent.span.from, seen: Vec::new() });
            }
        }
        Readings { end, windows: running, seen_until: Vec::new() }
    }

    /// Every minute before it has been taken in.
    pub fn end(&self) -> Minute {
        self.end
    }

    /// The windows.
    pub fn windows(&self) -> impl ExactSizeIterator<Item = &Window> {
        self.windows.iter().map(|running| &running.window)
    }

    /// Where the windows lie.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = Span> {
        self.windows.iter().map(|running| Span::new(running.from, self.end))
    }

    /// The minutes that leave when the next one enters: one for each rolling window, in their order.
    pub fn leaving(&self) -> impl Iterator<Item = Minute> {
        self.windows
            .iter()
            .filter(|running| running.window.is_rolling())
            .map(|running| running.from)
    }

    /// Takes in the next minute. `leaving` are the rows of the minutes that [`Readings::leaving`] names, as they were
    /// when they were taken in and corrected since.
    pub fn advance<'a>(&mut self, entering: &Row, leaving: impl IntoIterator<Item = &'a Row>) {
        let mut leaving = leaving.into_iter();
        for running in &mut self.windows {
            if running.window.is_rolling() {
                for (sli, slot) in leaving.next().into_iter().flat_map(Row::iter) {
                    running.change(sli, slot, Slot::Missing);
                }
                running.from = running.from.plus(1);
            }
            for (sli, slot) in entering.iter() {
                running.change(sli, Slot::Missing, slot);
            }
        }
        for (sli, slot) in entering.iter() {
            self.note_seen(sli, self.end, slot);
        }
        self.end = self.end.plus(1);
        for running in self.windows.iter_mut().filter(|running| !running.window.is_rolling()) {
            // At the end of a period the next one begins, empty. Where the calendar ends the last period goes on.
            let from = running.window.at(self.end).map_or(running.from, |extent| extent.span.from);
            if from != running.from {
                running.from = from;
                running.seen.fill(Sums::default());
            }
        }
    }

    /// Takes in that a minute was `before` and is `after`, in every window that holds it. A minute that is not over
    /// yet must not be given.
    pub fn correct(&mut self, sli: u32, minute: Minute, before: Slot, after: Slot) {
        for running in &mut self.windows {
            if Span::new(running.from, self.end).contains(minute) {
                running.change(sli, before, after);
            }
        }
        self.note_seen(sli, minute, after);
    }

    /// Forgets every minute of an SLI, to add them anew.
    pub fn forget(&mut self, sli: u32) {
        for running in &mut self.windows {
            if let Some(seen) = running.seen.get_mut(sli as usize) {
                *seen = Sums::default();
            }
        }
        if let Some(until) = self.seen_until.get_mut(sli as usize) {
            *until = None;
        }
    }

    /// Adds minutes that were read elsewhere, as at a start: a run of slots of an SLI from `first` on. Minutes beyond
    /// the end are not for now.
    pub fn add_run(&mut self, sli: u32, first: Minute, slots: &[Slot]) {
        let run = Span::new(first, first.plus(slots.len() as i64));
        let at = |minute: Minute| (minute.0 - first.0) as usize;
        for running in &mut self.windows {
            let part = run.intersection(Span::new(running.from, self.end));
            if part.is_empty() {
                continue;
            }
            let seen = running.seen_mut(sli);
            for slot in &slots[at(part.from)..at(part.to)] {
                *seen += seen_of(*slot);
            }
        }
        let over = at(run.intersection(Span::new(first, self.end)).to);
        if let Some(last) = slots[..over].iter().rposition(|slot| !slot.is_missing()) {
            self.note_seen(sli, first.plus(last as i64), slots[last]);
        }
    }

    /// Adds the sums of minutes that were read elsewhere, as at a start, to every window that `holds` says.
    pub fn add_sums(&mut self, sli: u32, sums: Sums, holds: impl Fn(Span) -> bool) {
        for running in &mut self.windows {
            if holds(Span::new(running.from, self.end)) {
                *running.seen_mut(sli) += Sums { missing: sums.partial, ..sums };
            }
        }
    }

    /// What a span of an SLI holds, where it is one of the windows.
    pub fn sums(&self, sli: u32, span: Span) -> Option<Sums> {
        if span.to != self.end {
            return None;
        }
        let running = self.windows.iter().find(|running| running.from == span.from)?;
        let seen = running.seen.get(sli as usize).copied().unwrap_or_default();
        let unseen = (span.minutes() as u64).saturating_sub(seen.known() + seen.partial);
        Some(seen + Sums::all_missing(unseen))
    }

    /// The end of the last minute of an SLI that was seen in full, of those that were told; late data may have taken
    /// that back since.
    pub fn seen_until(&self, sli: u32) -> Option<Minute> {
        self.seen_until.get(sli as usize).copied().flatten()
    }

    /// Takes note of what a minute is, as the last that was seen in full may be.
    pub fn note_seen(&mut self, sli: u32, minute: Minute, slot: Slot) {
        if slot.is_missing() {
            return;
        }
        let at = sli as usize;
        if self.seen_until.len() <= at {
            self.seen_until.resize(at + 1, None);
        }
        self.seen_until[at] = self.seen_until[at].max(Some(minute.plus(1)));
    }
}

impl Running {
    #[inline]
    fn seen_mut(&mut self, sli: u32) -> &mut Sums {
        let at = sli as usize;
        if self.seen.len() <= at {
            self.seen.resize(at + 1, Sums::default());
        }
        &mut self.seen[at]
    }

    #[inline]
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

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::measure::window::{Period, Unit};

    fn windows() -> Vec<Window> {
        let hourly = Window::Calendar {
            start: date(2026, 1, 1).at(0, 20, 0, 0),
            zone: "Europe/Berlin".to_owned(),
            every: Period { count: 1, unit: Unit::Hour },
        };
        let rolling = [1, 5, 30, 5].map(|minutes| Window::Rolling { minutes });
        rolling.into_iter().chain([hourly]).collect()
    }

    fn any_slot() -> impl Strategy<Value = Slot> {
        prop_oneof![
            (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
            Just(Slot::Missing),
            (1..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::Partial { good, bad }),
        ]
    }

    type Slots = BTreeMap<(i64, u32), Slot>;

    fn row(slots: &Slots, minute: Minute) -> Row {
        let row = slots.range((minute.0, 0)..(minute.0 + 1, 0));
        row.map(|((_, sli), slot)| (*sli, *slot)).collect()
    }

    fn naive(slots: &Slots, sli: u32, span: Span) -> Sums {
        let sums =
            span.iter().map(|m| Sums::of(slots.get(&(m.0, sli)).copied().unwrap_or_default()));
        sums.fold(Sums::default(), |a, b| a + b)
    }

    fn check(readings: &Readings, slots: &Slots) -> Result<(), TestCaseError> {
        for window in windows() {
            let span = window.at(readings.end()).unwrap().span;
            for sli in 0..4 {
                prop_assert_eq!(
                    readings.sums(sli, span),
                    Some(naive(slots, sli, span)),
                    "{}",
                    window
                );
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn running_sums_are_the_naive_sums_after_late_data(
            steps in prop::collection::vec(
                (prop::collection::btree_map(0..4_u32, any_slot(), 0..4), prop::option::of((0..4_u32, 1..40_i64, any_slot()))),
                1..160,
            ),
        ) {
            let mut readings = Readings::missing(Minute(0), windows());
            let mut slots = Slots::new();
            for (now, (entering, late)) in steps.into_iter().enumerate() {
                let now = now as i64;
                slots.extend(entering.into_iter().map(|(sli, slot)| ((now, sli), slot)));
                let leaving: Vec<_> = readings.leaving().map(|minute| row(&slots, minute)).collect();
                readings.advance(&row(&slots, Minute(now)), &leaving);
                if let Some((sli, age, slot)) = late {
                    let at = now + 1 - age;
                    let before = slots.insert((at, sli), slot).unwrap_or_default();
                    readings.correct(sli, Minute(at), before, slot);
                }
                check(&readings, &slots)?;
            }
            let earlier = readings.end().plus(-1);
            prop_assert_eq!(readings.sums(0, Span::new(earlier.plus(-5), earlier)), None);
        }

        #[test]
        fn a_start_from_runs_and_sums_is_the_same_as_having_been_there(
            kinds in prop::collection::vec(prop::option::of(any_slot()), 4 * 90),
            sums_of in 0..90_usize,
        ) {
            let slots: Slots = kinds.into_iter().enumerate()
                .filter_map(|(at, slot)| Some(((at as i64 / 4, at as u32 % 4), slot?))).collect();
            let mut readings = Readings::missing(Minute(80), windows());
            let cut = Minute(sums_of as i64);
            for sli in 0..4 {
                let run = |span: Span| span.iter().map(|m| slots.get(&(m.0, sli)).copied().unwrap_or_default()).collect::<Vec<_>>();
                // Ten minutes as a sum where a window holds them all, or minute by minute where it does not.
                let ten = Span::new(cut, cut.plus(10));
                let holds = |window: Span| window.intersection(ten) == ten;
                let whole: Vec<bool> = readings.spans().map(holds).collect();
                if whole.iter().all(|whole| *whole) {
                    readings.add_sums(sli, naive(&slots, sli, ten), holds);
                } else {
                    readings.add_run(sli, cut, &run(ten));
                }
                readings.add_run(sli, Minute(0), &run(Span::new(Minute(0), cut)));
                readings.add_run(sli, cut.plus(10), &run(Span::new(cut.plus(10), Minute(100))));
            }
            check(&readings, &slots)?;
        }
    }

    #[test]
    fn the_last_minute_that_was_seen_is_known() {
        let mut readings = Readings::missing(Minute(10), windows());
        assert_eq!(readings.seen_until(3), None);
        readings.advance(
            &[(3, Slot::NoTraffic), (1, Slot::Partial { good: 1, bad: 0 })].into_iter().collect(),
            [],
        );
        assert_eq!((readings.seen_until(3), readings.seen_until(1)), (Some(Minute(11)), None));
        readings.correct(1, Minute(2), Slot::Missing, Slot::measured(1, 0));
        assert_eq!(readings.seen_until(1), Some(Minute(3)));
        readings.add_run(
            1,
            Minute(9),
            &[Slot::measured(1, 0), Slot::Missing, Slot::NoTraffic, Slot::NoTraffic],
        );
        assert_eq!(readings.seen_until(1), Some(Minute(10)));
        assert_eq!(readings.end(), Minute(11));
    }
}
