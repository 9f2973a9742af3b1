//! Damage is found, and named.

use std::{fs, path::Path};

use plimsoll_store::{
    Damage, Error, Place,
    journal::{Entry, Journal, JournalFile, JournalReader},
};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{Dice, all, append, are_known, journal_of};

/// What verification says of a file.
fn verified(file: &Path) -> Result<u64, Error> {
    JournalReader::open(file)?.verify(|_| {}).map(|head| head.seq)
}

fn place(error: &Error) -> Option<Place> {
    match error {
        Error::Damaged(Damage { place, .. }) => Some(*place),
        _ => None,
    }
}

/// Every byte of every column of an entry, each changed by one bit.
#[test]
fn a_changed_bit_anywhere_in_an_entry_names_it() {
    const ENTRY: i64 = 4;
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 6);
    let sql = Connection::open(&file).unwrap();
    let mut flipped = 0;
    for column in ["actor", "event", "hash"] {
        let query = format!("SELECT CAST({column} AS BLOB) FROM entry WHERE seq = $1");
        let whole: Vec<u8> = sql.query_row(&query, [ENTRY], |r| r.get(0)).unwrap();
        let kind = if column == "hash" { "BLOB" } else { "TEXT" };
        let update = format!("UPDATE entry SET {column} = CAST($1 AS {kind}) WHERE seq = $2");
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            sql.execute(&update, (bytes, ENTRY)).unwrap();
            assert_eq!(
                place(&verified(&file).unwrap_err()),
                Some(Place::Entry(4)),
                "{column} {at}"
            );
            flipped += 1;
        }
        sql.execute(&update, (whole, ENTRY)).unwrap();
    }
    assert!(flipped > 80);
    for bit in 0..63 {
        let toggle = "UPDATE entry SET at_ms = (at_ms | $1) - (at_ms & $1) WHERE seq = $2";
        sql.execute(toggle, (1_i64 << bit, ENTRY)).unwrap();
        assert_eq!(place(&verified(&file).unwrap_err()), Some(Place::Entry(4)), "at_ms {bit}");
        sql.execute(toggle, (1_i64 << bit, ENTRY)).unwrap();
    }
    assert_eq!(verified(&file), Ok(6));
}

#[test]
fn an_entry_that_was_taken_out_exchanged_or_rewritten_is_named() {
    let cases = [
        ("DELETE FROM entry WHERE seq = 3", 3),
        ("DELETE FROM entry WHERE seq = 1", 1),
        ("UPDATE entry SET seq = 7 WHERE seq = 5", 5),
        ("UPDATE entry SET event = (SELECT event FROM entry WHERE seq = 2) WHERE seq = 4", 4),
        ("UPDATE entry SET seq = -2 WHERE seq = 2", 2),
    ];
    for (harm, seq) in cases {
        let folder = tempdir().unwrap();
        let file = folder.path().join("journal.db");
        journal_of(&file, 6);
        Connection::open(&file).unwrap().execute(harm, []).unwrap();
        let error = verified(&file).unwrap_err();
        assert_eq!(place(&error), Some(Place::Entry(seq)), "{harm}");
        let text = error.to_string();
        assert!(
            text.contains("journal.db") && text.contains(&format!("entry {seq} is damaged")),
            "{text}"
        );
        assert!(text.contains("restore the newest backup"), "{text}");
    }
}

/// A byte of the file, wherever it is, either changes nothing that can be read or is found.
#[test]
fn a_changed_byte_anywhere_in_the_file_is_found_or_harmless() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 60);
    let whole = fs::read(&file).unwrap();
    let hurt = folder.path().join("hurt.db");
    let mut dice = Dice(7);
    let mut found = 0;
    for _ in 0..1500 {
        let at = dice.below(whole.len() as u64) as usize;
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << dice.below(8);
        fs::write(&hurt, &bytes).unwrap();
        let _ = fs::remove_file(folder.path().join("hurt.db-wal"));
        match JournalReader::open(&hurt).and_then(|reader| {
            reader.verify(|_| {})?;
            reader.read(0, 1000)
        }) {
            Ok(entries) => assert!(are_known(&entries) && entries.len() == 60, "byte {at}"),
            Err(_) => found += 1,
        }
    }
    assert!(found > 300, "{found}");
}

