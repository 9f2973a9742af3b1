//! The journal: an append-only, durable, ordered list of events, and the only truth of what people and rules did.
//!
//! [`Journal`] is what the rest of the program needs of it; [`JournalFile`] keeps it in a SQLite file.

mod chain;
mod entry;
mod export;
mod file;
mod import;
mod json_line;
mod read;
mod refused;

pub use chain::{Hash, hash};
pub use entry::{Batch, Draft, Entry, Head};
pub use export::{ExportError, export};
pub use file::{JournalFile, JournalReader};
pub use import::{ImportError, import};
pub use json_line::{JsonLine, NotJson};
pub use refused::{AppendError, Refused};

use crate::{error::Error, idempotency::Reply, snapshot::Snapshot};

/// What a writer needs of a journal. Nothing else may write to it meanwhile.
pub trait Journal {
    /// The newest entry. Known without a look at the disk.
    fn head(&self) -> Head;

    /// Appends a batch after the entry the writer has seen: all of it or nothing, and on the disk when this returns.
    ///
    /// # Errors
    /// After [`AppendError::Failed`] it is unknown whether the batch is there; every further call fails until the
    /// journal is opened again. After any other error nothing of the batch is there, and the journal goes on.
    fn append(&mut self, expected: Head, batch: &Batch) -> Result<Head, AppendError>;

    /// Entries after `after_seq`, at most `limit`, in order, with their chain checked. Fewer than `limit` may come
    /// where they are large; none come only at the end.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first entry that is not as it was written.
    fn read(&self, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error>;

    /// One secret.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn secret(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>, Error>;

    /// All secrets of a kind, with their ids, in the order of these.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn secrets(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error>;

    /// What a person's request with this idempotency key was answered.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn reply(&self, person: &str, key: &str) -> Result<Option<Reply>, Error>;

    /// Forgets replies given before a time; says how many.
    ///
    /// # Errors
    /// As [`Journal::append`].
    fn forget_replies(&mut self, before_ms: i64) -> Result<usize, Error>;

    /// The newest sound snapshot of this version of the state.
    ///
    /// # Errors
    /// When the file cannot be read. A damaged snapshot is none.
    fn snapshot(&self, state_version: u32) -> Result<Option<Snapshot>, Error>;

    /// Keeps a snapshot.
    ///
    /// # Errors
    /// As [`Journal::append`].
    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), Error>;

    /// Brings everything into the file itself and closes it. Nothing is lost where this is left out or fails; but
    /// what stands in a log beside the file only is lost where that log is damaged.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn close(self) -> Result<(), Error>
    where
        Self: Sized;
}
