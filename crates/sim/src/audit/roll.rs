//! What the journal says, read as plain JSON: who is here, what is excluded, what is declared, and what was done about
//! it.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::{command::Command, promise::agreement::Role, state::State};
use serde_json::Value;

use super::{
    Found, agreed::Versions, changes::Change, decided::Known, exceptions::Exception, hold,
};

/// An event, and what it was asked for by.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Its entry.
    pub seq: u64,
    /// What happened.
    pub event: &'a Value,
    /// What was asked for.
    pub command: &'a Command,
}

/// An interval that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// `sli` or `service`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// First minute.
    pub from: i64,
    /// First minute after.
    pub to: i64,
}

/// A token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Whose it is.
    pub person: String,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

/// What the journal says.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    /// Everybody, and whether they are still here.
    pub people: BTreeMap<String, bool>,
    /// Every token.
    pub tokens: BTreeMap<String, Token>,
    /// Exclusions in force.
    pub exclusions: BTreeMap<String, Stretch>,
    /// Attributions in force.
    pub attributions: BTreeSet<String>,
    /// Objects in force, by kind and name.
    pub objects: BTreeMap<(String, String), Value>,
    /// Numbers of SLIs and sources.
    pub keys: BTreeMap<(String, String), u64>,
    /// Every change. A seed is too short for the bounds of these and the following.
    pub changes: BTreeMap<String, Change>,
    /// Every exception.
    pub exceptions: BTreeMap<String, Exception>,
    /// Every version of a promise or policy.
    pub versions: BTreeMap<(String, String), Versions>,
    /// What was decided about each service.
    pub decided: BTreeMap<String, Known>,
}

pub(super) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// The person who acts, where it is one.
pub(super) fn person(actor: &Value) -> Option<String> {
    actor["person"]["person"].as_str().map(str::to_owned)
}

impl Roll {
    /// Takes in an event as it stands in the journal.
    ///
    /// # Errors
    /// When it contradicts what was there.
    pub fn take(&mut self, told: &Happened<'_>) -> Found {
        let is_new = self.try_take(told).map_err(|why| format!("{why}: {}", told.event))?;
        hold(is_new, || format!("it says nothing new, or nothing possible: {}", told.event))
    }

    fn try_take(&mut self, told: &Happened<'_>) -> Found<bool> {
        let event = told.event;
        let kind = text(event, "type");
        Ok(match kind.as_str() {
            "person.added" => self.people.insert(text(event, "person"), true).is_none(),
            "person.erased" => self.people.insert(text(event, "person"), false) == Some(true),
            "token.issued" => {
                let token = Token { person: text(event, "person"), is_revoked: false };
                let is_person = self.people.get(&token.person) == Some(&true);
                self.tokens.insert(text(event, "token"), token).is_none() && is_person
            }
            "token.revoked" => match self.tokens.get_mut(&text(event, "token")) {
                Some(token) => !std::mem::replace(&mut token.is_revoked, true),
                None => false,
            },
            "exclusion.added" => {
                let stretch = stretch(event)?;
                self.exclusions.insert(text(event, "exclusion"), stretch).is_none()
            }
            "exclusion.undone" => self.exclusions.remove(&text(event, "exclusion")).is_some(),
            "attribution.added" => self.attributions.insert(text(event, "attribution")),
            "attribution.undone" => self.attributions.remove(&text(event, "attribution")),
            "declared" => self.declare(event)?,
            "withdrawn" => {
                let (kind, name) = (text(event, "kind"), text(event, "name"));
                if kind == "service" {
                    self.decided.remove(&name);
                }
                self.objects.remove(&(kind, name)).is_some()
            }
            _ => return self.take_practice(told, &kind),
        })
    }

    fn take_practice(&mut self, told: &Happened<'_>, kind: &str) -> Found<bool> {
        match kind {
            "change.started" => self.change_started(told),
            "change.finished" => self.change_finished(told),
            "exception.asked" => self.exception_asked(told),
            "exception.approved" | "exception.rejected" | "exception.revoked"
            | "exception.paid" => self.exception_answered(told, kind),
            "promise.proposed" => self.proposed(told, "promise"),
            "policy.proposed" => self.proposed(told, "policy"),
            "agreement.given" => self.agreement_given(told),
            "exit.signed" => self.exit_signed(told),
            "exit.granted" => self.exit_granted(told),
            "decision.made" => self.decision_made(told),
            _ => Ok(false),
        }
    }

    fn declare(&mut self, event: &Value) -> Found<bool> {
        let object = event["object"].as_object().and_then(|object| object.iter().next());
        let (kind, object) = object.ok_or_else(|| format!("no object in {event}"))?;
        let id = (kind.clone(), text(event, "name"));
        if let Some(key) = event["key"].as_u64() {
            let others = self.keys.iter().filter(|(other, _)| **other != id);
            hold(others.map(|(_, number)| *number).all(|number| number != key), || {
                format!("the number {key} is given to another: {event}")
            })?;
            let known = self.keys.insert(id.clone(), key);
            hold(known.is_none_or(|known| known == key), || format!("another number: {event}"))?;
        }
        self.objects.insert(id, object.clone());
        Ok(true)
    }

