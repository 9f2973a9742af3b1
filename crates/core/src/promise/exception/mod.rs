//! Exceptions: what lets changes pass although the budget says no.
//!
//! An exception is asked for by one person and approved by another. It covers certain changes of one service for at
//! most three days, names what is done to make up for it, and is billed afterwards with what was spent while it was in
//! force ([`cost`]). Where the policy says that one person is all there is, they approve their own; that stays visible.

pub mod cost;
mod kept;
mod rules;

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub use kept::Exceptions;
pub(crate) use rules::{approve, ask, pay, reject, revoke};

use crate::{
    command::Actor,
    limits::EXCEPTION_WAITS_MS,
    people::person::PersonId,
    state::State,
    time::{DAY, Date, Minute},
};

/// The name of an exception.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExceptionId(pub SmolStr);

impl fmt::Display for ExceptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which changes of its service an exception covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Those of these names.
    Changes(Vec<SmolStr>),
    /// Those of these kinds.
    Kinds(Vec<SmolStr>),
    /// Every change.
    All,
}

impl Scope {
    /// Whether a change of this name and kind is among them.
    pub fn covers(&self, change: Option<&str>, kind: Option<&str>) -> bool {
        let is_in = |names: &[SmolStr], name: Option<&str>| {
            name.is_some_and(|name| names.iter().any(|own| own == name))
        };
        match self {
            Scope::Changes(names) => is_in(names, change),
            Scope::Kinds(kinds) => is_in(kinds, kind),
            Scope::All => true,
        }
    }
}

/// Why an exception is asked for, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonClass {
    /// Something was promised to a customer.
    CustomerCommitment,
    /// Money is lost by waiting.
    Revenue,
    /// The law asks for it.
    Legal,
    /// The system must be operated.
    Operational,
    /// Anything else.
    Other,
}

impl ReasonClass {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            ReasonClass::CustomerCommitment => "customer-commitment",
            ReasonClass::Revenue => "revenue",
            ReasonClass::Legal => "legal",
            ReasonClass::Operational => "operational",
            ReasonClass::Other => "other",
        }
    }
}

/// What is done to make up for an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payback {
    /// What.
    pub action: SmolStr,
    /// Who sees to it.
    pub owner: PersonId,
    /// The last day for it, in UTC.
    pub due: Date,
}

/// An exception was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its name.
    pub exception: ExceptionId,
    /// The service that it is of.
    pub service: SmolStr,
    /// Which of its changes it covers.
    pub scope: Scope,
    /// Why, in a word.
    pub class: ReasonClass,
    /// Why, in a sentence.
    pub reason: SmolStr,
    /// For how many hours, counted from its approval.
    pub hours: u32,
    /// What is done to make up for it.
    pub payback: Payback,
    /// Who asks.
    pub by: Actor,
}

/// An exception was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Which.
    pub exception: ExceptionId,
    /// When it ends, in milliseconds since 1970.
    pub until_ms: i64,
    /// Whether they approved what they asked for themselves, as the policy lets them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub solo: bool,
    /// Who approves.
    pub by: Actor,
}

/// An exception was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Which.
    pub exception: ExceptionId,
    /// Why, where they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Who rejects.
    pub by: Actor,
}

/// An exception was taken back: before it was answered, or before it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Which.
    pub exception: ExceptionId,
    /// Why, where they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Who revokes.
    pub by: Actor,
}

/// What makes up for an exception was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// For which.
    pub exception: ExceptionId,
    /// What was done.
    pub note: SmolStr,
    /// Who says so.
    pub by: Actor,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of which service.
    pub service: String,
    /// Which changes it is to cover.
    pub scope: Scope,
    /// Why, in a word.
    pub class: ReasonClass,
    /// Why, in a sentence.
    pub reason: String,
    /// For how many hours.
    pub hours: u32,
    /// What is done to make up for it.
    pub action: String,
    /// Who sees to that.
    pub owner: String,
    /// Until which day, such as `2026-12-01`.
    pub due: String,
}

/// An exception with all that was done about it, and when, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// What was asked for.
    pub asked: Asked,
    /// When.
    pub asked_ms: i64,
    /// Its approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<(i64, Approved)>,
    /// Its rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<(i64, Rejected)>,
    /// That it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<(i64, Revoked)>,
    /// That it was made up for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<(i64, Paid)>,
}

