//! The promise: what a service gives its users, in one sentence and with the objectives that hold it to account.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    catalog::object::{Declared, Kind, Object, ObjectId},
    promise::policy::HOUSE_POLICY,
    state::State,
    time::Date,
};

/// What a service promises, as its document says it. A service has at most one promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Who promises.
    pub service: String,
    /// What, in one sentence for those who rely on it.
    pub text: String,
    /// The objectives that hold it to account, each once. None means *no SLO yet*, and then there is a next step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slos: Vec<String>,
    /// What is done next so that the promise can be measured, or measured better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// What is not promised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// When somebody is there.
    pub support_hours: SupportHours,
    /// How much hangs on it.
    pub tier: Tier,
    /// Who answers for it.
    pub owner: Owner,
    /// The policy that says what follows when it is not kept.
    pub policy: String,
    /// What it rests on.
    #[serde(default)]
    pub depends_on: Dependencies,
    /// The day by which it is looked at again. It is stale from the day after, in UTC.
    pub review_date: Date,
}

/// When somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SupportHours {
    /// Around the clock.
    #[serde(rename = "24x7")]
    Always,
    /// In business hours.
    #[serde(rename = "business")]
    Business,
    /// When somebody happens to be.
    #[serde(rename = "best-effort")]
    BestEffort,
}

impl SupportHours {
    /// As documents write them.
    pub const WORDS: [(&'static str, SupportHours); 3] = [
        ("24x7", SupportHours::Always),
        ("business", SupportHours::Business),
        ("best-effort", SupportHours::BestEffort),
    ];

    /// As documents write it.
    pub fn word(self) -> &'static str {
        match self {
            SupportHours::Always => "24x7",
            SupportHours::Business => "business",
            SupportHours::BestEffort => "best-effort",
        }
    }
}

/// How much hangs on a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// The business stands still without it.
    A,
    /// The business limps without it.
    B,
    /// The business goes on without it.
    C,
}

impl Tier {
    /// As documents write them.
    pub const WORDS: [(&'static str, Tier); 3] = [("A", Tier::A), ("B", Tier::B), ("C", Tier::C)];

    /// As documents write it.
    pub fn word(self) -> &'static str {
        match self {
            Tier::A => "A",
            Tier::B => "B",
            Tier::C => "C",
        }
    }
}

/// Who answers for a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The handle of a person.
    pub person: String,
    /// The name of their team.
    pub team: String,
}

/// The services on which one rests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dependencies {
    /// It fails when one of these fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hard: Vec<String>,
    /// It gets along without these, perhaps with less.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub soft: Vec<String>,
}

/// Why a promise that was fine when it was declared cannot be held to account any more. It reads as a clause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breakage {
    /// Its service was withdrawn.
    NoService(String),
    /// An objective that it names was withdrawn.
    NoSlo(String),
    /// An objective that it names is one of another service now.
    OtherService {
        /// The objective.
        slo: String,
        /// Whose it is.
        service: String,
    },
    /// Its policy was withdrawn.
    NoPolicy(String),
}

impl fmt::Display for Breakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breakage::NoService(name) => write!(f, "service {name} was withdrawn"),
            Breakage::NoSlo(name) => write!(f, "slo {name} was withdrawn"),
            Breakage::OtherService { slo, service } => {
                write!(f, "slo {slo} is of the service {service} now")
            }
            Breakage::NoPolicy(name) => write!(f, "policy {name} was withdrawn"),
        }
    }
}

/// Something in which objects are found by kind and name: the catalog, or what it would become.
pub(crate) trait Catalog {
    /// The object of a kind and name.
    fn object(&self, kind: Kind, name: &str) -> Option<&Object>;
}

impl Catalog for State {
    fn object(&self, kind: Kind, name: &str) -> Option<&Object> {
        self.objects.get(&ObjectId { kind, name: name.into() }).map(|known| &known.object)
    }
}

impl Promise {
    /// What keeps it from being held to account. While there is anything, it counts as broken, never as kept.
    pub fn breakages(&self, state: &State) -> Vec<Breakage> {
        self.breakages_in(state)
    }

    /// The same, in what the catalog would become.
    pub(crate) fn breakages_in(&self, catalog: &impl Catalog) -> Vec<Breakage> {
        let mut found = Vec::new();
        if catalog.object(Kind::Service, &self.service).is_none() {
            found.push(Breakage::NoService(self.service.clone()));
        }
        for slo in &self.slos {
            match catalog.object(Kind::Slo, slo) {
                Some(Object::Slo(known)) if known.service == self.service => {}
                Some(Object::Slo(known)) => found.push(Breakage::OtherService {
                    slo: slo.clone(),
                    service: known.service.clone(),
                }),
                _ => found.push(Breakage::NoSlo(slo.clone())),
            }
        }
        let is_known =
            self.policy == HOUSE_POLICY || catalog.object(Kind::Policy, &self.policy).is_some();
        if !is_known {
            found.push(Breakage::NoPolicy(self.policy.clone()));
        }
        found
    }

    /// Whether it should have been looked at again by now.
    pub fn is_stale(&self, today: Date) -> bool {
        today > self.review_date
    }
}

/// The promise of a service, with its name.
pub fn of_service<'a>(state: &'a State, service: &str) -> Option<(&'a str, &'a Promise)> {
    let id = ObjectId { kind: Kind::Promise, name: state.promised_by.get(service)?.clone() };
    let (id, known) = state.objects.get_key_value(&id)?;
    Some((id.name.as_str(), of_object(&known.object)?))
}

/// All promises with their names and where they are declared, by name.
pub fn all(state: &State) -> impl Iterator<Item = (&str, &Promise, &Declared)> {
    let from = ObjectId { kind: Kind::Promise, name: "".into() };
    let promises = state.objects.range(from..).take_while(|(id, _)| id.kind == Kind::Promise);
    promises.filter_map(|(id, known)| Some((id.name.as_str(), of_object(&known.object)?, known)))
}

/// An object as a promise.
pub fn of_object(object: &Object) -> Option<&Promise> {
    if let Object::Promise(promise) = object { Some(promise) } else { None }
}
