//! The budget policy: when to ship, be cautious, stabilise.

use serde::{Deserialize, Serialize};

use crate::ratio::BILLION;

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
}

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
    /// there is nothing a fast burn could be seen in.
    fn default() -> Self {
        let fast = |lookback_minutes, factor_milli| FastBurn {
            lookback_minutes,
            factor_milli,
            min_failures: 5,
        };
        Policy {
            name: "default".to_owned(),
            caution_at_ppb: BILLION as i64 / 4,
            stabilise_at_ppb: 0,
            fast_burn: vec![fast(60, 14_400), fast(360, 6_000)],
            min_events: 100,
            min_coverage_ppb: BILLION * 9 / 10,
            max_data_age_minutes: 60,
            exempt_kinds: first_exempt_kinds(),
        }
    }
}