    /// Whether the rules let somebody do something at a moment; nothing where this does not know.
    pub fn allows(&self, command: &Command, who: Option<&str>, at_ms: i64) -> Option<bool> {
        let is_here = |person: &String| self.people.get(person) == Some(&true);
        match command {
            Command::AddPerson(person) => Some(!self.people.contains_key(person)),
            Command::ErasePerson(person) => {
                let here = self.people.values().filter(|is_here| **is_here).count();
                Some(is_here(person) && here > 1)
            }
            Command::IssueToken(wish) if !is_here(&wish.person) => Some(false),
            Command::RevokeToken(token) => Some(self.tokens.contains_key(token)),
            Command::UndoExclusion(id) => Some(self.exclusions.contains_key(id)),
            Command::UndoAttribution(id) => Some(self.attributions.contains(id)),
            Command::Agree(wish) => Some(self.may_agree(wish, who)),
            Command::SignExit(wish) => Some(self.may_exit(wish, who)),
            // A decision that says nothing new is done without a word.
            Command::Record(_) => Some(true),
            Command::StartChange(_) | Command::FinishChange(_) => {
                self.allows_change(command, at_ms)
            }
            _ => self.allows_exception(command, who, at_ms),
        }
    }

    /// Whether something must come of a command that is done; nothing where this does not know.
    pub fn moves(&self, command: &Command) -> Option<bool> {
        match command {
            Command::Record(decided) => Some(self.is_news(decided)),
            Command::FinishChange(wish) => {
                self.changes.get(&wish.id).map(|change| change.end.is_none())
            }
            Command::StartChange(wish) => {
                Some(wish.id.as_ref().is_none_or(|id| !self.changes.contains_key(id)))
            }
            _ => None,
        }
    }

    /// Whether a service stands on *stabilise*, and who did not sign an exit yet.
    pub fn stands_still(&self, service: &str) -> Option<Vec<Role>> {
        let known = self.decided.get(service)?;
        let last = known.turns.last()?;
        let open = Role::ALL.into_iter().filter(|role| !known.signed.contains_key(role.word()));
        (last.verdict == "stabilise" && !known.spent.is_empty()).then(|| open.collect())
    }

    /// Exclusions of an SLI and of its service.
    pub fn stretches(&self, sli: &str) -> Vec<&Stretch> {
        let object = self.objects.get(&("sli".to_owned(), sli.to_owned()));
        let service = object.map(|object| text(object, "service"));
        let is_about = |stretch: &&Stretch| {
            stretch.kind == "sli" && stretch.name == sli
                || stretch.kind == "service" && Some(&stretch.name) == service.as_ref()
        };
        self.exclusions.values().filter(is_about).collect()
    }

    /// Whether a state says the same.
    ///
    /// # Errors
    /// Where it differs.
    pub fn agrees(&self, state: &State) -> Found {
        let people: BTreeMap<String, bool> = state
            .people
            .iter()
            .map(|(id, person)| (id.as_str().to_owned(), person.erased_ms.is_none()))
            .collect();
        hold(people == self.people, || format!("people: {people:?}, not {:?}", self.people))?;
        let tokens = state.tokens.iter().map(|(id, t)| (id.0.as_str(), t.revoked_ms.is_some()));
        let known = self.tokens.iter().map(|(id, token)| (id.as_str(), token.is_revoked));
        hold(tokens.eq(known), || "the tokens differ".to_owned())?;
        let spans: BTreeMap<&str, (i64, i64)> = state
            .exclusions
            .iter()
            .map(|mark| (mark.id.0.as_str(), (mark.interval.from_minute, mark.interval.to_minute)))
            .collect();
        let known = self.exclusions.iter().map(|(id, s)| (id.as_str(), (s.from, s.to)));
        hold(spans.into_iter().eq(known), || "the exclusions differ".to_owned())?;
        let made: BTreeSet<&str> =
            state.attributions.iter().map(|mark| mark.id.0.as_str()).collect();
        let known = self.attributions.iter().map(String::as_str);
        hold(made.into_iter().eq(known), || "the attributions differ".to_owned())?;
        let objects: BTreeSet<(&str, &str)> =
            state.objects.keys().map(|id| (id.kind.name(), id.name.as_str())).collect();
        let known: BTreeSet<(&str, &str)> =
            self.objects.keys().map(|(kind, name)| (kind.as_str(), name.as_str())).collect();
        hold(objects == known, || format!("objects: {objects:?}, not {known:?}"))?;
        self.changes_agree(state)?;
        self.exceptions_agree(state)?;
        self.versions_agree(state)?;
        self.decisions_agree(state)
    }
}

fn stretch(event: &Value) -> Found<Stretch> {
    let of = event["of"].as_object().and_then(|of| of.iter().next());
    let (kind, name) = of.ok_or_else(|| format!("nothing is excluded in {event}"))?;
    let minute = |field: &str| event[field].as_i64().ok_or_else(|| format!("no {field}: {event}"));
    Ok(Stretch {
        kind: kind.clone(),
        name: name.as_str().unwrap_or_default().to_owned(),
        from: minute("from_minute")?,
        to: minute("to_minute")?,
    })
}
