//! From a journal to the state that it folds to.

use std::fmt;

use plimsoll_core::{
    event::{Event, Unreadable},
    state::{STATE_VERSION, State},
};
use plimsoll_store::{Error, journal::Journal, snapshot::Snapshot};

/// So many entries are read at once.
const ENTRIES_AT_ONCE: usize = 4096;

/// Why a journal cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayError {
    /// It cannot be read.
    Store(Error),
    /// One of its entries says nothing to this program.
    Entry {
        /// Which.
        seq: u64,
        /// Why.
        why: Unreadable,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Store(error) => error.fmt(f),
            ReplayError::Entry { seq, why } => {
                write!(f, "entry {seq} of the journal cannot be read: {why}")
            }
        }
    }
}

impl std::error::Error for ReplayError {}

/// The state at the end of a journal: from its newest snapshot that this program understands, or from the beginning.
///
/// # Errors
/// [`ReplayError`], with the entry that cannot be read.
pub fn replay(journal: &impl Journal) -> Result<State, ReplayError> {
    let snapshot = journal.snapshot(STATE_VERSION).map_err(ReplayError::Store)?;
    let (mut state, mut seq) =
        snapshot.and_then(|snapshot| read_snapshot(&snapshot)).unwrap_or_default();
    loop {
        let entries = journal.read(seq, ENTRIES_AT_ONCE).map_err(ReplayError::Store)?;
        let Some(last) = entries.last() else { return Ok(state) };
        let next = last.seq;
        for entry in entries {
            let event = Event::read(&entry.event)
                .map_err(|why| ReplayError::Entry { seq: entry.seq, why })?;
            state.apply(entry.at_ms, &event);
        }
        seq = next;
    }
}

/// A state and the entry it is at; `None` where the snapshot says nothing to this program.
fn read_snapshot(snapshot: &Snapshot) -> Option<(State, u64)> {
    serde_json::from_slice(&snapshot.bytes).ok().map(|state| (state, snapshot.head.seq))
}

/// A snapshot of the state at the journal's head.
pub fn snapshot(state: &State, journal: &impl Journal) -> Option<Snapshot> {
    let bytes = serde_json::to_vec(state).ok()?;
    Some(Snapshot { state_version: STATE_VERSION, head: journal.head(), bytes })
}
