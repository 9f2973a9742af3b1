//! kill -9, hundreds of times, while a child appends: nothing acknowledged is missing.

use std::{
    io::{BufRead, BufReader, Read, Write},
    time::{Duration, Instant},
};

use plimsoll_store::{
    folder::Folder,
    journal::{Journal, JournalFile},
};

use crate::{
    common::{Dice, all, are_known, batch},
    shim::{Stage, data_of_child},
};

const KILLS: u32 = 300;
/// Enough of it; a slow machine kills less often.
const TIME_MAX: Duration = Duration::from_secs(15);

/// The child: takes the folder, appends without end, and prints each acknowledged entry.
#[test]
fn child() {
    let Some(data) = data_of_child() else { return };
    let folder = Folder::lock(&data).unwrap();
    folder.announce("127.0.0.1:1").unwrap();
    let mut journal = JournalFile::open(&folder.journal()).unwrap();
    let mut out = std::io::stdout();
    for n in 0.. {
        let head = journal.append(journal.head(), &batch(journal.head(), 1 + n % 5)).unwrap();
        // Straight to the pipe: what is printed was acknowledged.
        out.write_all(format!("\nacked {}\n", head.seq).as_bytes()).unwrap();
        out.flush().unwrap();
        // Not all day, should nobody be there to kill it.
        if n > 5000 {
            return;
        }
    }
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    let stage = Stage::new();
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("data");
    let mut dice = Dice(9);
    let (mut kills, mut newest, begun) = (0, 0, Instant::now());
    while kills < KILLS && begun.elapsed() < TIME_MAX {
        let mut child = stage.child("kill::child").env("SHIM_DIR", &path).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acked = |line: &str| line.strip_prefix("acked ").map(|seq| seq.parse::<u64>().unwrap());
        // Some children are killed while they open the journal, others after a few acknowledgements.
        let mut before_kill = dice.below(12);
        while before_kill > 0 {
            if let Some(seq) = acked(&lines.next().unwrap().unwrap()) {
                (newest, before_kill) = (seq, before_kill - 1);
            }
        }
        for n in 0..dice.below(60_000) {
            std::hint::black_box(n);
        }
        child.kill().unwrap();
        newest =
            lines.map_while(Result::ok).filter_map(|line| acked(&line)).last().unwrap_or(newest);
        child.wait().unwrap();
        kills += 1;

        if kills % 3 == 0 {
            let folder = Folder::lock(&path).unwrap();
            let journal = JournalFile::open(&folder.journal()).unwrap();
            let seq = journal.head().seq;
            assert!(seq >= newest, "kill {kills}: {seq} entries, {newest} acknowledged");
            let entries = all(&journal);
            assert!(entries.len() as u64 == seq && are_known(&entries), "kill {kills}");
        }
    }
    println!("{kills} kills, {newest} entries");
    assert!(kills >= 20 && newest > 50);
}

/// The second opener is another process, as in life.
#[test]
fn a_folder_is_free_again_when_its_owner_was_killed() {
    let stage = Stage::new();
    let mut child = stage.child("kill::child").spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut lines = BufReader::new(&mut out).lines();
    while !lines.next().unwrap().unwrap().starts_with("acked") {}
    let refused = Folder::lock(&stage.data()).unwrap_err().to_string();
    assert!(refused.contains(&format!("process {}", child.id())), "{refused}");
    assert!(refused.contains("listens on 127.0.0.1:1"), "{refused}");
    child.kill().unwrap();
    out.read_to_end(&mut Vec::new()).unwrap();
    child.wait().unwrap();
    Folder::lock(&stage.data()).unwrap();
}
