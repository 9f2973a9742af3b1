//! Events: what happened, as the journal keeps it for good.
//!
//! An event is stored as JSON text with its type, and its version where that is not 1. When the meaning of a type
//! changes, its version grows and [`Event::read`] makes the new form out of the old one: what was written once can be
//! read for ever, and replaying it gives the same state.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    catalog::object,
    deliver::change,
    marks::{attribution, exclusion},
    people::{person, token},
    promise::{
        agreement, exception, exit, record,
        terms::{PolicyTerms, PromiseTerms},
    },
};

/// Room for the text of a usual event, in bytes, so that it need not grow while it is written.
const USUAL_BYTES: usize = 256;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A person was added.
    #[serde(rename = "person.added")]
    PersonAdded(person::Added),
    /// A person was erased.
    #[serde(rename = "person.erased")]
    PersonErased(person::Erased),
    /// A token was issued.
    #[serde(rename = "token.issued")]
    TokenIssued(token::Issued),
    /// A token was revoked.
    #[serde(rename = "token.revoked")]
    TokenRevoked(token::Revoked),
    /// An object was declared, or is another now.
    #[serde(rename = "declared")]
    Declared(object::WasDeclared),
    /// An object was withdrawn.
    #[serde(rename = "withdrawn")]
    Withdrawn(object::WasWithdrawn),
    /// An interval was excluded.
    #[serde(rename = "exclusion.added")]
    ExclusionAdded(exclusion::Added),
    /// An exclusion was taken back.
    #[serde(rename = "exclusion.undone")]
    ExclusionUndone(exclusion::Undone),
    /// An interval was put down to an account.
    #[serde(rename = "attribution.added")]
    AttributionAdded(attribution::Added),
    /// An attribution was taken back.
    #[serde(rename = "attribution.undone")]
    AttributionUndone(attribution::Undone),
    /// A change started.
    #[serde(rename = "change.started")]
    ChangeStarted(change::Started),
    /// A change finished.
    #[serde(rename = "change.finished")]
    ChangeFinished(change::Finished),
    /// An exception was asked for.
    #[serde(rename = "exception.asked")]
    ExceptionAsked(exception::Asked),
    /// An exception was approved.
    #[serde(rename = "exception.approved")]
    ExceptionApproved(exception::Approved),
    /// An exception was rejected.
    #[serde(rename = "exception.rejected")]
    ExceptionRejected(exception::Rejected),
    /// An exception was taken back.
    #[serde(rename = "exception.revoked")]
    ExceptionRevoked(exception::Revoked),
    /// An exception was made up for.
    #[serde(rename = "exception.paid")]
    ExceptionPaid(exception::Paid),
    /// A version of a promise was proposed.
    #[serde(rename = "promise.proposed")]
    PromiseProposed(agreement::Proposed<PromiseTerms>),
    /// A version of a policy was proposed.
    #[serde(rename = "policy.proposed")]
    PolicyProposed(agreement::Proposed<PolicyTerms>),
    /// Somebody agreed to a version.
    #[serde(rename = "agreement.given")]
    AgreementGiven(agreement::Given),
    /// Somebody signed an early exit from *stabilise*.
    #[serde(rename = "exit.signed")]
    ExitSigned(exit::Signed),
    /// An early exit from *stabilise* holds.
    #[serde(rename = "exit.granted")]
    ExitGranted(exit::Granted),
    /// A decision was made that says something new.
    #[serde(rename = "decision.made")]
    DecisionMade(record::Made),
}

/// Why a stored event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no JSON object with a type.
    NoObject,
    /// The type, or this version of it, came after this program.
    TooNew {
        /// The type.
        kind: String,
        /// Its version.
        version: u64,
    },
    /// Its fields are not what its type says.
    Fields {
        /// The type.
        kind: String,
        /// What is the matter.
        why: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NoObject => f.write_str("it is no JSON object with a type"),
            Unreadable::TooNew { kind, version } => write!(
                f,
                "it is of type {kind} version {version}, which this program does not know; a newer program wrote it"
            ),
            Unreadable::Fields { kind, why } => write!(f, "its type is {kind}, and {why}"),
        }
    }
}

