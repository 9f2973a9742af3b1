//! Where samples come from: access logs, finished or growing.
//!
//! [`read_logs`] looks at the beginning of each input (what is it, which format, from when, was it given before), puts
//! the inputs in order of time, and then has all of them read, parsed and counted on all cores. What each line is, and
//! what counts how, is decided in `plimsoll_core`; here is only what needs files and threads.
//!
//! A [`follow::Follower`] reads logs that grow, and each of their lines once.

mod container;
mod desk;
mod duplicate;
pub mod follow;
mod identity;
mod input;
mod log;
mod piece;
mod problem;
mod reading;
mod splitter;
mod work;

pub use container::Container;
pub use input::{Input, Made, Options, Progress};
pub use piece::Example;
pub use problem::Problem;
pub use reading::{Duplicate, FileReport, Reading, read_logs};
