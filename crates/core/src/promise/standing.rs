//! What earlier decisions leave behind: budgets that have not recovered yet, and early exits.

use serde::{Deserialize, Serialize};

use crate::{measure::window::Window, time::Minute};

/// Which budget: of an objective, over one of its windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetId {
    /// The objective.
    pub slo: String,
    /// Over which of its windows.
    pub window: Window,
}

/// What earlier decisions about a service leave behind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// Budgets that were spent and have not recovered since.
    pub spent: Vec<BudgetId>,
    /// Since when *stabilise* was decided without a break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Minute>,
    /// An early exit in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
}

/// An early exit from *stabilise*: what spent the budget is mended, and both sides signed that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What was mended, and how that is known, in the words of both sides.
    pub reason: String,
    /// For each budget that was spent, how far it may fall until the exit is void.
    pub floors: Vec<Floor>,
}

/// How far a budget may fall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// Which budget.
    #[serde(flatten)]
    pub budget: BudgetId,
    /// With no more than this share of it left the exit is void, in parts per billion.
    pub left_ppb: i64,
}

impl Standing {
    /// Whether a budget was spent and has not recovered since.
    pub fn is_spent(&self, slo: &str, window: &Window) -> bool {
        self.spent.iter().any(|budget| budget.slo == slo && budget.window == *window)
    }

    /// Whether just these budgets were spent and have not recovered, in whichever order: that of the readings changes
    /// with the documents, and an objective that is lost comes last.
    pub fn is_just(&self, spent: &[BudgetId]) -> bool {
        self.spent.len() == spent.len() && spent.iter().all(|budget| self.spent.contains(budget))
    }

    /// How far a budget may fall, where an early exit holds for it.
    pub fn floor(&self, slo: &str, window: &Window) -> Option<i64> {
        let floors = &self.release.as_ref()?.floors;
        let is_it = |floor: &&Floor| floor.budget.slo == slo && floor.budget.window == *window;
        floors.iter().find(is_it).map(|floor| floor.left_ppb)
    }

    /// The same, with further budgets that were found spent.
    #[must_use]
    pub fn or(mut self, spent: &[BudgetId]) -> Self {
        for budget in spent {
            if !self.spent.contains(budget) {
                self.spent.push(budget.clone());
            }
        }
        self
    }
}
