//! How a SQLite file is opened, so that what it acknowledges is on the disk.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    backup::partial_of,
    error::Error,
    migration::{Migration, migrate, version},
};

/// What sort of file it is.
pub(crate) struct Kind {
    /// A noun for messages.
    pub(crate) name: &'static str,
    /// Marks the file as ours, in its header.
    pub(crate) application_id: i32,
    pub(crate) migrations: &'static [Migration],
}

const OPENING: &str = "open it";
const FIRST_BYTES: &[u8; 16] = b"SQLite format 3\0";
/// How long a connection waits for another one of this process.
const BUSY: Duration = Duration::from_secs(5);
const BLOCK_BYTES: usize = 1 << 20;

/// Opens a file for writing, or makes it. The caller holds the folder's lock: nobody else has it open.
pub(crate) fn open(file: &Path, kind: &Kind) -> Result<Connection, Error> {
    let io = |e: io::Error| Error::of_io(file, OPENING, &e);
    let sql = |e: rusqlite::Error| Error::of_sqlite(file, OPENING, &e);
    if !file.exists() {
        create_private(file).map_err(io)?;
    }
    write_log_again(file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = connect(file, kind, || Connection::open_with_flags(file, flags))?;
    check_application(&conn, file, kind)?;
    check_length(&conn, file)?;
    configure(&conn).map_err(sql)?;
    migrate(&mut conn, file, kind)?;
    checkpoint(&conn, file, Checkpoint::Truncate).or_else(|e| match e {
        Error::Full { .. } => Ok(false),
        other => Err(other),
    })?;
    sync_folder(file)?;
    Ok(conn)
}

/// Opens a file for reading beside its writer, or from a folder that may not be written to.
pub(crate) fn open_to_read(file: &Path, kind: &Kind) -> Result<Connection, Error> {
    let sql = |e: rusqlite::Error| Error::of_sqlite(file, OPENING, &e);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = connect(file, kind, || {
        let conn = Connection::open_with_flags(file, flags)?;
        match version(&conn) {
            // A log needs shared memory beside it, which a folder that may not be written to does not allow. Without
            // a log, the file alone is the whole truth.
            Err(_) if !has_bytes(&log_of(file)) => {
                let uri = format!("file:{}?immutable=1", escaped(file));
                Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
            }
            _ => Ok(conn),
        }
    })?;
    check_application(&conn, file, kind)?;
    check_length(&conn, file)?;
    let known = kind.migrations.len() as u32;
    match version(&conn).map_err(sql)? {
        // Whoever makes a file writes into it at once; whoever only reads looks for what somebody wrote.
        0 => Err(Error::damaged(file, format!("no {} is in it", kind.name))),
        found if found > known => Err(Error::TooNew { file: file.into(), found, known }),
        _ => Ok(conn),
    }
}

/// Opens a connection to a file of ours. SQLite alone opens the file, unless it cannot read it: whoever closes a file
/// on Unix gives up every lock that the process has on it, also those of other connections, and then another program
/// takes itself for the last one and removes the log.
fn connect(
    file: &Path,
    kind: &Kind,
    open: impl FnOnce() -> rusqlite::Result<Connection>,
) -> Result<Connection, Error> {
    let opened = open().and_then(|conn| version(&conn).map(|_| conn));
    opened.map_err(|error| {
        let found = File::open(file).map_err(|e| Error::of_io(file, OPENING, &e));
        let ours = found.and_then(|open| check_head(&open, file, kind));
        ours.err().unwrap_or_else(|| Error::of_sqlite(file, OPENING, &error))
    })
}

fn escaped(file: &Path) -> String {
    file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Every connection says for itself what it relies on; a library's defaults may change.
fn configure(conn: &Connection) -> rusqlite::Result<()> {
    // A handle that failed must not touch the file when it is dropped.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Checkpoints are made by hand, so that their failures are seen.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "secure_delete", true)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// How far a checkpoint goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checkpoint {
    /// As far as readers allow.
    Passive,
    /// To the end, and nothing stays in the log: erased bytes are gone from it.
    Truncate,
}

/// Copies the log into the file, and syncs it. Says whether it came to the end; readers may be in the way.
pub(crate) fn checkpoint(conn: &Connection, file: &Path, how: Checkpoint) -> Result<bool, Error> {
    let text = match how {
        Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    // The writer does not wait for readers; it comes back later.
    let busy: rusqlite::Result<i64> = conn
        .busy_timeout(Duration::ZERO)
        .and_then(|()| conn.query_row(text, [], |row| row.get(0)))
        .and_then(|busy| conn.busy_timeout(BUSY).map(|()| busy));
    busy.map(|busy| busy == 0).map_err(|e| Error::of_sqlite(file, "copy its log into it", &e))
}

/// Closes a healthy connection with everything in its one file, without a log beside it.
pub(crate) fn close(conn: Connection, file: &Path) -> Result<(), Error> {
    checkpoint(&conn, file, Checkpoint::Truncate)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .and_then(|_| conn.close().map_err(|(_, e)| e))
        .map_err(|e| Error::of_sqlite(file, "close it", &e))
}

/// Makes the file with nobody else allowed to read it, before SQLite (which copies these rights to its log) does.
fn create_private(file: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(file)
}

/// An empty file is a new one; any other must begin as SQLite's do, unless a crash left a log from which its
/// beginning is mended.
fn check_head(open: &File, file: &Path, kind: &Kind) -> Result<(), Error> {
    let mut head = [0; FIRST_BYTES.len()];
    let length = open.metadata().map_err(|e| Error::of_io(file, OPENING, &e))?.len();
    let mended = ["-wal", "-journal"].iter().any(|log| has_bytes(&beside(file, log)));
    if length == 0 || mended || (open.read_exact_at(&mut head, 0).is_ok() && head == *FIRST_BYTES) {
        return Ok(());
    }
    let found = "a file of another kind, or one whose beginning was overwritten".into();
    Err(Error::NotOurs { file: file.into(), expected: kind.name, found })
}

fn has_bytes(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

fn check_application(conn: &Connection, file: &Path, kind: &Kind) -> Result<(), Error> {
    let sql = |e: rusqlite::Error| Error::of_sqlite(file, OPENING, &e);
    let id: i32 = conn.pragma_query_value(None, "application_id", |r| r.get(0)).map_err(sql)?;
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(sql)?;
    if id == kind.application_id || (id == 0 && tables == 0) {
        return Ok(());
    }
    let found = format!("a database of another program (application id {id:#x})");
    Err(Error::NotOurs { file: file.into(), expected: kind.name, found })
}

/// A file that ends before its last page does was cut, even where SQLite reads what is missing as zeros. What a log
/// holds need not be in the file yet, so the pages are counted before it is looked for.
fn check_length(conn: &Connection, file: &Path) -> Result<(), Error> {
    let number = |name| {
        conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|e| Error::of_sqlite(file, OPENING, &e))
    };
    let bytes = (number("page_count")? * number("page_size")?) as u64;
    if ["-wal", "-journal"].iter().any(|log| has_bytes(&beside(file, log))) {
        return Ok(());
    }
    match file.metadata().map_err(|e| Error::of_io(file, OPENING, &e))?.len() {
        found if found < bytes => {
            let what = format!("it ends early, after {found} of {bytes} bytes");
            Err(Error::damaged(file, what))
        }
        _ => Ok(()),
    }
}

/// Where SQLite keeps the log of a file.
pub(crate) fn log_of(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

/// A name beside a file.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Writes the log over itself and syncs it, before anything trusts it.
///
/// After a failed sync the system may hold pages that never reached the disk and yet count as written: they can be
/// read, a second sync reports success, and a power cut takes them. Writing them again makes what is read what is
/// kept. A power cut while that is done must harm nothing either, so a synced copy stands by until it is; an
/// attempt that finds a copy goes on from there. A copy without a log is stale: another program took the log in.
fn write_log_again(file: &Path) -> Result<(), Error> {
    let (log, copy) = (log_of(file), beside(file, "-wal.again"));
    let io = |e: io::Error| Error::of_io(&log, "write its log again", &e);
    if has_bytes(&log) {
        if !copy.exists() {
            let partial = partial_of(&copy);
            write_over(&log, &partial).map_err(io)?;
            fs::rename(&partial, &copy).map_err(io)?;
            sync_folder(file)?;
        }
        write_over(&copy, &log).map_err(io)?;
    } else if !copy.exists() {
        return Ok(());
    }
    fs::remove_file(&copy).map_err(io)?;
    // The copy must not come back once the log goes on.
    sync_folder(file)
}

/// Makes `to` hold what `from` does, and syncs it. The system's own ways to copy may share what is not written yet.
fn write_over(from: &Path, to: &Path) -> io::Result<()> {
    let from = File::open(from)?;
    let to = create_private(to)?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut at = 0;
    loop {
        match from.read_at(&mut block, at)? {
            0 => break,
            read => {
                to.write_all_at(&block[..read], at)?;
                at += read as u64;
            }
        }
    }
    to.set_len(at)?;
    to.sync_all()
}

/// Makes a new name in the file's folder durable.
pub(crate) fn sync_folder(file: &Path) -> Result<(), Error> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|e| Error::of_io(folder, "sync the folder", &e))
}
