//! Full disks, failing disks, files that may not be written: clear errors, nothing lost, and it goes on afterwards.

use std::{fs, os::unix::process::CommandExt, path::Path, process::Command};

use plimsoll_store::{
    Error,
    journal::{AppendError, Batch, Journal, JournalFile},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    common::{all, append, are_known, batch},
    shim::{Stage, data_of_child, fail, heal},
};

/// Whether the journal holds the known entries, all that were acknowledged among them, and can go on.
fn goes_on(journal: &mut JournalFile, acked: u64) {
    assert!(journal.head().seq >= acked, "{} of {acked}", journal.head().seq);
    append(journal, 3);
    let entries = all(journal);
    assert!(entries.len() as u64 == journal.head().seq && are_known(&entries));
}

/// Each of the first calls of an append fails once, in each way.
#[test]
fn child_with_failing_calls() {
    let Some(data) = data_of_child() else { return };
    let file = data.join("journal.db");
    let mut journal = JournalFile::open(&file).unwrap();
    let (mut acked, mut nonce) = (append(&mut journal, 5).seq, 0);
    let mut met = [0; 4];
    for mode in ['f', 'h', 'r', 'w', 's'] {
        for skip in 0..12 {
            nonce += 1;
            fail(mode, skip, nonce);
            match journal.append(journal.head(), &batch(journal.head(), 4)) {
                Ok(head) => {
                    acked = head.seq;
                    met[0] += 1;
                }
                Err(AppendError::Full(error)) => {
                    assert!(
                        "fh".contains(mode) && error.to_string().contains("disk is full"),
                        "{error}"
                    );
                    assert_eq!(journal.head().seq, acked);
                    met[1] += 1;
                }
                Err(AppendError::Failed(error)) => {
                    assert!("rws".contains(mode), "{mode} {error}");
                    let again = journal.append(journal.head(), &Batch::default()).unwrap_err();
                    assert!(
                        matches!(again, AppendError::Failed(Error::Poisoned { .. })),
                        "{again}"
                    );
                    assert!(matches!(journal.read(0, 1), Err(Error::Poisoned { .. })));
                    assert!(matches!(journal.forget_replies(1), Err(Error::Poisoned { .. })));
                    drop(journal);
                    // While the trouble lasts, opening either works or says what is wrong.
                    if let Err(error) = JournalFile::open(&file) {
                        assert!(error.to_string().contains("journal.db"), "{error}");
                    }
                    heal();
                    journal = JournalFile::open(&file).unwrap();
                    met[2] += 1;
                    goes_on(&mut journal, acked);
                    acked = journal.head().seq;
                    continue;
                }
                Err(error) => panic!("{mode} {skip}: {error}"),
            }
            heal();
            goes_on(&mut journal, acked);
            acked = journal.head().seq;
        }
    }
    assert!(met[0] > 3 && met[1] > 3 && met[2] > 3, "{met:?}");
}

#[test]
fn a_call_that_fails_anywhere_in_an_append_loses_nothing() {
    Stage::new().run_shimmed("fault::child_with_failing_calls");
}

/// Each of the first writes of a copy meets a full disk.
#[test]
fn child_with_a_full_target() {
    let Some(data) = data_of_child() else { return };
    let (file, copy) = (data.join("journal.db"), data.join("copy.db"));
    let mut journal = JournalFile::open(&file).unwrap();
    append(&mut journal, 90);
    let reader = journal.reader().unwrap();
    for skip in 0..6 {
        fail('f', skip, skip);
        let refused = reader.backup(&copy).unwrap_err();
        heal();
        assert_eq!(refused, Error::Full { file: copy.clone() });
        assert!(!copy.exists() && !data.join("copy.db.partial").exists());
    }
    assert_eq!(reader.backup(&copy), Ok(journal.head()));
}

#[test]
fn a_full_disk_is_that_of_the_copy_where_the_copy_finds_no_room() {
    Stage::new().run_shimmed("fault::child_with_a_full_target");
}