/// The bytes of an entry in the file itself, as a failing disk would change them.
#[test]
fn a_changed_byte_of_an_entry_in_the_file_names_it_when_the_journal_is_replayed() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 8);
    let whole = fs::read(&file).unwrap();
    let entry: &Entry = &JournalReader::open(&file).unwrap().read(4, 1).unwrap()[0];
    let cell = [entry.actor.as_bytes(), entry.event.as_bytes(), &entry.hash].concat();
    let start =
        whole.windows(cell.len()).position(|w| w == cell).expect("an entry lies in one piece");
    let hurt = folder.path().join("hurt.db");
    for at in start..start + cell.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        fs::write(&hurt, &bytes).unwrap();
        let journal = JournalFile::open(&hurt).unwrap();
        assert!(are_known(&journal.read(0, 4).unwrap()));
        let error = journal.read(0, 100).unwrap_err();
        assert_eq!(place(&error), Some(Place::Entry(5)), "byte {at}: {error}");
    }
}

#[test]
fn a_damaged_newest_entry_is_refused_at_once() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 5);
    let sql = Connection::open(&file).unwrap();
    sql.execute("UPDATE entry SET event = '{}' WHERE seq = 5", []).unwrap();
    drop(sql);
    assert_eq!(place(&JournalFile::open(&file).unwrap_err()), Some(Place::Entry(5)));
}

/// Whoever reads from the middle is told of the first damaged entry, for those before it are called sound.
#[test]
fn of_several_damaged_entries_the_first_is_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 7);
    let sql = Connection::open(&file).unwrap();
    let reader = JournalReader::open(&file).unwrap();
    for seq in [6, 3] {
        sql.execute("UPDATE entry SET event = '{}' WHERE seq = $1", [seq as i64]).unwrap();
        let error = reader.read(5, 10).unwrap_err();
        assert_eq!(place(&error), Some(Place::Entry(seq)), "{error}");
    }
    sql.execute("UPDATE entry SET event = '{}' WHERE seq = 7", []).unwrap();
    assert_eq!(place(&JournalFile::open(&file).unwrap_err()), Some(Place::Entry(3)));
}

/// A file that ends early, anywhere, is never taken for a shorter journal: neither by who reads nor by who writes.
#[test]
fn a_cut_file_is_found() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 60);
    let whole = fs::read(&file).unwrap();
    let cut = folder.path().join("cut.db");
    // A file of one byte counts as empty: some systems allow no other.
    for length in (2..whole.len()).step_by(509).chain([whole.len() - 1]) {
        fs::write(&cut, &whole[..length]).unwrap();
        let found = [verified(&cut).unwrap_err(), JournalFile::open(&cut).unwrap_err()];
        for error in found {
            let is_said = matches!(error, Error::Damaged(_) | Error::NotOurs { .. });
            assert!(is_said, "{length} of {} bytes: {error}", whole.len());
        }
    }
}

#[test]
fn a_file_without_a_byte_is_no_sound_journal() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    fs::write(&file, "").unwrap();
    let error = verified(&file).unwrap_err();
    assert_eq!(place(&error), Some(Place::Elsewhere), "{error}");
    let said = error.to_string();
    assert!(said.contains("no journal is in it") && said.contains("restore the newest"), "{said}");
}

#[test]
fn reading_on_after_a_repair_needs_no_more_than_the_restored_file() {
    let folder = tempdir().unwrap();
    let (file, backup) = (folder.path().join("journal.db"), folder.path().join("backup.db"));
    journal_of(&file, 5);
    JournalReader::open(&file).unwrap().backup(&backup).unwrap();
    fs::write(&file, b"nothing of it is left").unwrap();
    assert!(JournalFile::open(&file).is_err());
    fs::rename(&backup, &file).unwrap();
    let mut journal = JournalFile::open(&file).unwrap();
    append(&mut journal, 3);
    assert!(are_known(&all(&journal)));
    assert_eq!(journal.head().seq, 8);
}
