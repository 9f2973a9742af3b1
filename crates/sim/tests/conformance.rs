//! The simulated journal and slot store against the real ones: a simulation over a disk that behaves otherwise proves
//! nothing.

use std::collections::BTreeMap;

use plimsoll_core::{
    measure::slot::{Slot, Sums},
    time::{DAY, Minute, Span},
};
use plimsoll_sim::{
    dice::Dice,
    journal::{FakeJournal, SharedJournal},
    slots::{FakeSlots, SharedSlots},
    strike::Strikes,
    swarm::Rates,
};
use plimsoll_store::{
    Durability,
    idempotency::Reply,
    journal::{Batch, Draft, Head, Journal, JournalFile, JsonLine},
    secret::SecretChange,
    slots::{Addition, Cursor, SlotBatch, SlotFile, SlotReads, SlotStore, Write},
    snapshot::Snapshot,
};

const BEGIN: i64 = 20_000 * DAY + 700;

fn slot(dice: &mut Dice) -> Slot {
    match dice.below(5) {
        0 => Slot::NoTraffic,
        1 => Slot::Missing,
        2 => Slot::Partial { good: dice.below(4), bad: dice.below(3) },
        _ => Slot::measured(dice.below(9), dice.below(3)),
    }
}

fn minutes(dice: &mut Dice) -> Vec<(Minute, Slot)> {
    let first = BEGIN - [0, 30, 3 * DAY][dice.below(3) as usize] + dice.between(-70, 70);
    let length = [1, 5, 130][dice.below(3) as usize];
    let mut slots: Vec<_> =
        (first..first + dice.between(1, length + 1)).map(|m| (Minute(m), slot(dice))).collect();
    if dice.happens(30) {
        slots.push((Minute(first), Slot::NoTraffic));
    }
    slots
}

type Scanned = BTreeMap<(u32, u32, i64), Slot>;

fn scanned(store: &impl SlotReads) -> Scanned {
    let mut all = Scanned::new();
    let span = Span::new(Minute(BEGIN - 9 * DAY), Minute(BEGIN + 2 * DAY));
    let mut visit = |row: plimsoll_store::slots::Row<'_>| {
        for (minute, slot) in (row.first.0..).zip(row.slots) {
            if *slot != Slot::Missing {
                assert_eq!(all.insert((row.source, row.sli, minute), *slot), None);
            }
        }
    };
    assert_eq!(store.scan(span, &mut visit), Ok(Vec::new()));
    all
}

fn day_sums(store: &impl SlotReads) -> BTreeMap<(i64, u32, u32), Sums> {
    let mut all = BTreeMap::new();
    let days = Span::new(Minute(BEGIN - 9 * DAY).floor(DAY), Minute(BEGIN + 2 * DAY));
    let mut visit = |day: Minute, source, sli, sums| {
        all.insert((day.0, source, sli), sums);
    };
    assert_eq!(store.day_sums(days, &mut visit), Ok(Vec::new()));
    all
}

