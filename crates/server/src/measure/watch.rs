//! The watch: until when was decided. The slots remember it, so that whoever starts sees for how long nobody did.

use plimsoll_core::time::{Minute, Span};
use plimsoll_store::{Error, slots::SlotReads};

use crate::{bond::Bond, published::Published};

/// The slots keep what they say of themselves like the cursors of a source of this number, which none has.
pub(crate) const ITSELF: u32 = u32::MAX;

const DECIDED: &str = "decided";

/// Until when was decided, and when nobody did.
#[derive(Debug)]
pub(crate) struct Watch {
    /// To the journal, as the slots remember it.
    bond: Option<Bond>,
    /// Every minute before it was decided on.
    decided_until: Minute,
    /// When nobody decided last: no server ran, its machine slept, or its slots could not be read.
    unwatched: Option<Span>,
}

impl Watch {
    /// Goes on from what the slots remember; where they remember nothing, it begins at `end`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn begin(
        slots: &impl SlotReads,
        bond: Option<Bond>,
        end: Minute,
    ) -> Result<Self, Error> {
        let cursors = slots.cursors(ITSELF)?;
        let decided = cursors.into_iter().find(|(name, _)| name == DECIDED);
        let decided = decided.and_then(|(_, bytes)| serde_json::from_slice(&bytes).ok());
        Ok(Watch { bond, decided_until: decided.map_or(end, Minute), unwatched: None })
    }

    /// Takes note of minutes that are decided on now. Where several are new, nobody decided when the first ones ended.
    pub(crate) fn decided(&mut self, end: Minute) {
        let before = std::mem::replace(&mut self.decided_until, end);
        if end.0 - before.0 > 1 {
            self.unwatched = Some(Span::new(before, end));
        }
    }

    /// When nobody decided last.
    pub(crate) fn unwatched(&self) -> Option<Span> {
        self.unwatched
    }

    /// What the slots are to remember now.
    pub(crate) fn cursors(&self, published: &Published) -> Vec<(u32, String, Option<Vec<u8>>)> {
        let until = self.decided_until.0.to_string().into_bytes();
        let decided = (ITSELF, DECIDED.to_owned(), Some(until));
        let bond = self.bond.as_ref().map(|bond| bond.cursor(published));
        [decided].into_iter().chain(bond).collect()
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_store::slots::SlotFile;

    use super::*;

    #[test]
    fn minutes_that_nobody_decided_on_when_they_ended_are_told_until_there_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let slots = SlotFile::open(&folder.path().join("slots.db")).unwrap();
        let mut watch = Watch::begin(&slots, None, Minute(100)).unwrap();
        let span = |from: i64, to: i64| Some(Span::new(Minute(from), Minute(to)));
        for (end, unwatched) in [
            (100, None),
            (101, None),
            // It slept; it goes on; the clock goes back; and on again.
            (200, span(101, 200)),
            (201, span(101, 200)),
            (150, span(101, 200)),
            (170, span(150, 170)),
        ] {
            watch.decided(Minute(end));
            assert_eq!(watch.unwatched(), unwatched, "{end}");
        }
    }
}
