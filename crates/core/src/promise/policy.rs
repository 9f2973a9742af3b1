//! The budget policy: when to ship, be cautious, stabilise.

use serde::{Deserialize, Serialize};

use crate::{ratio::BILLION, time::Date};

/// The name of the policy that holds for whoever names none.
pub const HOUSE_POLICY: &str = "default";

/// Which state of the budgets asks for which decision. Exact: parts per billion, thousandths of a burn rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// *Caution* when no more than this share of a budget is left.
    pub caution_at_ppb: i64,
    /// *Stabilise* when no more than this share of a budget is left.
    pub stabilise_at_ppb: i64,
    /// *Caution* while a budget burns this fast.
    pub fast_burn: Vec<FastBurn>,
    /// *Unknown* with fewer events in a window.
    pub min_events: u64,
    /// *Unknown* when less of a window was measured.
    pub min_coverage_ppb: u64,
    /// *Unknown* when no minute was seen in full for longer than this. An SLO that holds its last decision
    /// ([`super::slo::NoData::Hold`]) says so itself.
    pub max_data_age_minutes: u32,
    /// Kinds of changes that may always pass.
    #[serde(default = "first_exempt_kinds")]
    pub exempt_kinds: Vec<String>,
    /// A budget for which *stabilise* was decided stays there until at least this share of it is left, so that a
    /// budget at the edge does not flap. No less than `stabilise_at_ppb` has an effect.
    #[serde(default)]
    pub recover_at_ppb: i64,
    /// When somebody above must look.
    #[serde(default)]
    pub escalation: Escalation,
    /// How many exceptions there may be, and for how long.
    #[serde(default)]
    pub exceptions: ExceptionRules,
    /// Who may sign promises, this policy and exceptions.
    #[serde(default)]
    pub approvers: Approvers,
    /// From this day on somebody must look whether the policy still fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<Date>,
    /// One person may sign for both sides, and approve their own exceptions. It is said wherever it matters.
    #[serde(default)]
    pub solo: bool,
}

/// When a decision is brought before somebody above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// After so many whole days of *stabilise* without a break.
    pub after_days: u32,
    /// Before whom, in the words of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Default for Escalation {
    fn default() -> Self {
        Escalation { after_days: 14, to: None }
    }
}

/// The limits of exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionRules {
    /// Most that are approved of one service in a quarter of the calendar, in UTC.
    pub per_quarter: u32,
    /// Most hours that one may last, at most [`crate::limits::EXCEPTION_HOURS_MAX`].
    pub hours_max: u32,
}

impl Default for ExceptionRules {
    fn default() -> Self {
        ExceptionRules { per_quarter: 3, hours_max: crate::limits::EXCEPTION_HOURS_MAX }
    }
}

/// Who may sign for each side: handles of people. Where nobody is named, everybody may who may write.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Approvers {
    /// For the product.
    #[serde(default)]
    pub product: Vec<String>,
    /// For engineering.
    #[serde(default)]
    pub engineering: Vec<String>,
}

impl Policy {
    /// The least share of a budget with which *stabilise* ends.
    pub fn recover_at_ppb(&self) -> i64 {
        self.recover_at_ppb.max(self.stabilise_at_ppb)
    }
}

/// Where nothing else is said, so much more of a budget must be left to end *stabilise* than to begin it.
pub(crate) const RECOVER_PPB: i64 = BILLION as i64 / 10;

/// What the policies exempted that were declared before they could say it. It never changes: the journal means it.
fn first_exempt_kinds() -> Vec<String> {
    ["security", "p0-fix", "revert", "reliability"].map(str::to_owned).into()
}

/// A burn rate that calls for caution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FastBurn {
    /// Over how many minutes it is measured, up to now.
    pub lookback_minutes: u32,
    /// The burn rate, in thousandths: 14,400 spends 2 % of a 30-day budget in an hour.
    pub factor_milli: u64,
    /// At least so many bad events, so that one failure at night is not a fast burn.
    pub min_failures: u64,
}

impl Default for Policy {
    /// The default policy. Budget thresholds as in the error budget policy of the SRE workbook, burn rates those of
    /// its multi-window alerts for 30 days. Data may be as old as the shorter of their lookbacks: with older data
    /// there is nothing a fast burn could be seen in. *Stabilise* ends with 10 % of a budget.
    fn default() -> Self {
        let fast = |lookback_minutes, factor_milli| FastBurn {
            lookback_minutes,
            factor_milli,
            min_failures: 5,
        };
        Policy {
            name: HOUSE_POLICY.to_owned(),
            caution_at_ppb: BILLION as i64 / 4,
            stabilise_at_ppb: 0,
            fast_burn: vec![fast(60, 14_400), fast(360, 6_000)],
            min_events: 100,
            min_coverage_ppb: BILLION * 9 / 10,
            max_data_age_minutes: 60,
            exempt_kinds: first_exempt_kinds(),
            recover_at_ppb: RECOVER_PPB,
            escalation: Escalation::default(),
            exceptions: ExceptionRules::default(),
            approvers: Approvers::default(),
            review_date: None,
            solo: false,
        }
    }
}
