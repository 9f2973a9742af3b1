//! Curves to draw: how a share of bad events moved, and how a budget burned down.

use crate::{
    measure::{exclusion::Exclusions, slots::Slots},
    promise::{budget::Budget, cost::Spend},
    ratio::{BILLION, share_ppb},
    time::Span,
};

/// One stretch of a curve of bad events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The share of bad events, in parts per billion.
    Bad(u64),
    /// Watched, and nothing happened.
    NoTraffic,
    /// Nothing was seen.
    Missing,
}

/// The share of bad events in each of so many equal stretches of a span.
pub fn bad_share(
    ledger: &impl Slots,
    exclusions: &Exclusions,
    span: Span,
    points: usize,
) -> Vec<Point> {
    let point = |stretch: Span| {
        let sums = exclusions.sums(ledger, stretch);
        match share_ppb(sums.bad, sums.total()) {
            Some(ppb) => Point::Bad(ppb),
            None if sums.known() > 0 => Point::NoTraffic,
            None => Point::Missing,
        }
    };
    stretches(span, points).into_iter().map(point).collect()
}

/// What was left of the budget after each of so many equal stretches of its window, in parts per billion: from the
/// start of the window on, every cost is set against the budget of the whole. It ends at what is left now.
pub fn burn_down(
    budget: &Budget,
    ledger: &impl Slots,
    exclusions: &Exclusions,
    points: usize,
) -> Vec<i64> {
    let costs = budget.costing.costs(ledger, exclusions, budget.extent.span);
    let mut costs = costs.into_iter().peekable();
    let mut spent = 0;
    let mut left_after = |stretch: Span| {
        while let Some(cost) = costs.next_if(|cost| cost.minute < stretch.to) {
            spent += cost.units;
        }
        let so_far = Spend { spent, ..budget.spend };
        (BILLION as i64).saturating_sub(so_far.spent_ppb(budget.target))
    };
    stretches(budget.extent.span, points).into_iter().map(&mut left_after).collect()
}

/// Cuts a span into at most so many stretches whose lengths differ by at most a minute.
fn stretches(span: Span, points: usize) -> Vec<Span> {
    let points = (points as i64).clamp(1, span.minutes().max(1));
    let cut = |n: i64| span.from.plus(span.minutes() * n / points);
    (0..points).map(|n| Span::new(cut(n), cut(n + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::{
            ledger::{Ledger, testing::minutes},
            slot::Slot,
            window::Window,
        },
        promise::{
            cost::Costing,
            slo::{Budgeting, NoData},
        },
        ratio::Target,
        time::Minute,
    };

    fn hour_with_an_outage() -> Ledger {
        let slot = |m: i64| match m {
            0..15 => Slot::Missing,
            15..30 => Slot::NoTraffic,
            30..40 => Slot::measured(90, 10),
            _ => Slot::measured(100, 0),
        };
        minutes(60, slot)
    }

    #[test]
    fn curves_by_hand() {
        let (ledger, none) = (hour_with_an_outage(), Exclusions::none());
        let hour = Span::new(Minute(0), Minute(60));
        let quarter = [Point::Missing, Point::NoTraffic, Point::Bad(66_666_666), Point::Bad(0)];
        assert_eq!(bad_share(&ledger, &none, hour, 4), quarter);

        let costing = Costing { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };
        let target = Target::parse_percent("90").unwrap();
        let window = Window::Rolling { minutes: 60 };
        let budget = Budget::of(&ledger, &none, target, costing, &window, Minute(60)).unwrap();
        // 100 bad of 3,000: a third of the 300 that are allowed, half of it after minute 35.
        let left = burn_down(&budget, &ledger, &none, 12);
        assert_eq!(left[5..9], [1_000_000_000, 833_333_333, 666_666_666, 666_666_666]);
        assert_eq!(left.last(), Some(&budget.left_ppb()));
    }

    #[test]
    fn a_span_is_cut_without_a_rest() {
        let parts = stretches(Span::new(Minute(7), Minute(107)), 7);
        assert_eq!(parts.len(), 7);
        assert_eq!((parts[0].from, parts[6].to), (Minute(7), Minute(107)));
        assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(stretches(Span::new(Minute(0), Minute(2)), 60).len(), 2);
    }
}
