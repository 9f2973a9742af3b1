//! The auditor: knows what was asked for and what was answered, and says what must be so.
//!
//! It shares no code with what it audits. It reads the journal as text and slots as pairs of numbers, sums minute by
//! minute, and asks the calendar afresh. It is slow, and simple enough to be believed.

pub mod agreed;
pub mod budgets;
pub mod changes;
pub mod decided;
pub mod entries;
pub mod exceptions;
pub mod log;
pub mod minutes;
pub mod roll;
pub mod rules;
pub mod verdicts;
pub mod windows;

/// What must be so, and is not.
pub type Found<T = ()> = Result<T, String>;

/// Fails with these words unless the condition holds.
pub(crate) fn hold(condition: bool, words: impl FnOnce() -> String) -> Found {
    if condition { Ok(()) } else { Err(words()) }
}
