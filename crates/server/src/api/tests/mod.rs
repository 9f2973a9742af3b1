//! The interface, through its router.

mod changes;
mod decisions;
mod documents;
mod exceptions;
mod guard;
mod house;
mod journal;
mod people;
mod promises;
mod samples;

use house::House;
