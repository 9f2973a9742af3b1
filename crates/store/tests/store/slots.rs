//! The slot store against a map that does the obvious.

use std::collections::BTreeMap;

use plimsoll_core::{
    measure::slot::{Slot, Sums},
    time::{DAY, HOUR, Minute, Span},
};
use plimsoll_store::{
    Durability,
    slots::{
        Addition, Applied, Change, Cursor, Reads, Refused, SlotBatch, SlotFile, SlotStore, Why,
        Write,
    },
};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

type Place = (u32, u32, i64);

/// The oracle: every slot by source, SLI and minute, with its generation.
#[derive(Default, Clone)]
struct Model {
    slots: BTreeMap<Place, (u64, Slot)>,
    cursors: BTreeMap<(u32, String), Vec<u8>>,
}

#[derive(Debug, Clone)]
struct Batch {
    source: u32,
    sli: u32,
    /// Of a batch; 0 makes it an addition.
    generation: u64,
    slots: Vec<(Minute, Slot)>,
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<(Vec<Batch>, Option<u8>)>, bool),
    Fold(i64, usize),
    FoldAll(i64),
    Drop(i64),
    Reopen(bool),
}

impl Model {
    fn write(&mut self, batches: &[Batch]) -> Result<(Applied, Vec<Change>), Refused> {
        let mut next = self.slots.clone();
        let (mut applied, mut changes) = (Applied::default(), Vec::new());
        for (number, batch) in batches.iter().enumerate() {
            let refuse = |minute, why| Err(Refused { batch: number, minute: Some(minute), why });
            let mut slots = batch.slots.clone();
            slots.sort_by_key(|(minute, _)| *minute);
            if let Some(twice) = slots.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return refuse(twice[0].0, Why::MinuteTwice);
            }
            for (minute, slot) in slots {
                let (source, sli) = (batch.source, batch.sli);
                let (mut generation, mut slot) = (batch.generation, slot);
                if generation == 0 {
                    let kept = next.get(&(source, sli, minute.0)).copied().unwrap_or_default();
                    (generation, slot) = (kept.0.max(1), grown(kept.1, slot));
                    if slot.events().0.max(slot.events().1) > 1 << 36 {
                        return refuse(minute, Why::CountTooLarge);
                    }
                }
                let kept = next.insert((source, sli, minute.0), (generation, slot));
                match kept {
                    Some((_, before)) if batch.generation == 0 && before != slot => {
                        applied.changed += 1;
                        changes.push(Change { source, sli, minute, before, after: slot });
                    }
                    Some((kept, _)) if kept > generation => {
                        return refuse(minute, Why::OlderThanKept { kept });
                    }
                    Some((kept, before)) if kept == generation && before != slot => {
                        return refuse(minute, Why::SameGenerationOtherSlot);
                    }
                    Some((_, before)) if before == slot => applied.repeated += 1,
                    _ => {
                        applied.changed += 1;
                        let before = kept.map_or(Slot::Missing, |(_, slot)| slot);
                        changes.push(Change { source, sli, minute, before, after: slot });
                    }
                }
            }
        }
        self.slots = next;
        Ok((applied, changes))
    }

    fn series(&self, source: u32, sli: u32, span: Span) -> Vec<Slot> {
        let slot = |minute: Minute| self.slots.get(&(source, sli, minute.0)).map(|(_, slot)| *slot);
        span.iter().map(|minute| slot(minute).unwrap_or_default()).collect()
    }

    fn day_sums(&self) -> BTreeMap<(i64, u32, u32), Sums> {
        let mut days = BTreeMap::new();
        for &(source, sli, minute) in self.slots.keys() {
            let day = Minute(minute).floor(DAY);
            let span = Span::new(day, day.plus(DAY));
            days.entry((day.0, source, sli)).or_insert_with(|| {
                let slots = self.series(source, sli, span).into_iter();
                slots.map(Sums::of).fold(Sums::default(), |sum, slot| sum + slot)
            });
        }
        days
    }
}

