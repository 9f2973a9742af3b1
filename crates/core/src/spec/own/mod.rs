//! Kinds of our own, `apiVersion: plimsoll/v1`.

mod policy;
mod promise;
mod signing;

pub use policy::PolicyDoc;
pub use promise::PromiseDoc;

use super::{docs::Doc, fields::Fields, kind::Kind, report::Report};

/// Kinds that later versions of this program will read.
pub(crate) const LATER_KINDS: [&str; 7] =
    ["Team", "Person", "Schedule", "EscalationPolicy", "Severities", "Checklist", "Runbook"];

/// Reads an object of one of our kinds.
pub(crate) fn read(kind: Kind, object: &mut Fields<'_>, report: &mut Report) -> Option<Doc> {
    match kind {
        Kind::BudgetPolicy => policy::read(object, report).map(Doc::BudgetPolicy),
        Kind::Promise => promise::read(object, report).map(Doc::Promise),
        _ => None,
    }
}
