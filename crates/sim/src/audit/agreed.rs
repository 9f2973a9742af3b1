//! Agreement: what is declared is what was proposed last, versions are counted, and two people sign.

use std::collections::BTreeMap;

use plimsoll_core::{
    command::Command,
    promise::agreement::{Stage, Version, Wish},
    state::State,
};
use serde_json::Value;

use super::{
    Found, hold,
    roll::{Happened, Roll, person, text},
    rules::Rules,
};

/// A version of a promise or policy.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Its number.
    pub number: u64,
    /// What it says.
    pub terms: Value,
    /// Who signed it, by role.
    pub signed: BTreeMap<String, String>,
    /// The entry with which it was signed last.
    pub agreed_in: u64,
}

/// The versions of a promise or policy, the oldest first.
pub type Versions = Vec<Proposed>;

/// The last one that both signed.
pub fn in_force(versions: &Versions) -> Option<&Proposed> {
    versions.iter().rev().find(|version| version.signed.len() == 2)
}

/// The place of a role among the signers of a policy.
fn side(role: &str) -> usize {
    usize::from(role == "engineering")
}

impl Roll {
    pub(super) fn proposed(&mut self, told: &Happened<'_>, kind: &str) -> Found<bool> {
        let event = told.event;
        let Command::Apply { reason, .. } = told.command else { return Ok(false) };
        hold(event["reason"].as_str() == reason.as_deref(), || {
            format!("its reason is {reason:?}")
        })?;
        let id = (kind.to_owned(), text(event, "name"));
        let object = self.objects.get(&id).ok_or("it is not declared")?;
        let terms = &event["terms"];
        self.is_declared_so(kind, object, terms)?;
        let versions = self.versions.entry(id).or_default();
        let last = versions.last();
        hold(last.is_none_or(|last| last.terms != *terms), || "nothing is new in it".to_owned())?;
        let number = last.map_or(0, |last| last.number) + 1;
        hold(event["version"] == number, || format!("it should be version {number}"))?;
        hold(in_force(versions).is_none() || reason.is_some(), || "without a reason".to_owned())?;
        let (terms, signed) = (terms.clone(), BTreeMap::new());
        versions.push(Proposed { number, terms, signed, agreed_in: 0 });
        Ok(true)
    }

