//! Tokens: what a program shows to act for a person.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::person::PersonId;
use crate::{
    command::{Context, Refusal},
    event::Event,
    limits::{TOKEN_DAYS_MAX, TOKEN_LABEL_CHARS_MAX, TOKENS_PER_PERSON_MAX},
    state::State,
};

/// The name of a token. It is no secret; what proves the token is, and never leaves the table of secrets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(pub SmolStr);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look at everything that is no secret.
    Read,
    /// Send measurements.
    Push,
    /// Record changes, and ask for exceptions.
    Change,
    /// Change documents, attributions and exclusions; answer exceptions.
    Write,
    /// People, tokens, backups; and everything else.
    Admin,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const ALL: [Scope; 5] =
        [Scope::Read, Scope::Push, Scope::Change, Scope::Write, Scope::Admin];

    /// Its name in documents and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Push => "push",
            Scope::Change => "change",
            Scope::Write => "write",
            Scope::Admin => "admin",
        }
    }

    /// Whether whoever has this one has another: `admin` includes everything, `write` includes `change`.
    pub fn includes(self, other: Scope) -> bool {
        self == other || self == Scope::Admin || (self, other) == (Scope::Write, Scope::Change)
    }
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// For whom it acts.
    pub person: PersonId,
    /// What it is for, in the words of who issued it.
    pub label: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was issued, in milliseconds since 1970.
    pub issued_ms: i64,
    /// From when on it is not valid any more.
    pub expires_ms: i64,
    /// When it was revoked.
    pub revoked_ms: Option<i64>,
}

impl Token {
    /// Whether it is valid at this time. A clock that stands before its issue does not make it so.
    pub fn is_valid(&self, at_ms: i64) -> bool {
        self.revoked_ms.is_none() && at_ms < self.expires_ms
    }

    /// Whether it may be used for this.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| own.includes(scope))
    }
}

/// A token was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its name.
    pub token: TokenId,
    /// For whom it acts.
    pub person: PersonId,
    /// What it is for.
    pub label: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// From when on it is not valid any more.
    pub expires_ms: i64,
}

/// A token was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Which.
    pub token: TokenId,
}

/// What is asked for when a token is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// For whom it is to act.
    pub person: String,
    /// What it is for.
    pub label: String,
    /// What it may be used for; at least one.
    pub scopes: BTreeSet<Scope>,
    /// For how many days it is valid, at most [`TOKEN_DAYS_MAX`].
    pub days: u32,
}

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Issues a token.
pub(crate) fn issue(state: &State, wish: &Wish, context: &Context) -> Result<Vec<Event>, Refusal> {
    let person = PersonId::parse(&wish.person)?;
    if !state.people.get(&person).is_some_and(super::person::Person::is_active) {
        return Err(Refusal::not_found(
            format!("there is no person {person}"),
            "plimsoll person add adds them",
        ));
    }
    if wish.scopes.is_empty() {
        return Err(Refusal::invalid(
            "the token has no scope",
            "give one of read, push, write, admin",
        ));
    }
    if wish.days == 0 || wish.days > TOKEN_DAYS_MAX {
        return Err(Refusal::invalid(
            format!("a token for {} days cannot be issued", wish.days),
            format!("give 1 to {TOKEN_DAYS_MAX} days"),
        ));
    }
    if wish.label.chars().count() > TOKEN_LABEL_CHARS_MAX || !crate::words::is_one_line(&wish.label)
    {
        return Err(Refusal::invalid(
            "the label is too long or holds control characters",
            format!("write at most {TOKEN_LABEL_CHARS_MAX} characters of plain text"),
        ));
    }
    let valid = state.tokens.values().filter(|t| t.person == person && t.is_valid(context.at_ms));
    if valid.count() >= TOKENS_PER_PERSON_MAX {
        return Err(Refusal::too_many("valid tokens of one person", TOKENS_PER_PERSON_MAX));
    }
    Ok(vec![Event::TokenIssued(Issued {
        token: TokenId(context.fresh_id("t", 0)),
        person,
        label: wish.label.clone(),
        scopes: wish.scopes.clone(),
        expires_ms: context.at_ms.saturating_add(i64::from(wish.days) * DAY_MS),
    })])
}

/// Revokes a token.
pub(crate) fn revoke(state: &State, token: &str) -> Result<Vec<Event>, Refusal> {
    let id = TokenId(token.into());
    match state.tokens.get(&id) {
        // Also one that seems to have expired: after a clock was ahead, the journal's time is not the server's.
        Some(token) if token.revoked_ms.is_none() => {
            Ok(vec![Event::TokenRevoked(Revoked { token: id })])
        }
        // Whoever revokes a token wants it dead, and it is.
        Some(_) => Ok(Vec::new()),
        None => Err(Refusal::not_found(
            format!("there is no token {:?}", crate::text::shortened(token)),
            "plimsoll token list shows them",
        )),
    }
}

pub(crate) fn apply_issued(state: &mut State, at_ms: i64, event: &Issued) {
    let token = Token {
        person: event.person.clone(),
        label: event.label.clone(),
        scopes: event.scopes.clone(),
        issued_ms: at_ms,
        expires_ms: event.expires_ms,
        revoked_ms: None,
    };
    state.tokens.insert(event.token.clone(), token);
}

pub(crate) fn apply_revoked(state: &mut State, at_ms: i64, event: &Revoked) {
    if let Some(token) = state.tokens.get_mut(&event.token) {
        token.revoked_ms = Some(at_ms);
    }
}
