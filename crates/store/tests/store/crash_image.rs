//! Power cuts: whatever of the unsynced writes reached the disk, a journal opens with all that was acknowledged.
//!
//! A child works under a shim that writes down each write and sync. From this trace, the parent makes what the disk
//! could hold at each moment: everything that was synced, and any 512-byte sectors of the rest, or zeros in their
//! place. What was written before a *failed* sync counts as never synced, even when a later sync succeeds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::Path,
};

use plimsoll_store::{
    journal::{AppendError, Journal, JournalFile},
    secret::SecretChange,
};

use crate::{
    common::{Dice, all, are_known, batch},
    shim::{Stage, data_of_child, fail, heal},
};

const BATCHES: u64 = 150;
const SECTOR: usize = 512;

/// The child: appends, says what it tries (`t`) and what was acknowledged (`a`), and meets failing syncs.
#[test]
fn child() {
    let Some(data) = data_of_child() else { return };
    let file = data.join("journal.db");
    let mut says = fs::File::create(data.join("ack")).unwrap();
    // In one write each, so that no line of the trace is half.
    let mut say = |word, seq: u64| says.write_all(format!("{word} {seq}\n").as_bytes()).unwrap();
    let mut journal = JournalFile::open(&file).unwrap();
    for n in 0..BATCHES {
        let head = journal.head();
        let mut batch = batch(head, 1 + n % 4);
        let (kind, id) = (String::from("token"), String::from("t"));
        match n % 20 {
            5 => batch.secrets.push(SecretChange::Put { kind, id, value: vec![7; 3000] }),
            // Erasing brings a checkpoint.
            11 => batch.secrets.push(SecretChange::Erase { kind, id }),
            _ => {}
        }
        match n {
            33 => fail('s', 0, n),
            71 => fail('s', 1, n),
            111 => fail('s', 2, n),
            _ => {}
        }
        say('t', head.seq + batch.entries.len() as u64);
        match journal.append(head, &batch) {
            Ok(head) => say('a', head.seq),
            Err(error) => assert!(matches!(error, AppendError::Failed(_)), "{error}"),
        }
        if [33, 71, 111].contains(&n) {
            let refused = journal.append(journal.head(), &batch).unwrap_err();
            assert!(matches!(refused, AppendError::Failed(_)), "{refused}");
            drop(journal);
            heal();
            journal = JournalFile::open(&file).unwrap();
            // What is read now may be acted on, so it must stay.
            say('a', journal.head().seq);
        }
    }
}

#[test]
fn every_power_cut_leaves_a_prefix_with_all_that_was_acknowledged() {
    let stage = Stage::new();
    if !stage.run_shimmed("crash_image::child") {
        return;
    }
    let trace = fs::read(stage.trace()).unwrap();
    let mut dice = Dice(20_261_123);
    let mut disk = Disk::default();
    let mut images = 0;
    for step in Steps(&trace) {
        disk.take(&step);
        if matches!(step, Step::Write { name: "ack", .. }) {
            continue;
        }
        let fate = [Fate::All, Fate::None, Fate::Some, Fate::Some, Fate::Zeros];
        let image = stage.folder.path().join("image");
        disk.write_image(&image, fate[dice.below(5) as usize], &mut dice);
        disk.check(&image, images);
        images += 1;
    }
    assert!(images > 500 && disk.acked > 300, "{images} images, {} acknowledged", disk.acked);
    println!("{images} images");
}