/// A slot and what more was seen of it: events add up, and who saw all of it is believed.
fn grown(kept: Slot, more: Slot) -> Slot {
    let (good, bad) = (kept.events().0 + more.events().0, kept.events().1 + more.events().1);
    let whole = [kept, more].iter().any(|s| !matches!(s, Slot::Missing | Slot::Partial { .. }));
    match (whole, good + bad) {
        (true, 0) => Slot::NoTraffic,
        (true, _) => Slot::Measured { good, bad },
        (false, 0) => Slot::Missing,
        (false, _) => Slot::Partial { good, bad },
    }
}

const SLIS: [u32; 5] = [0, 1, 63, 64, 200];
const SOURCES: [u32; 2] = [0, 9];
/// Three days, and some of before 1970.
const FIRST: i64 = -2 * HOUR;
const LAST: i64 = 3 * DAY;

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        Just(Slot::Missing),
        Just(Slot::NoTraffic),
        (0..3_u64, 0..3_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        (1..1_u64 << 36, 0..2_u64).prop_map(|(good, bad)| Slot::Partial { good, bad }),
    ]
}

/// Scattered minutes, runs, whole hours and whole days.
fn minutes() -> impl Strategy<Value = Vec<i64>> {
    let hours = (LAST - FIRST) / HOUR;
    prop_oneof![
        3 => prop::collection::vec(FIRST..LAST, 1..6),
        3 => (FIRST..LAST, 1..100_i64).prop_map(|(from, count)| (from..from + count).collect()),
        2 => (0..hours, 1..3_i64).prop_map(|(hour, count)| {
            let from = FIRST + hour * HOUR;
            (from..from + count * HOUR).rev().collect()
        }),
        1 => (0..3_i64).prop_map(|day| (day * DAY..(day + 1) * DAY).collect()),
    ]
}

