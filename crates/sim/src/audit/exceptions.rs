//! Exceptions: one asks, another answers, in time, within the limits of the policy; and none covers anything else.

use jiff::{Timestamp, tz::TimeZone};
use plimsoll_core::{command::Command, promise::exception::Wish, state::State};
use serde_json::Value;

use super::{
    Found, hold,
    roll::{Happened, Roll, person, text},
    rules::Rules,
};

const HOUR_MS: i64 = 3_600_000;
const WAITS_MS: i64 = 7 * 24 * HOUR_MS;
const WAITING_MAX: usize = 20;
const HOURS_MAX: u64 = 72;

/// An exception, and what was done about it when, in milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Of which service.
    pub service: String,
    /// What it covers.
    pub scope: Value,
    /// For how many hours.
    pub hours: u64,
    /// Who asked, where it was a person.
    pub asker: Option<String>,
    /// When.
    pub asked_ms: i64,
    /// When it was approved, and until when.
    pub approved: Option<(i64, i64)>,
    /// Whether it was rejected.
    pub is_rejected: bool,
    /// When it was taken back.
    pub revoked_ms: Option<i64>,
    /// What was done to make up for it.
    pub paid: Option<String>,
}

impl Exception {
    /// Whether it waits for an answer.
    pub fn waits(&self, at_ms: i64) -> bool {
        let is_answered = self.is_rejected || self.revoked_ms.is_some() || self.approved.is_some();
        !is_answered && at_ms < self.asked_ms + WAITS_MS
    }

    /// From when until when it covers.
    fn in_force(&self) -> Option<(i64, i64)> {
        let (from, until) = self.approved?;
        Some((from, self.revoked_ms.map_or(until, |ms| ms.min(until))))
    }

    fn is_open(&self, at_ms: i64) -> bool {
        let is_over = self.is_rejected || self.revoked_ms.is_some();
        self.waits(at_ms) || !is_over && self.approved.is_some_and(|(_, until)| at_ms < until)
    }

    fn covers(&self, change: &str, kind: &str) -> bool {
        let is_in = |names: &Value, name: &str| {
            names.as_array().is_some_and(|names| names.iter().any(|own| own == name))
        };
        self.scope == "all"
            || is_in(&self.scope["changes"], change)
            || is_in(&self.scope["kinds"], kind)
    }
}

/// Year and quarter of a moment, in UTC.
fn quarter(at_ms: i64) -> Option<(i16, i8)> {
    let date = Timestamp::from_millisecond(at_ms).ok()?.to_zoned(TimeZone::UTC).date();
    Some((date.year(), (date.month() - 1) / 3))
}

impl Roll {
    pub(super) fn exception_asked(&mut self, told: &Happened<'_>) -> Found<bool> {
        let Command::AskException(wish) = told.command else { return Ok(false) };
        hold(self.may_ask(wish, told.at_ms) != Some(false), || "it may not be asked".to_owned())?;
        let event = told.event;
        let hours = event["hours"].as_u64().unwrap_or_default();
        hold(hours == u64::from(wish.hours), || format!("{} hours were asked for", wish.hours))?;
        let owner = event["payback"]["owner"].as_str().unwrap_or_default().to_owned();
        hold(self.people.get(&owner) == Some(&true), || "its owner is not here".to_owned())?;
        let exception = Exception {
            service: text(event, "service"),
            scope: event["scope"].clone(),
            hours,
            asker: person(&event["by"]),
            asked_ms: told.at_ms,
            approved: None,
            is_rejected: false,
            revoked_ms: None,
            paid: None,
        };
        Ok(self.exceptions.insert(text(event, "exception"), exception).is_none())
    }

    fn may_ask(&self, wish: &Wish, at_ms: i64) -> Option<bool> {
        let rules = self.rules_of(&wish.service);
        let of_it = self.exceptions.values().filter(|one| one.service == wish.service);
        let waiting = of_it.filter(|one| one.waits(at_ms)).count();
        let is_refused = !self.has("service", &wish.service)
            || !(1..=rules.hours.min(HOURS_MAX)).contains(&u64::from(wish.hours))
            || self.people.get(&wish.owner) != Some(&true)
            || waiting >= WAITING_MAX;
        // Whether words and days make sense is for other tests.
        is_refused.then_some(false)
    }

