//! The journal in a SQLite file.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};

use super::{
    Journal,
    chain::link,
    entry::{Batch, Entry, Head},
    read,
    refused::{AppendError, Refused},
};
use crate::{
    backup,
    database::{Database, Verdict},
    error::Error,
    idempotency::{self, Reply},
    limits::{KEY_BYTES_MAX, REPLY_BYTES_MAX, SECRET_BYTES_MAX, SNAPSHOT_BYTES_MAX},
    migration::Migration,
    secret::{self, SecretChange},
    snapshot::{self, Snapshot},
    sqlite::{self, Kind},
};

/// `PLJ1`.
const APPLICATION_ID: i32 = 0x504c_4a31;

pub(super) const KIND: Kind = Kind {
    name: "journal",
    application_id: APPLICATION_ID,
    migrations: &[Migration {
        name: "journal",
        sql: include_str!("../../migrations/journal/1-journal.sql"),
    }],
};

/// The journal of a folder, opened for writing. One at a time: take the folder's lock first.
///
/// Dropping it is always safe; [`JournalFile::close`] leaves one file without a log.
#[derive(Debug)]
pub struct JournalFile {
    database: Database,
    head: Head,
}

/// A second connection, for reading: beside the writer on another thread, or without one.
#[derive(Debug)]
pub struct JournalReader {
    conn: Connection,
    file: PathBuf,
}

impl JournalFile {
    /// Opens the journal, or makes an empty one. What a crash left in the log is taken in; the newest entry is
    /// held against the one before it.
    ///
    /// # Errors
    /// When the file cannot be opened or written to, is something else, is damaged, or comes from a newer program.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let database = Database::open(file, &KIND)?;
        let head = read::newest(database.conn()?, file)?;
        Ok(JournalFile { database, head })
    }

    /// A reader beside this writer.
    ///
    /// # Errors
    /// When the file cannot be opened again.
    pub fn reader(&self) -> Result<JournalReader, Error> {
        JournalReader::open(self.database.file())
    }
}

impl Journal for JournalFile {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected: Head, batch: &Batch) -> Result<Head, AppendError> {
        self.database.usable()?;
        let heads = link(expected, &batch.entries).map_err(AppendError::Refused)?;
        let bytes = size(batch).map_err(AppendError::Refused)?;
        let erases = batch.secrets.iter().any(|s| matches!(s, SecretChange::Erase { .. }));
        if erases {
            self.database.erase();
        }
        let done = self.database.write(
            "append to it",
            |_| bytes,
            |tx| match read::newest_unchecked(tx)? {
                found if found == expected => insert(tx, &heads, batch),
                found => Ok(Verdict::Undo(Some(Stop::Moved(found)))),
            },
        )?;
        match done {
            None => {
                self.head = heads.last().copied().unwrap_or(expected);
                Ok(self.head)
            }
            Some(Stop::Moved(found)) => {
                self.head = found;
                Err(AppendError::HeadMoved { expected, found })
            }
            Some(Stop::Replied(key)) => Err(AppendError::Refused(Refused::ReplyExists { key })),
        }
    }

    fn read(&self, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        read::entries(self.database.conn()?, self.database.file(), after_seq, limit)
    }

    fn secret(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>, Error> {
        self.database.lookup(|conn| secret::find(conn, kind, id))
    }

    fn secrets(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.database.lookup(|conn| secret::all(conn, kind))
    }

    fn reply(&self, person: &str, key: &str) -> Result<Option<Reply>, Error> {
        self.database.lookup(|conn| idempotency::find(conn, person, key))
    }

    fn forget_replies(&mut self, before_ms: i64) -> Result<usize, Error> {
        self.database.write(
            "forget old replies in it",
            |_| 0,
            |tx| idempotency::forget(tx, before_ms).map(Verdict::Keep),
        )
    }

    fn snapshot(&self, state_version: u32) -> Result<Option<Snapshot>, Error> {
        self.database.lookup(|conn| snapshot::newest(conn, state_version))
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let bytes = snapshot.bytes.len();
        if bytes > SNAPSHOT_BYTES_MAX {
            return Err(Error::TooLarge { what: "snapshot", bytes, limit: SNAPSHOT_BYTES_MAX });
        }
        self.database.write(
            "save a snapshot in it",
            |()| bytes,
            |tx| snapshot::save(tx, snapshot).map(Verdict::Keep),
        )
    }

    fn close(self) -> Result<(), Error> {
        self.database.close()
    }
}

