//! Decisions as the journal keeps them: one entry whenever something changes, with everything it was made from.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    agreement::{Version, Versions},
    decision::{Decision, Reading, Reason, Silent, Verdict},
    exit,
    policy::Policy,
    standing::{BudgetId, Standing},
    terms::Terms,
};
use crate::{
    catalog::object::{Kind, ObjectId},
    event::Event,
    limits::{READINGS_FROZEN_MAX, TURNS_KEPT_MAX, UNWATCHED_MINUTES},
    state::State,
    time::{Minute, Span},
};

/// A decision that was made, to be recorded where it says something new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// About which service.
    pub service: SmolStr,
    /// Every minute before it counts.
    pub end: Minute,
    /// What was decided.
    pub decision: Decision,
    /// From which readings.
    pub readings: Vec<Reading>,
    /// Without which objectives.
    pub silent: Vec<Silent>,
    /// By which policy.
    pub policy: Policy,
    /// After what earlier decisions had left behind.
    pub standing: Standing,
    /// When nobody decided, before this: no server ran, or its machine slept.
    pub unwatched: Option<Span>,
}

/// A decision was made that says something new. It holds all it was made from, so that it can be shown as it was made
/// for as long as the journal is there, whatever the slots and documents have become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// About which service.
    pub service: SmolStr,
    /// Every minute before it counts.
    pub minute: Minute,
    /// The answer.
    pub verdict: Verdict,
    /// Whether somebody above must look.
    pub escalated: bool,
    /// Budgets that are spent, or were and have not recovered.
    pub spent: Vec<BudgetId>,
    /// Why, in the sentences of that time, heaviest first.
    pub reasons: Vec<Reason>,
    /// The readings, at most [`READINGS_FROZEN_MAX`].
    pub readings: Vec<Reading>,
    /// How many further readings there were.
    pub left_out: usize,
    /// Objectives that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<Silent>,
    /// What earlier decisions had left behind.
    pub standing: Standing,
    /// By which policy.
    pub policy: Box<Policy>,
    /// Which version of it that was; `None` in what was written before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<PolicyVersion>,
    /// From when on nobody had decided until now, where that was for longer than a restart takes: nothing is known of
    /// that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwatched_from: Option<Minute>,
}

/// Which version of a policy decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Its number; 0 for the policy that is built in.
    pub number: u32,
    /// Whether product and engineering had agreed to it.
    pub agreed: bool,
}

impl PolicyVersion {
    /// The newest version that says just this.
    fn of(state: &State, policy: &Policy) -> Self {
        let id = ObjectId { kind: Kind::Policy, name: policy.name.as_str().into() };
        let says_so = |version: &&Version| match &version.terms {
            Terms::Policy(terms) => terms.policy == *policy,
            Terms::Promise(_) => false,
        };
        let versions = state.versions.get(&id).into_iter().flat_map(Versions::iter);
        let agreed = |version: &Version| version.agreed_ms().is_some();
        let found: Vec<&Version> = versions.filter(says_so).collect();
        let decides = found.iter().rev().find(|one| agreed(one)).or(found.last());
        decides.map_or(PolicyVersion { number: 0, agreed: false }, |version| PolicyVersion {
            number: version.number,
            agreed: agreed(version),
        })
    }
}

/// What is known of the decisions about a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The last one.
    pub last: Turn,
    /// Whether somebody above must look.
    pub escalated: bool,
    /// What it leaves behind for the next.
    pub standing: Standing,
    /// Who signed an early exit that is not signed by both yet.
    #[serde(default)]
    pub exit: Vec<exit::Signed>,
    /// By which policy it was made.
    pub policy: Policy,
    /// Which version of it that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<PolicyVersion>,
    /// The turns before, the oldest first: one for each time the verdict became another. The oldest are dropped when
    /// there are more than [`TURNS_KEPT_MAX`]; the journal keeps them.
    pub turns: VecDeque<Turn>,
}

/// A moment from which on something was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The entry in the journal.
    pub entry: u64,
    /// Every minute before it counted.
    pub minute: Minute,
    /// When it was recorded first, in milliseconds since 1970: from then on a gate says so.
    pub at_ms: i64,
    /// The verdict.
    pub verdict: Verdict,
}

/// Whether a decision about a service says something that its record does not.
pub fn is_new(state: &State, service: &str, decision: &Decision, policy: &Policy) -> bool {
    state.decisions.get(service).is_none_or(|record| {
        record.last.verdict != decision.verdict
            || record.escalated != decision.escalated
            || !record.standing.is_just(&decision.spent)
            || record.policy != *policy
            || record.policy_version.is_some_and(|known| known != PolicyVersion::of(state, policy))
    })
}

