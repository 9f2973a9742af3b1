//! The slot store: every minute of every SLI from every source, and how far each source was read.
//!
//! [`SlotReads`] and [`SlotStore`] are what the rest of the program needs of it; [`SlotFile`] keeps it in a SQLite file. Sources and SLIs
//! are numbers that the caller gives out. Minutes that come are written as they come, in a block for
//! each minute and 64 SLIs; [`SlotFile::fold`] puts closed hours and days together. Each minute of an SLI is in one
//! block at most, so late data rewrites that block and no other.

mod batch;
mod block;
mod cell;
mod file;
mod fold;
mod read;
mod table;
mod work;

pub use batch::{Addition, Applied, Change, Cursor, Hole, Refused, SlotBatch, Why, Write, Written};
pub use file::{SlotFile, SlotReader};
pub use fold::Folded;
pub use read::{Reads, Row, Series};

use plimsoll_core::{
    measure::slot::Sums,
    time::{Minute, Span},
};

use crate::{Durability, Error};

/// What can be asked of a slot store.
pub trait SlotReads {
    /// One SLI from one source, minute by minute.
    ///
    /// # Errors
    /// When the store cannot be read. Damaged blocks are holes, not errors.
    fn series(&self, source: u32, sli: u32, span: Span) -> Result<Series, Error>;

    /// Every slot of a span, in rows as they lie there; see [`Reads::scan`].
    ///
    /// # Errors
    /// As [`SlotReads::series`].
    fn scan(&self, span: Span, visit: &mut dyn FnMut(Row<'_>)) -> Result<Vec<Hole>, Error>;

    /// The sums of each folded day that begins in a span; see [`Reads::day_sums`].
    ///
    /// # Errors
    /// As [`SlotReads::series`].
    fn day_sums(
        &self,
        begins: Span,
        visit: &mut dyn FnMut(Minute, u32, u32, Sums),
    ) -> Result<Vec<Hole>, Error>;

    /// How far the inputs of a source were read, by name.
    ///
    /// # Errors
    /// As [`SlotReads::series`].
    fn cursors(&self, source: u32) -> Result<Vec<(String, Vec<u8>)>, Error>;
}

/// What a writer needs of a slot store. Nothing else may write to it meanwhile.
pub trait SlotStore: SlotReads {
    /// Does some writes in one transaction. Each is taken as a whole or refused as a whole, whatever becomes of the
    /// others; their cursors go with them.
    ///
    /// # Errors
    /// [`Error::Full`] and [`Error::ReadOnly`]: nothing was kept. [`Error::Failed`]: what is there is unknown, and
    /// every further call fails until the store is opened again. [`Error::TooLarge`]: write less at once.
    fn write(&mut self, writes: &[Write<'_>], durability: Durability) -> Result<Written, Error>;

    /// Folds the oldest hour or day that ended by `until` and is not folded yet, at most `groups_max` times 64 SLIs
    /// of it, in one transaction. Call it again until it says it is done. Lazy: folding again does no harm.
    ///
    /// # Errors
    /// As [`SlotStore::write`].
    fn fold(&mut self, until: Minute, groups_max: usize) -> Result<Folded, Error>;

    /// Drops the days that ended by `minute`; says how many blocks that were.
    ///
    /// # Errors
    /// As [`SlotStore::write`].
    fn drop_before(&mut self, minute: Minute) -> Result<usize, Error>;

    /// Brings everything into the file itself and closes it. Nothing is lost where this is left out or fails; but
    /// what stands in a log beside the file only is lost where that log is damaged.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn close(self) -> Result<(), Error>
    where
        Self: Sized;
}
