//! Entries, before and after they are in the journal.

use super::{chain::Hash, json_line::JsonLine};
use crate::{idempotency::Reply, secret::SecretChange};

/// An event in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// When, in milliseconds since 1970. Never less than the entry before.
    pub at_ms: i64,
    /// Who or what acted, as JSON.
    pub actor: String,
    /// What happened, as JSON, byte for byte as it was given.
    pub event: String,
    /// Chains it to all entries before; see [`super::hash`].
    pub hash: Hash,
}

impl Entry {
    /// The journal's head while this is its newest entry.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, at_ms: self.at_ms, hash: self.hash }
    }
}

/// An event on its way into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who or what acted.
    pub actor: JsonLine,
    /// What happened.
    pub event: JsonLine,
}

/// The newest entry, as far as somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its place; 0 before the first.
    pub seq: u64,
    /// Its time, in milliseconds since 1970.
    pub at_ms: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty journal: 32 zero bytes stand for the hash before the first, and nothing is older than
    /// 1970.
    pub const EMPTY: Head = Head { seq: 0, at_ms: 0, hash: [0; 32] };
}

/// What is appended at once: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Events, in order.
    pub entries: Vec<Draft>,
    /// Changes of secrets, in order.
    pub secrets: Vec<SecretChange>,
    /// Answers to requests with idempotency keys.
    pub replies: Vec<Reply>,
}
