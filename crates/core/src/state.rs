//! The state: everything the practice knows, equal to the fold of the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    people::{
        person::{self, Person, PersonId},
        token::{self, Token, TokenId},
    },
};

/// Which shape the state has. A snapshot of another one is not read; the journal is replayed instead.
pub const STATE_VERSION: u32 = 1;

/// Everything the practice knows.
///
/// What it drops, and when: nothing yet. People and tokens are kept for good, because the journal names them; both
/// are few.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// Everyone who acts or acted.
    pub people: BTreeMap<PersonId, Person>,
    /// Every token that was issued.
    pub tokens: BTreeMap<TokenId, Token>,
}

impl State {
    /// Takes in what happened. Applying never fails and never decides: that was done when the event was made.
    pub fn apply(&mut self, at_ms: i64, event: &Event) {
        match event {
            Event::PersonAdded(event) => person::apply_added(self, at_ms, event),
            Event::PersonErased(event) => person::apply_erased(self, at_ms, event),
            Event::TokenIssued(event) => token::apply_issued(self, at_ms, event),
            Event::TokenRevoked(event) => token::apply_revoked(self, at_ms, event),
        }
    }
}

#[cfg(test)]
mod tests;
