//! Power cuts under the slot store: slots and the cursor that goes with them are there together or not at all.

use std::{fs, io::Write as _, path::Path};

use plimsoll_core::{
    measure::slot::Slot,
    time::{HOUR, Minute, Span},
};
use plimsoll_store::{
    Durability,
    slots::{Cursor, SlotBatch, SlotFile, SlotStore, Write},
};

use crate::{
    disk::{Disk, each_power_cut},
    shim::{Stage, data_of_child, fail, heal},
};

/// The last of them is synced.
const MINUTES: i64 = 201;
const SLIS: [u32; 3] = [0, 40, 70];

fn slot(minute: i64, sli: u32) -> Slot {
    Slot::measured(minute as u64, u64::from(sli))
}

fn cursor_of(store: &SlotFile) -> u64 {
    let cursors = store.reads().unwrap().cursors(1).unwrap();
    cursors.first().map_or(0, |(_, at)| u64::from_le_bytes(at[..].try_into().unwrap()))
}

/// The child: minute by minute, every third lazily; folds each hour; corrects an old minute now and then.
#[test]
fn child() {
    let Some(data) = data_of_child() else { return };
    let file = data.join("slots.db");
    let mut says = fs::File::create(data.join("ack")).unwrap();
    let mut say = |word, n: u64| says.write_all(format!("{word} {n}\n").as_bytes()).unwrap();
    let mut store = SlotFile::open(&file).unwrap();
    let mut minute = 0;
    while minute < MINUTES {
        let next = minute + 1;
        let slots: Vec<[(Minute, Slot); 1]> =
            SLIS.iter().map(|sli| [(Minute(minute), slot(minute, *sli))]).collect();
        let batches: Vec<SlotBatch<'_>> = SLIS
            .iter()
            .zip(&slots)
            .map(|(sli, slots)| SlotBatch { source: 1, sli: *sli, generation: 1, slots })
            .collect();
        let position = (next as u64).to_le_bytes();
        let cursors = [Cursor { source: 1, name: "a.log", position: Some(&position) }];
        let lazy = minute % 3 == 1;
        if [77, 140].contains(&minute) {
            fail('s', 0, minute as u64);
        }
        say('t', next as u64);
        let durability = if lazy { Durability::Lazy } else { Durability::Synced };
        match store.write(
            &[Write { batches: &batches, cursors: &cursors, ..Write::default() }],
            durability,
        ) {
            Ok(_) if lazy => {}
            Ok(written) => {
                assert!(written.outcomes[0].is_ok());
                say('a', next as u64);
            }
            Err(_) => {
                drop(store);
                heal();
                store = SlotFile::open(&file).unwrap();
                say('a', cursor_of(&store));
                minute = cursor_of(&store) as i64;
                continue;
            }
        }
        while !store.fold(Minute(next), 1).unwrap().done {}
        minute = next;
    }
}

#[test]
fn every_power_cut_leaves_slots_and_cursor_together() {
    let stage = Stage::new();
    if !stage.run_shimmed("slots_crash::child") {
        return;
    }
    let mut images = 0;
    let disk = each_power_cut(&stage, |disk, image| {
        check(disk, image, images);
        images += 1;
    });
    assert!(images > 500 && disk.acked as i64 == MINUTES, "{images} images");
    println!("{images} images");
}

fn check(disk: &Disk, image: &Path, number: u32) {
    let store = SlotFile::open(&image.join("slots.db"))
        .unwrap_or_else(|error| panic!("image {number}: {error}"));
    let cursor = cursor_of(&store);
    assert!(cursor >= disk.acked, "image {number}: read to {cursor}, {} acknowledged", disk.acked);
    let span = Span::new(Minute(-HOUR), Minute(MINUTES + HOUR));
    for sli in SLIS {
        let series = store.reads().unwrap().series(1, sli, span).unwrap();
        assert_eq!(series.holes, [], "image {number}");
        let read = |minute: Minute| (0..cursor as i64).contains(&minute.0);
        let expected = span.iter().map(|m| if read(m) { slot(m.0, sli) } else { Slot::Missing });
        assert!(series.slots.into_iter().eq(expected), "image {number}: read to {cursor}");
    }
}
