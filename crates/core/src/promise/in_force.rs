//! What is in force: what both sides signed last; where they never signed anything, what is declared.
//!
//! A document that changes agreed terms proposes new ones, and nothing more. Budgets, decisions, gates and the rights
//! to sign go by what is in force, so that nobody changes alone what two people agreed on, nor by withdrawing it.

use super::{
    agreement::Versions,
    decision::Silent,
    policy::{HOUSE_POLICY, Policy},
    promise::{self, Breakage, Promise},
    slo::Slo,
    terms::{Difference, PolicyTerms, PromiseTerms, Terms},
};
use crate::{
    catalog::object::{Kind, Object, ObjectId},
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
/// house's.
pub fn policy_of_service(state: &State, service: &str) -> Policy {
    let named = promise_of_service(state, service).map(|(_, promise)| promise.policy.as_str());
    named.and_then(|name| policy(state, name)).cloned().unwrap_or_else(|| house_policy(state))
}

/// The promise of a service, with its name.
pub fn promise_of_service<'a>(state: &'a State, service: &str) -> Option<(&'a str, &'a Promise)> {
    let (name, declared) = promise::of_service(state, service)?;
    Some((name, promise(state, name, declared)))
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
    let agreed = promise::of_service(state, &slo.service)
        .and_then(|(name, _)| promise_terms(state, name))
        .filter(|terms| terms.promise.service == slo.service)
        .and_then(|terms| terms.slos.get(&slo.name));
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
