//! The interface, through its router.

mod house;
mod people;

use house::House;
