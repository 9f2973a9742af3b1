//! The parts of the `plimsoll` command.

pub mod example;
