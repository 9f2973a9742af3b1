//! Questions about what was measured, answered as of this moment. They block: not for asynchronous tasks.

use plimsoll_core::{
    deliver::attribution::Attributions,
    measure::{
        exclusion::Exclusions,
        slot::Slot,
        window::{NoExtent, Window},
    },
    promise::{
        budget::Budget,
        cost::Costing,
        exception::cost::{self, Cost},
        statement::{Posting, statement},
    },
    time::{Minute, Span},
};
use plimsoll_store::{
    Error,
    slots::{SlotReader, SlotReads},
};

use super::{
    figures::{self, Objective, SloFigures},
    keeper::Keeper,
    look::{Look, Unseen},
};

/// A budget, and where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The budget.
    pub budget: Budget,
    /// The same as if nothing were excluded.
    pub raw: Budget,
    /// Its postings: they sum to what was spent.
    pub postings: Vec<Posting>,
}

impl Keeper {
    /// The minutes of an SLI, over all its sources.
    ///
    /// # Errors
    /// When the slots cannot be read. What is damaged is missing.
    pub fn slots(&self, sli: u32, span: Span) -> Result<Vec<Slot>, Error> {
        self.read(|reader| {
            let _paired = self.shared().paired();
            self.shared().board().series(reader, sli, span)
        })
    }

    /// The minutes of an SLI from one source.
    ///
    /// # Errors
    /// When the slots cannot be read. What is damaged is missing.
    pub fn slots_from(&self, source: u32, sli: u32, span: Span) -> Result<Vec<Slot>, Error> {
        self.read(|reader| Ok(reader.series(source, sli, span)?.slots))
    }

    /// An objective as it stood when every minute before `at` was over; now, where no time is given.
    ///
    /// # Errors
    /// When the slots cannot be read, or are opened anew just now.
    pub fn figures_of(
        &self,
        objective: &Objective,
        at: Option<Minute>,
    ) -> Result<(Minute, SloFigures), Unseen> {
        self.look(objective, at, |look, end| figures::figures(objective, look, end))
    }

    /// Where the budget of one window went.
    ///
    /// # Errors
    /// As [`Keeper::figures_of`].
    pub fn statement_of(
        &self,
        objective: &Objective,
        attributions: &Attributions,
        window: &Window,
        at: Option<Minute>,
    ) -> Result<Result<Statement, NoExtent>, Unseen> {
        let Objective { slo, exclusions, .. } = objective;
        let costing = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
        let (_, answer) = self.look(objective, at, |look, end| {
            let budget = Budget::of(look, exclusions, slo.target, costing, window, end)?;
            let postings = statement(&budget, look, exclusions, attributions);
            let raw = Budget::of(look, &Exclusions::none(), slo.target, costing, window, end)?;
            Ok(Statement { budget, raw, postings })
        })?;
        Ok(answer)
    }

    /// What a span cost each window of an objective.
    ///
    /// # Errors
    /// As [`Keeper::figures_of`].
    pub fn costs_of(
        &self,
        objective: &Objective,
        span: Span,
    ) -> Result<Result<Vec<Cost>, NoExtent>, Unseen> {
        let Objective { slo, sli, exclusions, .. } = objective;
        self.read(|reader| {
            let _paired = self.shared().paired();
            let board = self.shared().board();
            let end = board.end();
            let from = match cost::reach(slo, span, end) {
                Ok(from) => from,
                Err(why) => return Ok(Err(why)),
            };
            let look = Look::at(&board, reader, *sli, Span::new(from, end))?;
            let costs = cost::costs(&look, exclusions, slo, span, end);
            look.check()?;
            Ok(costs)
        })
    }

    fn look<T>(
        &self,
        objective: &Objective,
        at: Option<Minute>,
        answer: impl FnOnce(&Look<'_, SlotReader>, Minute) -> T,
    ) -> Result<(Minute, T), Unseen> {
        self.read(|reader| {
            let _paired = self.shared().paired();
            let board = self.shared().board();
            let end = at.unwrap_or_else(|| board.end()).min(board.end());
            let reach = figures::reach(&objective.slo, end);
            let look = Look::at(&board, reader, objective.sli, reach)?;
            let answered = answer(&look, end);
            look.check()?;
            Ok((end, answered))
        })
    }
}
