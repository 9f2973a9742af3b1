//! A simulation of the server's heart, driven by one number.
//!
//! The same core, writer and keeping of slots as in production run over a disk that fails, clocks that jump, clients
//! that send again and out of order, a second writer, and crashes anywhere. Beside them an [`audit`] that shares no
//! code with them knows what must be so. Nothing comes from outside: a seed tells the same story every time.

pub mod audit;
pub mod clocks;
mod deeds;
pub mod dice;
pub mod house;
pub mod journal;
mod minute;
pub mod push;
pub mod reader;
pub mod request;
pub mod slots;
pub mod strike;
pub mod swarm;
mod tally;
pub mod world;

use strike::Counts;
use world::World;

/// What came of a seed.
#[derive(Debug)]
pub struct Report {
    /// Steps that were done.
    pub steps: u64,
    /// What happened how often.
    pub counts: Counts,
    /// What the auditor found.
    pub found: Option<String>,
    /// The last steps in words, where they were asked for.
    pub story: Vec<String>,
}

/// Runs a seed for so many steps, or until the auditor finds something. Telling the story costs time.
pub fn run(seed: u64, steps: u64, is_told: bool) -> Report {
    let mut world = World::new(seed, is_told);
    let mut done = 0;
    let mut found = None;
    while done < steps && found.is_none() {
        found = world.step(done).err();
        done += 1;
    }
    let found = found.or_else(|| world.finish().err());
    let story = world.story().cloned().collect();
    Report { steps: done, counts: world.counts(), found, story }
}