    /// Whether terms say what is declared: the document itself, and of a promise what its objectives ask for.
    fn is_declared_so(&self, kind: &str, object: &Value, terms: &Value) -> Found {
        if kind == "policy" {
            let is_same = terms["policy"] == object["policy"];
            return hold(is_same, || format!("{terms} are not of {object}"));
        }
        hold(terms["promise"] == *object, || format!("{terms} are not of {object}"))?;
        let names = object["slos"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in names {
            let (slo, term) = (self.object("slo", name), &terms["slos"][name]);
            let field = |field: &str| slo.map_or(&Value::Null, |slo| &slo[field]);
            let is_same = ["target", "windows", "budgeting"].iter().all(|f| term[*f] == *field(f));
            hold(is_same, || format!("the terms of {name} are {term}, and not {slo:?}"))?;
        }
        Ok(())
    }

    pub(super) fn agreement_given(&mut self, told: &Happened<'_>) -> Found<bool> {
        let event = told.event;
        let Command::Agree(wish) = told.command else { return Ok(false) };
        let who = person(&event["by"]);
        hold(self.may_agree(wish, who.as_deref()), || "the rules forbid it".to_owned())?;
        let is_same = wish.of.kind.name() == text(event, "kind")
            && wish.of.name == text(event, "name")
            && event["version"] == wish.version
            && event["role"] == wish.role.word();
        hold(is_same, || format!("{wish:?} asked for something else"))?;
        let id = (text(event, "kind"), text(event, "name"));
        let last = self.versions.get_mut(&id).and_then(|versions| versions.last_mut());
        let (Some(last), Some(who)) = (last, who) else { return Ok(false) };
        last.agreed_in = told.seq;
        Ok(last.signed.insert(text(event, "role"), who).is_none())
    }

    /// Whether somebody may sign, or has.
    pub(super) fn may_agree(&self, wish: &Wish, who: Option<&str>) -> bool {
        let (kind, name) = (wish.of.kind.name(), wish.of.name.as_str());
        let versions = self.versions.get(&(kind.to_owned(), name.to_owned()));
        let last = versions.and_then(|versions| versions.last());
        let (Some(who), Some(object), Some(last)) = (who, self.object(kind, name), last) else {
            return false;
        };
        if u64::from(wish.version) != last.number || kind == "promise" && self.is_broken(object) {
            return false;
        }
        let (role, rules) = (wish.role.word(), self.signing_rules(kind, name, object));
        if let Some(signer) = last.signed.get(role) {
            return signer == who;
        }
        let is_second = last.signed.values().any(|signer| signer == who);
        self.may_sign(&rules, role, who) && (rules.solo || !is_second)
    }

    /// Whether a policy lets somebody sign for a role: it names them, nobody, or only such as are gone.
    pub(super) fn may_sign(&self, rules: &Rules, role: &str, who: &str) -> bool {
        let named = &rules.signers[side(role)];
        let is_gone = |name: &String| self.people.get(name) == Some(&false);
        named.iter().any(|name| name == who) || named.iter().all(is_gone)
    }

    /// By which policy something is signed: a policy by itself; a promise by the one of its service, or, where nothing
    /// is agreed for that, of the service for which it was agreed.
    fn signing_rules(&self, kind: &str, name: &str, object: &Value) -> Rules {
        if kind != "promise" {
            return self.rules_named(name);
        }
        let service = text(object, "service");
        let agreed = self.agreed("promise", name).map(|terms| text(&terms["promise"], "service"));
        match agreed {
            Some(other) if self.agreed_of(&service).is_none() => self.rules_of(&other),
            _ => self.rules_of(&service),
        }
    }

    /// Whether what a promise names is gone.
    fn is_broken(&self, promise: &Value) -> bool {
        let policy = text(promise, "policy");
        let service = text(promise, "service");
        let mut slos = promise["slos"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_gone = |name: &str| {
            let slo = self.object("slo", name);
            slo.is_none_or(|slo| text(slo, "service") != service)
        };
        !self.has("service", &service)
            || policy != "default" && !self.has("policy", &policy)
            || slos.any(is_gone)
    }

    pub(super) fn versions_agree(&self, state: &State) -> Found {
        let shown: Vec<(&str, &str)> =
            state.versions.keys().map(|id| (id.kind.name(), id.name.as_str())).collect();
        let mut known: Vec<(&str, &str)> =
            self.versions.keys().map(|(kind, name)| (kind.as_str(), name.as_str())).collect();
        // In the order of kinds.
        known.sort_by_key(|(kind, name)| (*kind != "policy", *name));
        hold(shown == known, || format!("versions of {shown:?}, not of {known:?}"))?;
        for (id, kept) in &state.versions {
            let id = (id.kind.name().to_owned(), id.name.to_string());
            let known = self.versions.get(&id).ok_or("they are not known")?;
            let force = in_force(known).map(|version| version.number);
            let last = known.last().map(|version| version.number);
            for version in kept.iter() {
                let of_it = known.iter().find(|one| one.number == u64::from(version.number));
                let of_it = of_it.ok_or_else(|| format!("nobody proposed {version:?}"))?;
                let due = match of_it {
                    one if Some(one.number) == force => Stage::Agreed,
                    one if one.signed.len() == 2 => Stage::Superseded,
                    one if Some(one.number) == last => Stage::Proposed,
                    _ => Stage::Outdated,
                };
                let is_so = kept.stage(version) == due && signers(version).eq(&of_it.signed);
                hold(is_so, || format!("{version:?} is not {due:?}, as {of_it:?}"))?;
            }
            let ends = [kept.last(), kept.in_force()].map(|one| one.map(|v| u64::from(v.number)));
            hold(ends == [last, force], || format!("{id:?}: {ends:?}, not {last:?}, {force:?}"))?;
            if let (Some(object), Some(last)) = (self.objects.get(&id), known.last()) {
                self.is_declared_so(&id.0, object, &last.terms)
                    .map_err(|why| format!("declared without a proposal: {why}"))?;
            }
        }
        let signed = |kind: &str| kind == "promise" || kind == "policy";
        let mut declared = self.objects.keys().filter(|(kind, _)| signed(kind));
        hold(declared.all(|id| self.versions.contains_key(id)), || "without a version".to_owned())
    }
}

fn signers(version: &Version) -> BTreeMap<String, String> {
    let signed = version.signatures.iter();
    let named = signed.filter_map(|(role, one)| Some((role, one.by.person()?)));
    named.map(|(role, person)| (role.word().to_owned(), person.as_str().to_owned())).collect()
}