/// How it is with an exception at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nobody answered yet.
    Waiting,
    /// Nobody answered in time.
    Lapsed,
    /// Somebody said no.
    Rejected,
    /// It covers changes.
    InForce,
    /// It was approved, and its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Lapsed => "lapsed",
            Status::Rejected => "rejected",
            Status::InForce => "in-force",
            Status::Expired => "expired",
            Status::Revoked => "revoked",
        }
    }
}

/// How it is with what makes up for an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Debt {
    /// It is to be done, and there is time.
    Open,
    /// It is to be done, and its day is over.
    Overdue,
    /// It is done.
    Paid,
}

impl Debt {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Debt::Open => "open",
            Debt::Overdue => "overdue",
            Debt::Paid => "paid",
        }
    }
}

impl Exception {
    /// From when until when it covered changes, or will, in milliseconds since 1970; nothing where it was not approved.
    pub fn in_force(&self) -> Option<(i64, i64)> {
        let (from_ms, approved) = self.approved.as_ref()?;
        let revoked_ms = self.revoked.as_ref().map_or(i64::MAX, |(at_ms, _)| *at_ms);
        Some((*from_ms, approved.until_ms.min(revoked_ms)))
    }

    /// How it is with it at this time.
    pub fn status(&self, at_ms: i64) -> Status {
        let waits_until_ms = self.asked_ms.saturating_add(EXCEPTION_WAITS_MS);
        match (&self.rejected, &self.revoked, &self.approved) {
            (Some(_), _, _) => Status::Rejected,
            (None, Some(_), _) => Status::Revoked,
            (None, None, Some((_, approved))) if at_ms < approved.until_ms => Status::InForce,
            (None, None, Some(_)) => Status::Expired,
            (None, None, None) if at_ms < waits_until_ms => Status::Waiting,
            (None, None, None) => Status::Lapsed,
        }
    }

    /// How it is with what makes up for it; nothing is owed where it was not approved.
    pub fn debt(&self, at_ms: i64) -> Option<Debt> {
        self.approved.as_ref()?;
        let over = self.asked.payback.due.begin().plus(DAY).second().saturating_mul(1000);
        Some(match &self.paid {
            Some(_) => Debt::Paid,
            None if at_ms < over => Debt::Open,
            None => Debt::Overdue,
        })
    }

    /// Whether it covers a change of its service at this time.
    pub fn covers(&self, change: Option<&str>, kind: Option<&str>, at_ms: i64) -> bool {
        let is_then = self.in_force().is_some_and(|(from, to)| from <= at_ms && at_ms < to);
        is_then && self.asked.scope.covers(change, kind)
    }
}

impl State {
    /// The exception that covers a change of this service, name and kind at this time; where there are several, that
    /// which ends last.
    pub fn covering(
        &self,
        service: &str,
        change: Option<&str>,
        kind: Option<&str>,
        at_ms: i64,
    ) -> Option<&Exception> {
        let all = self.exceptions.of_service(service);
        let covering = all.filter(|exception| exception.covers(change, kind, at_ms));
        covering.max_by_key(|exception| exception.in_force().map(|(_, to)| to))
    }
}

/// The quarter of the calendar that holds a time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: i16,
    number: i8,
}

impl Quarter {
    /// The quarter that holds this time, in milliseconds since 1970.
    pub fn of(at_ms: i64) -> Self {
        let (year, month) = Date::of(Minute::of_second(at_ms.div_euclid(1000))).year_and_month();
        Quarter { year, number: (month - 1) / 3 + 1 }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quarter {} of {}", self.number, self.year)
    }
}

pub(crate) fn apply_asked(state: &mut State, at_ms: i64, event: &Asked) {
    state.exceptions.add(at_ms, event.clone());
}

pub(crate) fn apply_approved(state: &mut State, at_ms: i64, event: &Approved) {
    state.exceptions.alter(&event.exception, |known| known.approved = Some((at_ms, event.clone())));
}

pub(crate) fn apply_rejected(state: &mut State, at_ms: i64, event: &Rejected) {
    state.exceptions.alter(&event.exception, |known| known.rejected = Some((at_ms, event.clone())));
}

pub(crate) fn apply_revoked(state: &mut State, at_ms: i64, event: &Revoked) {
    state.exceptions.alter(&event.exception, |known| known.revoked = Some((at_ms, event.clone())));
}

pub(crate) fn apply_paid(state: &mut State, at_ms: i64, event: &Paid) {
    state.exceptions.alter(&event.exception, |known| known.paid = Some((at_ms, event.clone())));
}

#[cfg(test)]
mod tests;
