//! The state that everybody may see: what is on the disk, and nothing else.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use plimsoll_core::{event::Event, state::State};

/// The state as it is in the journal.
#[derive(Debug, Default)]
pub struct Published {
    state: RwLock<State>,
}

impl Published {
    /// Begins with a state that was replayed.
    pub fn of(state: State) -> Self {
        Published { state: RwLock::new(state) }
    }

    /// A look at the state. Whoever holds it keeps the writer from publishing: copy what you need.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        // Applying an event cannot panic half-way: it only inserts into maps.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in events that are durable.
    pub(crate) fn apply<'a>(&self, events: impl IntoIterator<Item = (i64, &'a Event)>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (at_ms, event) in events {
            state.apply(at_ms, event);
        }
    }

    /// Takes in a state that was replayed anew.
    pub(crate) fn replace(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
