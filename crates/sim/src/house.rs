//! What the first machine keeps beside its writer: slots, and the figures and decisions that are made of them.

use plimsoll_core::{
    promise::{record, standing::BudgetId},
    state::State,
    time::Minute,
};
use plimsoll_server::measure::{
    decisions::{self, Decisions, Rules},
    figures::{self, Figures, Objective},
    keeping::Keeping,
};
use plimsoll_store::Error;

use crate::{audit::verdicts, slots::FakeSlots};

/// What the first machine keeps beside its writer.
#[derive(Debug)]
pub struct House {
    pub(crate) keeping: Keeping<FakeSlots>,
    pub(crate) objectives: Vec<Objective>,
    /// What decisions are made by.
    pub(crate) rules: Rules,
    pub(crate) figures: Figures,
    pub(crate) decisions: Decisions,
    /// What had been decided before that.
    pub(crate) earlier: verdicts::Earlier,
    /// The figures are of other objectives, or of a board that was made anew.
    pub(crate) is_outdated: bool,
    /// The published state that the objectives are of.
    pub(crate) version: u64,
}

impl House {
    /// Opens the house, as the keeper does.
    ///
    /// # Errors
    /// When the slots cannot be opened.
    pub fn open(slots: FakeSlots, state: &State, version: u64, end: Minute) -> Result<Self, Error> {
        let objectives = figures::objectives(state);
        let keeping = Keeping::open(slots, end, figures::running_windows(&objectives))?;
        Ok(House {
            keeping,
            objectives,
            rules: Rules::of(state),
            figures: Figures::default(),
            decisions: Decisions::default(),
            earlier: verdicts::Earlier::new(),
            is_outdated: true,
            version,
        })
    }

    /// Looks at the catalog, and makes everything anew where it is another.
    pub(crate) fn follow_catalog(
        &mut self,
        state: &State,
        version: u64,
    ) -> Option<Vec<record::Decided>> {
        if version == self.version {
            return None;
        }
        self.version = version;
        let (objectives, rules) = (figures::objectives(state), Rules::of(state));
        if objectives == self.objectives && rules == self.rules {
            return None;
        }
        (self.objectives, self.rules, self.is_outdated) = (objectives, rules, true);
        self.keeping.set_windows(figures::running_windows(&self.objectives));
        self.make_figures(state)
    }

    /// Makes the figures and decisions as the keeper does; what of the decisions is news, where they could be made.
    pub(crate) fn make_figures(&mut self, state: &State) -> Option<Vec<record::Decided>> {
        if self.keeping.stopped().is_some() {
            self.is_outdated = true;
            return None;
        }
        let touched = self.keeping.take_touched();
        let is_touched = |sli: u32| touched.contains(&sli);
        if self.is_outdated {
            self.figures = Figures::default();
        }
        let standings = self.decisions.standings(state);
        let made = {
            let board = self.keeping.shared().board();
            let store = self.keeping.store();
            let made = figures::all(&self.objectives, &board, store, &self.figures, is_touched);
            made.and_then(|made| {
                let all = decisions::all(&self.rules, &standings, &self.objectives, &board, store)?;
                Ok((made, all))
            })
        };
        self.is_outdated = made.is_err();
        let (figures, decisions) = made.ok()?;
        self.earlier = verdicts::earlier(&self.decisions);
        (self.figures, self.decisions) = (figures, decisions);
        Some(self.decisions.news(state, None))
    }

    /// What is left now of each budget of a service of which something was seen, as whoever signs an exit is told.
    pub(crate) fn left(&self, service: &str) -> Vec<(BudgetId, i64)> {
        let decided = self.decisions.services.get(service);
        let readings = decided.into_iter().flat_map(|decided| &decided.readings);
        let seen = readings.filter(|reading| !reading.budget.spend.is_unseen());
        let left = seen.map(|reading| {
            let budget = BudgetId { slo: reading.slo.clone(), window: reading.window.clone() };
            (budget, reading.budget.left_ppb())
        });
        left.collect()
    }
}
