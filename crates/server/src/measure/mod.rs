//! Measuring: slots on the disk, the sums of every window in memory, and what they mean now.
//!
//! ```text
//! push ─┐
//!       ├─▶ keeping ─▶ slot store (durable) ─▶ board (running sums) ─▶ figures (budgets)
//! logs ─┘
//! ```

pub mod ask;
pub mod board;
pub mod decisions;
pub mod figures;
pub mod keeper;
pub mod keeping;
pub mod look;
pub(crate) mod watch;
