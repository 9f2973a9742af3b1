//! A follower against a writer that does to its files whatever is done to logs.
//!
//! Every line has a number, which is its virtual host. So the counts say by themselves which line was lost, and which
//! was counted twice.

mod faults;
mod limits;
mod logrotate;
mod model;
mod recognition;
mod rotation;

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
};

use flate2::{Compression, write::GzEncoder};
use plimsoll_core::{
    measure::{
        name::By,
        tally::{Cell, Method},
    },
    time::Minute,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::TempDir;

use super::*;

/// 2026-03-02T00:00:00Z.
const START_S: i64 = 1_772_409_600;

/// A line with a number.
fn line(number: u64) -> String {
    let second = number % 86_400;
    format!(
        "n{number}.example 192.0.2.7 - - [02/Mar/2026:{:02}:{:02}:{:02} +0000] \"GET /x HTTP/1.1\" 200 512 \"-\" \"caf\u{e9}\" 0.012\n",
        second / 3600,
        second / 60 % 60,
        second % 60,
    )
}

/// The number of the line that was counted under a name.
fn number(name: &Name) -> Option<u64> {
    name.host.as_deref()?.strip_prefix('n')?.strip_suffix(".example")?.parse().ok()
}

fn lines(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| line(number).into_bytes()).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

/// A folder of logs, a follower of it, and a store of what it brings.
struct Yard {
    folder: TempDir,
    patterns: Vec<String>,
    follower: Follower,
    /// Cursors by key, as they lie in the store.
    cursors: BTreeMap<u64, String>,
    cells: BTreeMap<(Name, Minute), Cell>,
    malformed: u64,
    skipped: u64,
    events: Vec<Event>,
    now_s: i64,
}

fn options() -> Options {
    let method = Method { by: By::Vhost, ..Method::default() };
    Options { method, ..Options::new(0) }
}

impl Yard {
    /// Follows `access.log*`.
    fn new() -> Self {
        Yard::of(&["access.log*"])
    }

    fn of(patterns: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |pattern: &&str| folder.path().join(pattern).to_str().unwrap().to_owned();
        let patterns: Vec<String> = patterns.iter().map(path).collect();
        let follower = Follower::new(patterns.clone(), options(), Vec::new()).unwrap();
        Yard {
            folder,
            patterns,
            follower,
            cursors: BTreeMap::new(),
            cells: BTreeMap::new(),
            malformed: 0,
            skipped: 0,
            events: Vec::new(),
            now_s: START_S + 100_000_000,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn append(&self, name: &str, bytes: &[u8]) {
        self.writer(name).write_all(bytes).unwrap();
    }

    /// Opens a log as a server does.
    fn writer(&self, name: &str) -> File {
        OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap()
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    fn truncate(&self, name: &str) {
        OpenOptions::new().write(true).open(self.path(name)).unwrap().set_len(0).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Does with the outcome of a poll what a server does in one transaction.
    fn store(&mut self, delta: &Delta) {
        for (key, cell) in &delta.cells {
            self.cells.entry(key.clone()).or_default().add(cell);
        }
        self.malformed += delta.malformed;
        self.skipped += delta.skipped;
        self.events.extend(delta.events.iter().cloned());
        for cursor in &delta.cursors {
            self.cursors.insert(cursor.key, serde_json::to_string(cursor).unwrap());
        }
        for key in &delta.dropped {
            self.cursors.remove(key);
        }
    }

    /// Polls once, stores and commits.
    fn poll(&mut self) -> Delta {
        let delta = self.follower.poll(self.now_s, self.now_s);
        let requests: u64 = delta.cells.values().map(Cell::requests).sum();
        assert_eq!(delta.lines, requests + delta.malformed + delta.skipped);
        self.store(&delta);
        self.follower.commit();
        delta
    }

    /// Ends the process, and begins another.
    fn restart(&mut self) {
        let cursors = self.cursors.values().map(|text| serde_json::from_str(text).unwrap());
        self.follower = Follower::new(self.patterns.clone(), options(), cursors.collect()).unwrap();
    }

    /// Polls until nothing more can come, also of lines that are not finished.
    fn settle(&mut self) {
        for _ in 0..4 {
            self.now_s += 400;
            while self.poll().is_more {}
        }
    }

    /// How often each line was counted. Each stands in its minute.
    fn counts(&self) -> BTreeMap<u64, u64> {
        let mut counts = BTreeMap::new();
        for ((name, minute), cell) in &self.cells {
            if let Some(number) = number(name) {
                let expected = Minute::of_second(START_S + (number % 86_400) as i64);
                assert_eq!(*minute, expected, "{number}");
                *counts.entry(number).or_default() += cell.requests();
            }
        }
        counts
    }

    /// How many requests were counted that are not whole lines.
    fn torn(&self) -> u64 {
        let torn = self.cells.iter().filter(|((name, _), _)| number(name).is_none());
        torn.map(|(_, cell)| cell.requests()).sum()
    }

    /// Says that exactly these lines were counted, each once.
    #[track_caller]
    fn expect(&self, numbers: impl IntoIterator<Item = u64>) {
        let counts = self.counts();
        let expected: BTreeMap<u64, u64> = numbers.into_iter().map(|number| (number, 1)).collect();
        let wrong: Vec<_> = expected
            .keys()
            .chain(counts.keys())
            .filter(|number| counts.get(number) != expected.get(number))
            .map(|number| (number, counts.get(number).unwrap_or(&0)))
            .take(20)
            .collect();
        assert_eq!(wrong, [], "lines that were not counted once");
        assert_eq!(self.torn(), 0);
    }
}
