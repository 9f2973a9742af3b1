//! What people say about stretches of time: that they do not count, or what they are put down to.
//!
//! A mark is about one SLI, or about a service and so about each of its SLIs. It names its author. Taking it back
//! leaves no trace in any number; the journal keeps that it was there.

pub mod attribution;
pub mod exclusion;
mod interval;
mod kept;

pub use interval::{Interval, Subject};
pub use kept::{Mark, MarkId, Marks};

#[cfg(test)]
mod tests;
