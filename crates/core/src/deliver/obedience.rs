//! Obedience: how many of the changes that started while the decision was *stabilise* were such as may pass then.

use super::{change::Change, changes::Changes};
use crate::{
    promise::{decision::Verdict, gate::Pass},
    ratio::share_ppb,
};

/// The changes of a service in a time, by what the gate would have said when they started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Obedience {
    /// All that started.
    pub changes: u64,
    /// Those of which it is not known what was decided when they started.
    pub unjudged: u64,
    /// Those that started during *stabilise*.
    pub stabilising: u64,
    /// Of these, those of an exempt kind.
    pub exempt: u64,
    /// Of these, those that an exception covered.
    pub covered: u64,
    /// Of these, the names of all others.
    pub uncovered: Vec<String>,
    /// Whether all changes of that time are kept. Otherwise these are the later ones.
    pub is_whole: bool,
}

impl Obedience {
    /// The obedience of a service in `from_ms..to_ms`, in milliseconds since 1970.
    pub fn of(changes: &Changes, service: &str, from_ms: i64, to_ms: i64) -> Self {
        let is_whole = changes.whole_from(service).is_none_or(|whole_from| whole_from < from_ms);
        let mut obedience = Obedience { is_whole, ..Obedience::default() };
        for change in changes.within(Some(service), from_ms, to_ms, None) {
            obedience.count(change);
        }
        obedience
    }

    fn count(&mut self, change: &Change) {
        self.changes += 1;
        let Some(told) = &change.start.gate else {
            self.unjudged += 1;
            return;
        };
        if told.verdict != Verdict::Stabilise {
            return;
        }
        self.stabilising += 1;
        match told.pass {
            Pass::Exempt => self.exempt += 1,
            Pass::Covered => self.covered += 1,
            Pass::Allowed | Pass::Refused => self.uncovered.push(change.start.change.to_string()),
        }
    }

    /// The share of the changes during *stabilise* that might pass, in parts per billion, rounded down. Where there was
    /// none nothing is known of it.
    pub fn share_ppb(&self) -> Option<u64> {
        share_ppb(self.exempt + self.covered, self.stabilising)
    }
}
