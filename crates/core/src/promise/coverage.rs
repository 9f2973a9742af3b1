//! Coverage: which services have a promise that somebody stands by, and what is missing of the others.

use std::{collections::BTreeSet, fmt};

use smol_str::SmolStr;

use super::{
    agreement::{Standing, standing},
    ceiling::{self, Finding},
    in_force,
    promise::{Breakage, Promise},
    terms::Difference,
};
use crate::{
    catalog::object::{Kind, ObjectId},
    state::State,
    time::Date,
};

/// What is missing so that a service has a promise to be relied on. The first that is found is the worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// It has none. That is debt.
    NoPromise,
    /// What it names is gone.
    Broken(Vec<Breakage>),
    /// Nothing is measured of it yet; this is done next.
    NoSloYet(String),
    /// Not everybody signed its newest version.
    NotAgreed {
        /// How far the agreement came.
        standing: Standing,
        /// What would be different from what is in force.
        proposed: Vec<Difference>,
    },
    /// It should have been looked at again by this day.
    Stale(Date),
}

impl Gap {
    /// Every word for one, the worst first.
    pub const WORDS: [&'static str; 5] =
        ["no-promise", "broken", "no-slo-yet", "not-agreed", "stale"];

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Gap::NoPromise => "no-promise",
            Gap::Broken(_) => "broken",
            Gap::NoSloYet(_) => "no-slo-yet",
            Gap::NotAgreed { .. } => "not-agreed",
            Gap::Stale(_) => "stale",
        }
    }
}

impl fmt::Display for Gap {
    /// A clause for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::NoPromise => f.write_str("nothing is promised of it"),
            Gap::Broken(why) => {
                let why: Vec<String> = why.iter().map(ToString::to_string).collect();
                write!(f, "broken: {}", why.join(", "))
            }
            Gap::NoSloYet(next) => write!(f, "no SLO yet; next: {next}"),
            Gap::NotAgreed { standing, proposed } => {
                f.write_str(&standing.sentence())?;
                let proposed: Vec<String> = proposed.iter().map(ToString::to_string).collect();
                if proposed.is_empty() {
                    Ok(())
                } else {
                    write!(f, "; proposed: {}", proposed.join(", "))
                }
            }
            Gap::Stale(day) => write!(f, "stale: it was to be reviewed by {day}"),
        }
    }
}

/// Every service that somebody can ask for: those that are declared, and those that a promise names although they were
/// withdrawn. A promise that is broken must not vanish with its service.
pub fn services(state: &State) -> BTreeSet<&str> {
    let from = ObjectId { kind: Kind::Service, name: "".into() };
    let declared = state.objects.range(from..).map(|(id, _)| id);
    let declared = declared.take_while(|id| id.kind == Kind::Service).map(|id| id.name.as_str());
    declared.chain(state.promised_by.keys().map(SmolStr::as_str)).collect()
}

/// What is missing of the promise of a service, the worst first. Empty means: it is measured, agreed and fresh.
pub fn gaps(state: &State, service: &str, today: Date) -> Vec<Gap> {
    match in_force::promise_of_service(state, service) {
        Some((name, promise)) => gaps_of(state, name, promise, today),
        None => vec![Gap::NoPromise],
    }
}

/// The same of a promise that is in force.
pub fn gaps_of(state: &State, name: &str, promise: &Promise, today: Date) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let broken = promise.breakages(state);
    if !broken.is_empty() {
        gaps.push(Gap::Broken(broken));
    }
    if promise.slos.is_empty() {
        gaps.push(Gap::NoSloYet(promise.next_step.clone().unwrap_or_default()));
    }
    let id = ObjectId { kind: Kind::Promise, name: name.into() };
    let standing = standing(state, &id);
    if !standing.is_agreed() {
        gaps.push(Gap::NotAgreed { standing, proposed: in_force::proposed(state, &id) });
    }
    if promise.is_stale(today) {
        gaps.push(Gap::Stale(promise.review_date));
    }
    gaps
}

/// Why it is doubtful that a promise can be kept, by what its hard dependencies promise.
pub fn ceiling(state: &State, promise: &Promise) -> Vec<Finding> {
    let promise_of =
        |service: &str| in_force::promise_of_service(state, service).map(|(_, promise)| promise);
    ceiling::findings(state, promise, promise_of)
}