/// The limit on a file's size stands for a full disk or a quota; it is lifted in the end.
#[test]
fn child_with_a_limit() {
    let Some(data) = data_of_child() else { return };
    if getrlimit(Resource::Fsize).current.is_none() {
        return;
    }
    let file = data.join("journal.db");
    let mut journal = JournalFile::open(&file).unwrap();
    let mut acked = 0;
    let error = loop {
        match journal.append(journal.head(), &batch(journal.head(), 2)) {
            Ok(head) => acked = head.seq,
            Err(error) => break error,
        }
    };
    assert!(acked > 5, "{acked}");
    assert!(matches!(error, AppendError::Failed(_) | AppendError::Full(_)), "{error}");
    assert!(error.to_string().contains("journal.db"), "{error}");
    drop(journal);
    let hard = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: hard, maximum: hard }).unwrap();
    goes_on(&mut JournalFile::open(&file).unwrap(), acked);
}

#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    let stage = Stage::new();
    let child = stage.child("fault::child_with_a_limit");
    let mut shell = Command::new("sh");
    // Without the signal, which would end the child, the write fails. 100 blocks of 512 bytes or 1 KiB.
    shell.args(["-c", "trap '' XFSZ && ulimit -S -f 200 && exec \"$@\"", "sh"]);
    shell.arg(child.get_program()).args(child.get_args()).env("SHIM_DIR", stage.data());
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// A file system of one megabyte, filled to the brim and emptied again.
#[test]
fn a_full_file_system_loses_nothing() {
    let stage = Stage::new();
    let Some(small) = SmallDisk::mount(&stage.data()) else {
        println!("skipped: a file system can be mounted by root only");
        return;
    };
    let file = small.0.join("journal.db");
    let mut journal = JournalFile::open(&file).unwrap();
    let mut acked = append(&mut journal, 30).seq;
    let ballast = small.0.join("ballast");
    let _ = fs::write(&ballast, vec![1; 4 << 20]);
    let mut full = 0;
    for _ in 0..200 {
        match journal.append(journal.head(), &batch(journal.head(), 3)) {
            Ok(head) => acked = head.seq,
            Err(AppendError::Full(error)) => {
                assert!(error.to_string().contains("Free some space"), "{error}");
                full += 1;
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(journal.head().seq, acked);
    }
    assert!(full > 0);
    fs::remove_file(&ballast).unwrap();
    goes_on(&mut journal, acked);
    acked = journal.head().seq;
    drop(journal);
    goes_on(&mut JournalFile::open(&file).unwrap(), acked);
}

struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| SmallDisk(at.into()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

/// As somebody who may not write.
#[test]
fn child_that_may_not_write() {
    let Some(data) = data_of_child() else { return };
    for error in [
        JournalFile::open(&data.join("journal.db")).unwrap_err().to_string(),
        plimsoll_store::folder::Folder::lock(&data).unwrap_err().to_string(),
    ] {
        assert!(error.contains("may not be written to"), "{error}");
    }
    let reader = plimsoll_store::journal::JournalReader::open(&data.join("journal.db")).unwrap();
    assert_eq!(reader.verify(|_| {}).unwrap().seq, 7);
    println!("refused well");
}

#[test]
fn a_folder_that_may_not_be_written_to_is_refused_and_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new();
    let data = stage.data();
    crate::common::journal_of(&data.join("journal.db"), 7);
    let set =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(stage.folder.path(), 0o755);
    set(&data.join("journal.db"), 0o444);
    set(&data, 0o555);
    let mut child = stage.child("fault::child_that_may_not_write");
    if rustix::process::geteuid().is_root() {
        child.uid(65_534).gid(65_534);
    }
    // The program itself may lie where only root can reach it.
    match child.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && text.contains("refused well"), "{text}");
        }
        Err(error) => println!("skipped: another user cannot run this program ({error})"),
    }
    set(&data, 0o755);
}
