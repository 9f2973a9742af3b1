//! The parts of the `plimsoll` command.

pub mod check;
pub mod example;
