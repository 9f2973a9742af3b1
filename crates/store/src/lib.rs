//! What must not be lost, in files: the journal with its secrets, and the slots with their cursors.
//!
//! The store knows no rules and reads no clock: what an event means, and what time it is, is decided by its callers.
//! It promises that what it acknowledged is on the disk, that nothing is there half, and that damage is found and
//! named. Calls block; the caller owns the threads.
//!
//! A folder belongs to one process at a time: [`folder::Folder::lock`] comes first.

pub mod backup;
mod database;
pub mod error;
pub mod folder;
pub mod idempotency;
pub mod journal;
pub mod limits;
mod migration;
pub mod secret;
pub mod slots;
pub mod snapshot;
mod sqlite;

pub use database::Durability;
pub use error::{Damage, Error, Place};
