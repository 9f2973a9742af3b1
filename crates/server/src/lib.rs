//! The shell around the practice: what has a clock, a disk and a network.
//!
//! Everything that changes goes through one [`writer`]: it decides on a state that runs ahead, makes the events
//! durable, and only then shows them to anybody.

pub mod clock;
pub mod measure;
pub mod published;
pub mod replay;
pub mod writer;