fn batch() -> impl Strategy<Value = Batch> {
    let place = (prop::sample::select(&SOURCES[..]), prop::sample::select(&SLIS[..]));
    (place, 0..4_u64, minutes(), prop::collection::vec(slot(), 1..4)).prop_map(
        |((source, sli), generation, minutes, slots)| {
            let slots = minutes.into_iter().map(Minute).zip(slots.into_iter().cycle()).collect();
            Batch { source, sli, generation, slots }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let write = (prop::collection::vec(batch(), 0..3), prop::option::of(any::<u8>()));
    prop_oneof![
        8 => (prop::collection::vec(write, 1..3), any::<bool>())
            .prop_map(|(writes, synced)| Step::Write(writes, synced)),
        2 => (FIRST..LAST, 1..3_usize).prop_map(|(until, groups)| Step::Fold(until, groups)),
        2 => (FIRST..LAST + DAY).prop_map(Step::FoldAll),
        1 => (FIRST..LAST / 2).prop_map(Step::Drop),
        1 => any::<bool>().prop_map(Step::Reopen),
    ]
}

fn fold_all(store: &mut SlotFile, until: i64) {
    while !store.fold(Minute(until), 2).unwrap().done {}
}

/// A write to both, and what they say compared.
fn write_both(
    store: &mut SlotFile,
    model: &mut Model,
    writes: &[(Vec<Batch>, Option<u8>)],
    synced: bool,
) {
    let of_kind = |batches: &[Batch], adds: bool| {
        let kind = batches.iter().filter(move |batch| (batch.generation == 0) == adds);
        kind.cloned().collect::<Vec<_>>()
    };
    let batches: Vec<Vec<SlotBatch<'_>>> = writes
        .iter()
        .map(|(batches, _)| batches.iter().filter(|b| b.generation > 0).map(lent).collect())
        .collect();
    let additions: Vec<Vec<Addition<'_>>> = writes
        .iter()
        .map(|(batches, _)| {
            let additions = batches.iter().filter(|batch| batch.generation == 0);
            additions.map(|b| Addition { source: b.source, sli: b.sli, slots: &b.slots }).collect()
        })
        .collect();
    let positions: Vec<Option<Vec<u8>>> =
        writes.iter().map(|(_, cursor)| cursor.filter(|c| c % 5 > 0).map(|c| vec![c])).collect();
    let cursors: Vec<Vec<Cursor<'_>>> = writes
        .iter()
        .zip(&positions)
        .map(|((_, cursor), position)| {
            let name = ["a.log", "b.log"][usize::from(cursor.unwrap_or(0)) % 2];
            let cursor = cursor.map(|_| Cursor { source: 9, name, position: position.as_deref() });
            cursor.into_iter().collect()
        })
        .collect();
    let lent: Vec<Write<'_>> = (0..writes.len())
        .map(|at| Write { batches: &batches[at], additions: &additions[at], cursors: &cursors[at] })
        .collect();
    let durability = if synced { Durability::Synced } else { Durability::Lazy };
    let written = store.write(&lent, durability).unwrap();
    let mut expected = Vec::new();
    for (number, (batches, _)) in writes.iter().enumerate() {
        let in_order = [of_kind(batches, false), of_kind(batches, true)].concat();
        let outcome = model.write(&in_order).map(|(applied, mut changes)| {
            expected.append(&mut changes);
            applied
        });
        assert_eq!(written.outcomes[number], outcome);
        if outcome.is_ok() {
            for Cursor { source, name, position } in &cursors[number] {
                let key = (*source, String::from(*name));
                match position {
                    Some(position) => drop(model.cursors.insert(key, position.to_vec())),
                    None => drop(model.cursors.remove(&key)),
                }
            }
        }
    }
    assert_eq!(written.changes, expected);
    assert_eq!(written.holes, []);
}

fn lent(batch: &Batch) -> SlotBatch<'_> {
    let Batch { source, sli, generation, slots } = batch;
    SlotBatch { source: *source, sli: *sli, generation: *generation, slots }
}

fn compare(reads: Reads<'_>, model: &Model, part: Span) {
    for source in SOURCES {
        for sli in SLIS {
            let series = reads.series(source, sli, part).unwrap();
            assert_eq!(series.slots, model.series(source, sli, part), "source {source} SLI {sli}");
            assert_eq!(series.holes, []);
        }
    }
    let mut scanned = BTreeMap::new();
    let holes = reads.scan(part, |row| {
        for (minute, slot) in (row.first.0..).zip(row.slots) {
            let twice = scanned.insert((row.source, row.sli, minute), *slot);
            assert_eq!(twice, None, "a minute lies in two blocks");
        }
    });
    assert_eq!(holes.unwrap(), []);
    scanned.retain(|_, slot| *slot != Slot::Missing);
    let expected: BTreeMap<Place, Slot> = model
        .slots
        .iter()
        .filter(|(place, (_, slot))| part.contains(Minute(place.2)) && *slot != Slot::Missing)
        .map(|(place, (_, slot))| (*place, *slot))
        .collect();
    assert_eq!(scanned, expected);
    let cursors = reads.cursors(9).unwrap();
    let expected: Vec<(String, Vec<u8>)> =
        model.cursors.iter().map(|((_, name), at)| (name.clone(), at.clone())).collect();
    assert_eq!(cursors, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_writes_folds_and_reopenings_is_as_the_map_says(
        steps in prop::collection::vec(step(), 1..14),
        part in (FIRST - DAY..LAST, 0..2 * DAY),
    ) {
        let folder = tempdir().unwrap();
        let file = folder.path().join("slots.db");
        let mut store = SlotFile::open(&file).unwrap();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Write(writes, synced) => write_both(&mut store, &mut model, &writes, synced),
                Step::Fold(until, groups) => {
                    prop_assert_eq!(store.fold(Minute(until), groups).unwrap().holes, []);
                }
                Step::FoldAll(until) => fold_all(&mut store, until),
                Step::Drop(minute) => {
                    store.drop_before(Minute(minute)).unwrap();
                    let day = Minute(minute).floor(DAY).0;
                    model.slots.retain(|place, _| place.2 >= day);
                }
                Step::Reopen(close) => {
                    if close { store.close().unwrap() } else { drop(store) }
                    store = SlotFile::open(&file).unwrap();
                }
            }
        }
        let part = Span::new(Minute(part.0), Minute(part.0 + part.1));
        compare(store.reads().unwrap(), &model, part);
        compare(store.reader().unwrap().reads(), &model, Span::new(Minute(FIRST - DAY), Minute(LAST + DAY)));

        fold_all(&mut store, LAST + DAY);
        let everything = Span::new(Minute(FIRST - DAY), Minute(LAST + DAY));
        compare(store.reads().unwrap(), &model, everything);
        let mut sums = BTreeMap::new();
        let holes = store.reads().unwrap().day_sums(everything, |day, source, sli, sum| {
            sums.insert((day.0, source, sli), sum);
        });
        prop_assert_eq!(holes.unwrap(), []);
        prop_assert_eq!(sums, model.day_sums());
        prop_assert_eq!(store.reads().unwrap().verify().unwrap(), []);
        let days: Vec<i64> = model.day_sums().keys().map(|(day, _, _)| *day).collect();
        let extent = days.first().zip(days.last());
        let extent = extent.map(|(a, b)| Span::new(Minute(*a), Minute(*b + DAY)));
        prop_assert_eq!(store.reads().unwrap().extent().unwrap(), extent);
    }
}

