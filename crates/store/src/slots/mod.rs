//! The slot store: every minute of every SLI from every source, and how far each source was read.
//!
//! Sources and SLIs are numbers that the caller gives out. Minutes that come are written as they come, in a block for
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

pub use batch::{Applied, Change, Cursor, Hole, Refused, SlotBatch, Why, Write, Written};
pub use file::{SlotFile, SlotReader};
pub use fold::Folded;
pub use read::{Reads, Row, Series};
