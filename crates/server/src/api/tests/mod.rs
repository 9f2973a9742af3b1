//! The interface, through its router.

mod documents;
mod guard;
mod house;
mod journal;
mod people;

use house::House;
