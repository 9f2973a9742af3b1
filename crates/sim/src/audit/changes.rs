//! Changes: each name once, taken back only within its service, and gated by what stood when it started.

use plimsoll_core::{
    command::Command,
    deliver::change::{FinishWish, Outcome, StartWish},
    state::State,
};
use serde_json::Value;

use super::{
    Found, hold,
    roll::{Happened, Roll, text},
    rules::weight,
};

const MINUTE_MS: i64 = 60_000;
/// A clock may be so far ahead, and a change so old; see the documentation of changes.
const AHEAD_MS: i64 = 5 * MINUTE_MS;
const BACK_MS: i64 = 366 * 24 * 60 * MINUTE_MS;

/// A change as it was recorded.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was said when it started.
    pub start: Value,
    /// When it started, in milliseconds since 1970.
    pub started_ms: i64,
    /// When it finished, and what became of it.
    pub end: Option<(i64, Value)>,
}

fn is_timely(at_ms: i64, now_ms: i64) -> bool {
    (now_ms - BACK_MS..=now_ms + AHEAD_MS).contains(&at_ms)
}

fn is_name(id: &str) -> bool {
    let is_usual = |c: char| c.is_ascii_alphanumeric();
    let may_stand = |c: char| is_usual(c) || "._-:/@+#=".contains(c);
    id.len() <= 120 && id.chars().all(may_stand) && id.chars().next().is_some_and(is_usual)
}

fn is_kind(kind: &str) -> bool {
    let may_stand = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !kind.is_empty()
        && kind.chars().all(may_stand)
        && !kind.starts_with('-')
        && !kind.ends_with('-')
}

impl Roll {
    pub(super) fn change_started(&mut self, told: &Happened<'_>) -> Found<bool> {
        let event = told.event;
        let id = text(event, "change");
        let started_ms = event["started_ms"].as_i64().ok_or("it has no start")?;
        let Command::StartChange(wish) = told.command else { return Ok(false) };
        hold(self.may_start(&id, wish, told.at_ms), || "it may not start".to_owned())?;
        let is_same = wish.service == text(event, "service")
            && wish.kind == text(event, "kind")
            && wish.risk.word() == text(event, "risk")
            && wish.reverts.as_deref() == event["reverts"].as_str()
            && wish.started_ms.unwrap_or(told.at_ms) == started_ms;
        hold(is_same, || format!("{wish:?} asked for another change than {event}"))?;
        let gate = self.gate_of(&id, wish, started_ms);
        hold(event.get("gate").cloned() == gate, || {
            format!("the gate would have said {gate:?} of {event}")
        })?;
        let change = Change { start: event.clone(), started_ms, end: None };
        Ok(self.changes.insert(id, change).is_none())
    }

    /// What the gate would have said: by the verdict that stood then, the doubts, and the policy and exceptions of now.
    fn gate_of(&self, id: &str, wish: &StartWish, started_ms: i64) -> Option<Value> {
        let turns = self.decided.get(&wish.service)?.turns.iter().rev();
        let mut then = turns.filter(|turn| turn.at_ms <= started_ms);
        let turn = then.next()?;
        let doubt = wish.doubt.map_or("ship", |doubt| doubt.word());
        let verdict = if weight(doubt) > weight(&turn.verdict) { doubt } else { &turn.verdict };
        let covering = self.covering(&wish.service, id, &wish.kind, started_ms);
        let rules = self.rules_of(&wish.service);
        let pass = rules.gate(verdict, &wish.kind, wish.risk.word(), covering.is_some());
        let mut gate = serde_json::json!({"verdict": verdict, "entry": turn.entry, "pass": pass});
        if let Some(exception) = covering.filter(|_| pass == "covered") {
            gate["exception"] = exception.into();
        }
        Some(gate)
    }

