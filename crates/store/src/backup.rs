//! Copies of a file that are whole, or not there.
//!
//! A copy grows under another name, is synced and verified, and only then gets the name it was asked for.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, backup::Backup};

use crate::{
    error::Error,
    sqlite::{beside, sync_folder},
};

const DOING: &str = "copy it";
const ALL_PAGES: i32 = -1;

/// Copies a database as it is at one moment, beside its writer, to a new file `to`. `verify` sees the copy before it
/// gets its name.
pub(crate) fn copy<T>(
    from: &Connection,
    file: &Path,
    to: &Path,
    verify: impl FnOnce(&Path) -> Result<T, Error>,
) -> Result<T, Error> {
    if to.exists() {
        return Err(Error::Exists { file: to.into() });
    }
    let partial = partial_of(to);
    remove_partial(&partial);
    let done = copy_into(from, file, &partial)
        .and_then(|()| verify(&partial))
        .and_then(|verified| give_name(&partial, to).map(|()| verified));
    if done.is_err() {
        remove_partial(&partial);
    }
    done
}

fn copy_into(from: &Connection, file: &Path, partial: &Path) -> Result<(), Error> {
    let sql = |e: rusqlite::Error| Error::of_sqlite(partial, DOING, &e);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(partial)
        .map_err(|e| Error::of_io(partial, DOING, &e))?;
    let mut copy = Connection::open(partial).map_err(sql)?;
    Backup::new(from, &mut copy)
        .and_then(|backup| backup.step(ALL_PAGES))
        .map_err(|e| Error::of_sqlite(file, DOING, &e))?;
    // One file, without a log beside it, can be carried anywhere.
    copy.pragma_update(None, "journal_mode", "DELETE").map_err(sql)?;
    copy.close().map_err(|(_, e)| sql(e))
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
