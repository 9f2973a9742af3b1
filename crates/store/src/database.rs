//! A SQLite file with one writer, which stops at the first failure that leaves its content unknown.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{
    error::Error,
    limits::CHECKPOINT_BYTES,
    sqlite::{self, Checkpoint, Kind},
};

/// What a transaction writes besides its values, in bytes, roughly: the pages it touches.
const TRANSACTION_BYTES: usize = 16 * 1024;

/// When a transaction is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When the call returns.
    Synced,
    /// Some time later, in order: a crash of the machine may take the newest lazy writes, and never one of them
    /// without those after it. The next synced write takes them along.
    Lazy,
}

/// Whether a transaction is kept.
pub(crate) enum Verdict<T> {
    Keep(T),
    Undo(T),
}

/// The file, opened for writing.
#[derive(Debug)]
pub(crate) struct Database {
    conn: Connection,
    file: PathBuf,
    durability: Durability,
    /// Bytes written since the last checkpoint, roughly.
    unsaved: usize,
    /// Something was erased that the log may still hold.
    erased: bool,
    /// The failure that made it unknown what is on the disk.
    poison: Option<String>,
}

impl Database {
    pub(crate) fn open(file: &Path, kind: &Kind) -> Result<Self, Error> {
        Ok(Database {
            conn: sqlite::open(file, kind)?,
            file: file.into(),
            durability: Durability::Synced,
            unsaved: 0,
            erased: false,
            poison: None,
        })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The connection, to read from.
    pub(crate) fn conn(&self) -> Result<&Connection, Error> {
        self.usable()?;
        Ok(&self.conn)
    }

    pub(crate) fn lookup<T>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        look(self.conn()?).map_err(|e| Error::of_sqlite(&self.file, "read it", &e))
    }

    pub(crate) fn close(self) -> Result<(), Error> {
        self.usable()?;
        sqlite::close(self.conn, &self.file)
    }

    pub(crate) fn usable(&self) -> Result<(), Error> {
        match &self.poison {
            None => Ok(()),
            Some(since) => Err(Error::Poisoned { file: self.file.clone(), since: since.clone() }),
        }
    }

    /// From the next write on, what was erased is taken out of the log too.
    pub(crate) fn erase(&mut self) {
        self.erased = true;
    }

    /// How durable the next writes are.
    pub(crate) fn set_durability(&mut self, durability: Durability) -> Result<(), Error> {
        self.usable()?;
        if self.durability == durability {
            return Ok(());
        }
        let synchronous = match durability {
            Durability::Synced => "FULL",
            Durability::Lazy => "NORMAL",
        };
        let set = self.conn.pragma_update(None, "synchronous", synchronous);
        set.map_err(|e| Error::of_sqlite(&self.file, "set how it is synced", &e))?;
        self.durability = durability;
        Ok(())
    }

    /// Does one transaction; `size` says how many bytes it wrote, about. When its fate is unknown, nothing more is done with this handle:
    /// a failed sync tells once, and trying again would report success for bytes that are gone.
    pub(crate) fn write<T>(
        &mut self,
        doing: &'static str,
        size: impl FnOnce(&T) -> usize,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Verdict<T>>,
    ) -> Result<T, Error> {
        self.usable()?;
        let done = transact(&mut self.conn, work);
        let done = done.map_err(|e| Error::of_sqlite(&self.file, doing, &e));
        if let Err(error) = &done
            && !(error.is_certain() && self.conn.is_autocommit())
        {
            self.poison = Some(error.to_string());
        }
        let done = done?;
        self.unsaved += size(&done) + TRANSACTION_BYTES;
        self.checkpoint_if_due();
        Ok(done)
    }

    /// Keeps the log short. What was asked for is done already, so a failure here fails the next call, not this.
    fn checkpoint_if_due(&mut self) {
        let how = if self.erased { Checkpoint::Truncate } else { Checkpoint::Passive };
        if !self.erased && self.unsaved < CHECKPOINT_BYTES {
            return;
        }
        match sqlite::checkpoint(&self.conn, &self.file, how) {
            // Where readers are in the way, the next write tries again.
            Ok(done) => self.erased &= !done,
            Err(error) if error.is_certain() => {}
            Err(error) => self.poison = Some(error.to_string()),
        }
        self.unsaved = 0;
    }
}

fn transact<T>(
    conn: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Verdict<T>>,
) -> rusqlite::Result<T> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match work(&tx)? {
        Verdict::Keep(value) => tx.commit().map(|()| value),
        Verdict::Undo(value) => tx.rollback().map(|()| value),
    }
}
