//! Blocks of slots: what was written is read back, folded or not; a block that is damaged is a hole, and nothing else
//! is; and content that is garbled under a checksum that fits never stops the store.
#![no_main]

use std::{collections::BTreeMap, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use plimsoll_core::{
    limits::SLOT_COUNT_MAX,
    measure::slot::Slot,
    time::{DAY, HOUR, Minute, Span},
};
use plimsoll_fuzz::scratch;
use plimsoll_store::{
    Durability,
    slots::{SlotBatch, SlotFile, SlotReads, SlotStore, Write},
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(scratch);

/// 2026-11-20T00:00:00Z, where a block of each length begins.
const FIRST: Minute = Minute(29_920_320);
const SPAN: Span = Span { from: FIRST, to: Minute(FIRST.0 + 2 * DAY) };
const SLIS: u32 = 3;
const SOURCE: u32 = 7;

/// What was written, by SLI and minute.
type Model = BTreeMap<(u32, Minute), Slot>;

fuzz_target!(|data: &[u8]| {
    let [choice, data @ ..] = data else { return };
    if choice & 1 == 0 { garbled(*choice, data) } else { written(*choice, data) }
});

/// Puts content of anybody's making into the file.
fn garbled(choice: u8, content: &[u8]) {
    let store = fresh();
    let length = [1, HOUR, DAY][usize::from(choice >> 1) % 3];
    let sealed = sealed(length, content);
    let connection = connect();
    let put = "INSERT INTO block (length, first, source, chunk, slots) VALUES (?1, ?2, ?3, 0, ?4)";
    connection.execute(put, (length, FIRST.0, SOURCE, &sealed)).expect("the table is there");
    let put = "INSERT INTO day_sums (day, source, chunk, sums) VALUES (?1, ?2, 0, ?3)";
    let day = self::sealed(DAY, content);
    connection.execute(put, (FIRST.0, SOURCE, &day)).expect("the table is there");
    drop(connection);
    let _damage = store.reads().and_then(|reads| reads.verify()).expect("the file is whole");
    for sli in 0..64 {
        store.series(SOURCE, sli, SPAN).expect("damage is a hole");
    }
    drop(store);
    // Whoever opens it now can write there, and what they write is there.
    let mut store = SlotFile::open(&file()).expect("damage is found when it is met");
    let slots = [(FIRST, Slot::Measured { good: 5, bad: 1 })];
    let batch = SlotBatch { source: SOURCE, sli: 1, generation: u64::MAX, slots: &slots };
    let write = Write { batches: &[batch], ..Write::default() };
    let outcome = store.write(&[write], Durability::Lazy).expect("it can be written");
    let is_taken = outcome.outcomes[0].is_ok();
    while !store.fold(SPAN.to, 8).expect("it can be folded").done {}
    let series = store.series(SOURCE, 1, SPAN).expect("it can be read");
    if is_taken {
        assert_eq!(series.slots[0], slots[0].1, "what was written is not there");
    }
}

/// Writes slots as the bytes say, reads them, folds them, reads them again, and damages one block.
fn written(choice: u8, data: &[u8]) {
    let [at, at_high, flip, data @ ..] = data else { return };
    let mut store = fresh();
    let mut model = Model::new();
    for (number, piece) in data.chunks_exact(5).take(200).enumerate() {
        let sli = u32::from(piece[0]) % SLIS;
        let minute = u16::from_le_bytes([piece[1], piece[2]]);
        let first = FIRST.plus(i64::from(minute) % (2 * DAY - HOUR));
        let count = if piece[0] & 0x40 == 0 { 1 } else { HOUR };
        let slot = slot(piece[3], piece[4]);
        let slots: Vec<(Minute, Slot)> = (0..count).map(|n| (first.plus(n), slot)).collect();
        let generation = number as u64 + 1;
        let batch = SlotBatch { source: SOURCE, sli, generation, slots: &slots };
        let write = Write { batches: &[batch], ..Write::default() };
        let written = store.write(&[write], Durability::Lazy).expect("it can be written");
        assert!(written.outcomes[0].is_ok() && written.holes.is_empty(), "{written:?}");
        model.extend(slots.iter().map(|(minute, slot)| ((sli, *minute), *slot)));
        if piece[0] & 0x80 != 0 {
            store.fold(SPAN.to, 8).expect("it can be folded");
        }
    }
    check(&store, &model);
    if choice & 2 != 0 {
        while !store.fold(SPAN.to, 8).expect("it can be folded").done {}
        check(&store, &model);
    }
    drop(store);
    if *flip != 0 {
        damage(&model, usize::from(u16::from_le_bytes([*at, *at_high])), *flip);
    }
}

/// Damages one byte of one block: its minutes are missing, and all others are what they were.
fn damage(model: &Model, at: usize, flip: u8) {
    let connection = connect();
    let read = "SELECT length, first, slots FROM block ORDER BY length, first";
    let mut blocks: Vec<(i64, i64, Vec<u8>)> = connection
        .prepare(read)
        .and_then(|mut query| {
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .expect("the table is there");
    if blocks.is_empty() {
        return;
    }
    let which = at % blocks.len();
    let (length, first, bytes) = &mut blocks[which];
    let byte = at % bytes.len();
    bytes[byte] ^= flip;
    let put = "UPDATE block SET slots = ?1 WHERE length = ?2 AND first = ?3";
    connection.execute(put, (&*bytes, *length, *first)).expect("the table is there");
    drop(connection);
    let lost = Span::new(Minute(*first), Minute(*first + *length));
    let kept = model.iter().filter(|((_, minute), _)| !lost.contains(*minute));
    let kept: Model = kept.map(|(at, slot)| (*at, *slot)).collect();
    let store = SlotFile::open(&file()).expect("damage is found when it is met");
    for sli in 0..SLIS {
        let series = store.series(SOURCE, sli, SPAN).expect("damage is a hole");
        assert_eq!(series.holes.len(), 1, "the damage was not found: {:?}", series.holes);
        assert_eq!(series.holes[0].span, lost);
        assert_eq!(series.slots, expected(&kept, sli));
    }
}

#[track_caller]
fn check(store: &SlotFile, model: &Model) {
    for sli in 0..SLIS {
        let series = store.series(SOURCE, sli, SPAN).expect("it can be read");
        assert!(series.holes.is_empty(), "{:?}", series.holes);
        assert_eq!(series.slots, expected(model, sli), "SLI {sli}");
    }
}

fn expected(model: &Model, sli: u32) -> Vec<Slot> {
    let slot = |minute| model.get(&(sli, minute)).copied().unwrap_or(Slot::Missing);
    SPAN.iter().map(slot).collect()
}

/// Slots in the one form that they are kept in.
fn slot(kind: u8, count: u8) -> Slot {
    let good = (u64::from(count) << (kind >> 3)).min(SLOT_COUNT_MAX);
    let bad = u64::from(kind & 4);
    match (kind & 3, good + bad) {
        (0, _) | (3, 0) => Slot::Missing,
        (1, _) | (2, 0) => Slot::NoTraffic,
        (2, _) => Slot::Measured { good, bad },
        _ => Slot::Partial { good, bad },
    }
}

/// Content as slots/block.rs says that a block lies in the file: between the format's number and the first eight
/// bytes of the SHA-256 over its key and both.
fn sealed(length: i64, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend_from_slice(content);
    let hash: [u8; 32] = Sha256::new()
        .chain_update(length.to_le_bytes())
        .chain_update(FIRST.0.to_le_bytes())
        .chain_update(SOURCE.to_le_bytes())
        .chain_update(0_u32.to_le_bytes())
        .chain_update(&bytes)
        .finalize()
        .into();
    bytes.extend_from_slice(&hash[..8]);
    bytes
}

fn file() -> PathBuf {
    FOLDER.path().join("slots.db")
}

/// An empty store.
fn fresh() -> SlotFile {
    for entry in FOLDER.path().read_dir().expect("it is there") {
        std::fs::remove_file(entry.expect("it is there").path()).expect("it can be removed");
    }
    SlotFile::open(&file()).expect("it can be made")
}

fn connect() -> Connection {
    Connection::open(file()).expect("it is there")
}
