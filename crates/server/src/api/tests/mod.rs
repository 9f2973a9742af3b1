//! The interface, through its router.

mod documents;
mod guard;
mod house;
mod journal;
mod people;
mod samples;

use house::House;
