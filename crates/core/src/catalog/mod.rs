//! The catalog: what documents declare, kept by kind and name, each object owned by the set of files it came from.
//!
//! A set of files is reconciled as a whole: what it declares anew or otherwise is declared, what it no longer
//! declares is withdrawn. [`plan()`] says what would happen; applying is that very plan.

mod handles;
pub mod object;
pub mod plan;
mod promises;
mod proposals;
mod read;
mod sources;

pub use object::{Declared, Feed, Kind, Measure, Object, ObjectId, Owner};
pub use plan::{Change, Plan, check, plan};
pub use proposals::Proposal;

#[cfg(test)]
pub(crate) use promises::tests as promises_tests;
#[cfg(test)]
pub(crate) mod tests;
