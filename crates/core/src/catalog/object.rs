//! The objects that documents declare.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    event::Event,
    measure::sli::Sli,
    promise::{agreement, policy::Policy, promise::Promise, slo},
    spec::accesslog::AccessLogSource,
    state::{Gone, State},
};

/// Kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something that serves.
    Service,
    /// Where measurements come from.
    Source,
    /// What is counted.
    Sli,
    /// What is promised of it.
    Slo,
    /// What follows from its budget.
    Policy,
    /// What a service gives its users.
    Promise,
}

impl Kind {
    /// Its name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Service => "service",
            Kind::Source => "source",
            Kind::Sli => "sli",
            Kind::Slo => "slo",
            Kind::Policy => "policy",
            Kind::Promise => "promise",
        }
    }
}

/// A kind and a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectId {
    /// Of which kind.
    pub kind: Kind,
    /// Unique within its kind.
    pub name: SmolStr,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

/// What a document says of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Object {
    /// Something that serves.
    Service {
        /// Its name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Where measurements come from.
    Source(Feed),
    /// What is counted.
    Sli {
        /// The service it tells of.
        service: String,
        /// Where its counts come from; `None` where the document names no source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// What is counted.
        measure: Measure,
    },
    /// What is promised.
    Slo(slo::Slo),
    /// What follows from a budget.
    Policy {
        /// Its conditions.
        policy: Box<Policy>,
        /// What minutes without data mean, where the SLO does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        no_data: Option<slo::NoData>,
    },
    /// What a service gives its users.
    Promise(Box<Promise>),
}

impl Object {
    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Object::Service { .. } => Kind::Service,
            Object::Source(_) => Kind::Source,
            Object::Sli { .. } => Kind::Sli,
            Object::Slo(_) => Kind::Slo,
            Object::Policy { .. } => Kind::Policy,
            Object::Promise(_) => Kind::Promise,
        }
    }
}

/// How a source delivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feed {
    /// Access logs that the server follows.
    AccessLog(Box<AccessLogSource>),
    /// Somebody sends slots.
    Push,
    /// Something that this program does not read.
    Other {
        /// Its type, as written.
        kind: String,
    },
}

/// What an SLI counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Requests of a service in access logs.
    Requests {
        /// The service, as the logs name it.
        service: String,
        /// Which of its requests are good.
        sli: Sli,
    },
    /// What its source sends.
    Pushed,
    /// Something that this program does not read.
    Other {
        /// The type of its source, as written.
        kind: String,
    },
}

/// Which files an object belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    /// The set of files that is applied together.
    pub set: String,
    /// The file within the set.
    pub file: String,
}

/// An object in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// What it is.
    pub object: Object,
    /// To which files it belongs.
    pub owner: Owner,
    /// Since when it is what it is, in milliseconds since 1970.
    pub since_ms: i64,
    /// The number under which its slots are stored, for SLIs and sources. It is never given to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
}

/// An object was declared, or is another now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasDeclared {
    /// Its name.
    pub name: SmolStr,
    /// To which files it belongs.
    pub owner: Owner,
    /// The number under which its slots are stored, for SLIs and sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
    /// What it is.
    pub object: Object,
}

/// An object was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasWithdrawn {
    /// Which.
    #[serde(flatten)]
    pub id: ObjectId,
}

/// The event of an object that is declared.
pub(super) fn declared(name: SmolStr, owner: Owner, key: Option<u32>, object: Object) -> Event {
    Event::Declared(WasDeclared { name, owner, key, object })
}

pub(crate) fn apply_declared(state: &mut State, at_ms: i64, event: &WasDeclared) {
    let id = ObjectId { kind: event.object.kind(), name: event.name.clone() };
    if let Some(key) = event.key {
        state.keys.insert(id.clone(), key);
    }
    if let Some(Object::Promise(before)) = state.objects.get(&id).map(|known| &known.object) {
        let service = before.service.clone();
        no_longer_promised(state, &service, &event.name);
    }
    if id.kind == Kind::Service {
        state.withdrawn.remove(&event.name);
    }
    if let Object::Promise(promise) = &event.object {
        state.promised_by.insert(promise.service.as_str().into(), event.name.clone());
    }
    let (object, owner) = (event.object.clone(), event.owner.clone());
    state.objects.insert(id, Declared { object, owner, since_ms: at_ms, key: event.key });
}

pub(crate) fn apply_withdrawn(state: &mut State, at_ms: i64, event: &WasWithdrawn) {
    agreement::apply_withdrawn(state, &event.id);
    if let Some(Object::Promise(gone)) = state.objects.remove(&event.id).map(|known| known.object) {
        no_longer_promised(state, &gone.service, &event.id.name);
    }
    if event.id.kind == Kind::Service {
        let last = state.decisions.remove(&event.id.name).map(|record| record.last.entry);
        state.withdrawn.insert(event.id.name.clone(), Gone { at_ms, decision: last });
    }
}

/// This promise is not that of the service any more. Where another one took its place already, that stays.
fn no_longer_promised(state: &mut State, service: &str, promise: &str) {
    if state.promised_by.get(service).is_some_and(|known| known == promise) {
        state.promised_by.remove(service);
    }
}