impl Event {
    /// Whether something else is measured, promised or left out after it: figures made before do not hold any more.
    pub fn moves_measures(&self) -> bool {
        matches!(
            self,
            Event::Declared(_)
                | Event::Withdrawn(_)
                | Event::ExclusionAdded(_)
                | Event::ExclusionUndone(_)
                | Event::AgreementGiven(_)
                | Event::ExitGranted(_)
        )
    }

    /// Its text in the journal: one line of JSON, its type first.
    pub fn to_text(&self) -> String {
        let mut text = Vec::with_capacity(USUAL_BYTES);
        // Every field is a number, a text or a list of such: none can fail to be written.
        let written = serde_json::to_writer(&mut text, self).ok();
        written.and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
    }

    /// Reads the text of an event, however old its version.
    ///
    /// # Errors
    /// [`Unreadable`], for text that no version of this program wrote, or only a newer one.
    pub fn read(text: &str) -> Result<Event, Unreadable> {
        let Kind { kind, version } =
            serde_json::from_str(text).map_err(|_| Unreadable::NoObject)?;
        let event = match (&*kind, version) {
            ("person.added", 1) => fields(text).map(Event::PersonAdded),
            ("person.erased", 1) => fields(text).map(Event::PersonErased),
            ("token.issued", 1) => fields(text).map(Event::TokenIssued),
            ("token.revoked", 1) => fields(text).map(Event::TokenRevoked),
            ("declared", 1) => fields(text).map(Event::Declared),
            ("withdrawn", 1) => fields(text).map(Event::Withdrawn),
            ("exclusion.added", 1) => fields(text).map(Event::ExclusionAdded),
            ("exclusion.undone", 1) => fields(text).map(Event::ExclusionUndone),
            ("attribution.added", 1) => fields(text).map(Event::AttributionAdded),
            ("attribution.undone", 1) => fields(text).map(Event::AttributionUndone),
            ("change.started", 1) => fields(text).map(Event::ChangeStarted),
            ("change.finished", 1) => fields(text).map(Event::ChangeFinished),
            ("exception.asked", 1) => fields(text).map(Event::ExceptionAsked),
            ("exception.approved", 1) => fields(text).map(Event::ExceptionApproved),
            ("exception.rejected", 1) => fields(text).map(Event::ExceptionRejected),
            ("exception.revoked", 1) => fields(text).map(Event::ExceptionRevoked),
            ("exception.paid", 1) => fields(text).map(Event::ExceptionPaid),
            ("promise.proposed", 1) => fields(text).map(Event::PromiseProposed),
            ("policy.proposed", 1) => fields(text).map(Event::PolicyProposed),
            ("agreement.given", 1) => fields(text).map(Event::AgreementGiven),
            ("exit.signed", 1) => fields(text).map(Event::ExitSigned),
            ("exit.granted", 1) => fields(text).map(Event::ExitGranted),
            ("decision.made", 1) => fields(text).map(Event::DecisionMade),
            _ => return Err(Unreadable::TooNew { kind: kind.into_owned(), version }),
        };
        event.map_err(|why| Unreadable::Fields { kind: kind.into_owned(), why })
    }
}

/// The fields of an event, or what is the matter with them.
fn fields<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        // Where in the line it is says nothing: the line is read as a whole first.
        let why = error.to_string();
        why.rsplit_once(" at line ").map_or(&*why, |(why, _)| why).to_owned()
    })
}

/// What every event begins with, whichever program wrote it.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(rename = "v", default = "first")]
    version: u64,
}

/// The version of an event that names none.
fn first() -> u64 {
    1
}