impl JournalReader {
    /// Opens a journal for reading. A folder that may not be written to will do, if the journal was closed well.
    ///
    /// # Errors
    /// When the file is not there, is something else, is damaged, or comes from a newer program.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let conn = sqlite::open_to_read(file, &KIND)?;
        Ok(JournalReader { conn, file: file.into() })
    }

    /// Entries after `after_seq`; see [`Journal::read`].
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first entry that is not as it was written.
    pub fn read(&self, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        read::entries(&self.conn, &self.file, after_seq, limit)
    }

    /// The newest entry now.
    ///
    /// # Errors
    /// When it cannot be read, or does not match the one before it.
    pub fn head(&self) -> Result<Head, Error> {
        read::newest(&self.conn, &self.file)
    }

    /// Walks the whole chain from the first entry, then checks the structure of the file. `progress` hears of the
    /// entries that are done. Returns the head that was reached.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first entry that is not as it was written.
    pub fn verify(&self, progress: impl FnMut(u64)) -> Result<Head, Error> {
        read::verify(&self.conn, &self.file, progress)
    }

    /// Copies the journal, with its secrets, to a new file beside a running writer; verifies the copy, and only then
    /// gives it its name. Nobody else may read it. Returns the head of the copy.
    ///
    /// # Errors
    /// When `to` is there, when it cannot be written, or when the journal is damaged. Nothing is left at `to`.
    pub fn backup(&self, to: &Path) -> Result<Head, Error> {
        backup::copy(&self.conn, &self.file, to, |copy| JournalReader::open(copy)?.verify(|_| {}))
    }
}

/// Why a transaction was not kept.
enum Stop {
    Moved(Head),
    Replied(String),
}

fn insert(
    tx: &Transaction<'_>,
    heads: &[Head],
    batch: &Batch,
) -> rusqlite::Result<Verdict<Option<Stop>>> {
    let mut entry = tx.prepare_cached(
        "INSERT INTO entry (seq, at_ms, actor, event, hash) VALUES ($1, $2, $3, $4, $5)",
    )?;
    for (head, draft) in heads.iter().zip(&batch.entries) {
        let (actor, event) = (&*draft.actor, &*draft.event);
        entry.execute((head.seq as i64, head.at_ms, actor, event, &head.hash[..]))?;
    }
    for change in &batch.secrets {
        secret::change(tx, change)?;
    }
    for reply in &batch.replies {
        if !idempotency::insert(tx, reply)? {
            return Ok(Verdict::Undo(Some(Stop::Replied(reply.key.clone()))));
        }
    }
    Ok(Verdict::Keep(None))
}

/// Bytes of a batch, or the part of it that is too large. Entries are checked where they are chained.
fn size(batch: &Batch) -> Result<usize, Refused> {
    let fits = |what, bytes, limit| {
        if bytes > limit { Err(Refused::TooLarge { what, bytes, limit }) } else { Ok(bytes) }
    };
    let mut sum: usize = batch.entries.iter().map(|e| e.actor.len() + e.event.len()).sum();
    for change in &batch.secrets {
        let (SecretChange::Put { kind, id, .. } | SecretChange::Erase { kind, id }) = change;
        fits("name of a secret", kind.len().max(id.len()), KEY_BYTES_MAX)?;
        if let SecretChange::Put { value, .. } = change {
            sum += fits("secret", value.len(), SECRET_BYTES_MAX)?;
        }
    }
    for reply in &batch.replies {
        fits("idempotency key", reply.key.len().max(reply.person.len()), KEY_BYTES_MAX)?;
        sum += fits("response", reply.response.len(), REPLY_BYTES_MAX)?;
    }
    Ok(sum)
}
