//! People: everyone who answers for what is done.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    command::Refusal,
    event::Event,
    limits::{PEOPLE_MAX, PERSON_HANDLE_BYTES_MAX},
    state::State,
};

/// The handle of a person, such as `ada`: what the journal calls them. Names and addresses are secrets and stand
/// elsewhere, so that a person can be erased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(SmolStr);

impl PersonId {
    /// Takes a handle: 1 to 40 lower-case letters, digits and hyphens, a letter first.
    ///
    /// # Errors
    /// A refusal that says what is allowed.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let is_first = |byte: &u8| byte.is_ascii_lowercase();
        let is_later =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = text.len() <= PERSON_HANDLE_BYTES_MAX
            && text.as_bytes().first().is_some_and(is_first)
            && text.bytes().all(is_later);
        if fits {
            return Ok(PersonId(text.into()));
        }
        Err(Refusal::invalid(
            format!("{:?} is no handle of a person", crate::text::shortened(text)),
            "write 1 to 40 lower-case letters, digits and hyphens, a letter first, such as `ada`",
        ))
    }

    /// The handle.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// When they were added, in milliseconds since 1970.
    pub added_ms: i64,
    /// When they were erased: the handle stays, because what they did stays; everything else of them is gone.
    pub erased_ms: Option<i64>,
}

impl Person {
    /// Whether they may act.
    pub fn is_active(&self) -> bool {
        self.erased_ms.is_none()
    }
}

/// Whether this is the handle of somebody who was erased.
pub(crate) fn is_erased(state: &State, handle: &str) -> bool {
    let id = PersonId::parse(handle).ok();
    id.and_then(|id| state.people.get(&id)).is_some_and(|known| !known.is_active())
}

/// Whether this is the handle of somebody who may act.
pub(crate) fn is_active(state: &State, handle: &str) -> bool {
    !is_unknown(state, handle) && !is_erased(state, handle)
}

/// Whether this is the handle of nobody who was ever here.
pub(crate) fn is_unknown(state: &State, handle: &str) -> bool {
    PersonId::parse(handle).map_or(true, |id| !state.people.contains_key(&id))
}

/// Handles for people who look for somebody: whom nobody can ask is marked.
pub(crate) fn listed<'a>(state: &State, handles: impl IntoIterator<Item = &'a str>) -> String {
    let marked = handles.into_iter().map(|handle| match handle {
        _ if is_unknown(state, handle) => format!("{handle} (unknown here; add them first)"),
        _ if is_erased(state, handle) => format!("{handle} (erased)"),
        _ => handle.to_owned(),
    });
    marked.collect::<Vec<_>>().join(", ")
}

/// A person was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Who.
    pub person: PersonId,
}

/// A person was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Who.
    pub person: PersonId,
}

/// Adds a person.
pub(crate) fn add(state: &State, handle: &str) -> Result<Vec<Event>, Refusal> {
    let person = PersonId::parse(handle)?;
    if let Some(known) = state.people.get(&person) {
        let why = if known.is_active() {
            "is already here"
        } else {
            "was erased; handles are not given again"
        };
        return Err(Refusal::conflict(format!("{person} {why}"), "choose another handle"));
    }
    if state.people.len() >= PEOPLE_MAX {
        return Err(Refusal::too_many("people", PEOPLE_MAX));
    }
    Ok(vec![Event::PersonAdded(Added { person })])
}

/// Erases a person: their tokens are revoked, their profile is dropped by the shell.
pub(crate) fn erase(state: &State, handle: &str) -> Result<Vec<Event>, Refusal> {
    let person = PersonId::parse(handle)?;
    let known = state.people.get(&person).filter(|known| known.is_active());
    if known.is_none() {
        return Err(Refusal::not_found(
            format!("there is no person {person}"),
            "plimsoll person list shows them",
        ));
    }
    let others = state.people.iter().filter(|(id, other)| **id != person && other.is_active());
    if others.count() == 0 {
        return Err(Refusal::conflict(
            format!("{person} is the last person here"),
            "add another person first: somebody must be able to act",
        ));
    }
    let tokens = state
        .tokens
        .iter()
        .filter(|(_, token)| token.person == person && token.revoked_ms.is_none());
    let revoked =
        tokens.map(|(id, _)| Event::TokenRevoked(super::token::Revoked { token: id.clone() }));
    Ok(revoked.chain([Event::PersonErased(Erased { person: person.clone() })]).collect())
}

pub(crate) fn apply_added(state: &mut State, at_ms: i64, event: &Added) {
    state.people.insert(event.person.clone(), Person { added_ms: at_ms, erased_ms: None });
}

pub(crate) fn apply_erased(state: &mut State, at_ms: i64, event: &Erased) {
    if let Some(person) = state.people.get_mut(&event.person) {
        person.erased_ms = Some(at_ms);
    }
}
