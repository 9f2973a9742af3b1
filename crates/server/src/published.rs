//! The state that everybody may see: what is on the disk, and nothing else.

use std::sync::{
    Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard,
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
    /// The journal's entry up to which it goes, for whoever waits for one.
    seq: Mutex<u64>,
    moved: Condvar,
}

impl Published {
    /// Begins with a state that was replayed up to an entry of the journal.
    pub fn of(state: State, seq: u64) -> Self {
        Published { state: RwLock::new(state), seq: Mutex::new(seq), ..Published::default() }
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

    /// The journal's entry up to which it goes.
    pub(crate) fn seq(&self) -> u64 {
        *self.seq.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it goes up to this entry, which is durable and on its way.
    pub(crate) fn wait_for(&self, seq: u64) {
        let reached = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.moved.wait_while(reached, |reached| *reached < seq));
    }

    /// Takes in events that are durable; `seq` is the last of them.
    pub(crate) fn apply<'a>(&self, seq: u64, events: impl IntoIterator<Item = (i64, &'a Event)>) {
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
        drop(state);
        self.reach(seq);
    }

    /// Takes in a state that was replayed anew, up to this entry.
    pub(crate) fn replace(&self, state: State, seq: u64) {
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *held = state;
        self.measures.fetch_add(1, Ordering::Release);
        self.version.fetch_add(1, Ordering::Release);
        drop(held);
        self.reach(seq);
    }

    fn reach(&self, seq: u64) {
        *self.seq.lock().unwrap_or_else(PoisonError::into_inner) = seq;
        self.moved.notify_all();
    }
}