    /// Whether a change that is not here may start, or one that is here is the same.
    fn may_start(&self, id: &str, wish: &StartWish, now_ms: i64) -> bool {
        if let Some(known) = self.changes.get(id) {
            let is_same = ["title", "url", "reverts"]
                .iter()
                .zip([&wish.title, &wish.url, &wish.reverts])
                .all(|(field, value)| known.start[field].as_str() == value.as_deref());
            let is_same = is_same
                && text(&known.start, "service") == wish.service
                && text(&known.start, "kind") == wish.kind
                && text(&known.start, "risk") == wish.risk.word()
                && wish.started_ms.is_none_or(|ms| ms == known.started_ms);
            return is_same;
        }
        let of_same = |other: &String| {
            let known = self.changes.get(other);
            other != id && known.is_some_and(|known| text(&known.start, "service") == wish.service)
        };
        wish.id.as_deref().is_none_or(is_name)
            && self.has("service", &wish.service)
            && is_kind(&wish.kind)
            && wish.reverts.as_ref().is_none_or(of_same)
            && is_timely(wish.started_ms.unwrap_or(now_ms), now_ms)
    }

    pub(super) fn change_finished(&mut self, told: &Happened<'_>) -> Found<bool> {
        let Command::FinishChange(wish) = told.command else { return Ok(false) };
        hold(self.may_finish(wish, told.at_ms), || "it may not finish".to_owned())?;
        let id = text(told.event, "change");
        let finished_ms = told.event["finished_ms"].as_i64().ok_or("it has no end")?;
        let Some(change) = self.changes.get_mut(&id) else { return Ok(false) };
        let due_ms = wish.finished_ms.unwrap_or(told.at_ms.max(change.started_ms));
        hold(finished_ms == due_ms && id == wish.id, || format!("not at {due_ms}"))?;
        let outcome = told.event["outcome"].clone();
        hold(outcome.as_str() == wish.outcome.map(Outcome::word), || {
            format!("{wish:?} was another outcome")
        })?;
        Ok(change.end.replace((finished_ms, outcome)).is_none())
    }

    fn may_finish(&self, wish: &FinishWish, now_ms: i64) -> bool {
        let Some(known) = self.changes.get(&wish.id) else { return false };
        if let Some((finished_ms, outcome)) = &known.end {
            return outcome.as_str() == wish.outcome.map(Outcome::word)
                && wish.finished_ms.is_none_or(|ms| ms == *finished_ms);
        }
        let finished_ms = wish.finished_ms.unwrap_or(now_ms.max(known.started_ms));
        finished_ms >= known.started_ms && is_timely(finished_ms, now_ms)
    }

    pub(super) fn allows_change(&self, command: &Command, now_ms: i64) -> Option<bool> {
        match command {
            // A fresh name is not known yet, and nobody else has it.
            Command::StartChange(wish) => {
                Some(self.may_start(wish.id.as_deref().unwrap_or("a fresh name"), wish, now_ms))
            }
            Command::FinishChange(wish) => Some(self.may_finish(wish, now_ms)),
            _ => None,
        }
    }

    pub(super) fn changes_agree(&self, state: &State) -> Found {
        let shown = state.changes.iter().map(|change| {
            let end = change.end.as_ref();
            let end = end.map(|end| (end.finished_ms, end.outcome.map(Outcome::word)));
            (change.start.change.0.to_string(), change.start.started_ms, end)
        });
        let mut shown: Vec<_> = shown.collect();
        let starts: Vec<i64> = shown.iter().map(|(_, started_ms, _)| *started_ms).collect();
        hold(starts.is_sorted(), || "changes are out of order".to_owned())?;
        shown.sort();
        let known = self.changes.iter().map(|(id, change)| {
            let end = change.end.as_ref().map(|(ms, outcome)| (*ms, outcome.as_str()));
            (id.clone(), change.started_ms, end)
        });
        hold(shown.into_iter().eq(known), || "the changes differ".to_owned())
    }
}
