//! What is in force: what both sides signed last; where they never signed anything, what is declared.
//!
//! A document that changes agreed terms proposes new ones, and nothing more. Budgets, decisions, gates and the rights
//! to sign go by what is in force, so that nobody changes alone what two people agreed on, nor by withdrawing it.

use std::collections::BTreeMap;

use super::{
    agreement::Versions,
    decision::Silent,
    policy::{HOUSE_POLICY, Policy},
    promise::{self, Breakage, Promise},
    slo::Slo,
    terms::{Difference, PolicyTerms, PromiseTerms, Terms},
};
use crate::{
    catalog::object::{Declared, Kind, Object, ObjectId},
    state::State,
};

/// The policy of this name: the newest version that both sides signed, also where its document was withdrawn since;
/// where there is none, as it is declared.
pub fn policy<'a>(state: &'a State, name: &str) -> Option<&'a Policy> {
    if let Some(terms) = policy_terms(state, name) {
        return Some(&terms.policy);
    }
    let id = ObjectId { kind: Kind::Policy, name: name.into() };
    match &state.objects.get(&id)?.object {
        Object::Policy { policy, .. } => Some(policy),
        _ => None,
    }
}

/// The terms of a policy that both sides signed last.
pub fn policy_terms<'a>(state: &'a State, name: &str) -> Option<&'a PolicyTerms> {
    match agreed(state, &ObjectId { kind: Kind::Policy, name: name.into() })? {
        Terms::Policy(terms) => Some(terms),
        Terms::Promise(_) => None,
    }
}

/// The policy that holds for whoever names none.
pub fn house_policy(state: &State) -> Policy {
    policy(state, HOUSE_POLICY).cloned().unwrap_or_default()
}

/// The policy that a service is decided by: that of its promise; where it has none, or there is no such policy, the
/// house's. A promise that nobody agreed to does not take the place of a house's policy that both sides agreed to.
pub fn policy_of_service(state: &State, service: &str) -> Policy {
    let named = match agreed_of_service(state, service) {
        Some((_, terms)) => Some(&terms.promise),
        None if policy_terms(state, HOUSE_POLICY).is_some() => None,
        None => promise::of_service(state, service).map(|(_, declared)| declared),
    };
    let policy = named.and_then(|promise| policy(state, &promise.policy));
    policy.cloned().unwrap_or_else(|| house_policy(state))
}

/// The promise of a service, with its name: the one that both sides agreed to last, also where its document was
/// withdrawn or another one is declared since; or else the one that is declared.
pub fn promise_of_service<'a>(state: &'a State, service: &str) -> Option<(&'a str, &'a Promise)> {
    let agreed = agreed_of_service(state, service).map(|(name, terms)| (name, &terms.promise));
    agreed.or_else(|| promise::of_service(state, service))
}

/// The terms that both sides agreed to last for a service, with the name of their promise.
fn agreed_of_service<'a>(state: &'a State, service: &str) -> Option<(&'a str, &'a PromiseTerms)> {
    let name = state.agreed_by.get(service)?;
    let terms = promise_terms(state, name).filter(|terms| terms.promise.service == service)?;
    Some((name, terms))
}

/// Whether a promise or policy holds because both sides agreed to it: a promise until they agree to another one for its
/// service.
pub fn holds(state: &State, id: &ObjectId) -> bool {
    match agreed(state, id) {
        Some(Terms::Promise(terms)) => {
            state.agreed_by.get(terms.promise.service.as_str()) == Some(&id.name)
        }
        Some(Terms::Policy(_)) => true,
        None => false,
    }
}

/// The promise of this name, with where it is declared; see [`promises`].
pub fn promise_named<'a>(
    state: &'a State,
    name: &str,
) -> Option<(&'a Promise, Option<&'a Declared>)> {
    let id = ObjectId { kind: Kind::Promise, name: name.into() };
    if let Some(known) = state.objects.get(&id) {
        let declared = promise::of_object(&known.object)?;
        return Some((promise(state, name, declared), Some(known)));
    }
    let terms = promise_terms(state, name).filter(|_| holds(state, &id))?;
    Some((&terms.promise, None))
}

/// Every promise by its name, with where it is declared: also such as were withdrawn and still hold for a service that
/// is here.
pub fn promises(state: &State) -> BTreeMap<&str, (&Promise, Option<&Declared>)> {
    let held = state.agreed_by.keys().filter_map(|service| {
        let id = ObjectId { kind: Kind::Service, name: service.clone() };
        let (name, terms) = agreed_of_service(state, service)?;
        state.objects.contains_key(&id).then_some((name, (&terms.promise, None)))
    });
    let declared = promise::all(state)
        .map(|(name, declared, known)| (name, (promise(state, name, declared), Some(known))));
    held.chain(declared).collect()
}

/// A promise: as both sides signed it last, or else as it is declared. One that was agreed for another service says
/// nothing of this one.
pub fn promise<'a>(state: &'a State, name: &str, declared: &'a Promise) -> &'a Promise {
    let agreed = promise_terms(state, name).map(|terms| &terms.promise);
    agreed.filter(|agreed| agreed.service == declared.service).unwrap_or(declared)
}

/// What a proposal that is not agreed would change, term by term: compared with what is in force, or nothing where
/// nothing ever was.
pub fn proposed(state: &State, id: &ObjectId) -> Vec<Difference> {
    let versions = state.versions.get(id);
    let in_force = versions.and_then(Versions::in_force);
    let last = versions.and_then(Versions::last);
    let (Some(in_force), Some(last)) = (in_force, last) else { return Vec::new() };
    in_force.terms.differences(&last.terms)
}

/// The terms of a promise that both sides signed last.
pub fn promise_terms<'a>(state: &'a State, name: &str) -> Option<&'a PromiseTerms> {
    match agreed(state, &ObjectId { kind: Kind::Promise, name: name.into() })? {
        Terms::Promise(terms) => Some(terms),
        Terms::Policy(_) => None,
    }
}

/// An objective as it is counted: with the target, windows and method that its service's promise was agreed with.
/// What it measures is as declared.
pub fn slo(state: &State, declared: &Slo) -> Slo {
    let mut slo = declared.clone();
    let agreed = agreed_of_service(state, &slo.service);
    let agreed = agreed.and_then(|(_, terms)| terms.slos.get(&slo.name));
    if let Some(terms) = agreed {
        slo.target = terms.target;
        slo.budgeting = terms.budgeting;
        slo.windows.clone_from(&terms.windows);
        slo.no_data = terms.no_data;
    }
    slo
}

/// The objectives that a service is held to by its promise and that nobody can read any more, with why: withdrawn, or
/// given to another service.
pub fn lost(state: &State, service: &str) -> Vec<Silent> {
    let Some((name, promise)) = promise_of_service(state, service) else { return Vec::new() };
    let broken = promise.breakages(state).into_iter();
    let lost = broken.filter_map(|broken| {
        let why = format!("the promise {name} is broken: {broken}");
        match broken {
            Breakage::NoSlo(slo) | Breakage::OtherService { slo, .. } => Some(Silent { slo, why }),
            Breakage::NoService(_) | Breakage::NoPolicy(_) => None,
        }
    });
    lost.collect()
}

fn agreed<'a>(state: &'a State, id: &ObjectId) -> Option<&'a Terms> {
    state.versions.get(id).and_then(Versions::in_force).map(|version| &version.terms)
}
