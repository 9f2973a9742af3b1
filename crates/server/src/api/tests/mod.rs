//! The interface, through its router.

mod bond;
mod changes;
mod clock;
mod decisions;
mod documents;
mod exceptions;
mod guard;
mod house;
mod journal;
mod pages;
mod people;
mod promises;
mod samples;

use house::House;
