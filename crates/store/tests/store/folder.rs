//! A folder has one owner, and others see nothing of it.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use plimsoll_store::{
    folder::{Folder, FolderError, Owner},
    journal::{JournalFile, JournalReader},
};
use tempfile::tempdir;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_owner_is_refused_and_told_whom_to_ask() {
    let parent = tempdir().unwrap();
    let path = parent.path().join("deep/data");
    let folder = Folder::lock(&path).unwrap();
    let pid = Some(std::process::id());
    let refused = Folder::lock(&path).unwrap_err();
    let owner = Owner { address: None, pid };
    assert_eq!(refused, FolderError::InUse { folder: path.clone(), owner });
    for address in ["http://127.0.0.1:4650", "http://[::1]:1"] {
        folder.announce(address).unwrap();
        let refused = Folder::lock(&path).unwrap_err();
        let owner = Owner { address: Some(address.into()), pid };
        assert_eq!(refused, FolderError::InUse { folder: path.clone(), owner });
        let text = refused.to_string();
        assert!(text.contains(address) && text.contains(&std::process::id().to_string()), "{text}");
    }
    drop(folder);
    let folder = Folder::lock(&path).unwrap();
    let refused = Folder::lock(&path).unwrap_err();
    assert!(!refused.to_string().contains("127.0.0.1"), "{refused}");
    drop(folder);
}

#[test]
fn an_unreadable_lock_file_still_locks() {
    let parent = tempdir().unwrap();
    let folder = Folder::lock(&parent.path().join("d")).unwrap();
    for junk in [&b""[..], b"\xff\xfe\x00", b"-1\n\n\n", &[b'9'; 5000]] {
        fs::write(folder.path().join("lock"), junk).unwrap();
        let refused = Folder::lock(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("in use by another process"), "{refused}");
    }
}

#[test]
fn a_folder_is_closed_to_others_and_somebody_elses_is_not_touched() {
    let parent = tempdir().unwrap();
    let (open, home) = (parent.path().join("open"), parent.path().join("home"));
    for path in [&open, &home] {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(home.join("letter.txt"), "Dear").unwrap();
    let folder = Folder::lock(&open).unwrap();
    assert_eq!((mode(&open), mode(&open.join("lock"))), (0o700, 0o600));
    assert_eq!(folder.journal(), open.join("journal.db"));
    let refused = Folder::lock(&home).unwrap_err().to_string();
    assert!(refused.contains("letter.txt") && refused.contains("empty folder"), "{refused}");
    assert_eq!(mode(&home), 0o755);
    assert!(!home.join("lock").exists());
}

#[test]
fn the_token_is_the_owners_alone() {
    let parent = tempdir().unwrap();
    let folder = Folder::lock(&parent.path().join("d")).unwrap();
    let file = folder.path().join("local.token");
    assert_eq!(Folder::token(folder.path()).unwrap(), None);
    for token in ["first", "second"] {
        folder.keep_token(token).unwrap();
        assert_eq!(Folder::token(folder.path()).unwrap().as_deref(), Some(token));
        assert_eq!(mode(&file), 0o600);
    }
    // What is no text is no trouble of the disk, only no token.
    fs::write(&file, b"\xff\x00local").unwrap();
    assert!(Folder::token(folder.path()).unwrap().unwrap().ends_with("local"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Folder::token(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("0640") && refused.contains("Delete it"), "{refused}");
}

#[test]
fn a_path_that_is_a_file_is_refused() {
    let parent = tempdir().unwrap();
    let path = parent.path().join("file");
    fs::write(&path, "x").unwrap();
    let refused = Folder::lock(&path).unwrap_err().to_string();
    assert!(refused.contains("file"), "{refused}");
}

/// A process that closes a file loses its locks on it, whoever in it took them. Without these another program takes
/// itself for the last one at the file, and removes the log with what was acknowledged.
#[test]
fn readers_that_come_and_go_leave_the_locks_of_the_writer() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let journal = JournalFile::open(&file).unwrap();
    let inode = format!(":{} ", fs::metadata(&file).unwrap().ino());
    let locks = || {
        let all = fs::read_to_string("/proc/locks").unwrap();
        all.lines().filter(|line| line.contains(&inode)).count()
    };
    let held = locks();
    assert!(held > 0);
    for _ in 0..3 {
        drop(JournalReader::open(&file).unwrap());
        assert_eq!(locks(), held);
    }
    // A writer that is opened anew, while the one that failed is still there.
    let again = JournalFile::open(&file).unwrap();
    drop(journal);
    assert_eq!(locks(), held);
    drop(again);
}
