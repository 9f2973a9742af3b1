//! What a disk may hold after a power cut, from the trace of a child's writes and syncs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{common::Dice, shim::Stage};

const SECTOR: usize = 512;

/// Cuts the power at each step of a stage's trace, with a random fate for what was not synced, and shows what the
/// disk then holds. Returns the disk after the last step.
pub fn each_power_cut(stage: &Stage, mut visit: impl FnMut(&Disk, &Path)) -> Disk {
    let trace = fs::read(stage.trace()).unwrap();
    let image = stage.folder.path().join("image");
    let mut dice = Dice(20_261_123);
    let mut disk = Disk::default();
    for step in Steps(&trace) {
        disk.take(&step);
        if matches!(step, Step::Write { name: "ack", .. }) {
            continue;
        }
        let fate = [Fate::All, Fate::None, Fate::Some, Fate::Some, Fate::Zeros];
        disk.write_image(&image, fate[dice.below(5) as usize], &mut dice);
        visit(&disk, &image);
    }
    disk
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
struct Steps<'a>(pub &'a [u8]);

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
pub struct Disk {
    sheets: BTreeMap<String, Sheet>,
    /// Files that come back unless the folder is synced.
    removed: BTreeMap<String, Sheet>,
    /// The last number said after `a`.
    pub acked: u64,
    /// Every number said after `t`.
    pub tried: BTreeSet<u64>,
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

/// Makes a folder of these files.
pub fn lay_out(image: &Path, files: &[(&str, &[u8])]) {
    let _ = fs::remove_dir_all(image);
    fs::create_dir(image).unwrap();
    for (name, bytes) in files {
        fs::write(image.join(name), bytes).unwrap();
    }
}
