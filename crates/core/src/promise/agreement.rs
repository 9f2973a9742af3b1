//! Agreement: versions of promises and policies, and who signed them for the product and for engineering.
//!
//! A version is *proposed* when documents change its terms, *agreed* when both roles signed it, and *superseded* when a
//! later one is agreed. What was proposed and never agreed before the next proposal is *outdated*. Until a version is
//! agreed, the one before stays in force.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    in_force,
    policy::{HOUSE_POLICY, Policy},
    promise::of_object,
    terms::{PolicyTerms, PromiseTerms, Terms},
};
use crate::{
    catalog::object::{Kind, Object, ObjectId},
    command::{Actor, Context, Refusal},
    event::Event,
    limits::VERSIONS_KEPT_MAX,
    people::person::{self, PersonId},
    state::State,
};

/// For whom somebody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// For those who decide what is built.
    Product,
    /// For those who build and run it.
    Engineering,
}

impl Role {
    /// Both of them.
    pub const ALL: [Role; 2] = [Role::Product, Role::Engineering];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Product => "product",
            Role::Engineering => "engineering",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Role::Product => Role::Engineering,
            Role::Engineering => Role::Product,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What somebody signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who.
    pub by: Actor,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// A version of a promise or policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// What it says.
    pub terms: Terms,
    /// Why it is another than the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Who proposed it.
    pub by: Actor,
    /// When, in milliseconds since 1970.
    pub proposed_ms: i64,
    /// Who signed it.
    pub signatures: BTreeMap<Role, Signature>,
}

impl Version {
    /// Since when both roles agree on it, in milliseconds since 1970.
    pub fn agreed_ms(&self) -> Option<i64> {
        let signed = Role::ALL.map(|role| self.signatures.get(&role).map(|one| one.at_ms));
        let [Some(first), Some(second)] = signed else { return None };
        Some(first.max(second))
    }

    /// The roles that have not signed.
    pub fn missing(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| !self.signatures.contains_key(role)).collect()
    }

    /// Whether one person signed for both roles.
    pub fn is_solo(&self) -> bool {
        let person = |role| self.signatures.get(&role).and_then(|one: &Signature| one.by.person());
        person(Role::Product).is_some() && person(Role::Product) == person(Role::Engineering)
    }
}

/// How far a version came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It can be signed, and is not signed by both.
    Proposed,
    /// It is in force.
    Agreed,
    /// It was in force until a later one was.
    Superseded,
    /// It was never agreed, and another was proposed since.
    Outdated,
}

impl Stage {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Proposed => "proposed",
            Stage::Agreed => "agreed",
            Stage::Superseded => "superseded",
            Stage::Outdated => "outdated",
        }
    }
}

/// The versions of one promise or policy, the oldest first.
///
/// It keeps the newest [`VERSIONS_KEPT_MAX`] and the one in force; of what was withdrawn, those that anybody signed
/// and the newest, so that numbers go on when it comes back. The journal keeps all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versions(Vec<Version>);

impl Versions {
    /// All that are kept, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.0.iter()
    }

    /// The newest one.
    pub fn last(&self) -> Option<&Version> {
        self.0.last()
    }

    /// The newest one that both roles signed.
    pub fn in_force(&self) -> Option<&Version> {
        self.0.iter().rev().find(|version| version.agreed_ms().is_some())
    }

    /// How far a version of this list came.
    pub fn stage(&self, version: &Version) -> Stage {
        let in_force = self.in_force().map(|one| one.number);
        let last = self.last().map(|one| one.number);
        match version.agreed_ms() {
            Some(_) if in_force == Some(version.number) => Stage::Agreed,
            Some(_) => Stage::Superseded,
            None if last == Some(version.number) => Stage::Proposed,
            None => Stage::Outdated,
        }
    }

    fn add(&mut self, version: Version) {
        self.0.push(version);
        self.keep(VERSIONS_KEPT_MAX);
    }

    /// Drops the oldest until no more than `most` are left, but for the newest and the one in force.
    fn keep(&mut self, most: usize) {
        let in_force = self.in_force().map(|one| one.number);
        let last = self.last().map(|one| one.number);
        let mut surplus = self.0.len().saturating_sub(most);
        self.0.retain(|version| {
            let stays = surplus == 0 || [in_force, last].contains(&Some(version.number));
            surplus -= usize::from(!stays);
            stays
        });
    }
}

/// How far the agreement on a promise or policy came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The newest version; 0 where there is none, as of the policy that is built in.
    pub version: u32,
    /// The roles that did not sign it. Empty means agreed.
    pub missing: Vec<Role>,
    /// The version in force, an older one perhaps.
    pub in_force: Option<u32>,
    /// Whether one person signed the newest version for both roles.
    pub is_solo: bool,
    /// Whether its document was withdrawn since. What was agreed stays in force.
    pub is_withdrawn: bool,
}

impl Standing {
    /// Whether both roles signed the newest version.
    pub fn is_agreed(&self) -> bool {
        self.missing.is_empty()
    }

