//! What one minute holds.

use crate::limits::THRESHOLDS_MAX;

/// The counts of one minute of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Requests that were answered well.
    pub good: u64,
    /// Requests that were answered badly.
    pub bad: u64,
    /// Requests that say nothing about the service; in neither of the above.
    pub excluded: u64,
    /// Requests that are not excluded and whose time is a latency.
    pub timed: u64,
    /// Of these, how many took at most as long as each threshold of the [`Ladder`](super::Ladder). Behind the last
    /// threshold of the ladder: all.
    pub within: [u64; THRESHOLDS_MAX],
}

impl Cell {
    /// Adds what another cell counted.
    pub fn add(&mut self, other: &Cell) {
        self.good += other.good;
        self.bad += other.bad;
        self.excluded += other.excluded;
        self.timed += other.timed;
        for (mine, others) in self.within.iter_mut().zip(other.within) {
            *mine += others;
        }
    }

    /// Requests that count for availability: good and bad.
    pub fn total(&self) -> u64 {
        self.good + self.bad
    }

    /// All requests, excluded ones too.
    pub fn requests(&self) -> u64 {
        self.good + self.bad + self.excluded
    }
}
