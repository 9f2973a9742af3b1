//! A backup is whole, private, and made beside a running writer.

use std::{fs, os::unix::fs::PermissionsExt};

use plimsoll_store::{
    journal::{Journal, JournalFile, JournalReader},
    secret::SecretChange,
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
