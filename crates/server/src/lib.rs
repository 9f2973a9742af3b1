//! The shell around the practice: what has a clock, a disk and a network.
//!
//! Everything that changes goes through one [`writer`]: it decides on a state that runs ahead, makes the events
//! durable, and only then shows them to anybody.

pub mod api;
pub mod bond;
pub mod clock;
mod connection;
pub mod desk;
pub mod ending;
pub mod follow;
pub mod keyring;
pub mod limits;
pub mod measure;
mod owner;
mod pages;
pub mod published;
pub mod random;
pub mod replay;
pub mod serve;
pub mod verifier;
pub mod writer;

pub use serve::{Options, Server};