    /// It in a few words: `version 2, agreed`, `version 3, not signed by product; version 2 is in force`.
    pub fn sentence(&self) -> String {
        let version = self.version;
        if version == 0 {
            return "nobody agreed to it".to_owned();
        }
        let gone = if self.is_withdrawn { "; its document was withdrawn" } else { "" };
        if self.is_agreed() {
            let solo = if self.is_solo { ", by one person for both sides" } else { "" };
            return format!("version {version}, agreed{solo}{gone}");
        }
        let missing: Vec<&str> = self.missing.iter().map(|role| role.word()).collect();
        let missing = missing.join(" and ");
        let before = self.in_force.map(|number| format!("; version {number} is in force"));
        format!("version {version}, not signed by {missing}{}{gone}", before.unwrap_or_default())
    }
}

/// How far the agreement on a promise or policy came. What is not declared is agreed by nobody; but what was agreed
/// stays in force without its document.
pub fn standing(state: &State, id: &ObjectId) -> Standing {
    let declared = state.objects.contains_key(id);
    let is_known = declared || in_force::holds(state, id);
    let versions = state.versions.get(id).filter(|_| is_known);
    let last = versions.and_then(Versions::last);
    Standing {
        version: last.map_or(0, |version| version.number),
        missing: last.map_or_else(|| Role::ALL.into(), Version::missing),
        in_force: versions.and_then(Versions::in_force).map(|version| version.number),
        is_solo: last.is_some_and(Version::is_solo),
        is_withdrawn: versions.is_some() && !declared,
    }
}

/// A version was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed<T> {
    /// The name of the promise or policy.
    pub name: SmolStr,
    /// The number of the version.
    pub version: u32,
    /// What it says.
    pub terms: Box<T>,
    /// Why it is another than the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Who proposed it.
    pub by: Actor,
}

/// Somebody agreed to a version for a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// To which promise or policy.
    #[serde(flatten)]
    pub of: ObjectId,
    /// To which version.
    pub version: u32,
    /// For which role.
    pub role: Role,
    /// Who.
    pub by: Actor,
}

/// What is asked for when somebody agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// To which promise or policy.
    pub of: ObjectId,
    /// To which version: the one they read.
    pub version: u32,
    /// For which role.
    pub role: Role,
}

/// The event of a new version.
pub(crate) fn proposed(
    id: &ObjectId,
    version: u32,
    terms: Terms,
    reason: Option<&SmolStr>,
    by: &Actor,
) -> Event {
    let (name, reason, by) = (id.name.clone(), reason.cloned(), by.clone());
    match terms {
        Terms::Promise(terms) => {
            Event::PromiseProposed(Proposed { name, version, terms, reason, by })
        }
        Terms::Policy(terms) => {
            Event::PolicyProposed(Proposed { name, version, terms, reason, by })
        }
    }
}

/// Signs a version for a role.
pub(crate) fn agree(state: &State, wish: &Wish, context: &Context) -> Result<Vec<Event>, Refusal> {
    let Wish { of, version, role } = wish;
    let Some(person) = context.actor.person() else {
        return Err(Refusal::invalid("only a person can agree", "use a token of theirs"));
    };
    let known = declared(state, of)?;
    let last = state.versions.get(of).and_then(Versions::last).ok_or_else(|| {
        let what = format!("{of} has no version yet: it was declared before there were any");
        Refusal::conflict(what, "apply its documents again, and sign what that proposes")
    })?;
    check_version(of, *version, last.number)?;
    if let Some(why) =
        of_object(known).and_then(|promise| promise.breakages(state).into_iter().next())
    {
        let hint = "put its document right first; nobody can keep it as it is";
        return Err(Refusal::conflict(format!("{of} is broken: {why}"), hint));
    }
    if let Some(signature) = last.signatures.get(role) {
        return match signature.by.person() {
            Some(signer) if signer == person => Ok(Vec::new()),
            signer => {
                let signer = signer.map_or("a rule", PersonId::as_str);
                let what = format!("version {version} of {of} is signed for {role} by {signer}");
                Err(Refusal::conflict(what, "nothing is left to sign for this role"))
            }
        };
    }
    let rules = rules(state, of, known);
    check_approver(state, &rules, *role, person)?;
    let has_signed = last.signatures.get(&role.other()).and_then(|one| one.by.person());
    if has_signed == Some(person) && !rules.solo {
        let what = format!("{person} signed version {version} for {} already", role.other());
        let hint = format!(
            "somebody else must sign for {role}; where there is nobody else, the policy {} can say solo: true",
            rules.name
        );
        return Err(Refusal::conflict(what, hint));
    }
    let (of, by) = (of.clone(), context.actor.clone());
    Ok(vec![Event::AgreementGiven(Given { of, version: *version, role: *role, by })])
}

