//! Plimsoll's practice as pure functions.
//!
//! The folder tree follows the way of the data: [`measure`] turns samples into slots, [`promise`] turns
//! slots into budgets and decisions, [`deliver`] says what changed, [`review`] tells the story, and
//! [`spec`] reads and writes the documents that define it all.
//!
//! Nothing in this crate reads a clock, a file, the network or a random number: time and bytes are
//! parameters, so every result can be computed again, exactly, a year later.

pub mod catalog;
pub mod command;
pub mod decide;
pub mod deliver;
pub mod event;
pub mod limits;
pub mod marks;
pub mod measure;
pub mod people;
pub mod printable;
pub mod promise;
pub mod ratio;
pub mod review;
pub mod spec;
pub mod state;
mod text;
pub mod time;
mod words;
