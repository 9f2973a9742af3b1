//! Commands: what somebody asks for, and why it may be refused.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, SmolStrBuilder};

use crate::{
    deliver::change,
    marks::{attribution, exclusion},
    people::{
        person::PersonId,
        token::{self, TokenId},
    },
    promise::{agreement, exception, exit, record::Decided},
};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Add a person of this handle.
    AddPerson(String),
    /// Erase the person of this handle, and revoke their tokens.
    ErasePerson(String),
    /// Issue a token.
    IssueToken(token::Wish),
    /// Revoke the token of this name.
    RevokeToken(String),
    /// Make the catalog what a set of files says.
    Apply {
        /// The name of the set.
        set: String,
        /// Name and content of each file.
        files: Vec<(String, Vec<u8>)>,
        /// Whether objects that the files no longer declare are withdrawn.
        may_withdraw: bool,
        /// Why promises and policies that were agreed get other terms.
        reason: Option<String>,
    },
    /// Agree to a version of a promise or policy.
    Agree(agreement::Wish),
    /// Let an interval not count.
    Exclude(exclusion::Wish),
    /// Take the exclusion of this name back.
    UndoExclusion(String),
    /// Put an interval down to an account.
    Attribute(attribution::Wish),
    /// Take the attribution of this name back.
    UndoAttribution(String),
    /// Record that a change started.
    StartChange(change::StartWish),
    /// Record that a change finished.
    FinishChange(change::FinishWish),
    /// Ask for an exception.
    AskException(exception::Wish),
    /// Approve the exception of this name.
    ApproveException(String),
    /// Reject an exception.
    RejectException {
        /// Its name.
        id: String,
        /// Why, if anybody says so.
        reason: Option<String>,
    },
    /// Take an exception back.
    RevokeException {
        /// Its name.
        id: String,
        /// Why, if anybody says so.
        reason: Option<String>,
    },
    /// Record that an exception was made up for.
    PayException {
        /// Its name.
        id: String,
        /// What was done.
        note: String,
    },
    /// Sign an early exit from *stabilise*.
    SignExit(exit::Wish),
    /// Record a decision, where it says something new.
    Record(Box<Decided>),
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// A person, by one of their tokens.
    Person {
        /// Who.
        person: PersonId,
        /// By which token.
        token: TokenId,
    },
    /// A person who owns the data folder, as its file of credentials proves.
    Owner {
        /// Who.
        person: PersonId,
    },
    /// A rule of the program, by its name.
    Rule(SmolStr),
}

impl Actor {
    /// The person who acts; nobody where it is a rule.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Actor::Person { person, .. } | Actor::Owner { person } => Some(person),
            Actor::Rule(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    /// The handle of the person, or `the rule …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Person { person, .. } | Actor::Owner { person } => person.fmt(f),
            Actor::Rule(rule) => write!(f, "the rule {rule}"),
        }
    }
}

/// What core is not allowed to find out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The time, in milliseconds since 1970. Never before the last entry of the journal.
    pub at_ms: i64,
    /// Who asks.
    pub actor: Actor,
    /// Fresh random bits, from which ids are made.
    pub fresh: u128,
}

impl Context {
    /// A fresh id: a prefix, a hyphen and 20 letters and digits. `number` tells several ids of one command apart.
    pub(crate) fn fresh_id(&self, prefix: &str, number: u32) -> SmolStr {
        // Crockford's alphabet: no letter that reads like a digit.
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut bits = self.fresh.wrapping_add(u128::from(number));
        let mut id = SmolStrBuilder::new();
        id.push_str(prefix);
        id.push('-');
        for _ in 0..20 {
            id.push(char::from(DIGITS[(bits & 31) as usize]));
            bits >>= 5;
        }
        id.finish()
    }
}

/// Of which kind a refusal is, for those who must act on it by program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalKind {
    /// What was asked for makes no sense.
    Invalid,
    /// What it is about is not here.
    NotFound,
    /// It contradicts what is here.
    Conflict,
    /// There would be too many of something.
    TooMany,
}

/// Why a command is refused. Nothing of it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Of which kind.
    pub kind: RefusalKind,
    /// What is the matter, as a clause that begins small.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    /// What was asked for makes no sense.
    pub fn invalid(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Refusal { kind: RefusalKind::Invalid, what: what.into(), hint: hint.into() }
    }

    /// What it is about is not here.
    pub fn not_found(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Refusal { kind: RefusalKind::NotFound, what: what.into(), hint: hint.into() }
    }

    /// It contradicts what is here.
    pub fn conflict(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Refusal { kind: RefusalKind::Conflict, what: what.into(), hint: hint.into() }
    }

    /// There would be more than `most` of something.
    pub fn too_many(of_what: &str, most: usize) -> Self {
        Refusal {
            kind: RefusalKind::TooMany,
            what: format!("there would be more than {most} {of_what}"),
            hint: "remove those that are not needed".to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.hint)
    }
}
