//! What the slot store costs for many SLIs, in CPU time of this process:
//! `cargo run --release -p plimsoll-store --example slot_bench [FOLDER]`. The folder decides the disk.

use std::{error::Error, fs, path::Path, time::Instant};

use plimsoll_core::{
    measure::slot::Slot,
    time::{HOUR, Minute, Span},
};
use plimsoll_store::{
    Durability,
    slots::{SlotBatch, SlotFile, SlotStore, Write},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Linux counts CPU time in hundredths of a second.
const TICK_MS: u64 = 10;
const WARM: i64 = 29_923_200;

fn main() -> Outcome<()> {
    let at = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    println!(
        "   SLIs   ms a minute (CPU, wall)   fold of an hour (CPU)   read of an hour (CPU)   bytes a slot"
    );
    for slis in [1_000, 10_000, 100_000] {
        let folder = tempfile::tempdir_in(&at)?;
        let file = folder.path().join("slots.db");
        let mut store = SlotFile::open(&file)?;
        let (cpu, begun) = (cpu_ms()?, Instant::now());
        for minute in WARM..WARM + HOUR {
            write_minute(&mut store, minute, slis)?;
        }
        let hour = HOUR as u64;
        let (cpu, wall) = ((cpu_ms()? - cpu) / hour, begun.elapsed().as_millis() as u64 / hour);
        let before = cpu_ms()?;
        while !store.fold(Minute(WARM + HOUR), 256)?.done {}
        let fold = cpu_ms()? - before;
        let before = cpu_ms()?;
        let mut slots = 0;
        let span = Span::new(Minute(WARM), Minute(WARM + HOUR));
        store.reads()?.scan(span, |row| slots += row.slots.len())?;
        let read = cpu_ms()? - before;
        assert_eq!(slots, slis as usize * HOUR as usize);
        let bytes = size(&file, slots)?;
        println!("{slis:>7} {cpu:>17}, {wall:>4} {fold:>23} {read:>23} {bytes:>14.2}");
    }
    Ok(())
}

fn write_minute(store: &mut SlotFile, minute: i64, slis: u32) -> Outcome<()> {
    let slot = |sli: u32| {
        let busy = u64::from(sli).wrapping_mul(minute as u64).wrapping_mul(0x9e37_79b9) >> 7;
        Slot::measured(200 + busy % 1000, u64::from(busy % 17 == 0))
    };
    let slots: Vec<[(Minute, Slot); 1]> =
        (0..slis).map(|sli| [(Minute(minute), slot(sli))]).collect();
    let batches: Vec<SlotBatch<'_>> = (0..slis)
        .zip(&slots)
        .map(|(sli, slots)| SlotBatch { source: 0, sli, generation: 1, slots })
        .collect();
    let written =
        store.write(&[Write { batches: &batches, ..Write::default() }], Durability::Synced)?;
    assert!(written.outcomes[0].is_ok());
    Ok(())
}

fn cpu_ms() -> Outcome<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = |field: usize| -> Outcome<u64> {
        Ok(after_name.split_whitespace().nth(field).unwrap_or("0").parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) * TICK_MS)
}

/// Bytes of the folded blocks for each slot.
fn size(file: &Path, slots: usize) -> Outcome<f64> {
    let sql = rusqlite::Connection::open(file)?;
    let bytes: i64 = sql.query_row("SELECT sum(length(slots)) FROM block", [], |row| row.get(0))?;
    Ok(bytes as f64 / slots as f64)
}