#[test]
fn the_simulated_slot_store_does_what_the_real_one_does() {
    for seed in 0..12 {
        let dice = &mut Dice::of(seed, "slots");
        let folder = tempfile::tempdir().unwrap();
        let mut real = SlotFile::open(&folder.path().join("slots.db")).unwrap();
        let struck = Strikes::of(seed, "none", Rates::default());
        let mut fake = FakeSlots::open(&SharedSlots::default(), &struck).unwrap();
        for _ in 0..60 {
            let parts: Vec<_> = (0..=dice.below(3))
                .map(|_| {
                    let place = (dice.below(2) as u32, [1, 2, 64][dice.below(3) as usize]);
                    (place, dice.below(6), dice.happens(300), minutes(dice))
                })
                .collect();
            let name = format!("file {}", dice.below(2));
            let place = dice.happens(700).then_some(&b"here"[..]);
            let cursors = [Cursor { source: 7, name: &name, position: place }];
            let (mut batches, mut additions) = (Vec::new(), Vec::new());
            for ((source, sli), generation, is_more, slots) in &parts {
                let (source, sli, generation) = (*source, *sli, *generation);
                if *is_more {
                    additions.push(Addition { source, sli, slots });
                } else {
                    batches.push(SlotBatch { source, sli, generation, slots });
                }
            }
            let write = Write { batches: &batches, additions: &additions, cursors: &cursors };
            let writes = [write, write];
            let both =
                (real.write(&writes, Durability::Lazy), fake.write(&writes, Durability::Lazy));
            assert_eq!(both.0, both.1);
            if dice.happens(150) {
                while !real.fold(Minute(BEGIN), 1).unwrap().done {}
                while !fake.fold(Minute(BEGIN), 1).unwrap().done {}
                assert_eq!(day_sums(&real), day_sums(&fake));
            }
            if dice.happens(30) {
                let before = Minute(BEGIN - dice.between(0, 4 * DAY));
                real.drop_before(before).unwrap();
                fake.drop_before(before).unwrap();
            }
            assert_eq!(scanned(&real), scanned(&fake));
            assert_eq!(real.cursors(7), fake.cursors(7));
            let span = Span::new(Minute(BEGIN - DAY), Minute(BEGIN + 90));
            assert_eq!(real.series(0, 1, span), fake.series(0, 1, span));
        }
    }
}

fn batch(dice: &mut Dice, newest_ms: i64) -> Batch {
    let mut batch = Batch::default();
    for _ in 0..dice.below(4) {
        let at_ms = newest_ms + dice.between(-1, 40);
        let number = serde_json::json!({"n": dice.below(100)});
        let (Ok(actor), Ok(event)) = (JsonLine::of(&1), JsonLine::of(&number)) else { continue };
        batch.entries.push(Draft { at_ms, actor, event });
    }
    for _ in 0..dice.below(3) {
        let (kind, id) = ("token".to_owned(), format!("t{}", dice.below(3)));
        batch.secrets.push(if dice.happens(600) {
            SecretChange::Put { kind, id, value: vec![dice.below(9) as u8] }
        } else {
            SecretChange::Erase { kind, id }
        });
    }
    if dice.happens(500) {
        batch.replies.push(Reply {
            person: "ada".to_owned(),
            key: format!("key {}", dice.below(40)),
            request_hash: [1; 32],
            response: b"done".to_vec(),
            at_ms: newest_ms,
        });
    }
    batch
}

#[test]
fn the_simulated_journal_does_what_the_real_one_does() {
    for seed in 0..8 {
        let dice = &mut Dice::of(seed, "journal");
        let folder = tempfile::tempdir().unwrap();
        let mut real = JournalFile::open(&folder.path().join("journal.db")).unwrap();
        let struck = Strikes::of(seed, "none", Rates::default());
        let mut fake = FakeJournal::open(&SharedJournal::default(), &struck).unwrap();
        for _ in 0..60 {
            let head = real.head();
            let batch = batch(dice, head.at_ms);
            let expected = if dice.happens(50) { Head { seq: head.seq + 1, ..head } } else { head };
            assert_eq!(real.append(expected, &batch), fake.append(expected, &batch));
            assert_eq!(real.head(), fake.head());
            if dice.happens(100) {
                let before_ms = head.at_ms - dice.between(0, 200);
                assert_eq!(real.forget_replies(before_ms), fake.forget_replies(before_ms));
            }
            if dice.happens(100) && real.head().seq > 0 {
                let bytes = vec![dice.below(9) as u8];
                let version = 1 + dice.below(2) as u32;
                let snapshot = Snapshot { state_version: version, head: real.head(), bytes };
                assert_eq!(real.save_snapshot(&snapshot), fake.save_snapshot(&snapshot));
            }
            for key in 0..40 {
                let key = format!("key {key}");
                assert_eq!(real.reply("ada", &key), fake.reply("ada", &key));
            }
            assert_eq!(real.secrets("token"), fake.secrets("token"));
            assert_eq!(real.snapshot(1), fake.snapshot(1));
            assert_eq!(real.snapshot(2), fake.snapshot(2));
        }
        assert_eq!(real.read(0, 30), fake.read(0, 30));
    }
}
