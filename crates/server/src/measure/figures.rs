//! Figures: every budget as it stands, made anew each minute.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_core::{
    catalog::object::{Declared, Kind, Object, ObjectId},
    measure::{
        exclusion::Exclusions,
        window::{NoExtent, Window},
    },
    promise::{
        budget::Budget,
        cost::{Costing, Spend},
        in_force,
        slo::{NoData, Slo},
    },
    state::State,
    time::{Minute, Span},
};
use plimsoll_store::slots::SlotReads;

use super::{
    board::Board,
    look::{Look, Unseen},
};

/// Lookbacks over which burn rates are shown, in minutes: those of the multi-window alerts of the SRE workbook.
pub const BURN_LOOKBACKS: [u32; 7] = [5, 30, 60, 120, 360, 1440, 4320];

/// Most windows that have running sums. Further ones are read from the disk when they are asked for.
const RUNNING_WINDOWS: usize = 64;

/// One objective as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SloFigures {
    /// Its budgets, in the order of its windows. A window that has no place now has none.
    pub windows: Vec<(Window, Result<Budget, NoExtent>)>,
    /// What they would be if nothing were excluded, in the same order; none where nothing is.
    pub raw: Vec<Option<Budget>>,
    /// What the lookbacks cost, in their order.
    pub burns: Vec<(u32, Spend)>,
}

/// All objectives as they stood when every minute before `end` was over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Every minute before it counts.
    pub end: Option<Minute>,
    /// By the name of the objective.
    pub slos: BTreeMap<Arc<str>, SloFigures>,
}

/// An objective with everything that its figures are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub slo: Slo,
    /// The number of its SLI.
    pub sli: u32,
    /// What is taken out of its SLI.
    pub exclusions: Exclusions,
}

/// The objectives of a state, by name.
pub fn objectives(state: &State) -> Vec<Objective> {
    let objective = |(id, known): (&ObjectId, &Declared)| {
        let Object::Slo(slo) = &known.object else { return None };
        objective(state, &id.name, slo)
    };
    state.objects.iter().filter_map(objective).collect()
}

/// The objective of this name.
pub fn objective_of(state: &State, name: &str) -> Option<Objective> {
    let id = ObjectId { kind: Kind::Slo, name: name.into() };
    let Object::Slo(slo) = &state.objects.get(&id)?.object else { return None };
    objective(state, name, slo)
}

fn objective(state: &State, name: &str, slo: &Slo) -> Option<Objective> {
    let sli = *state.keys.get(&ObjectId { kind: Kind::Sli, name: slo.sli.as_str().into() })?;
    let (name, exclusions) = (Arc::from(name), state.exclusions(&slo.sli));
    Some(Objective { name, slo: in_force::slo(state, slo), sli, exclusions })
}

/// The windows that objectives ask for again and again.
pub fn running_windows(objectives: &[Objective]) -> Vec<Window> {
    let mut windows: Vec<Window> =
        BURN_LOOKBACKS.iter().map(|&minutes| Window::Rolling { minutes }).collect();
    let by_event = objectives.iter().filter(|o| o.slo.budgeting.slice_minutes().is_none());
    for window in by_event.flat_map(|objective| &objective.slo.windows) {
        if windows.len() == RUNNING_WINDOWS {
            break;
        }
        if !windows.contains(window) {
            windows.push(window.clone());
        }
    }
    windows
}

/// How far back an objective looks from `end`, for its windows and lookbacks.
pub fn reach(slo: &Slo, end: Minute) -> Span {
    let froms = slo.windows.iter().filter_map(|window| Some(window.at(end).ok()?.span.from));
    let longest = BURN_LOOKBACKS.iter().copied().max().unwrap_or(0);
    let from = froms.min().unwrap_or(end).min(end.plus(-i64::from(longest)));
    // Windows of slices end at the last complete slice, and begin as much earlier.
    let slice = slo.budgeting.slice_minutes().unwrap_or(1);
    Span::new(from.plus(-i64::from(slice)), end)
}

/// One objective at a moment.
pub fn figures(objective: &Objective, look: &Look<'_, impl SlotReads>, end: Minute) -> SloFigures {
    let Objective { slo, exclusions, .. } = objective;
    let costing = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
    let windows = slo.windows.iter().map(|window| {
        let budget = Budget::of(look, exclusions, slo.target, costing, window, end);
        (window.clone(), budget)
    });
    let windows: Vec<_> = windows.collect();
    let raw = windows.iter().map(|(window, budget)| {
        let is_adjusted = budget.as_ref().is_ok_and(|budget| budget.spend.excluded_minutes > 0);
        let raw = || Budget::of(look, &Exclusions::none(), slo.target, costing, window, end).ok();
        is_adjusted.then(raw).flatten()
    });
    let raw = raw.collect();
    let seen_only = Costing { no_data: NoData::Ignore, ..costing };
    let slice = costing.slice_minutes().unwrap_or(1);
    let burns = BURN_LOOKBACKS.iter().map(|&minutes| {
        let to = end.floor(slice);
        let span = Span::new(to.plus(-i64::from(minutes)).floor(slice), to);
        (minutes, seen_only.spend(look, exclusions, span))
    });
    SloFigures { windows, raw, burns: burns.collect() }
}

/// Whether no slice ended between two minutes. Those of calendar windows are counted from where the period begins.
fn stands_still(slo: &Slo, was: Minute, is: Minute) -> bool {
    let Some(slice) = slo.budgeting.slice_minutes().map(i64::from).filter(|slice| *slice > 1)
    else {
        return false;
    };
    let calendar = slo.windows.iter().filter(|window| !window.is_rolling());
    let complete = |window: &Window, end: Minute| {
        let span = window.at(end).ok()?.span;
        Some((span.from, span.minutes() / slice))
    };
    was.floor(slice) == is.floor(slice)
        && calendar.into_iter().all(|window| complete(window, was) == complete(window, is))
}

/// All objectives. Those that count slices stand still between the ends of slices, so what they were `before` holds
/// unless `is_touched` says that late data came. `before` must be of the same objectives.
///
/// # Errors
/// When the store cannot be read, or the board is behind it.
pub fn all(
    objectives: &[Objective],
    board: &Board,
    reads: &impl SlotReads,
    before: &Figures,
    is_touched: impl Fn(u32) -> bool,
) -> Result<Figures, Unseen> {
    let end = board.end();
    let mut slos = BTreeMap::new();
    for objective in objectives {
        let stands = before.end.is_some_and(|was| stands_still(&objective.slo, was, end));
        let kept =
            before.slos.get(&objective.name).filter(|_| stands && !is_touched(objective.sli));
        let found = if let Some(kept) = kept {
            kept.clone()
        } else {
            let look = Look::at(board, reads, objective.sli, reach(&objective.slo, end))?;
            let found = figures(objective, &look, end);
            look.check()?;
            found
        };
        slos.insert(Arc::clone(&objective.name), found);
    }
    Ok(Figures { end: Some(end), slos })
}