/// Every block of a store: how long it is, where, and its bytes.
fn blocks(folder: &TempDir) -> Vec<(i64, i64, u32, u32, Vec<u8>)> {
    let sql = Connection::open(folder.path().join("slots.db")).unwrap();
    let query = "SELECT length, first, source, chunk, slots FROM block ORDER BY 1, 2, 3, 4";
    let row = |row: &rusqlite::Row<'_>| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    };
    let mut query = sql.prepare(query).unwrap();
    query.query_map([], row).unwrap().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    /// What comes whole lies at once as it would lie after everything was folded.
    #[test]
    fn days_that_come_whole_lie_as_folded_ones(
        slots in prop::collection::vec(slot(), 1..50),
        slis in prop::sample::subsequence(&SLIS[..], 1..4),
        days in 1..3_i64,
    ) {
        let minutes: Vec<(Minute, Slot)> = (0..days * DAY).map(Minute).zip(slots.into_iter().cycle()).collect();
        let batch = |sli: u32, slots: &[(Minute, Slot)]| Batch { source: 9, sli, generation: 1, slots: slots.to_vec() };
        let (whole, parts) = (tempdir().unwrap(), tempdir().unwrap());
        let mut at_once = SlotFile::open(&whole.path().join("slots.db")).unwrap();
        let mut by_parts = SlotFile::open(&parts.path().join("slots.db")).unwrap();
        let (mut one, mut other) = (Model::default(), Model::default());
        for sli in slis {
            write_both(&mut at_once, &mut one, &[(vec![batch(sli, &minutes)], None)], true);
            for part in minutes.chunks(50) {
                write_both(&mut by_parts, &mut other, &[(vec![batch(sli, part)], None)], false);
            }
        }
        prop_assert!(at_once.fold(Minute(days * DAY), 64).unwrap().done);
        fold_all(&mut by_parts, days * DAY);
        prop_assert_eq!(blocks(&whole), blocks(&parts));
        let sums = |store: &SlotFile| {
            let mut sums = Vec::new();
            let all = Span::new(Minute(0), Minute(days * DAY));
            store.reads().unwrap().day_sums(all, |day, _, sli, sum| sums.push((day, sli, sum))).unwrap();
            sums
        };
        prop_assert_eq!(sums(&at_once), sums(&by_parts));
    }
}