/// The promise or policy that is to be signed.
fn declared<'a>(state: &'a State, of: &ObjectId) -> Result<&'a Object, Refusal> {
    if let Some(known) = state.objects.get(of) {
        return Ok(&known.object);
    }
    if of.kind == Kind::Policy && of.name == HOUSE_POLICY {
        let what = format!("the policy {} is built in, and nobody can sign it", of.name);
        return Err(Refusal::conflict(what, "declare a BudgetPolicy of this name, and sign that"));
    }
    let kind = of.kind.name();
    if in_force::holds(state, of) {
        let what = format!("the document of {of} was withdrawn; what was agreed stays in force");
        return Err(Refusal::conflict(what, "declare it again, and sign what that proposes"));
    }
    let hint = format!("plimsoll {kind} list shows them");
    Err(Refusal::not_found(
        format!("there is no {kind} {:?}", crate::text::shortened(&of.name)),
        hint,
    ))
}

fn check_version(of: &ObjectId, wanted: u32, last: u32) -> Result<(), Refusal> {
    let (kind, name) = (of.kind.name(), &of.name);
    match wanted {
        _ if wanted == last => Ok(()),
        _ if wanted < last => Err(Refusal::conflict(
            format!("version {wanted} of {of} is outdated: version {last} was proposed since"),
            format!("read it with plimsoll {kind} show {name}, and sign that"),
        )),
        _ => Err(Refusal::conflict(
            format!("there is no version {wanted} of {of}: the newest is {last}"),
            format!("read it with plimsoll {kind} show {name}, and sign that"),
        )),
    }
}

/// The rules by which something is signed: of a promise, those by which its service is decided, or by which it was agreed
/// for another one; of a policy, itself. Each as it is in force, so that nobody gets the right to sign by what is not
/// agreed yet.
fn rules(state: &State, of: &ObjectId, known: &Object) -> Policy {
    let Object::Promise(promise) = known else {
        let policy = in_force::policy(state, &of.name).cloned();
        return policy.unwrap_or_else(|| in_force::house_policy(state));
    };
    let agreed =
        in_force::promise_terms(state, &of.name).map(|terms| terms.promise.service.as_str());
    let is_held = state.agreed_by.contains_key(promise.service.as_str());
    let service = agreed.filter(|_| !is_held).unwrap_or(&promise.service);
    in_force::policy_of_service(state, service)
}

/// Only those sign whom the policy names for the role. Where all of them were erased, anybody may: otherwise nobody
/// ever could again.
pub(super) fn check_approver(
    state: &State,
    rules: &Policy,
    role: Role,
    person: &PersonId,
) -> Result<(), Refusal> {
    let named = match role {
        Role::Product => &rules.approvers.product,
        Role::Engineering => &rules.approvers.engineering,
    };
    let is_erased = |handle: &String| person::is_erased(state, handle);
    if named.iter().any(|handle| handle == person.as_str()) || named.iter().all(is_erased) {
        return Ok(());
    }
    let named = person::listed(state, named.iter().map(String::as_str));
    let what = format!("{person} may not sign for {role} by the policy {}", rules.name);
    Err(Refusal::conflict(what, format!("ask one of those it names: {named}")))
}

pub(crate) fn apply_promise_proposed(
    state: &mut State,
    at_ms: i64,
    event: &Proposed<PromiseTerms>,
) {
    let terms = Terms::Promise(event.terms.clone());
    add(state, at_ms, Kind::Promise, event, terms);
}

pub(crate) fn apply_policy_proposed(state: &mut State, at_ms: i64, event: &Proposed<PolicyTerms>) {
    let terms = Terms::Policy(event.terms.clone());
    add(state, at_ms, Kind::Policy, event, terms);
}

fn add<T>(state: &mut State, at_ms: i64, kind: Kind, event: &Proposed<T>, terms: Terms) {
    let id = ObjectId { kind, name: event.name.clone() };
    state.versions.entry(id).or_default().add(Version {
        number: event.version,
        terms,
        reason: event.reason.clone(),
        by: event.by.clone(),
        proposed_ms: at_ms,
        signatures: BTreeMap::new(),
    });
}

pub(crate) fn apply_given(state: &mut State, at_ms: i64, event: &Given) {
    let versions = state.versions.get_mut(&event.of);
    let version =
        versions.and_then(|versions| versions.0.iter_mut().find(|one| one.number == event.version));
    let Some(version) = version else { return };
    version.signatures.insert(event.role, Signature { by: event.by.clone(), at_ms });
    if let (Terms::Promise(terms), Some(_)) = (&version.terms, version.agreed_ms()) {
        let service = SmolStr::from(terms.promise.service.as_str());
        // It may have been agreed for another service before.
        state.agreed_by.retain(|_, promise| *promise != event.of.name);
        state.agreed_by.insert(service, event.of.name.clone());
    }
}

/// Of what was withdrawn stays what was signed, and as much that numbers go on when it comes back.
pub(crate) fn apply_withdrawn(state: &mut State, id: &ObjectId) {
    if let Some(versions) = state.versions.get_mut(id) {
        let last = versions.last().map(|one| one.number);
        versions.0.retain(|one| !one.signatures.is_empty() || Some(one.number) == last);
    }
}

#[cfg(test)]
mod tests;
