//! Decisions: what the budgets of each service say about the next change, made anew with the figures.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_core::{
    catalog::object::Kind,
    limits::WINDOW_MINUTES_MAX,
    measure::window::NoExtent,
    promise::{
        decision::{Decision, Reading, Reason, Verdict, decide},
        policy::{self, Policy},
        slo::NoData,
    },
    state::State,
    time::{Minute, Span},
};
use plimsoll_store::slots::SlotReads;

use super::{
    board::Board,
    figures::{Objective, reach},
    look::{Look, Unseen},
};

/// What decisions are made by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Every service.
    pub services: Vec<Arc<str>>,
    /// The policy.
    pub policy: Arc<Policy>,
}

/// The decisions of all services as they stood when every minute before `end` was over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Every minute before it counts.
    pub end: Option<Minute>,
    /// By which policy.
    pub policy: Arc<Policy>,
    /// By service.
    pub services: BTreeMap<Arc<str>, Arc<Decision>>,
}

impl Rules {
    /// The rules of a state: the declared policy of the name [`policy::HOUSE_POLICY`], or the one that is built in.
    pub fn of(state: &State) -> Self {
        let policy = policy::declared(state, policy::HOUSE_POLICY).cloned().unwrap_or_default();
        let services = state.objects.keys().filter(|id| id.kind == Kind::Service);
        let services = services.map(|id| Arc::from(id.name.as_str())).collect();
        Rules { services, policy: Arc::new(policy) }
    }
}

/// What the objectives of one service say.
#[derive(Default)]
struct Said {
    readings: Vec<Reading>,
    /// Objectives that say nothing, and why.
    silent: Vec<Reason>,
}

/// Decides for every service from all its objectives and their windows. Without any, nothing is known of it.
///
/// # Errors
/// When the store cannot be read, or the board is behind it.
pub fn all(
    rules: &Rules,
    objectives: &[Objective],
    board: &Board,
    reads: &impl SlotReads,
) -> Result<Decisions, Unseen> {
    let end = board.end();
    let mut said: BTreeMap<&str, Said> = BTreeMap::new();
    for objective in objectives {
        let of_it = said.entry(&objective.slo.service).or_default();
        match readings(objective, &rules.policy, board, reads, end)? {
            Ok(readings) => of_it.readings.extend(readings),
            Err(why) => of_it.silent.push(Reason {
                verdict: Verdict::Unknown,
                text: format!("{}: {why}", objective.name),
            }),
        }
    }
    let decide = |service: &Arc<str>| {
        let Said { readings, silent } = said.remove(&**service).unwrap_or_default();
        let decision = if readings.is_empty() && !silent.is_empty() {
            Decision { verdict: Verdict::Unknown, reasons: Vec::new() }
        } else {
            decide(&rules.policy, &readings)
        };
        (Arc::clone(service), Arc::new(silent.into_iter().fold(decision, Decision::with)))
    };
    let services = rules.services.iter().map(decide).collect();
    Ok(Decisions { end: Some(end), policy: Arc::clone(&rules.policy), services })
}

/// The readings of an objective, or that one of its windows has no place in time.
fn readings(
    objective: &Objective,
    policy: &Policy,
    board: &Board,
    reads: &impl SlotReads,
    end: Minute,
) -> Result<Result<Vec<Reading>, NoExtent>, Unseen> {
    let Objective { slo, sli, exclusions, .. } = objective;
    // Where the last decision is held, its windows lie as much earlier.
    let held = if let NoData::Hold { minutes } = slo.no_data { i64::from(minutes) } else { 0 };
    // How old the data is must be known also where it is older than every window.
    let seen = board.readings().seen_until(*sli).map_or(end, |until| until.plus(-1));
    let oldest = end.plus(-i64::from(WINDOW_MINUTES_MAX));
    let from = reach(slo, end).from.plus(-held);
    let look = Look::at(board, reads, *sli, Span::new(from.min(seen.max(oldest)), end))?;
    let readings = Reading::of(slo, policy, &look, exclusions, end);
    look.check()?;
    Ok(readings)
}
