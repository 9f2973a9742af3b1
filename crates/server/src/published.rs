//! The state that everybody may see: what is on the disk, and nothing else.

use std::sync::{
    PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicU64, Ordering},
};

use plimsoll_core::{event::Event, state::State};

/// The state as it is in the journal.
#[derive(Debug, Default)]
pub struct Published {
    state: RwLock<State>,
    /// Grows with every change, while the state is held.
    version: AtomicU64,
    /// Grows with every change that moves a budget or a source.
    measures: AtomicU64,
}

impl Published {
    /// Begins with a state that was replayed.
    pub fn of(state: State) -> Self {
        Published { state: RwLock::new(state), ..Published::default() }
    }

    /// A look at the state. Whoever holds it keeps the writer from publishing: copy what you need.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        // Applying an event cannot panic half-way: it only inserts into maps.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another number for every state: who has made something of one sees whether it still holds.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Another number for every state in which something else is measured, promised or left out. It does not move for
    /// anything else that happens, such as a decision.
    pub fn measures(&self) -> u64 {
        self.measures.load(Ordering::Acquire)
    }

    /// Takes in events that are durable.
    pub(crate) fn apply<'a>(&self, events: impl IntoIterator<Item = (i64, &'a Event)>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut moves = false;
        for (at_ms, event) in events {
            state.apply(at_ms, event);
            moves |= event.moves_measures();
        }
        if moves {
            self.measures.fetch_add(1, Ordering::Release);
        }
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Takes in a state that was replayed anew.
    pub(crate) fn replace(&self, state: State) {
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *held = state;
        self.measures.fetch_add(1, Ordering::Release);
        self.version.fetch_add(1, Ordering::Release);
    }
}
