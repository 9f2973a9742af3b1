//! A backup is whole, private, and made beside a running writer.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use plimsoll_core::{
    measure::slot::Slot,
    time::{Minute, Span},
};
use plimsoll_store::{
    Durability,
    backup::{self, Backup},
    folder::{Folder, FolderError},
    journal::{Journal, JournalFile, JournalReader},
    secret::SecretChange,
    slots::{Cursor, SlotBatch, SlotFile, SlotStore, Write},
};
use tempfile::tempdir;

use crate::common::{all, append, are_known, batch};

#[test]
fn a_backup_is_taken_while_the_journal_grows() {
    let folder = tempdir().unwrap();
    let (file, copy) = (folder.path().join("journal.db"), folder.path().join("copy.db"));
    let mut journal = JournalFile::open(&file).unwrap();
    let mut first = batch(journal.head(), 300);
    let (kind, id, value) = ("token".into(), "t".into(), b"kept".to_vec());
    first.secrets = vec![SecretChange::Put { kind, id, value }];
    let head = journal.append(journal.head(), &first).unwrap();
    let reader = journal.reader().unwrap();
    let at = copy.clone();
    let backup = std::thread::spawn(move || reader.backup(&at));
    for _ in 0..50 {
        append(&mut journal, 2);
    }
    let copied = backup.join().unwrap().unwrap();
    assert!(copied.seq >= head.seq && copied.seq <= journal.head().seq);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    for beside in ["copy.db-wal", "copy.db-shm", "copy.db.partial"] {
        assert!(!folder.path().join(beside).exists(), "{beside}");
    }
    let mut restored = JournalFile::open(&copy).unwrap();
    assert_eq!(restored.head(), copied);
    assert_eq!(restored.secret("token", "t").unwrap().unwrap(), b"kept");
    append(&mut restored, 5);
    assert!(are_known(&all(&restored)));
    append(&mut journal, 1);
    assert!(are_known(&all(&journal)));
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_of_a_damaged_journal() {
    let folder = tempdir().unwrap();
    let (file, copy) = (folder.path().join("journal.db"), folder.path().join("copy.db"));
    let mut journal = JournalFile::open(&file).unwrap();
    append(&mut journal, 9);
    let reader = journal.reader().unwrap();
    fs::write(&copy, "mine").unwrap();
    assert!(reader.backup(&copy).unwrap_err().to_string().contains("exists already"));
    assert_eq!(fs::read(&copy).unwrap(), b"mine");
    fs::remove_file(&copy).unwrap();
    let sql = rusqlite::Connection::open(&file).unwrap();
    sql.execute("UPDATE entry SET actor = '1' WHERE seq = 4", []).unwrap();
    let error = reader.backup(&copy).unwrap_err().to_string();
    assert!(error.contains("entry 4 is damaged"), "{error}");
    assert!(!copy.exists() && !folder.path().join("copy.db.partial").exists());
    let slots = SlotFile::open(&folder.path().join("slots.db")).unwrap();
    let to = folder.path().join("backup");
    let error = backup::take(&reader, &slots.reader().unwrap(), &to).unwrap_err();
    assert!(error.to_string().contains("entry 4 is damaged"), "{error}");
    assert!(!to.exists());
}

#[test]
fn a_folder_comes_back_from_its_backup() {
    let parent = tempdir().unwrap();
    let folder = Folder::lock(&parent.path().join("data")).unwrap();
    let mut journal = JournalFile::open(&folder.journal()).unwrap();
    let mut slots = SlotFile::open(&folder.slots()).unwrap();
    let head = append(&mut journal, 40);
    let minutes = [(Minute(7), Slot::measured(5, 1))];
    let batches = [SlotBatch { source: 1, sli: 2, generation: 1, slots: &minutes }];
    let cursors = [Cursor { source: 1, name: "a.log", position: Some(b"9") }];
    slots
        .write(
            &[Write { batches: &batches, cursors: &cursors, ..Write::default() }],
            Durability::Lazy,
        )
        .unwrap();
    let to = parent.path().join("backup");
    let taken = backup::take(&journal.reader().unwrap(), &slots.reader().unwrap(), &to).unwrap();
    assert_eq!(taken, Backup { head, holes: Vec::new() });
    let again =
        backup::take(&journal.reader().unwrap(), &slots.reader().unwrap(), &to).unwrap_err();
    assert!(again.to_string().contains("exists already"), "{again}");

    let restore = |name: &str| backup::restore(&to, &parent.path().join(name));
    let refused = restore("data").unwrap_err();
    assert!(matches!(refused, FolderError::InUse { .. }), "{refused}");
    assert_eq!(folder.check_journal(), Ok(()));
    drop(folder);
    assert!(restore("data").unwrap_err().to_string().contains("exists already"));
    assert_eq!(restore("other").unwrap(), taken);
    let other = Folder::lock(&parent.path().join("other")).unwrap();
    let mut restored = JournalFile::open(&other.journal()).unwrap();
    append(&mut restored, 3);
    assert!(are_known(&all(&restored)));
    let restored = SlotFile::open(&other.slots()).unwrap();
    let reads = restored.reads().unwrap();
    let span = Span::new(Minute(7), Minute(8));
    assert_eq!(reads.series(1, 2, span).unwrap().slots, [Slot::measured(5, 1)]);
    assert_eq!(reads.cursors(1).unwrap(), [("a.log".to_owned(), b"9".to_vec())]);

    fs::remove_file(to.join("journal.db")).unwrap();
    let refused = restore("last").unwrap_err().to_string();
    assert!(refused.contains("journal.db: there is no such file"), "{refused}");
    assert!(!parent.path().join("last").exists());
}

/// A backup whose journal is sound and whose slots are not.
fn damaged_backup(parent: &Path) -> PathBuf {
    let (from, to) = (parent.join("data"), parent.join("backup"));
    let folder = Folder::lock(&from).unwrap();
    let mut journal = JournalFile::open(&folder.journal()).unwrap();
    append(&mut journal, 4);
    let slots = SlotFile::open(&folder.slots()).unwrap();
    backup::take(&journal.reader().unwrap(), &slots.reader().unwrap(), &to).unwrap();
    let file = to.join("slots.db");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xff);
    fs::write(&file, bytes).unwrap();
    to
}