/// The log, cut at every byte of the last transactions, holds the transactions before the cut: no more, no less.
#[test]
fn a_log_cut_at_any_byte_holds_the_whole_transactions_before_it() {
    let stage = Stage::new();
    let file = stage.data().join("journal.db");
    let log = stage.data().join("journal.db-wal");
    let mut journal = JournalFile::open(&file).unwrap();
    let mut ends = BTreeMap::new();
    for n in 0..12 {
        journal.append(journal.head(), &batch(journal.head(), 1 + n % 3)).unwrap();
        ends.insert(fs::metadata(&log).unwrap().len(), journal.head().seq);
    }
    let (base, whole) = (fs::read(&file).unwrap(), fs::read(&log).unwrap());
    let image = stage.folder.path().join("image");
    let last: Vec<u64> = ends.keys().rev().take(3).copied().collect();
    for cut in last[2]..=last[0] {
        // Every byte of the last transaction and around each frame's head; a sample of the pages before.
        let in_frame = (cut - 32) % 4120;
        if cut < last[1] && in_frame > 40 && cut % 61 != 0 {
            continue;
        }
        lay_out(&image, &[("journal.db", &base), ("journal.db-wal", &whole[..cut as usize])]);
        let found = JournalFile::open(&image.join("journal.db")).unwrap();
        let expected = ends.range(..=cut).next_back().map_or(0, |(_, seq)| *seq);
        assert_eq!(found.head().seq, expected, "cut at {cut}");
        assert!(are_known(&all(&found)));
    }
}

/// What a step of the trace did.
enum Step<'a> {
    Write { name: &'a str, at: usize, bytes: &'a [u8] },
    Truncate { name: &'a str, length: usize },
    Sync { name: &'a str },
    FailedSync { name: &'a str },
    Remove { name: &'a str },
    Rename { name: &'a str, to: &'a str },
    SyncFolder,
}

/// The steps of a trace.
struct Steps<'a>(&'a [u8]);

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let end = self.0.iter().position(|b| *b == b'\n')?;
        let line = std::str::from_utf8(&self.0[..end]).unwrap();
        self.0 = &self.0[end + 1..];
        let words: Vec<&str> = line.split(' ').collect();
        let name = words.get(1).copied().unwrap_or_default();
        let (name, number) = (name, |n: usize| words[n].parse::<usize>().unwrap());
        Some(match words[0] {
            "W" => {
                let (bytes, rest) = self.0.split_at(number(3));
                self.0 = rest;
                Step::Write { name, at: number(2), bytes }
            }
            "T" => Step::Truncate { name, length: number(2) },
            "S" => Step::Sync { name },
            "F" => Step::FailedSync { name },
            "U" => Step::Remove { name },
            "R" => Step::Rename { name, to: words[2] },
            "D" => Step::SyncFolder,
            other => panic!("unknown step {other}"),
        })
    }
}

/// What happens to what was not synced.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    All,
    None,
    Some,
    Zeros,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// A file as the disk may hold it: what is certain, and what is not.
#[derive(Default)]
struct Sheet {
    synced: Vec<u8>,
    /// Not synced, or lost by a failed sync.
    unsure: Vec<(Change, bool)>,
}

#[derive(Default)]
struct Disk {
    sheets: BTreeMap<String, Sheet>,
    /// Files that come back unless the folder is synced.
    removed: BTreeMap<String, Sheet>,
    acked: u64,
    tried: BTreeSet<u64>,
}

impl Disk {
    fn take(&mut self, step: &Step<'_>) {
        match *step {
            Step::Write { name: "ack", bytes, .. } => {
                self.hear(std::str::from_utf8(bytes).unwrap());
            }
            Step::Write { name, at, bytes } => {
                self.sheet(name).unsure.push((Change::Write(at, bytes.into()), false));
            }
            Step::Truncate { name, length } => {
                self.sheet(name).unsure.push((Change::Truncate(length), false));
            }
            Step::Sync { name } => self.sheet(name).sync(),
            Step::FailedSync { name } => self.sheet(name).fail(),
            Step::Remove { name } => {
                let sheet = self.sheets.remove(name).unwrap();
                self.removed.insert(name.into(), sheet);
            }
            Step::Rename { name, to } => {
                let sheet = self.sheets.remove(name).unwrap();
                self.sheets.insert(to.into(), sheet);
            }
            Step::SyncFolder => self.removed.clear(),
        }
    }

    fn sheet(&mut self, name: &str) -> &mut Sheet {
        self.sheets.entry(name.into()).or_default()
    }

