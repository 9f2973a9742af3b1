//! Counting requests by name and minute, exactly and in little memory.
//!
//! The way of a line: [`Batch`] counts the requests of one piece of the input, without a look at any other piece;
//! [`Tally`] takes in the batches in the order of the input, and keeps one [`Series`] of [`Cell`]s per name;
//! [`service`](super::service) decides which names are services.

mod batch;
mod cell;
mod hash;
mod keys;
mod ladder;
mod pack;
mod roster;
mod series;
mod tag;
mod target;

pub use batch::{Batch, Method, Names};
pub use cell::Cell;
pub use hash::Seed;
pub use ladder::Ladder;
pub use roster::{Entry, Roster};
pub use series::Series;

use crate::time::Minute;

/// Everything that was counted in the input.
///
/// The same requests are counted twice, once by virtual host and once by first path segment: each of the two
/// [rosters](Roster) is complete.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    hosts: Roster,
    segments: Roster,
    first_s: Option<i64>,
    last_s: Option<i64>,
}

impl Tally {
    /// Nothing yet; names are told apart by hashes with this seed.
    pub fn seeded(seed: Seed) -> Self {
        let (hosts, segments) = (Roster::seeded(seed), Roster::seeded(seed));
        Tally { hosts, segments, ..Tally::default() }
    }

    /// Takes in what was counted in the next piece of the input.
    ///
    /// The order of the pieces matters only where the input holds more than
    /// [`NAMES_MAX`](crate::limits::NAMES_MAX) names; where the input is cut into pieces never matters.
    pub fn absorb(&mut self, batch: &Batch) {
        batch.pour(&mut self.hosts, &mut self.segments);
        self.first_s = [self.first_s, batch.first_s()].into_iter().flatten().min();
        self.last_s = [self.last_s, batch.last_s()].into_iter().flatten().max();
    }

    /// The requests by virtual host; the rest has no host or one of too many.
    pub fn hosts(&self) -> &Roster {
        &self.hosts
    }

    /// The requests by first path segment; the rest has none that could name a service, or one of too many.
    pub fn segments(&self) -> &Roster {
        &self.segments
    }

    /// Both rosters: by virtual host, and by first path segment.
    pub(super) fn into_rosters(self) -> (Roster, Roster) {
        (self.hosts, self.segments)
    }

    /// All requests together, excluded ones too.
    pub fn requests(&self) -> u64 {
        self.hosts.requests()
    }

    /// When the first request happened (the earliest, wherever it stands), in seconds since 1970.
    pub fn first_s(&self) -> Option<i64> {
        self.first_s
    }

    /// When the last request happened (the latest, wherever it stands), in seconds since 1970.
    pub fn last_s(&self) -> Option<i64> {
        self.last_s
    }

    /// Everything together.
    pub fn total(&self) -> Cell {
        self.hosts.total()
    }

    /// The requests of each minute over everything, excluded ones too; ascending, minutes without any left out.
    /// What [`gap::missing`](super::gap::missing) wants.
    pub fn activity(&self) -> Vec<(Minute, u64)> {
        self.hosts.activity()
    }
}

#[cfg(test)]
mod tests;
