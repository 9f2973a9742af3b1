//! Logs that grow: what is counted does not depend on where the writer paused or the follower died, and is what a
//! reader of the finished log counts; and no cursor, however damaged, has a line counted that is not there.
#![no_main]

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{Cursor as Bytes, Read, Write as _},
    num::NonZeroUsize,
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use libfuzzer_sys::fuzz_target;
use plimsoll_core::{
    measure::{accesslog::detect, tally::Cell},
    time::Minute,
};
use plimsoll_fuzz::scratch;
use plimsoll_source::{
    Input, Made, Options,
    follow::{Cursor, Delta, Follower, Name},
    read_logs,
};
use serde_json::{Map, Value};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(scratch);
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// The first line of every log, so that no other bytes make it a compressed one.
const ANCHOR: &str = "shop.example 192.0.2.7 - - [01/Sep/2026:10:05:59 +0000] \"GET /a HTTP/1.1\" 200 512 \"-\" \"curl\" 0.012\n";
const NOW_S: i64 = 4_000_000_000;

/// What was counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    lines: u64,
    malformed: u64,
    skipped: u64,
    cells: BTreeMap<(Name, Minute), Cell>,
    /// Whether it ends with lines of the future, which wait.
    waits: bool,
}

fuzz_target!(|data: &[u8]| {
    // The first line says where the log is cut, or what the cursor is made to be.
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (first, rest) = data.split_at(end);
    let log = [ANCHOR.as_bytes(), rest.get(1..).unwrap_or_default()].concat();
    let whole = followed(&log, &[]);
    if let Ok(Value::Object(fields)) = serde_json::from_slice(first) {
        return damaged(&log, &whole, fields);
    }
    let pieces = followed(&log, first);
    assert_eq!(pieces, whole, "cut by {first:?}");
    // A hole of zeros is skipped by who follows; the last line is not finished.
    if log.ends_with(b"\n") && !log.contains(&0) && !whole.waits {
        let read = read(&log);
        assert_eq!((whole.lines, whole.malformed, whole.skipped), read, "not what a reader counts");
    }
});

/// Follows a log that comes in pieces: each byte of `cuts` is the length of one. After those with the highest bit the
/// follower dies, and another goes on from the stored cursors.
fn followed(log: &[u8], cuts: &[u8]) -> Counts {
    let mut file = fresh();
    let (mut counts, mut cursors) = (Counts::default(), BTreeMap::new());
    let mut follower = follower(Vec::new());
    let mut rest = log;
    for cut in cuts {
        let (piece, later) = rest.split_at(rest.len().min(usize::from(cut & 0x7f)));
        rest = later;
        file.write_all(piece).expect("the log can be written");
        poll(&mut follower, &mut counts, &mut cursors);
        if cut & 0x80 != 0 {
            let stored = cursors.values().map(|cursor: &String| restored(cursor)).collect();
            follower = self::follower(stored);
        }
    }
    file.write_all(rest).expect("the log can be written");
    poll(&mut follower, &mut counts, &mut cursors);
    counts.waits = follower.health().files.iter().any(|file| file.problem.is_some());
    counts
}

/// Follows a log from a cursor some of whose fields were replaced.
fn damaged(log: &[u8], whole: &Counts, fields: Map<String, Value>) {
    let mut file = fresh();
    file.write_all(ANCHOR.as_bytes()).expect("the log can be written");
    let (mut counts, mut cursors) = (Counts::default(), BTreeMap::new());
    poll(&mut follower(Vec::new()), &mut counts, &mut cursors);
    file.write_all(&log[ANCHOR.len()..]).expect("the log can be written");
    let cursor = cursors.into_values().next().expect("the log is known");
    let Ok(Value::Object(mut cursor)) = serde_json::from_str(&cursor) else { return };
    // Paths lead nowhere else, and files are only those that are there.
    let ours = fields.into_iter().filter(|(name, _)| name != "origin" && name != "places");
    cursor.extend(ours);
    let Ok(cursor) = serde_json::from_value::<Cursor>(Value::Object(cursor)) else { return };
    assert_eq!(restored(&stored(&cursor)), cursor);
    let Ok(mut follower) = Follower::new(vec![path()], options(false), vec![cursor]) else {
        return;
    };
    let mut counts = Counts::default();
    poll(&mut follower, &mut counts, &mut BTreeMap::new());
    assert!(counts.lines <= whole.lines, "{counts:?} of {whole:?}");
    let (lines, _health) = (counts.lines, follower.health());
    poll(&mut follower, &mut counts, &mut BTreeMap::new());
    assert_eq!(counts.lines, lines, "lines were counted again");
}

/// Polls until there is nothing more, and stores what comes.
fn poll(follower: &mut Follower, counts: &mut Counts, cursors: &mut BTreeMap<u64, String>) {
    loop {
        let delta: Delta = follower.poll(NOW_S, NOW_S);
        let requests: u64 = delta.cells.values().map(Cell::requests).sum();
        assert_eq!(delta.lines, requests + delta.malformed + delta.skipped);
        counts.lines += delta.lines;
        counts.malformed += delta.malformed;
        counts.skipped += delta.skipped;
        for (at, cell) in delta.cells {
            counts.cells.entry(at).or_default().add(&cell);
        }
        cursors.extend(delta.cursors.iter().map(|cursor| (cursor.key, stored(cursor))));
        for key in &delta.dropped {
            cursors.remove(key);
        }
        follower.commit();
        if !delta.is_more {
            return;
        }
    }
}

/// Lines, malformed and skipped ones, as a reader of finished logs counts them.
fn read(log: &[u8]) -> (u64, u64, u64) {
    fn make() -> Box<dyn Read + Send> {
        Box::new(Bytes::new(LOG.lock().expect("no thread panics").clone()))
    }
    *LOG.lock().expect("no thread panics") = log.to_vec();
    let input = Input::Made(Made { name: "fuzz", make });
    let reading = read_logs(&[input], &options(true), &|_| {});
    (reading.lines, reading.malformed, reading.skipped)
}

fn options(is_read: bool) -> Options {
    let format = detect(&[ANCHOR.trim_end().as_bytes()]);
    assert!(format.is_some(), "no format reads the anchor");
    let not_after_s = if is_read { NOW_S + 86_400 } else { 0 };
    Options { format, threads: NonZeroUsize::MIN, ..Options::new(not_after_s) }
}

fn follower(cursors: Vec<Cursor>) -> Follower {
    Follower::new(vec![path()], options(false), cursors).expect("the pattern is one")
}

fn stored(cursor: &Cursor) -> String {
    serde_json::to_string(cursor).expect("a cursor can be stored")
}

fn restored(cursor: &str) -> Cursor {
    serde_json::from_str(cursor).expect("a stored cursor can be read")
}

fn file() -> PathBuf {
    FOLDER.path().join("access.log")
}

fn path() -> String {
    file().to_string_lossy().into_owned()
}

/// A new log.
fn fresh() -> File {
    let _gone = std::fs::remove_file(file());
    OpenOptions::new().append(true).create_new(true).open(file()).expect("it can be made")
}
