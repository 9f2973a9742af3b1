//! Exclusions: intervals that are taken out of an SLI, such as agreed maintenance.

use crate::{
    measure::{slot::Sums, slots::Slots},
    time::{Minute, Span},
};

/// The minutes that are taken out, as disjoint spans in order.
///
/// It is made anew from the exclusions in force, so taking one back leaves no trace in any number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclusions(Vec<Span>);

impl Exclusions {
    /// Nothing taken out.
    pub const fn none() -> Self {
        Exclusions(Vec::new())
    }

    /// Takes out every minute of these spans; they may overlap and come in any order.
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut spans: Vec<Span> = spans.into_iter().filter(|span| !span.is_empty()).collect();
        spans.sort_unstable();
        let mut disjoint: Vec<Span> = Vec::new();
        for span in spans {
            match disjoint.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => disjoint.push(span),
            }
        }
        Exclusions(disjoint)
    }

    /// Whether this minute is taken out.
    pub fn contains(&self, minute: Minute) -> bool {
        let after = self.0.partition_point(|span| span.from <= minute);
        after > 0 && self.0[after - 1].contains(minute)
    }

    /// Whether nothing is taken out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sums of a span without the minutes that are taken out.
    pub fn sums(&self, ledger: &impl Slots, span: Span) -> Sums {
        let mut cuts = self.0.iter().filter(|cut| !cut.intersection(span).is_empty()).peekable();
        if cuts.peek().is_none() {
            return ledger.sums(span);
        }
        // What stays is added up, rather than what goes taken off: so no sum can fall below nothing, whatever the
        // ledger answers.
        let (mut sums, mut from) = (Sums::default(), span.from);
        for cut in cuts {
            sums += ledger.sums(Span::new(from, cut.from.max(from)));
            from = cut.to.min(span.to);
        }
        sums + ledger.sums(Span::new(from, span.to))
    }

    /// How many minutes of a span are taken out.
    pub fn minutes_in(&self, span: Span) -> i64 {
        self.0.iter().map(|cut| cut.intersection(span).minutes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::measure::{
        ledger::{Batch, Ledger},
        slot::Slot,
    };

    fn any_span() -> impl Strategy<Value = Span> {
        (0..3000_i64, 0..500_i64)
            .prop_map(|(from, length)| Span::new(Minute(from), Minute(from + length)))
    }

    proptest! {
        #[test]
        fn sums_without_excluded_minutes_are_the_naive_ones(
            cuts in prop::collection::vec(any_span(), 0..8),
            span in any_span(),
            slots in prop::collection::btree_map(0..3500_i64, (0..9_u64, 0..3_u64), 0..300),
        ) {
            let slots: Vec<_> = slots.iter().map(|(m, (g, b))| (Minute(*m), Slot::measured(*g, *b))).collect();
            let mut ledger = Ledger::expecting(["a"]);
            ledger.replace(Batch { source: "a", generation: 1, slots: &slots }).unwrap();
            let out: BTreeSet<Minute> = cuts.iter().flat_map(|cut| cut.iter()).collect();
            let exclusions = Exclusions::of(cuts);

            let kept = span.iter().filter(|minute| !out.contains(minute));
            let naive = kept.map(|minute| Sums::of(ledger.slot(minute))).fold(Sums::default(), |a, b| a + b);
            prop_assert_eq!(exclusions.sums(&ledger, span), naive);
            prop_assert!(span.iter().all(|minute| exclusions.contains(minute) == out.contains(&minute)));
            let excluded = span.iter().filter(|minute| out.contains(minute)).count();
            prop_assert_eq!(exclusions.minutes_in(span), excluded as i64);
        }

        #[test]
        fn one_exclusion_more_takes_out_its_own_minutes_and_no_others(
            cuts in prop::collection::vec(any_span(), 0..8),
            extra in any_span(),
        ) {
            let before = Exclusions::of(cuts.clone());
            let with = Exclusions::of(cuts.into_iter().chain([extra]));
            for minute in (0..3600).map(Minute) {
                prop_assert_eq!(with.contains(minute), before.contains(minute) || extra.contains(minute));
            }
        }
    }
}
