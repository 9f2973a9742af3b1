//! What a durable append costs against a bare batched insert with the same sync, as ratios of one run:
//! `cargo run --release -p plimsoll-store --example append_bench [FOLDER]`. The folder decides the disk.

use std::{
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

use plimsoll_store::journal::{Batch, Draft, Journal, JournalFile, JsonLine};
use rusqlite::Connection;

/// Both take turns this often; the fastest counts, for others may share the machine.
const ROUNDS: usize = 15;
const BATCHES: usize = 60;
const EVENT: &str = r#"{"kind":"alert opened","alert":"0197f0c2-8d0e-7f6e-a0aa-3b2f6f1f8a11","service":"checkout","slo":"availability","burn":{"long_minutes":60,"short_minutes":5,"factor":14400000000},"note":"bad 1200 of 60000"}"#;
const ACTOR: &str = r#"{"person":"0197f0c2-8d0e-7f6e-a0aa-3b2f6f1f8a12"}"#;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let at = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    println!("batch   bare entries/s   journal entries/s   journal/bare");
    for size in [1, 32, 128] {
        let folder = tempfile::tempdir_in(&at)?;
        let (mut bare, mut journal) = (Vec::new(), Vec::new());
        let mut table = bare_table(&folder.path().join("bare.db"))?;
        let mut file = JournalFile::open(&folder.path().join("journal.db"))?;
        for _ in 0..ROUNDS {
            bare.push(insert(&mut table, size)?);
            journal.push(append(&mut file, size)?);
        }
        let rate = |times: &[Duration]| {
            let fastest = times.iter().min().copied().unwrap_or_default();
            (BATCHES * size) as f64 / fastest.as_secs_f64()
        };
        let (bare, journal) = (rate(&bare), rate(&journal));
        println!("{size:>5} {bare:>16.0} {journal:>19.0} {:>14.2}", journal / bare);
        if size == 128 {
            let (entries, time) = replay(&file)?;
            println!(
                "read back with its chain: {:.0} entries/s",
                entries as f64 / time.as_secs_f64()
            );
        }
    }
    Ok(())
}

fn replay(journal: &JournalFile) -> Outcome<(u64, Duration)> {
    let (begun, mut seq) = (Instant::now(), 0);
    while let Some(last) = journal.read(seq, 1000)?.last() {
        seq = last.seq;
    }
    Ok((seq, begun.elapsed()))
}

fn bare_table(file: &Path) -> Outcome<Connection> {
    let conn = Connection::open(file)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.execute_batch(
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, at_ms INTEGER, actor TEXT, event TEXT)",
    )?;
    Ok(conn)
}

fn insert(conn: &mut Connection, size: usize) -> Outcome<Duration> {
    let begun = Instant::now();
    for _ in 0..BATCHES {
        let tx = conn.transaction()?;
        let mut row =
            tx.prepare_cached("INSERT INTO entry (at_ms, actor, event) VALUES ($1, $2, $3)")?;
        for _ in 0..size {
            row.execute((1_764_000_000_000_i64, ACTOR, EVENT))?;
        }
        drop(row);
        tx.commit()?;
    }
    Ok(begun.elapsed())
}

fn append(journal: &mut JournalFile, size: usize) -> Outcome<Duration> {
    let (actor, event) = (JsonLine::parse(ACTOR)?, JsonLine::parse(EVENT)?);
    let draft = Draft { at_ms: 1_764_000_000_000, actor, event };
    let batch = Batch { entries: vec![draft; size], ..Batch::default() };
    let begun = Instant::now();
    for _ in 0..BATCHES {
        journal.append(journal.head(), &batch)?;
    }
    Ok(begun.elapsed())
}