/// A store with one day of SLIs 0 to 2 and 64, folded.
fn a_folded_day() -> (TempDir, SlotFile, Model) {
    let folder = tempdir().unwrap();
    let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    let mut model = Model::default();
    for sli in [0, 1, 2, 64] {
        let slot = |minute| Slot::measured(minute as u64, u64::from(sli));
        let slots = (0..DAY).map(|minute| (Minute(minute), slot(minute))).collect();
        let batch = Batch { source: 0, sli, generation: 1, slots };
        write_both(&mut store, &mut model, &[(vec![batch], None)], true);
    }
    fold_all(&mut store, DAY);
    (folder, store, model)
}

#[test]
fn a_damaged_block_is_missing_minutes_with_their_place_until_they_are_sent_again() {
    let (folder, mut store, mut model) = a_folded_day();
    let file = folder.path().join("slots.db");
    let day = Span::new(Minute(0), Minute(DAY));
    let sql = Connection::open(&file).unwrap();
    let query = "SELECT slots FROM block WHERE chunk = 0";
    let whole: Vec<u8> = sql.query_row(query, [], |row| row.get(0)).unwrap();
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        sql.execute("UPDATE block SET slots = $1 WHERE chunk = 0", [bytes]).unwrap();
        let reads = store.reads().unwrap();
        let series = reads.series(0, 1, day).unwrap();
        assert_eq!(series.slots, vec![Slot::Missing; DAY as usize], "byte {at}");
        assert_eq!(
            (series.holes[0].source, &series.holes[0].slis, series.holes[0].span),
            (0, &(0..64), day)
        );
        assert_eq!(reads.series(0, 64, day).unwrap().slots, model.series(0, 64, day));
        assert_eq!(reads.verify().unwrap(), series.holes);
    }
    let text = store.reads().unwrap().verify().unwrap()[0].to_string();
    assert!(text.contains("SLIs 0 to 63, 1970-01-01T00:00:00Z to 1970-01-02T00:00:00Z"), "{text}");

    let again = Batch {
        source: 0,
        sli: 1,
        generation: 1,
        slots: model
            .slots
            .iter()
            .filter(|(place, _)| place.1 == 1)
            .map(|(place, (_, slot))| (Minute(place.2), *slot))
            .collect(),
    };
    let batches = [lent(&again)];
    let written = store
        .write(&[Write { batches: &batches, ..Write::default() }], Durability::Synced)
        .unwrap();
    assert_eq!(written.outcomes[0], Ok(Applied { changed: DAY as usize, repeated: 0 }));
    assert_eq!(written.holes.len(), 1);
    assert_eq!(store.reads().unwrap().verify().unwrap(), []);
    model.slots.retain(|place, _| place.1 != 0 && place.1 != 2);
    compare(store.reads().unwrap(), &model, day);
}

/// A block that was swapped with another is found by its place, though its bytes are sound.
#[test]
fn a_block_in_another_place_is_damaged() {
    let (folder, store, _) = a_folded_day();
    let sql = Connection::open(folder.path().join("slots.db")).unwrap();
    sql.execute("UPDATE block SET first = $1 WHERE chunk = 1", [DAY]).unwrap();
    sql.execute("UPDATE day_sums SET source = 5 WHERE chunk = 0", []).unwrap();
    let holes = store.reads().unwrap().verify().unwrap();
    let places: Vec<(u32, u32, i64)> =
        holes.iter().map(|hole| (hole.source, hole.slis.start, hole.span.from.0)).collect();
    assert_eq!(places, [(0, 64, DAY), (5, 0, 0)]);
}

