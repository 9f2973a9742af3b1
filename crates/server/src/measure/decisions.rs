//! Decisions: what the budgets of each service say about the next change, made anew with the figures.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_core::{
    catalog::object::Kind,
    limits::WINDOW_MINUTES_MAX,
    measure::window::NoExtent,
    promise::{
        decision::{Decision, Reading, Silent, Verdict, decide_with},
        in_force,
        policy::Policy,
        record,
        slo::NoData,
        standing::{Release, Standing},
    },
    state::State,
    time::{Minute, Span},
};
use plimsoll_store::slots::SlotReads;
use smol_str::SmolStr;

use super::{
    board::Board,
    figures::{Objective, reach},
    look::{Look, Unseen},
};

/// What decisions are made by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Every service, and its policy.
    pub services: Vec<(Arc<str>, Arc<Policy>)>,
    /// The policy of those that have no other.
    pub house: Arc<Policy>,
    /// Early exits from *stabilise*, by service.
    pub releases: BTreeMap<SmolStr, Release>,
    /// Objectives that a service is held to by its promise and that are not there, by service.
    pub lost: BTreeMap<Arc<str>, Vec<Silent>>,
}

/// The decision about a service, and all it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What was decided.
    pub decision: Decision,
    /// From which readings.
    pub readings: Vec<Reading>,
    /// Without which objectives.
    pub silent: Vec<Silent>,
    /// By which policy.
    pub policy: Arc<Policy>,
    /// After what earlier decisions had left behind.
    pub standing: Standing,
}

/// The decisions of all services as they stood when every minute before `end` was over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Every minute before it counts.
    pub end: Option<Minute>,
    /// By service.
    pub services: BTreeMap<Arc<str>, Arc<Decided>>,
}

impl Rules {
    /// The rules of a state. Equal policies are kept once.
    pub fn of(state: &State) -> Self {
        let mut policies: BTreeMap<String, Arc<Policy>> = BTreeMap::new();
        let mut shared = |policy: Policy| {
            let kept = policies.entry(policy.name.clone()).or_default();
            if **kept != policy {
                *kept = Arc::new(policy);
            }
            Arc::clone(kept)
        };
        let services = state.objects.keys().filter(|id| id.kind == Kind::Service);
        let services: Vec<(Arc<str>, Arc<Policy>)> = services
            .map(|id| {
                let policy = in_force::policy_of_service(state, &id.name);
                (Arc::from(id.name.as_str()), shared(policy))
            })
            .collect();
        let lost = services.iter().map(|(name, _)| (Arc::clone(name), in_force::lost(state, name)));
        let lost = lost.filter(|(_, lost)| !lost.is_empty()).collect();
        let house = in_force::house_policy(state);
        let releases = state.decisions.iter().filter_map(|(service, record)| {
            Some((service.clone(), record.standing.release.clone()?))
        });
        Rules { services, house: shared(house), releases: releases.collect(), lost }
    }
}

impl Decisions {
    /// What earlier decisions leave behind: what the journal says of each service, and what was decided since, in case
    /// the journal could not be written.
    pub fn standings(&self, state: &State) -> BTreeMap<SmolStr, Standing> {
        let is_bare = |standing: &Standing| *standing == Standing::default();
        let recorded = state.decisions.iter().map(|(name, record)| (name, &record.standing));
        let mut standings: BTreeMap<SmolStr, Standing> = recorded
            .filter(|(_, standing)| !is_bare(standing))
            .map(|(name, standing)| (name.clone(), standing.clone()))
            .collect();
        for (name, decided) in &self.services {
            if decided.decision.spent.is_empty() {
                continue;
            }
            let since =
                (decided.decision.verdict == Verdict::Stabilise).then_some(self.end).flatten();
            let standing = standings.entry(SmolStr::from(&**name)).or_default();
            let mut both = std::mem::take(standing).or(&decided.decision.spent);
            both.since = both.since.or(since);
            *standing = both;
        }
        standings
    }

    /// The decisions that say something the journal does not; with when nobody decided before, where there was such a
    /// time.
    pub fn news(&self, state: &State, unwatched: Option<Span>) -> Vec<record::Decided> {
        let Some(end) = self.end else { return Vec::new() };
        let news = self.services.iter().filter_map(|(name, decided)| {
            let Decided { decision, readings, silent, policy, standing } = &**decided;
            let is_gap = |span| record::unwatched_from(state, name, span).is_some();
            let is_new =
                unwatched.is_some_and(is_gap) || record::is_new(state, name, decision, policy);
            is_new.then(|| record::Decided {
                service: SmolStr::from(&**name),
                end,
                decision: decision.clone(),
                readings: readings.clone(),
                silent: silent.clone(),
                policy: Policy::clone(policy),
                standing: standing.clone(),
                unwatched,
            })
        });
        news.collect()
    }
}

/// What the objectives of one service say.
#[derive(Default)]
struct Said {
    readings: Vec<Reading>,
    silent: Vec<Silent>,
}

/// Decides for every service from all its objectives and their windows, after what earlier decisions left behind.
/// Without any objective, nothing is known of a service.
///
/// # Errors
/// When the store cannot be read, or the board is behind it.
pub fn all(
    rules: &Rules,
    standings: &BTreeMap<SmolStr, Standing>,
    objectives: &[Objective],
    board: &Board,
    reads: &impl SlotReads,
) -> Result<Decisions, Unseen> {
    let end = board.end();
    by_readings(rules, standings, objectives, end, |objective, policy| {
        readings(objective, policy, board, reads, end)
    })
}

/// The same from readings that somebody else makes of each objective; or says that one of its windows has no place in
/// time.
///
/// # Errors
/// Why readings cannot be made.
pub fn by_readings<E>(
    rules: &Rules,
    standings: &BTreeMap<SmolStr, Standing>,
    objectives: &[Objective],
    end: Minute,
    mut readings: impl FnMut(&Objective, &Policy) -> Result<Result<Vec<Reading>, NoExtent>, E>,
) -> Result<Decisions, E> {
    let policies: BTreeMap<&str, &Arc<Policy>> =
        rules.services.iter().map(|(name, policy)| (&**name, policy)).collect();
    let mut said: BTreeMap<&str, Said> = BTreeMap::new();
    for objective in objectives {
        let service = objective.slo.service.as_str();
        let policy = policies.get(service).copied().unwrap_or(&rules.house);
        let of_it = said.entry(service).or_default();
        match readings(objective, policy)? {
            Ok(readings) => of_it.readings.extend(readings),
            Err(why) => {
                let why = format!("{}: {why}", objective.name);
                of_it.silent.push(Silent { slo: objective.slo.name.clone(), why });
            }
        }
    }
    for (service, lost) in &rules.lost {
        let of_it = said.entry(service).or_default();
        of_it.silent.extend(lost.iter().cloned());
    }
    let nothing = Standing::default();
    let services = rules.services.iter().map(|(service, policy)| {
        let said = said.remove(&**service).unwrap_or_default();
        let standing = standings.get(&**service).unwrap_or(&nothing);
        (Arc::clone(service), Arc::new(said.decided(policy, standing, end)))
    });
    Ok(Decisions { end: Some(end), services: services.collect() })
}

impl Said {
    fn decided(self, policy: &Arc<Policy>, standing: &Standing, end: Minute) -> Decided {
        let Said { readings, silent } = self;
        let decision = decide_with(policy, &readings, &silent, standing, end);
        let (policy, standing) = (Arc::clone(policy), standing.clone());
        Decided { decision, readings, silent, policy, standing }
    }
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
