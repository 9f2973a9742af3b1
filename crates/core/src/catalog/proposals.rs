//! New versions in a plan: where documents change what people sign, they propose it.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::{
    object::{Kind, Object, ObjectId},
    promises::Next,
};
use crate::{
    command::{Context, Refusal},
    event::Event,
    limits::REASON_BYTES_MAX,
    promise::{
        agreement::{self, Versions},
        promise::{Catalog, Promise},
        terms::{Difference, Terms},
    },
    state::State,
    words,
};

/// A version of a promise or policy that applying files would propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Of which promise or policy.
    pub id: ObjectId,
    /// Its number.
    pub version: u32,
    /// What it says.
    pub terms: Terms,
    /// Whether a reason must be given: terms were agreed before.
    pub needs_reason: bool,
    /// What is different from the version in force, or else from the one before; nothing where this is the first.
    pub differences: Vec<Difference>,
}

/// The versions that the changes of a set propose.
pub(super) fn proposals(state: &State, set: &str, next: &Next<'_>) -> Vec<Proposal> {
    candidates(state, set, next).into_iter().filter_map(|id| proposal(state, id, next)).collect()
}

/// The promises and policies whose terms may be others than before: those that change, those whose objectives change,
/// and those of the set that have no version yet.
fn candidates(state: &State, set: &str, next: &Next<'_>) -> BTreeSet<ObjectId> {
    let is_signed = |id: &ObjectId| matches!(id.kind, Kind::Promise | Kind::Policy);
    let mut found: BTreeSet<ObjectId> =
        next.changes.keys().filter(|id| is_signed(id)).cloned().collect();
    let from = ObjectId { kind: Kind::Policy, name: "".into() };
    let own = state.objects.range(from..).filter(|(_, known)| known.owner.set == set);
    let fresh = own.filter(|(id, _)| is_signed(id) && !state.versions.contains_key(*id));
    found.extend(fresh.map(|(id, _)| id.clone()));
    let is_measure = |id: &ObjectId| matches!(id.kind, Kind::Slo | Kind::Sli);
    if next.changes.keys().any(is_measure) {
        let touched = next.promises().filter(|(_, promise)| is_touched(promise, next));
        found.extend(touched.map(|(name, _)| ObjectId { kind: Kind::Promise, name: name.clone() }));
    }
    found
}

/// Whether any objective of a promise changes, or what it measures.
fn is_touched(promise: &Promise, next: &Next<'_>) -> bool {
    let changes =
        |kind, name: &str| next.changes.contains_key(&ObjectId { kind, name: name.into() });
    promise.slos.iter().any(|name| {
        let sli = match next.object(Kind::Slo, name) {
            Some(Object::Slo(slo)) => Some(&slo.sli),
            _ => None,
        };
        changes(Kind::Slo, name) || sli.is_some_and(|sli| changes(Kind::Sli, sli))
    })
}

/// A new version, where the terms are others than those of the newest one.
fn proposal(state: &State, id: ObjectId, next: &Next<'_>) -> Option<Proposal> {
    let terms = Terms::of(next, &id)?;
    let versions = state.versions.get(&id);
    let last = versions.and_then(Versions::last);
    if last.is_some_and(|last| last.terms == terms) {
        return None;
    }
    let in_force = versions.and_then(Versions::in_force);
    let needs_reason = in_force.is_some();
    let since = in_force.or(last);
    let differences = since.map(|since| since.terms.differences(&terms)).unwrap_or_default();
    let version = last.map_or(0, |last| last.number).saturating_add(1);
    Some(Proposal { id, version, terms, needs_reason, differences })
}

/// The events of new versions.
pub(super) fn propose(
    proposals: Vec<Proposal>,
    reason: Option<&str>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let reason: Option<SmolStr> =
        reason.map(|reason| words::checked(reason, "reason", REASON_BYTES_MAX)).transpose()?;
    let needy: Vec<String> =
        proposals.iter().filter(|one| one.needs_reason).map(in_words).collect();
    if reason.is_none() && !needy.is_empty() {
        let what = format!("agreed terms would change without a reason: {}", needy.join("; "));
        return Err(Refusal::invalid(
            what,
            "say why with --reason TEXT (`reason` in the interface)",
        ));
    }
    let events = proposals.into_iter().map(|one| {
        agreement::proposed(&one.id, one.version, one.terms, reason.as_ref(), &context.actor)
    });
    Ok(events.collect())
}

/// `promise checkout (slo web: target 99.9 % → 99 %)`.
fn in_words(proposal: &Proposal) -> String {
    if proposal.differences.is_empty() {
        return format!(
            "{} (back to what is in force, in place of what was proposed)",
            proposal.id
        );
    }
    let differences: Vec<String> = proposal.differences.iter().map(ToString::to_string).collect();
    format!("{} ({})", proposal.id, differences.join(", "))
}