/// From when on nobody decided about a service, where its record does not say so yet. What was unknown stays so
/// anyway.
pub fn unwatched_from(state: &State, service: &str, unwatched: Span) -> Option<Minute> {
    let last = state.decisions.get(service)?.last;
    let from = unwatched.from.max(last.minute);
    let is_known = last.verdict != Verdict::Unknown;
    (is_known && unwatched.to.0 - from.0 > UNWATCHED_MINUTES).then_some(from)
}

impl Record {
    /// The turns that the record holds, the oldest first, with the verdict that stands now as the last.
    pub fn turns(&self) -> impl DoubleEndedIterator<Item = &Turn> {
        self.turns.iter().chain([&self.last])
    }

    /// How many minutes of a span each verdict stood, in the order of their weight; what lies before the first turn
    /// that is kept is in none.
    pub fn minutes(&self, span: Span) -> [(Verdict, i64); 4] {
        let mut minutes = Verdict::ALL.map(|verdict| (verdict, 0));
        let mut until = span.to;
        for turn in self.turns().rev() {
            let stood = Span::new(turn.minute.min(until), until).intersection(span);
            for (_, sum) in minutes.iter_mut().filter(|(verdict, _)| *verdict == turn.verdict) {
                *sum += stood.minutes();
            }
            until = until.min(turn.minute);
        }
        minutes
    }
}

/// Records a decision, where it says something new of a service that is here.
pub(crate) fn record(state: &State, decided: &Decided) -> Vec<Event> {
    let Decided { service, end, decision, readings, silent, policy, standing, unwatched } = decided;
    let id = ObjectId { kind: Kind::Service, name: service.clone() };
    let record = state.decisions.get(service);
    let unwatched_from = unwatched.and_then(|span| unwatched_from(state, service, span));
    let is_new = unwatched_from.is_some() || is_new(state, service, decision, policy);
    if !state.objects.contains_key(&id) || !is_new {
        return Vec::new();
    }
    // It was made before an early exit was signed, or after one that is void: the next minute decides by what is so.
    let release = record.and_then(|record| record.standing.release.as_ref());
    if release != standing.release.as_ref() {
        return Vec::new();
    }
    let left_out = readings.len().saturating_sub(READINGS_FROZEN_MAX);
    vec![Event::DecisionMade(Made {
        service: service.clone(),
        minute: *end,
        verdict: decision.verdict,
        escalated: decision.escalated,
        spent: decision.spent.clone(),
        reasons: decision.reasons.iter().take(READINGS_FROZEN_MAX).cloned().collect(),
        readings: readings.iter().take(READINGS_FROZEN_MAX).cloned().collect(),
        left_out,
        silent: silent.clone(),
        standing: standing.clone(),
        policy: Box::new(policy.clone()),
        policy_version: Some(PolicyVersion::of(state, policy)),
        unwatched_from,
    })]
}

pub(crate) fn apply_made(state: &mut State, at_ms: i64, event: &Made) {
    let Made { service, minute, verdict, escalated, spent, policy, policy_version, .. } =
        event.clone();
    let unwatched_from = event.unwatched_from;
    let last = Turn { entry: state.entries, minute, at_ms, verdict };
    let before = state.decisions.remove(&service);
    let mut standing = before.as_ref().map(|record| record.standing.clone()).unwrap_or_default();
    standing.spent = spent;
    standing.since = match verdict {
        Verdict::Stabilise => standing.since.or(Some(minute)),
        _ => None,
    };
    // An early exit ends when there is nothing left to leave, or when it did not hold.
    if standing.spent.is_empty() || verdict == Verdict::Stabilise {
        standing.release = None;
    }
    let mut exit = before.as_ref().map(|record| record.exit.clone()).unwrap_or_default();
    if standing.spent.is_empty() {
        exit.clear();
    }
    let mut turns = VecDeque::new();
    let mut last = last;
    if let Some(before) = before {
        turns = before.turns;
        let mut known = before.last;
        if let Some(from) = unwatched_from.filter(|_| known.verdict != Verdict::Unknown) {
            turns.push_back(known);
            let at_ms = known.at_ms.max(from.second().saturating_mul(1000));
            let minute = known.minute.max(from);
            known = Turn { minute, at_ms, verdict: Verdict::Unknown, ..last };
        }
        if known.verdict == verdict {
            // The verdict stands since then; the entry is the newest.
            last = Turn { minute: known.minute, at_ms: known.at_ms, ..last };
        } else {
            turns.push_back(known);
        }
    }
    while turns.len() > TURNS_KEPT_MAX {
        turns.pop_front();
    }
    let policy = *policy;
    let record = Record { last, escalated, standing, exit, policy, policy_version, turns };
    state.decisions.insert(service, record);
}

#[cfg(test)]
mod tests;
