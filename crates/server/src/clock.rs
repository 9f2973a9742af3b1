//! What time it is.

use std::{
    fmt::Debug,
    time::{SystemTime, UNIX_EPOCH},
};

/// A clock. Tests and simulations have their own.
pub trait Clock: Debug + Send + Sync {
    /// Milliseconds since 1970. It may jump, also backwards: whoever needs order asks the journal.
    fn now_ms(&self) -> i64;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let now = SystemTime::now();
        match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }
}
