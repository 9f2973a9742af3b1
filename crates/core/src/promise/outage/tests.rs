use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{
    measure::{
        ledger::{
            Ledger,
            testing::{ledger, minutes},
        },
        window::{Period, Unit},
    },
    promise::{
        cost::Costing,
        slo::{Budgeting, NoData},
    },
    time::{DAY, HOUR},
};

fn span(from: i64, to: i64) -> Span {
    Span::new(Minute(from), Minute(to))
}

fn check(slots: &[Slot], expected: &[(i64, i64, u64, u64)]) {
    let target = Target::parse_percent("90").unwrap();
    let found = outages(&ledger(slots), &Exclusions::none(), target, span(0, slots.len() as i64));
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

fn calendar(count: i64, unit: Unit) -> Window {
    let start = date(1970, 1, 1).at(0, 0, 0, 0);
    Window::Calendar { start, zone: "UTC".to_owned(), every: Period { count: count as u32, unit } }
}

fn share(
    ledger: &Ledger,
    window: &Window,
    costing: Costing,
    target: &str,
    end: i64,
    outage: Span,
) -> i64 {
    let (target, none) = (Target::parse_percent(target).unwrap(), Exclusions::none());
    let now = Budget::of(ledger, &none, target, costing, window, Minute(end)).unwrap();
    share_ppb(outage, &now, window, ledger, &none).unwrap()
}

#[test]
fn an_outage_of_an_earlier_window_is_weighed_against_that_window() {
    // Ten minutes of 100 requests fail: 1,000 of 10,080 × 100 × 1 % are 9.92 % of a week, wherever they lie in it.
    const WEEK: i64 = 7 * DAY;
    let occurrences = Costing { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };
    let ratio = Budgeting::RatioTimeslices { slice_minutes: 60 };
    let slices = Costing { budgeting: ratio, no_data: NoData::Ignore };
    for from in [WEEK, WEEK + 25, 2 * WEEK - 10, WEEK + 55] {
        let outage = span(from, from + 10);
        let slot = |m| if outage.contains(Minute(m)) { (0, 100) } else { (100, 0) };
        let ledger = minutes(4 * WEEK, |m| Slot::measured(slot(m).0, slot(m).1));
        for window in [calendar(1, Unit::Week), Window::Rolling { minutes: WEEK as u32 }] {
            for costing in [occurrences, slices] {
                let share = share(&ledger, &window, costing, "99", 3 * WEEK + DAY, outage);
                assert_eq!(share / 1_000_000, 99, "{from} {window} {costing:?}: {share}");
            }
        }
    }
    // Half of it in one week and half in the next is twice half as much.
    let outage = span(WEEK - 5, WEEK + 5);
    let slot = |m| if outage.contains(Minute(m)) { (0, 100) } else { (100, 0) };
    let ledger = minutes(4 * WEEK, |m| Slot::measured(slot(m).0, slot(m).1));
    let share = share(&ledger, &calendar(1, Unit::Week), occurrences, "99", 3 * WEEK, outage);
    assert_eq!(share / 1_000_000, 99);
}

/// Cost of a minute and weight of a window, minute by minute, in floats.
struct Naive<'a> {
    slots: &'a [Slot],
    costing: Costing,
}

impl Naive<'_> {
    /// Good and bad events of a stretch; nothing was seen outside the history.
    fn events(&self, from: i64, to: i64) -> (f64, f64) {
        let seen = (from.max(0)..to.min(self.slots.len() as i64).max(from.max(0)))
            .map(|m| self.slots[m as usize].events());
        let (good, bad) = seen.fold((0, 0), |sum, events| (sum.0 + events.0, sum.1 + events.1));
        (good as f64, bad as f64)
    }

    fn is_dark(&self, from: i64, to: i64) -> bool {
        let outside = from < 0 || to > self.slots.len() as i64;
        outside || (from..to).any(|m| self.slots[m as usize].is_missing())
    }

    /// What the slice lacks, and what it weighs.
    fn slice(&self, from: i64, to: i64) -> (f64, f64) {
        let ((good, bad), dark) = (self.events(from, to), self.is_dark(from, to));
        let (all, share) = (good + bad, good / (good + bad));
        match self.costing.budgeting {
            Budgeting::Timeslices { .. } if all > 0.0 && share < 0.8 - 1e-12 => (1.0, 1.0),
            Budgeting::RatioTimeslices { .. } if all > 0.0 => (1.0 - share, 1.0),
            _ if dark => (0.0, 0.0),
            _ => (0.0, 1.0),
        }
    }

    fn cost(&self, window: (i64, i64), minute: i64) -> f64 {
        let bad = self.events(minute, minute + 1).1;
        let Some(slice) = self.costing.slice_minutes() else { return bad };
        let from = window.0 + (minute - window.0) / slice * slice;
        if from + slice > window.1 || bad == 0.0 {
            return 0.0;
        }
        self.slice(from, from + slice).0 * bad / self.events(from, from + slice).1
    }

    fn weight(&self, window: (i64, i64)) -> f64 {
        let Some(slice) = self.costing.slice_minutes() else {
            let (good, bad) = self.events(window.0, window.1);
            return good + bad;
        };
        let starts = (window.0..=window.1 - slice).step_by(slice as usize);
        starts.map(|from| self.slice(from, from + slice).1).sum()
    }

    /// The share of a budget at 90 %: each minute against the window that holds it.
    fn share(&self, outage: Span, window_of: impl Fn(i64) -> (i64, i64)) -> f64 {
        let of = |minute| {
            let window = window_of(minute);
            match self.cost(window, minute) {
                cost if cost > 0.0 => cost / (self.weight(window) * 0.1),
                _ => 0.0,
            }
        };
        (outage.from.0..outage.to.0).map(of).sum()
    }
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        6 => (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        1 => Just(Slot::Missing),
    ]
}

