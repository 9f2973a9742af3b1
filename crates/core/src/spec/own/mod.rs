//! Kinds of our own, `apiVersion: plimsoll/v1`.

mod policy;

pub use policy::{FastBurn, PolicyDoc};

use super::{docs::Doc, fields::Fields, kind::Kind, reading::Reading};

/// Kinds that later versions of this program will read.
pub(crate) const LATER_KINDS: [&str; 8] = [
    "Promise",
    "Team",
    "Person",
    "Schedule",
    "EscalationPolicy",
    "Severities",
    "Checklist",
    "Runbook",
];

/// Reads an object of one of our kinds.
pub(crate) fn read(kind: Kind, object: &mut Fields<'_>, reading: &mut Reading) -> Option<Doc> {
    (kind == Kind::BudgetPolicy).then(|| policy::read(object, reading).map(Doc::BudgetPolicy))?
}