#[test]
fn what_no_slot_can_be_is_refused_and_changes_nothing() {
    let (_folder, mut store, model) = a_folded_day();
    let bad = |generation, minute, slot| Batch {
        source: 0,
        sli: 0,
        generation,
        slots: vec![(Minute(minute), slot)],
    };
    let over = (1 << 36) + 1;
    let cases = [
        (bad(0, 0, Slot::NoTraffic), Why::NoGeneration, "start at 1"),
        (bad(2, 0, Slot::measured(over, 0)), Why::CountTooLarge, "68719476736"),
        (
            bad(2, 0, Slot::Partial { good: 0, bad: over }),
            Why::CountTooLarge,
            "1970-01-01T00:00:00Z",
        ),
        (bad(2, i64::MAX, Slot::NoTraffic), Why::MinuteOutOfRange, "no time"),
        (bad(2, i64::MIN, Slot::NoTraffic), Why::MinuteOutOfRange, "no time"),
    ];
    for (batch, why, words) in cases {
        let good = Batch { generation: 3, ..bad(3, 7, Slot::NoTraffic) };
        let batches = [lent(&good), lent(&batch)];
        let cursors = [Cursor { source: 9, name: "a.log", position: Some(b"1") }];
        let write = Write { batches: &batches, cursors: &cursors, ..Write::default() };
        let refused = store.write(&[write], Durability::Synced).unwrap().outcomes[0].unwrap_err();
        assert_eq!((refused.batch, refused.why), (1, why));
        assert!(refused.to_string().contains(words), "{refused}");
        compare(store.reads().unwrap(), &model, Span::new(Minute(0), Minute(DAY)));
    }
}

/// A minute without events has one form, however it is written.
#[test]
fn no_traffic_is_no_traffic() {
    let folder = tempdir().unwrap();
    let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    for (slot, applied) in [
        (Slot::Measured { good: 0, bad: 0 }, Applied { changed: 1, repeated: 0 }),
        (Slot::NoTraffic, Applied { changed: 0, repeated: 1 }),
    ] {
        let slots = [(Minute(5), slot)];
        let batches = [SlotBatch { source: 1, sli: 1, generation: 1, slots: &slots }];
        let write = Write { batches: &batches, ..Write::default() };
        assert_eq!(store.write(&[write], Durability::Lazy).unwrap().outcomes, [Ok(applied)]);
    }
}

/// A fold moves slots from block to block; a reader on another thread sees each of them once, all the time.
#[test]
fn a_reader_sees_one_moment_while_hours_and_days_are_folded() {
    const SLIS: u32 = 300;
    let folder = tempdir().unwrap();
    let mut store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    let slots: Vec<(Minute, Slot)> =
        (0..2 * DAY).step_by(7).map(|minute| (Minute(minute), Slot::NoTraffic)).collect();
    let lend = |sli| SlotBatch { source: 0, sli, generation: 1, slots: &slots };
    let batches: Vec<SlotBatch<'_>> = (0..SLIS).map(lend).collect();
    store.write(&[Write { batches: &batches, ..Write::default() }], Durability::Lazy).unwrap();
    let reader = store.reader().unwrap();
    let (stop, stopped) = std::sync::mpsc::channel();
    let watch = std::thread::spawn(move || {
        let (span, mut looks) = (Span::new(Minute(0), Minute(2 * DAY)), 0);
        while stopped.try_recv().is_err() {
            let (mut scanned, count) =
                (0, |slots: &[Slot]| slots.iter().filter(|slot| **slot == Slot::NoTraffic).count());
            reader.reads().scan(span, |row| scanned += count(row.slots)).unwrap();
            let series = reader.reads().series(0, looks % SLIS, span).unwrap();
            assert_eq!((scanned, count(&series.slots)), (SLIS as usize * 412, 412));
            looks += 1;
        }
        looks
    });
    while !store.fold(Minute(2 * DAY), 1).unwrap().done {}
    stop.send(()).unwrap();
    assert!(watch.join().unwrap() > 0);
}

#[test]
fn a_backup_of_the_slots_is_taken_beside_the_writer() {
    let (folder, store, model) = a_folded_day();
    let copy = folder.path().join("copy.db");
    assert_eq!(store.reader().unwrap().backup(&copy).unwrap(), []);
    let restored = SlotFile::open(&copy).unwrap();
    compare(restored.reads().unwrap(), &model, Span::new(Minute(0), Minute(DAY)));
}