    pub(super) fn exception_answered(&mut self, told: &Happened<'_>, kind: &str) -> Found<bool> {
        let event = told.event;
        let id = text(event, "exception");
        let who = person(&event["by"]);
        let may = self.allows_exception(told.command, who.as_deref(), told.at_ms);
        hold(may == Some(true), || "the rules forbid it".to_owned())?;
        let is_same = match told.command {
            Command::ApproveException(asked)
            | Command::RejectException { id: asked, .. }
            | Command::RevokeException { id: asked, .. }
            | Command::PayException { id: asked, .. } => *asked == id,
            _ => false,
        };
        hold(is_same, || format!("{:?} is about another", told.command))?;
        let Some(known) = self.exceptions.get_mut(&id) else { return Ok(false) };
        match kind {
            "exception.approved" => {
                let due_ms = told.at_ms + known.hours as i64 * HOUR_MS;
                hold(event["until_ms"] == due_ms, || format!("it ends at {due_ms}"))?;
                let is_own = who == known.asker;
                hold(event["solo"].as_bool().unwrap_or(false) == is_own, || {
                    format!("own: {is_own}")
                })?;
                known.approved = Some((told.at_ms, due_ms));
            }
            "exception.rejected" => known.is_rejected = true,
            "exception.revoked" => known.revoked_ms = Some(told.at_ms),
            _ => return Ok(known.paid.replace(text(event, "note")).is_none()),
        }
        Ok(true)
    }

    /// Whether somebody may answer what was asked for: a person, one that the policy names where any of these is still
    /// there, and not the asker.
    fn may_answer(&self, rules: &Rules, asked: &Exception, who: Option<&str>) -> bool {
        let Some(who) = who else { return false };
        let mut named = rules.signers.iter().flatten();
        let is_gone = |name: &String| self.people.get(name) == Some(&false);
        let is_named = named.clone().all(is_gone) || named.any(|name| name == who);
        is_named && (rules.solo || asked.asker.as_deref() != Some(who))
    }

    pub(super) fn allows_exception(
        &self,
        command: &Command,
        who: Option<&str>,
        at_ms: i64,
    ) -> Option<bool> {
        let find = |id: &String| self.exceptions.get(id);
        match command {
            Command::AskException(wish) => self.may_ask(wish, at_ms),
            Command::ApproveException(id) => Some(find(id).is_some_and(|asked| {
                let rules = self.rules_of(&asked.service);
                asked.waits(at_ms)
                    && self.has("service", &asked.service)
                    && self.may_answer(&rules, asked, who)
                    && (1..=rules.hours.min(HOURS_MAX)).contains(&asked.hours)
                    && self.approved_with(&asked.service, at_ms) < rules.per_quarter
            })),
            Command::RejectException { id, .. } => Some(find(id).is_some_and(|asked| {
                let rules = self.rules_of(&asked.service);
                asked.waits(at_ms) && self.may_answer(&rules, asked, who)
            })),
            Command::RevokeException { id, .. } => {
                Some(find(id).is_some_and(|asked| asked.is_open(at_ms)))
            }
            Command::PayException { id, note } => Some(find(id).is_some_and(|asked| {
                asked.approved.is_some() && asked.paid.as_ref().is_none_or(|paid| paid == note)
            })),
            _ => None,
        }
    }

    /// How many exceptions of a service were approved in the quarter of a moment.
    fn approved_with(&self, service: &str, at_ms: i64) -> u64 {
        let of_it = self.exceptions.values().filter(|one| one.service == service);
        let approved = of_it.filter_map(|one| one.approved);
        approved.filter(|(from, _)| quarter(*from) == quarter(at_ms)).count() as u64
    }

    /// The exception that covers a change, if any; of several the one that ends last.
    pub(super) fn covering(
        &self,
        service: &str,
        change: &str,
        kind: &str,
        at_ms: i64,
    ) -> Option<&str> {
        let of_it = self.exceptions.iter().filter(|(_, one)| one.service == service);
        let covering = of_it.filter_map(|(id, one)| {
            let (from, to) = one.in_force()?;
            let is_then = from <= at_ms && at_ms < to && one.covers(change, kind);
            is_then.then_some((to, one.asked_ms, id.as_str()))
        });
        covering.max().map(|(.., id)| id)
    }

    pub(super) fn exceptions_agree(&self, state: &State) -> Found {
        let mut shown: Vec<_> = (state.exceptions.iter())
            .map(|one| {
                let revoked_ms = one.revoked.as_ref().map(|(at_ms, _)| *at_ms);
                let paid = one.paid.as_ref().map(|(_, paid)| paid.note.as_str());
                let id = one.asked.exception.0.as_str();
                (id, one.asked_ms, one.in_force(), one.rejected.is_some(), revoked_ms, paid)
            })
            .collect();
        shown.sort_unstable();
        let known = self.exceptions.iter().map(|(id, one)| {
            let paid = one.paid.as_deref();
            (id.as_str(), one.asked_ms, one.in_force(), one.is_rejected, one.revoked_ms, paid)
        });
        hold(shown.into_iter().eq(known), || "the exceptions differ".to_owned())
    }
}
