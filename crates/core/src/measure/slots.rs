//! What is read of the minutes of an SLI, wherever they are kept.

use super::slot::{Slot, Sums};
use crate::time::{Minute, Span};

/// The minutes of one SLI, for reading. The [`super::ledger::Ledger`] keeps them all, by source; a server may keep no
/// more than the sums that its windows are made of.
pub trait Slots {
    /// The sum of every minute of the span. Minutes that no source reported are missing.
    fn sums(&self, span: Span) -> Sums;

    /// Every minute of the span, in order.
    fn slots(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)>;

    /// Minutes from the first that was reported to the last, both inclusive; `None` when none was.
    fn extent(&self) -> Option<Span>;

    /// The end of the last minute of a span that was seen in full; `None` when there is none.
    fn seen_until(&self, span: Span) -> Option<Minute> {
        let is_seen_from = |minute: i64| self.sums(Span::new(Minute(minute), span.to)).known() > 0;
        if !is_seen_from(span.from.0) {
            return None;
        }
        // Something was seen from `last` on, nothing from `end` on.
        let (mut last, mut end) = (span.from.0, span.to.0);
        while end - last > 1 {
            let middle = last + (end - last) / 2;
            if is_seen_from(middle) {
                last = middle;
            } else {
                end = middle;
            }
        }
        Some(Minute(end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::ledger::testing::ledger;

    proptest! {
        #[test]
        fn the_last_seen_minute_is_the_naive_one(
            kinds in prop::collection::vec(0..9_u8, 1..200),
            (from, length) in (0..250_i64, 0..250_i64),
        ) {
            let slots: Vec<Slot> = kinds
                .iter()
                .map(|kind| match kind {
                    0 => Slot::measured(1, 1),
                    1 => Slot::NoTraffic,
                    2 => Slot::Partial { good: 1, bad: 0 },
                    _ => Slot::Missing,
                })
                .collect();
            let span = Span::new(Minute(from), Minute(from + length));
            let is_known = |minute: &Minute| slots.get(minute.0 as usize).is_some_and(|slot| !slot.is_missing());
            let naive = span.iter().rev().find(is_known).map(|minute| minute.plus(1));
            prop_assert_eq!(ledger(&slots).seen_until(span), naive);
        }
    }
}