#[test]
fn a_restore_that_fails_names_the_backup_and_takes_away_what_it_made_and_no_more() {
    let parent = tempdir().unwrap();
    let from = damaged_backup(parent.path());
    let at = |name: &str| parent.path().join(name);
    let names = |folder: &Path| -> Vec<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    let refused = backup::restore(&from, &at("around/new")).unwrap_err().to_string();
    let file = from.join("slots.db");
    assert!(refused.starts_with(&format!("{}: damaged", file.display())), "{refused}");
    assert!(!at("around").exists());
    fs::create_dir(at("empty")).unwrap();
    backup::restore(&from, &at("empty")).unwrap_err();
    assert_eq!(names(&at("empty")), [""; 0]);
    drop(Folder::lock(&at("taken before")).unwrap());
    backup::restore(&from, &at("taken before")).unwrap_err();
    assert_eq!(names(&at("taken before")), ["lock"]);
    fs::create_dir(at("other")).unwrap();
    fs::write(at("other/letter"), "dear").unwrap();
    backup::restore(&from, &at("other")).unwrap_err();
    assert_eq!(names(&at("other")), ["letter"]);
}

/// As a restore leaves it that is killed in between.
#[test]
fn a_folder_that_got_its_slots_and_no_journal_is_not_begun_anew() {
    for left in ["slots.db.partial", "slots.db"] {
        let parent = tempdir().unwrap();
        let folder = Folder::lock(&parent.path().join("data")).unwrap();
        assert_eq!(folder.check_journal(), Ok(()));
        fs::write(folder.path().join(left), "some").unwrap();
        for journal in [None, Some("")] {
            if let Some(bytes) = journal {
                fs::write(folder.journal(), bytes).unwrap();
            }
            let said = folder.check_journal().unwrap_err().to_string();
            assert!(said.contains("journal.db: gone") && said.contains(left), "{said}");
        }
        drop(JournalFile::open(&folder.journal()).unwrap());
        assert_eq!(folder.check_journal(), Ok(()));
    }
}

#[test]
fn a_closed_journal_can_be_read_where_nothing_may_be_written() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    crate::common::journal_of(&file, 20);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let head = JournalReader::open(&file).unwrap().verify(|_| {}).unwrap();
    assert_eq!(head.seq, 20);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}
