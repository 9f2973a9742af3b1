//! Figures: every budget as it stands, made anew each minute.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_core::{
    catalog::object::{Kind, Object, ObjectId},
    measure::{
        exclusion::Exclusions,
        window::{NoExtent, Window},
    },
    promise::{
        budget::Budget,
        cost::{Costing, Spend},
        slo::{NoData, Slo},
    },
    state::State,
    time::{Minute, Span},
};
use plimsoll_store::{Error, slots::SlotReads};

use super::{board::Board, look::Look};

/// Lookbacks over which burn rates are shown, in minutes: those of the multi-window alerts of the SRE workbook.
pub const BURN_LOOKBACKS: [u32; 7] = [5, 30, 60, 120, 360, 1440, 4320];

/// Most windows that have running sums. Further ones are read from the disk when they are asked for.
const RUNNING_WINDOWS: usize = 64;

/// One objective as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SloFigures {
    /// Its budgets, in the order of its windows. A window that has no place now has none.
    pub windows: Vec<(Window, Result<Budget, NoExtent>)>,
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

/// The windows that a catalog asks for again and again.
pub fn running_windows(state: &State) -> Vec<Window> {
    let mut windows: Vec<Window> =
        BURN_LOOKBACKS.iter().map(|&minutes| Window::Rolling { minutes }).collect();
    let slos = state.objects.values().filter_map(|known| match &known.object {
        Object::Slo(slo) if slo.budgeting.slice_minutes().is_none() => Some(&slo.windows),
        _ => None,
    });
    for window in slos.flatten() {
        if windows.len() < RUNNING_WINDOWS && !windows.contains(window) {
            windows.push(window.clone());
        }
    }
    windows
}

/// The number of an objective's SLI.
pub fn sli_key(state: &State, slo: &Slo) -> Option<u32> {
    state.keys.get(&ObjectId { kind: Kind::Sli, name: slo.sli.clone() }).copied()
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
pub fn figures<R: SlotReads>(
    slo: &Slo,
    look: &Look<'_, R>,
    exclusions: &Exclusions,
    end: Minute,
) -> SloFigures {
    let costing = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
    let windows = slo.windows.iter().map(|window| {
        let budget = Budget::of(look, exclusions, slo.target, costing, window, end);
        (window.clone(), budget)
    });
    let seen_only = Costing { no_data: NoData::Ignore, ..costing };
    let slice = costing.slice_minutes().unwrap_or(1);
    let burns = BURN_LOOKBACKS.iter().map(|&minutes| {
        let to = end.floor(slice);
        let span = Span::new(to.plus(-i64::from(minutes)).floor(slice), to);
        (minutes, seen_only.spend(look, exclusions, span))
    });
    SloFigures { windows: windows.collect(), burns: burns.collect() }
}

/// All objectives. Those that count slices stand still between the ends of slices, so what they were `before` holds
/// unless `is_touched` says that late data came.
///
/// # Errors
/// When the store cannot be read.
pub fn all<R: SlotReads>(
    state: &State,
    board: &Board,
    reads: &R,
    before: &Figures,
    is_touched: impl Fn(u32) -> bool,
) -> Result<Figures, Error> {
    let end = board.end();
    let mut slos = BTreeMap::new();
    for (id, known) in &state.objects {
        let Object::Slo(slo) = &known.object else { continue };
        let Some(sli) = sli_key(state, slo) else { continue };
        let name: Arc<str> = Arc::from(id.name.as_str());
        let slice = slo.budgeting.slice_minutes().map_or(1, i64::from);
        let stands =
            slice > 1 && before.end.is_some_and(|was| was.floor(slice) == end.floor(slice));
        if stands
            && !is_touched(sli)
            && let Some(kept) = before.slos.get(&name)
            && kept.windows.iter().map(|(window, _)| window).eq(&slo.windows)
        {
            slos.insert(name, kept.clone());
            continue;
        }
        let look = Look::at(board, reads, sli, reach(slo, end));
        let exclusions = Exclusions::none();
        let found = figures(slo, &look, &exclusions, end);
        look.check()?;
        slos.insert(name, found);
    }
    Ok(Figures { end: Some(end), slos })
}
