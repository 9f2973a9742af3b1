use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const A_MINUTE: Minute = Minute(29_923_605);

/// The oracle: a map, and sums by adding every minute.
#[derive(Default)]
struct Naive {
    slots: BTreeMap<(&'static str, Minute), (u64, Slot)>,
}

impl Naive {
    fn slot(&self, minute: Minute) -> Slot {
        let of =
            |source| self.slots.get(&(source, minute)).map_or(Slot::Missing, |&(_, slot)| slot);
        let (a, b) = (of("a"), of("b"));
        let (good, bad) = (a.events().0 + b.events().0, a.events().1 + b.events().1);
        match (a == Slot::Missing || b == Slot::Missing, good + bad) {
            (false, 0) => Slot::NoTraffic,
            (false, _) => Slot::Measured { good, bad },
            (true, 0) => Slot::Missing,
            (true, _) => Slot::Partial { good, bad },
        }
    }

    fn sums(&self, span: Span) -> (u64, u64, u64, u64) {
        let mut sums = (0, 0, 0, 0);
        for minute in span.iter() {
            let slot = self.slot(minute);
            sums.0 += slot.events().0;
            sums.1 += slot.events().1;
            sums.2 += u64::from(slot.is_missing());
            sums.3 += u64::from(slot == Slot::NoTraffic);
        }
        sums
    }
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        (0..1000_u64, 0..10_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        Just(Slot::NoTraffic),
        Just(Slot::Missing),
    ]
}

/// Minutes around two midnights, one of them before 1970, so that hours and days are crossed.
fn any_minute() -> impl Strategy<Value = Minute> {
    prop_oneof![(-1600..1600_i64), (20_000_000..20_004_000_i64)].prop_map(Minute)
}

proptest! {
    #[test]
    fn sums_are_the_naive_sums_after_late_data_in_any_order(
        writes in prop::collection::vec((prop::bool::ANY, any_minute(), 1..4_u64, any_slot()), 0..120),
        spans in prop::collection::vec((any_minute(), any_minute()), 1..20),
    ) {
        let mut ledger = Ledger::expecting(["a", "b"]);
        let mut naive = Naive::default();
        for (first, minute, generation, slot) in writes {
            let source = if first { "a" } else { "b" };
            let kept = naive.slots.get(&(source, minute)).copied();
            let outcome = ledger.replace(Batch { source, generation, slots: &[(minute, slot)] });
            let allowed = kept.is_none_or(|(g, s)| generation > g || (generation == g && s == slot));
            prop_assert_eq!(outcome.is_ok(), allowed);
            if allowed {
                naive.slots.insert((source, minute), (generation, slot));
            }
        }
        for (a, b) in spans {
            let span = Span::new(a.min(b), a.max(b));
            // The naive sum of the far-apart span is slow and adds nothing: it crosses 38 years of missing minutes.
            if span.minutes() < 10_000 {
                let sums = ledger.sums(span);
                prop_assert_eq!((sums.good, sums.bad, sums.missing, sums.no_traffic), naive.sums(span));
                prop_assert_eq!(sums.minutes(), span.minutes() as u64);
                prop_assert!(ledger.slots(span).eq(span.iter().map(|minute| (minute, naive.slot(minute)))));
            }
        }
    }

    #[test]
    fn sums_of_adjacent_spans_add_up(
        slots in prop::collection::btree_map(any_minute(), any_slot(), 0..60),
        mut cuts in prop::collection::vec(any_minute(), 3),
    ) {
        let slots: Vec<_> = slots.into_iter().collect();
        let mut ledger = Ledger::expecting(["a"]);
        ledger.replace(Batch { source: "a", generation: 1, slots: &slots }).unwrap();
        cuts.sort();
        let (left, right) = (Span::new(cuts[0], cuts[1]), Span::new(cuts[1], cuts[2]));
        prop_assert_eq!(ledger.sums(left) + ledger.sums(right), ledger.sums(Span::new(cuts[0], cuts[2])));
    }

    /// Batches of several minutes, hours and days, in any order, leave the same ledger.
    #[test]
    fn ledgers_do_not_depend_on_the_order_of_batches(
        slots in prop::collection::btree_map((any::<bool>(), any_minute()), any_slot(), 1..80),
        lengths in prop::collection::vec(1..9_usize, 80),
        order in Just((0..80_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut batches: Vec<(&str, Vec<(Minute, Slot)>)> = Vec::new();
        let mut slots = slots.into_iter().peekable();
        for length in lengths {
            let Some(&((first, _), _)) = slots.peek() else { break };
            let mut batch = Vec::new();
            while batch.len() < length && let Some(((_, minute), slot)) = slots.next_if(|((of, _), _)| *of == first) {
                batch.push((minute, slot));
            }
            // Descending within a batch, over hours and days.
            batch.reverse();
            batches.push((if first { "a" } else { "b" }, batch));
        }
        let fill = |order: &mut dyn Iterator<Item = usize>| {
            let mut ledger = Ledger::expecting(["a", "b"]);
            let mut naive = Naive::default();
            for n in order {
                let Some((source, slots)) = batches.get(n) else { continue };
                ledger.replace(Batch { source, generation: 3, slots }).unwrap();
                naive.slots.extend(slots.iter().map(|(minute, slot)| ((*source, *minute), (3, *slot))));
            }
            (ledger, naive)
        };
        let ((ascending, naive), (shuffled, _)) = (fill(&mut (0..80)), fill(&mut order.into_iter()));
        prop_assert_eq!(&ascending, &shuffled);
        for span in [(-1600, 1600), (20_000_000, 20_004_000)].map(|(from, to)| Span::new(Minute(from), Minute(to))) {
            let sums = ascending.sums(span);
            prop_assert_eq!((sums.good, sums.bad, sums.missing, sums.no_traffic), naive.sums(span));
            prop_assert!(ascending.slots(span).eq(span.iter().map(|minute| (minute, naive.slot(minute)))));
        }
        // And given again, all of it changes nothing, sums included.
        let mut again = shuffled.clone();
        for (source, slots) in &batches {
            let applied = again.replace(Batch { source, generation: 3, slots }).unwrap();
            prop_assert_eq!(applied, Applied { changed: 0, repeated: slots.len() });
        }
        prop_assert_eq!(again, shuffled);
    }

    #[test]
    fn a_batch_given_twice_changes_nothing(slots in prop::collection::btree_map(any_minute(), any_slot(), 1..60)) {
        let slots: Vec<_> = slots.into_iter().collect();
        let mut ledger = Ledger::expecting(["a"]);
        let batch = Batch { source: "a", generation: 7, slots: &slots };
        ledger.replace(batch).unwrap();
        prop_assert_eq!(ledger.replace(batch), Ok(Applied { changed: 0, repeated: slots.len() }));
    }
}

#[test]
fn a_refused_batch_leaves_nothing_behind() {
    let mut ledger = Ledger::expecting(["a"]);
    let first = [(A_MINUTE, Slot::measured(10, 0))];
    ledger.replace(Batch { source: "a", generation: 5, slots: &first }).unwrap();

    let mixed = [(A_MINUTE.plus(-1), Slot::measured(1, 1)), (A_MINUTE, Slot::measured(9, 1))];
    let same = ledger.replace(Batch { source: "a", generation: 5, slots: &mixed });
    assert_eq!(same, Err(Refused::SameGenerationOtherSlot { minute: A_MINUTE }));
    let older = ledger.replace(Batch { source: "a", generation: 4, slots: &mixed });
    assert_eq!(older, Err(Refused::OlderThanKept { minute: A_MINUTE, kept: 5 }));
    assert_eq!(ledger.slot(A_MINUTE.plus(-1)), Slot::Missing);
    assert_eq!(ledger.slot(A_MINUTE), Slot::measured(10, 0));

    ledger.replace(Batch { source: "a", generation: 6, slots: &mixed }).unwrap();
    assert_eq!(ledger.slot(A_MINUTE), Slot::measured(9, 1));
}

#[test]
fn nonsense_is_refused_by_name() {
    let mut ledger = Ledger::expecting(["a"]);
    let one = [(A_MINUTE, Slot::measured(1, 0))];
    let twice = [one[0], one[0]];
    let huge = [(A_MINUTE, Slot::measured(SLOT_COUNT_MAX + 1, 0))];
    let mut try_with =
        |source, generation, slots| ledger.replace(Batch { source, generation, slots });
    assert_eq!(try_with("b", 1, &one), Err(Refused::UnknownSource));
    assert_eq!(try_with("a", 0, &one), Err(Refused::NoGeneration));
    assert_eq!(try_with("a", 1, &twice), Err(Refused::MinuteTwice { minute: A_MINUTE }));
    assert_eq!(try_with("a", 1, &huge), Err(Refused::CountTooLarge { minute: A_MINUTE }));
    assert_eq!(ledger.extent(), None);
}

#[test]
fn what_does_not_fit_is_refused_before_it_takes_room() {
    let ledger = || Ledger::expecting(["a"]);
    let one = |minute| [(minute, Slot::NoTraffic)];
    let try_with = |mut ledger: Ledger, slots: &[(Minute, Slot)]| {
        ledger.replace(Batch { source: "a", generation: 1, slots }).map(|applied| applied.changed)
    };
    for minute in [Minute(i64::MIN), LEDGER_FROM.plus(-1), LEDGER_TO, Minute(i64::MAX)] {
        assert_eq!(try_with(ledger(), &one(minute)), Err(Refused::OutOfTime { minute }));
    }
    for (minute, text) in
        [(LEDGER_FROM, "1900-01-01T00:00:00Z"), (LEDGER_TO.plus(-1), "2199-12-31T23:59:00Z")]
    {
        assert_eq!(minute.to_string(), text);
        assert_eq!(try_with(ledger(), &one(minute)), Ok(1));
    }

    let scattered = |days: i64| (0..days).map(|d| (Minute(d * DAY), Slot::NoTraffic)).collect();
    let (most, more): (Vec<_>, Vec<_>) = (scattered(1_000), scattered(1_001));
    assert_eq!(try_with(ledger(), &most), Ok(1_000));
    assert_eq!(try_with(ledger(), &more), Err(Refused::TooManyDays));

    let long = vec![(A_MINUTE, Slot::NoTraffic); (1 << 20) + 1];
    assert_eq!(try_with(ledger(), &long), Err(Refused::TooLong { slots: (1 << 20) + 1 }));

    let named = |count: usize| {
        let names = (0..count).map(|n| if n == 0 { "a".to_owned() } else { n.to_string() });
        Ledger::expecting(names)
    };
    assert_eq!(try_with(named(64), &one(A_MINUTE)), Ok(1));
    assert_eq!(try_with(named(65), &one(A_MINUTE)), Err(Refused::TooManySources));
}

#[test]
fn the_extent_is_what_was_reported() {
    let mut ledger = Ledger::expecting(["a", "b"]);
    let (early, late) = (Minute(-10), Minute(3000));
    ledger
        .replace(Batch { source: "a", generation: 1, slots: &[(late, Slot::NoTraffic)] })
        .unwrap();
    assert_eq!(ledger.extent(), Some(Span::new(late, late.plus(1))));
    ledger
        .replace(Batch { source: "b", generation: 1, slots: &[(early, Slot::measured(1, 0))] })
        .unwrap();
    assert_eq!(ledger.extent(), Some(Span::new(early, late.plus(1))));
}
