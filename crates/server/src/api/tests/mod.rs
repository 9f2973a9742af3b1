//! The interface, through its router.

mod decisions;
mod documents;
mod guard;
mod house;
mod journal;
mod people;
mod promises;
mod samples;

use house::House;
