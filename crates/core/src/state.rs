//! The state: everything the practice knows, equal to the fold of the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    catalog::object::{self, Declared, Kind, Object, ObjectId},
    deliver::{Changes, change},
    event::Event,
    marks::{
        Marks, Subject,
        attribution::{self, Attribution},
        exclusion::{self, Exclusion},
    },
    people::{
        person::{self, Person, PersonId},
        token::{self, Token, TokenId},
    },
    promise::{
        agreement::{self, Versions},
        exception::{self, Exceptions},
        exit,
        record::{self, Record},
    },
};

/// Which shape the state has. A snapshot of another one is not read; the journal is replayed instead.
pub const STATE_VERSION: u32 = 6;

/// Everything the practice knows.
///
/// What it drops, and when: exclusions and attributions when they are taken back, and the oldest where there are too
/// many ([`Marks`]); of changes those that started first, where there are too many ([`Changes`]); of exceptions those
/// that are over, where there are too many ([`Exceptions`]). People and tokens are kept for good, because the journal
/// names them; both are few.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// Everyone who acts or acted.
    pub people: BTreeMap<PersonId, Person>,
    /// Every token that was issued.
    pub tokens: BTreeMap<TokenId, Token>,
    /// Every object in force.
    #[serde(with = "pairs")]
    pub objects: BTreeMap<ObjectId, Declared>,
    /// The name of the promise of each service that has one.
    #[serde(default)]
    pub promised_by: BTreeMap<SmolStr, SmolStr>,
    /// The name of the promise that both sides agreed to last for a service, whatever became of its document.
    #[serde(default)]
    pub agreed_by: BTreeMap<SmolStr, SmolStr>,
    /// The versions of promises and policies, of withdrawn ones too ([`Versions`] says how many): their numbers go on
    /// when they come back.
    #[serde(default, with = "pairs")]
    pub versions: BTreeMap<ObjectId, Versions>,
    /// The numbers under which slots are stored, of withdrawn SLIs and sources too: whoever comes back finds their
    /// slots again.
    #[serde(with = "pairs")]
    pub keys: BTreeMap<ObjectId, u32>,
    /// Every exclusion in force. One of a withdrawn SLI or service stays, and holds again when that comes back.
    pub exclusions: Marks<Exclusion>,
    /// Every attribution in force. They stay like exclusions.
    pub attributions: Marks<Attribution>,
    /// The changes that are kept.
    #[serde(default)]
    pub changes: Changes,
    /// The exceptions that are kept.
    #[serde(default)]
    pub exceptions: Exceptions,
    /// Services that were withdrawn and did not come back.
    #[serde(default)]
    pub withdrawn: BTreeMap<SmolStr, Gone>,
    /// What was decided about each service. That of a withdrawn one is dropped but for the number of its newest entry
    /// ([`State::withdrawn`]); the journal keeps it.
    #[serde(default)]
    pub decisions: BTreeMap<SmolStr, Record>,
    /// How many events it is made of: the number of the journal's newest entry.
    #[serde(default)]
    pub entries: u64,
}

/// A service that was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The entry of the journal that holds the last decision about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
}

impl State {
    /// Takes in what happened. Applying never fails and never decides: that was done when the event was made.
    pub fn apply(&mut self, at_ms: i64, event: &Event) {
        self.entries += 1;
        match event {
            Event::PersonAdded(event) => person::apply_added(self, at_ms, event),
            Event::PersonErased(event) => person::apply_erased(self, at_ms, event),
            Event::TokenIssued(event) => token::apply_issued(self, at_ms, event),
            Event::TokenRevoked(event) => token::apply_revoked(self, at_ms, event),
            Event::Declared(event) => object::apply_declared(self, at_ms, event),
            Event::Withdrawn(event) => object::apply_withdrawn(self, at_ms, event),
            Event::ExclusionAdded(event) => exclusion::apply_added(self, at_ms, event),
            Event::ExclusionUndone(event) => exclusion::apply_undone(self, event),
            Event::AttributionAdded(event) => attribution::apply_added(self, at_ms, event),
            Event::AttributionUndone(event) => attribution::apply_undone(self, event),
            Event::ChangeStarted(event) => change::apply_started(self, at_ms, event),
            Event::ChangeFinished(event) => change::apply_finished(self, event),
            Event::ExceptionAsked(event) => exception::apply_asked(self, at_ms, event),
            Event::ExceptionApproved(event) => exception::apply_approved(self, at_ms, event),
            Event::ExceptionRejected(event) => exception::apply_rejected(self, at_ms, event),
            Event::ExceptionRevoked(event) => exception::apply_revoked(self, at_ms, event),
            Event::ExceptionPaid(event) => exception::apply_paid(self, at_ms, event),
            Event::PromiseProposed(event) => {
                agreement::apply_promise_proposed(self, at_ms, event);
            }
            Event::PolicyProposed(event) => agreement::apply_policy_proposed(self, at_ms, event),
            Event::AgreementGiven(event) => agreement::apply_given(self, at_ms, event),
            Event::ExitSigned(event) => exit::apply_signed(self, event),
            Event::ExitGranted(event) => exit::apply_granted(self, event),
            Event::DecisionMade(event) => record::apply_made(self, at_ms, event),
        }
    }

    /// What a mark may be about so that it is about this SLI: the SLI, and its service.
    pub(crate) fn subjects_of(&self, sli: &str) -> Vec<Subject> {
        let mut subjects = vec![Subject::Sli(sli.into())];
        let id = ObjectId { kind: Kind::Sli, name: sli.into() };
        if let Some(Object::Sli { service, .. }) = self.objects.get(&id).map(|known| &known.object)
        {
            subjects.push(Subject::Service(service.as_str().into()));
        }
        subjects
    }
}

/// Maps whose keys are no texts, as lists of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
