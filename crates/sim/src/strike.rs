//! When a fault strikes an operation of the disk.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, rc::Rc};

use plimsoll_store::Error;

use crate::{dice::Dice, swarm::Rates};

/// How often something happened, by what it was.
pub type Counts = BTreeMap<&'static str, u64>;

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// It is kept.
    Nothing,
    /// It is not kept, and the store says so.
    Full,
    /// It is not kept, and the store says so.
    ReadOnly,
    /// It is not kept, and nobody knows.
    Lost,
    /// It is kept, and nobody knows.
    Kept,
}

/// The faults of one machine.
#[derive(Debug)]
pub struct Strikes {
    dice: Dice,
    rates: Rates,
    /// A trouble that lasts, for so many writes more.
    trouble: Option<(Strike, u64)>,
    /// The machine is dead: nothing can be done, and nobody hears of anything.
    pub crashed: bool,
    /// How often each fault struck.
    pub counts: Counts,
}

/// The faults of one machine, for each of its files.
pub type Struck = Rc<RefCell<Strikes>>;

impl Strikes {
    /// The faults of a machine, by its name.
    pub fn of(seed: u64, machine: &str, rates: Rates) -> Struck {
        let dice = Dice::of(seed, machine);
        Rc::new(RefCell::new(Strikes {
            dice,
            rates,
            trouble: None,
            crashed: false,
            counts: Counts::new(),
        }))
    }

    /// Ends all trouble, for good.
    pub fn calm(&mut self) {
        (self.rates, self.trouble) = (Rates::default(), None);
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// What becomes of a write.
    pub fn on_write(&mut self) -> Strike {
        if self.crashed {
            return Strike::Lost;
        }
        if let Some((strike, left)) = self.trouble {
            self.trouble = (left > 0).then(|| (strike, left - 1));
            self.count(if strike == Strike::Full { "disk full" } else { "read-only" });
            return strike;
        }
        let Rates { full, read_only, lost, kept, crash_before, crash_after, .. } = self.rates;
        if self.dice.happens(full) {
            self.count("disk full");
            self.trouble = Some((Strike::Full, self.dice.below(6)));
            Strike::Full
        } else if self.dice.happens(read_only) {
            self.count("read-only");
            self.trouble = Some((Strike::ReadOnly, self.dice.below(6)));
            Strike::ReadOnly
        } else if self.dice.happens(lost) {
            self.count("sync failed, lost");
            Strike::Lost
        } else if self.dice.happens(kept) {
            self.count("sync failed, kept");
            Strike::Kept
        } else if self.dice.happens(crash_before) {
            self.count("crash before the append");
            self.crashed = true;
            Strike::Lost
        } else if self.dice.happens(crash_after) {
            self.count("crash after the append");
            self.crashed = true;
            Strike::Kept
        } else {
            Strike::Nothing
        }
    }

    /// Whether a read succeeds.
    ///
    /// # Errors
    /// When it does not.
    pub fn on_read(&mut self) -> Result<(), Error> {
        if self.crashed {
            return Err(failed("read after a crash"));
        }
        if self.dice.happens(self.rates.read) {
            self.count("read failed");
            return Err(failed("read"));
        }
        if self.dice.happens(self.rates.crash_reading) {
            self.count("crash while reading");
            self.crashed = true;
            return Err(failed("read"));
        }
        Ok(())
    }

    /// Whether a file can be opened.
    ///
    /// # Errors
    /// When it cannot.
    pub fn on_open(&mut self) -> Result<(), Error> {
        if self.crashed || self.dice.happens(self.rates.open) {
            self.count("open failed");
            return Err(failed("open"));
        }
        Ok(())
    }

    /// A number below `most`, for what a crash leaves.
    pub fn below(&mut self, most: u64) -> u64 {
        self.dice.below(most)
    }
}

/// A file of the simulation.
pub fn file() -> PathBuf {
    PathBuf::from("simulated")
}

/// A failure that leaves things unknown.
pub fn failed(doing: &'static str) -> Error {
    Error::Failed { file: file(), doing, why: "a simulated fault".to_owned() }
}
