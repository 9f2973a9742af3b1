//! The slot store in a SQLite file.

use std::path::{Path, PathBuf};

use plimsoll_core::{
    measure::slot::{Slot, Sums},
    time::{DAY, Minute, Span},
};
use rusqlite::Connection;

use super::{
    SlotReads, SlotStore,
    batch::{Cursor, Hole, Write, Written},
    fold::{self, Folded},
    read::{Reads, Row, Series},
    table,
    work::{Newest, Work},
};
use crate::{
    backup,
    database::{Database, Durability, Verdict},
    error::Error,
    limits::{CURSOR_BYTES_MAX, CURSOR_NAME_BYTES_MAX, TRANSACTION_SLOTS_MAX},
    migration::Migration,
    sqlite::{self, Kind},
};

/// `PLS1`.
const APPLICATION_ID: i32 = 0x504c_5331;

const KIND: Kind = Kind {
    name: "slot store",
    application_id: APPLICATION_ID,
    migrations: &[Migration {
        name: "slots",
        sql: include_str!("../../migrations/slots/1-slots.sql"),
    }],
};

/// The slot store of a folder, opened for writing. One at a time: take the folder's lock first.
///
/// Dropping it is always safe; [`SlotFile::close`] leaves one file without a log.
#[derive(Debug)]
pub struct SlotFile {
    database: Database,
    newest: Newest,
}

/// A second connection, for reading: beside the writer on another thread, or without one.
#[derive(Debug)]
pub struct SlotReader {
    conn: Connection,
    file: PathBuf,
}

impl SlotFile {
    /// Opens the slot store, or makes an empty one.
    ///
    /// # Errors
    /// When the file cannot be opened or written to, is something else, is damaged, or comes from a newer program.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let database = Database::open(file, &KIND)?;
        let newest = database.lookup(Newest::of)?;
        Ok(SlotFile { database, newest })
    }

    /// What can be read, on the writer's thread.
    ///
    /// # Errors
    /// When an earlier failure left it unknown what is on the disk.
    pub fn reads(&self) -> Result<Reads<'_>, Error> {
        Ok(Reads { conn: self.database.conn()?, file: self.database.file() })
    }

    /// A reader beside this writer.
    ///
    /// # Errors
    /// When the file cannot be opened again.
    pub fn reader(&self) -> Result<SlotReader, Error> {
        SlotReader::open(self.database.file())
    }
}

impl SlotStore for SlotFile {
    fn write(&mut self, writes: &[Write<'_>], durability: Durability) -> Result<Written, Error> {
        check_size(writes)?;
        self.database.set_durability(durability)?;
        let newest = &mut self.newest;
        let (_, written) = self.database.write(
            "write slots to it",
            |(bytes, _): &(usize, Written)| *bytes,
            |tx| {
                let mut written = Written::default();
                let mut work = Work::new(tx, newest);
                for write in writes {
                    written.outcomes.push(work.apply(write, &mut written.changes)?);
                }
                let bytes = work.finish()?;
                written.holes = work.holes;
                Ok(Verdict::Keep((bytes, written)))
            },
        )?;
        Ok(written)
    }

    fn fold(&mut self, until: Minute, groups_max: usize) -> Result<Folded, Error> {
        self.database.set_durability(Durability::Lazy)?;
        let newest = &mut self.newest;
        let (_, folded) = self.database.write(
            "fold the slots in it",
            |(bytes, _): &(usize, Folded)| *bytes,
            |tx| fold::fold(tx, until, groups_max, newest).map(Verdict::Keep),
        )?;
        Ok(folded)
    }

    fn drop_before(&mut self, minute: Minute) -> Result<usize, Error> {
        self.database.set_durability(Durability::Lazy)?;
        let day = minute.floor(DAY);
        self.database.write(
            "drop old slots from it",
            |_| 0,
            |tx| table::remove_before(tx, day).map(Verdict::Keep),
        )
    }

    fn close(self) -> Result<(), Error> {
        self.database.close()
    }
}

impl SlotReads for SlotFile {
    fn series(&self, source: u32, sli: u32, span: Span) -> Result<Series, Error> {
        self.reads()?.series(source, sli, span)
    }

    fn scan(&self, span: Span, visit: &mut dyn FnMut(Row<'_>)) -> Result<Vec<Hole>, Error> {
        self.reads()?.scan(span, visit)
    }

    fn day_sums(
        &self,
        begins: Span,
        visit: &mut dyn FnMut(Minute, u32, u32, Sums),
    ) -> Result<Vec<Hole>, Error> {
        self.reads()?.day_sums(begins, visit)
    }

    fn cursors(&self, source: u32) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.reads()?.cursors(source)
    }
}

impl SlotReads for SlotReader {
    fn series(&self, source: u32, sli: u32, span: Span) -> Result<Series, Error> {
        self.reads().series(source, sli, span)
    }

    fn scan(&self, span: Span, visit: &mut dyn FnMut(Row<'_>)) -> Result<Vec<Hole>, Error> {
        self.reads().scan(span, visit)
    }

    fn day_sums(
        &self,
        begins: Span,
        visit: &mut dyn FnMut(Minute, u32, u32, Sums),
    ) -> Result<Vec<Hole>, Error> {
        self.reads().day_sums(begins, visit)
    }

    fn cursors(&self, source: u32) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.reads().cursors(source)
    }
}

impl SlotReader {
    /// Opens a slot store for reading.
    ///
    /// # Errors
    /// When the file is not there, is something else, is damaged, or comes from a newer program.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let conn = sqlite::open_to_read(file, &KIND)?;
        Ok(SlotReader { conn, file: file.into() })
    }

    /// What can be read.
    pub fn reads(&self) -> Reads<'_> {
        Reads { conn: &self.conn, file: &self.file }
    }

    /// Copies the slot store to a new file beside a running writer, verifies the copy, and only then gives it its
    /// name. Returns the damage that was copied along.
    ///
    /// # Errors
    /// When `to` is there, when it cannot be written, or when the structure of the file is damaged.
    pub fn backup(&self, to: &Path) -> Result<Vec<Hole>, Error> {
        backup::copy(&self.conn, &self.file, to, |copy| SlotReader::open(copy)?.reads().verify())
    }
}

fn check_size(writes: &[Write<'_>]) -> Result<(), Error> {
    let fits = |what, bytes, limit| {
        if bytes > limit { Err(Error::TooLarge { what, bytes, limit }) } else { Ok(()) }
    };
    let given = writes.iter().flat_map(Write::given);
    let slots = given.map(|given| given.slots.len()).sum::<usize>();
    let slot_bytes = size_of::<(Minute, Slot)>();
    fits("slots at once", slots * slot_bytes, TRANSACTION_SLOTS_MAX * slot_bytes)?;
    for Cursor { name, position, .. } in writes.iter().flat_map(|write| write.cursors) {
        fits("name of a cursor", name.len(), CURSOR_NAME_BYTES_MAX)?;
        fits("position of a cursor", position.map_or(0, <[u8]>::len), CURSOR_BYTES_MAX)?;
    }
    Ok(())
}
