//! Following logs: from growing files to slots, through the keeper.
//!
//! ```text
//! files ─▶ Follower ─▶ cells (name × minute) ─▶ route ─▶ order: additions and cursors ─▶ keeper
//! ```
//!
//! A minute is *seen* when the follower was watching until it was over; only then it is whole, and silence means no
//! traffic. Until then what was counted of it is a part, and the minute is missing.

pub mod health;
pub mod route;
pub mod tail;
pub mod thread;
