//! Power cuts: whatever of the unsynced writes reached the disk, a journal opens with all that was acknowledged.
//!
//! A child works under a shim that writes down each write and sync. From this trace, the parent makes what the disk
//! could hold at each moment: everything that was synced, and any 512-byte sectors of the rest, or zeros in their
//! place. What was written before a *failed* sync counts as never synced, even when a later sync succeeds.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use plimsoll_store::{
    journal::{AppendError, Journal, JournalFile},
    secret::SecretChange,
};

use crate::{
    common::{all, are_known, batch},
    disk::{Disk, each_power_cut, lay_out},
    shim::{Stage, data_of_child, fail, heal},
};

const BATCHES: u64 = 150;

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
    let mut images = 0;
    let disk = each_power_cut(&stage, |disk, image| {
        check(disk, image, images);
        images += 1;
    });
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

fn check(disk: &Disk, image: &Path, number: u32) {
    let journal = JournalFile::open(&image.join("journal.db"))
        .unwrap_or_else(|error| panic!("image {number}: {error}"));
    let seq = journal.head().seq;
    assert!(seq >= disk.acked, "image {number}: {seq} entries, {} acknowledged", disk.acked);
    assert!(seq == 0 || disk.tried.contains(&seq), "image {number}: {seq} is half a batch");
    let entries = all(&journal);
    assert!(entries.len() as u64 == seq && are_known(&entries), "image {number}");
}