    fn hear(&mut self, text: &str) {
        for line in text.lines() {
            let seq = line[2..].parse().unwrap();
            match &line[..1] {
                "t" => drop(self.tried.insert(seq)),
                _ => self.acked = seq,
            }
        }
    }

    fn write_image(&self, image: &Path, fate: Fate, dice: &mut Dice) {
        let come_back = self.removed.iter().filter(|_| fate != Fate::All);
        let files: Vec<(&str, Vec<u8>)> = come_back
            .chain(&self.sheets)
            .map(|(name, sheet)| (&name[..], sheet.survives(fate, dice)))
            .collect();
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
        lay_out(image, &files);
    }

    fn check(&self, image: &Path, number: u32) {
        let journal = JournalFile::open(&image.join("journal.db"))
            .unwrap_or_else(|error| panic!("image {number}: {error}"));
        let seq = journal.head().seq;
        assert!(seq >= self.acked, "image {number}: {seq} entries, {} acknowledged", self.acked);
        assert!(seq == 0 || self.tried.contains(&seq), "image {number}: {seq} is half a batch");
        let entries = all(&journal);
        assert!(entries.len() as u64 == seq && are_known(&entries), "image {number}");
    }
}

impl Sheet {
    /// What a failed sync lost stays unsure until it is written again: the system takes those pages for written.
    fn sync(&mut self) {
        let (mut lost, sure): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.unsure).into_iter().partition(|(_, lost)| *lost);
        for (change, _) in sure {
            lost.retain(|(old, _)| !covers(&change, old));
            apply(&mut self.synced, &change);
        }
        self.unsure = lost;
    }

    fn fail(&mut self) {
        let changes = std::mem::take(&mut self.unsure).into_iter();
        self.unsure = changes
            .flat_map(|(change, _)| match change {
                Change::Truncate(_) => vec![change],
                Change::Write(at, bytes) => sectors(at, &bytes)
                    .into_iter()
                    .map(|(at, piece)| Change::Write(at, piece.into()))
                    .collect(),
            })
            .map(|change| (change, true))
            .collect();
    }

    fn survives(&self, fate: Fate, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for (change, _) in &self.unsure {
            match (fate, change) {
                (Fate::None, _) => {}
                (Fate::All, _) => apply(&mut bytes, change),
                (_, Change::Truncate(_)) => {
                    if dice.below(2) == 0 {
                        apply(&mut bytes, change);
                    }
                }
                (_, Change::Write(at, written)) => {
                    for (part, piece) in sectors(*at, written) {
                        match (dice.below(2), fate) {
                            (0, _) => apply(&mut bytes, &Change::Write(part, piece.into())),
                            (_, Fate::Zeros) => {
                                apply(&mut bytes, &Change::Write(part, vec![0; piece.len()]));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        bytes
    }
}

fn covers(new: &Change, old: &Change) -> bool {
    match (new, old) {
        (Change::Write(at, new), Change::Write(from, old)) => {
            at <= from && from + old.len() <= at + new.len()
        }
        (Change::Truncate(length), Change::Write(from, _)) => length <= from,
        // Lengths are kept by the file system's own journal, in order.
        (_, Change::Truncate(_)) => true,
    }
}

/// A write in pieces that end where sectors end.
fn sectors(at: usize, mut bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let (mut at, mut pieces) = (at, Vec::new());
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(bytes.len().min(SECTOR - at % SECTOR));
        pieces.push((at, piece));
        (at, bytes) = (at + piece.len(), rest);
    }
    pieces
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, written) => {
            let end = at + written.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*at..end].copy_from_slice(written);
        }
        Change::Truncate(length) => bytes.resize(*length, 0),
    }
}

fn lay_out(image: &Path, files: &[(&str, &[u8])]) {
    let _ = fs::remove_dir_all(image);
    fs::create_dir(image).unwrap();
    for (name, bytes) in files {
        fs::write(image.join(name), bytes).unwrap();
    }
}
