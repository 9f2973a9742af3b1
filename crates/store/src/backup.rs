//! Copies of a folder and of its files that are whole, or not there.
//!
//! A copy grows under another name, is synced and verified, and only then gets the name it was asked for.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, backup::Backup as Pages, ffi};

use crate::{
    error::Error,
    folder::{Folder, FolderError, JOURNAL, Lacking, SLOTS},
    journal::{Head, JournalReader},
    slots::{Hole, SlotReader},
    sqlite::{beside, sync_folder},
};

/// What a backup or a restored folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The newest entry of its journal.
    pub head: Head,
    /// Damaged slots that were copied along.
    pub holes: Vec<Hole>,
}

/// Copies a folder's journal, secrets and slots into a new folder `to`, beside a running writer. Nobody else may
/// look into it. The journal comes last: it knows every number that the slots use, and a folder without it is no
/// backup.
///
/// # Errors
/// When `to` is there, when it cannot be written, or when the journal is damaged: which entry, and what to do.
pub fn take(journal: &JournalReader, slots: &SlotReader, to: &Path) -> Result<Backup, Error> {
    DirBuilder::new()
        .mode(0o700)
        .create(to)
        .map_err(|e| Error::of_io(to, "make the folder of the backup", &e))?;
    let done = slots.backup(&to.join(SLOTS)).and_then(|holes| {
        let head = journal.backup(&to.join(JOURNAL))?;
        sync_folder(to)?;
        Ok(Backup { head, holes })
    });
    if done.is_err() {
        remove_partial(&to.join(SLOTS));
        remove_partial(&to.join(JOURNAL));
        // Whatever else is in it stays, and the folder with it.
        let _ = fs::remove_dir(to);
    }
    done
}

/// Makes the folder `to` of a backup, or fills one that holds no journal and no slots yet. The backup is only read.
/// The journal comes last, so that no server takes what was cut short for a folder of its own.
///
/// # Errors
/// When the folder holds some already, when it cannot be had, or when the backup is damaged. What was made of the
/// folder is then gone again, and no more than that.
pub fn restore(from: &Path, to: &Path) -> Result<Backup, FolderError> {
    let journal = JournalReader::open(&from.join(JOURNAL))?;
    let slots = SlotReader::open(&from.join(SLOTS))?;
    // Damage of the journal is found before a folder is made for it.
    journal.verify(|_| {})?;
    let lacking = Lacking::of(to);
    let locked = Folder::lock(to);
    let done = match &locked {
        Ok(folder) => fill(folder, &journal, &slots).map_err(FolderError::from),
        Err(error) => Err(error.clone()),
    };
    // Where another process has the folder, its lock is that of the other.
    if !matches!(done, Ok(_) | Err(FolderError::InUse { .. })) {
        lacking.take_away();
    }
    done
}

fn fill(folder: &Folder, journal: &JournalReader, slots: &SlotReader) -> Result<Backup, Error> {
    let files = [folder.journal(), folder.slots()];
    if let Some(file) = files.iter().find(|file| file.exists()) {
        return Err(Error::Exists { file: file.clone() });
    }
    let done = slots.backup(&folder.slots()).and_then(|holes| {
        let head = journal.backup(&folder.journal())?;
        Ok(Backup { head, holes })
    });
    if done.is_err() {
        for file in files {
            // Either may not have come to be.
            let _ = fs::remove_file(file);
        }
    }
    done
}

const DOING: &str = "copy it";
const ALL_PAGES: i32 = -1;

/// Copies a database as it is at one moment, beside its writer, to a new file `to`. `verify` sees the copy before it
/// gets its name, and the file itself where the copy is damaged: damage that was copied along is told of where it is.
pub(crate) fn copy<T>(
    from: &Connection,
    file: &Path,
    to: &Path,
    verify: impl Fn(&Path) -> Result<T, Error>,
) -> Result<T, Error> {
    if to.exists() {
        return Err(Error::Exists { file: to.into() });
    }
    let partial = partial_of(to);
    remove_partial(&partial);
    let done = copy_into(from, file, to)
        .and_then(|()| verify(&partial))
        .map_err(|error| match error {
            Error::Damaged(_) => verify(file).err().unwrap_or(error),
            error => error,
        })
        .and_then(|verified| give_name(&partial, to).map(|()| verified));
    if done.is_err() {
        remove_partial(&partial);
    }
    done
}

/// Fills what will be `to`. Its errors say `to`, for what it is called while it grows is gone afterwards.
fn copy_into(from: &Connection, file: &Path, to: &Path) -> Result<(), Error> {
    let partial = &partial_of(to);
    let sql = |e: rusqlite::Error| Error::of_sqlite(to, DOING, &e);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(partial)
        .map_err(|e| Error::of_io(to, DOING, &e))?;
    let mut copy = Connection::open(partial).map_err(sql)?;
    Pages::new(from, &mut copy).and_then(|pages| pages.step(ALL_PAGES)).map_err(|e| {
        let at_fault = if is_of_reading(&e) { file } else { to };
        Error::of_sqlite(at_fault, DOING, &e)
    })?;
    // One file, without a log beside it, can be carried anywhere.
    copy.pragma_update(None, "journal_mode", "DELETE").map_err(sql)?;
    copy.close().map_err(|(_, e)| sql(e))
}

/// Whether the pages could not be had, rather than not be written down.
fn is_of_reading(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map_or(0, |e| e.extended_code);
    let of_io = [
        ffi::SQLITE_IOERR_READ,
        ffi::SQLITE_IOERR_SHORT_READ,
        ffi::SQLITE_IOERR_SHMOPEN,
        ffi::SQLITE_IOERR_SHMSIZE,
        ffi::SQLITE_IOERR_SHMMAP,
        ffi::SQLITE_IOERR_SHMLOCK,
    ];
    let is_damaged = matches!(code & 0xff, ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB);
    is_damaged || of_io.contains(&code)
}

/// Syncs a finished file and gives it its name, which nobody must have taken.
pub(crate) fn give_name(partial: &Path, file: &Path) -> Result<(), Error> {
    let io = |e: io::Error| Error::of_io(file, "give the copy its name", &e);
    File::open(partial).and_then(|open| open.sync_all()).map_err(io)?;
    // A link refuses a name that is taken, a rename would overwrite it.
    fs::hard_link(partial, file).map_err(io)?;
    remove_partial(partial);
    sync_folder(file)
}

/// The name of a file while it grows.
pub(crate) fn partial_of(file: &Path) -> PathBuf {
    beside(file, ".partial")
}

/// Removes what an attempt left. That it is not there is what is wanted; any other trouble shows when the name is
/// used again.
pub(crate) fn remove_partial(partial: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(beside(partial, suffix));
    }
}