proptest! {
    /// Every pair of burning minutes at most five apart belongs together; between its first and last minute an outage
    /// has all events that were not taken out.
    #[test]
    fn outages_are_the_naive_ones(
        slots in prop::collection::vec((0..9_u8, 0..20_u64, 1..9_u64), 1..120),
        cut in (0..120_i64, 0..20_i64),
        ppb in 500_000_000..=1_000_000_000_u64,
    ) {
        let slots: Vec<Slot> = slots
            .into_iter()
            .map(|(kind, good, bad)| match kind {
                0 => Slot::measured(good, bad),
                1 => Slot::Partial { good, bad },
                2 => Slot::Missing,
                3 => Slot::NoTraffic,
                _ => Slot::measured(good + 1, 0),
            })
            .collect();
        let cut = span(cut.0, cut.0 + cut.1);
        let events = |m: i64| if cut.contains(Minute(m)) { (0, 0) } else { slots[m as usize].events() };
        let burns = |m: &i64| {
            let (good, bad) = events(*m);
            bad > 0 && bad as f64 / (good + bad) as f64 > 1.0 - ppb as f64 / 1e9 + 1e-12
        };
        let burning: Vec<i64> = (0..slots.len() as i64).filter(burns).collect();
        let runs = burning.chunk_by(|a, b| b - a - 1 <= 5);
        let naive: Vec<Outage> = runs
            .map(|run| {
                let (first, last) = (run[0], run[run.len() - 1]);
                let bad = (first..=last).map(|m| events(m).1).sum();
                let good: u64 = (first..=last).map(|m| events(m).0).sum();
                Outage { span: span(first, last + 1), bad, total: good + bad }
            })
            .collect();
        let target = Target::from_ppb(ppb).unwrap();
        let found = outages(&ledger(&slots), &Exclusions::of([cut]), target, span(0, slots.len() as i64));
        prop_assert_eq!(found, naive);
    }

    #[test]
    fn shares_are_the_naive_ones(
        slots in prop::collection::vec(any_slot(), 300..600),
        slice_minutes in prop::sample::select(vec![1_u32, 2, 3, 5, 6, 10]),
        kind in 0..3_u8,
        length in 1..30_i64,
        (from, minutes) in (0..300_i64, 1..200_i64),
    ) {
        let slice_target = Target::parse_percent("80").unwrap();
        let budgeting = match kind {
            0 => Budgeting::Occurrences,
            1 => Budgeting::Timeslices { slice_minutes, slice_target },
            _ => Budgeting::RatioTimeslices { slice_minutes },
        };
        let costing = Costing { budgeting, no_data: NoData::Ignore };
        let (ledger, naive) = (ledger(&slots), Naive { slots: &slots, costing });
        let (end, slice) = (slots.len() as i64, costing.slice_minutes().unwrap_or(1));
        let outage = span(from, (from + minutes).min(end));
        let close = |share: i64, naive: f64| (share as f64 / 1e9 - naive).abs() < 1e-7 * (1.0 + naive);

        let hours = length % 4 + 1;
        let rolled = share(&ledger, &calendar(hours, Unit::Hour), costing, "90", end, outage);
        let period = |m: i64| {
            let from = m / (hours * HOUR) * hours * HOUR;
            (from, (from + hours * HOUR).min(end))
        };
        prop_assert!(close(rolled, naive.share(outage, period)), "{} {}", rolled, naive.share(outage, period));

        let length = length * slice;
        let window = Window::Rolling { minutes: length as u32 };
        let rolled = share(&ledger, &window, costing, "90", end, outage);
        let now = end / slice * slice;
        let behind = ((outage.to.0 + slice - 1) / slice * slice).min(now);
        let behind = if outage.from.0 >= now - length { now } else { behind };
        let row = |m: i64| {
            let back = (behind - 1 - m).div_euclid(length).max(0);
            (behind - (back + 1) * length, behind - back * length)
        };
        prop_assert!(close(rolled, naive.share(outage, row)), "{} {}", rolled, naive.share(outage, row));
    }
}
