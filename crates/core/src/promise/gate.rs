//! The gate: whether a change may pass, by what the budgets say and by what sort of change it is.

use serde::{Deserialize, Serialize};

use super::{decision::Verdict, exception::Exception, policy::Policy};
use crate::time::rfc3339_ms;

/// How much a change may break, as its author judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Small, and easily taken back.
    Low,
    /// As most changes are.
    #[default]
    Normal,
    /// A launch, a migration, or whatever cannot be taken back.
    High,
}

impl Risk {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::Normal => "normal",
            Risk::High => "high",
        }
    }
}

/// What the gate says of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// It may pass.
    Allowed,
    /// It may pass whatever the budgets say: changes of its kind make things better.
    Exempt,
    /// It may pass although the budgets say no: an exception covers it.
    Covered,
    /// It may not pass.
    Refused,
}

impl Pass {
    /// Whether the change may pass.
    pub fn is_allowed(self) -> bool {
        self != Pass::Refused
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Pass::Allowed => "allowed",
            Pass::Exempt => "exempt",
            Pass::Covered => "covered",
            Pass::Refused => "refused",
        }
    }
}

/// A change that asks whether it may pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking<'a> {
    /// Of which kind it is.
    pub kind: Option<&'a str>,
    /// How much it may break.
    pub risk: Risk,
    /// The exception that covers it now.
    pub exception: Option<&'a Exception>,
}

/// Whether a change may pass. *Ship* lets every change pass; *caution* lets low and normal risk pass; *stabilise* and
/// *unknown* let only those kinds pass that the policy exempts, and what an exception covers. These pass always.
pub fn pass(policy: &Policy, verdict: Verdict, change: Asking<'_>) -> Pass {
    let exempt = |kind: &str| policy.exempt_kinds.iter().any(|exempt| exempt == kind);
    match verdict {
        Verdict::Ship => Pass::Allowed,
        _ if change.kind.is_some_and(exempt) => Pass::Exempt,
        Verdict::Caution if change.risk < Risk::High => Pass::Allowed,
        _ if change.exception.is_some() => Pass::Covered,
        Verdict::Caution | Verdict::Unknown | Verdict::Stabilise => Pass::Refused,
    }
}

/// Why, in a sentence for whoever reads the log of a pipeline.
pub fn sentence(policy: &Policy, verdict: Verdict, change: Asking<'_>) -> String {
    let exempt = policy.exempt_kinds.join(", ");
    let kinds = if exempt.is_empty() { "nothing".to_owned() } else { format!("only {exempt}") };
    match (pass(policy, verdict, change), verdict) {
        (Pass::Exempt, _) => {
            format!("{verdict}, and {} may pass all the same", change.kind.unwrap_or_default())
        }
        (Pass::Covered, _) => change.exception.map(|e| covered(verdict, e)).unwrap_or_default(),
        (Pass::Allowed, Verdict::Caution) => {
            format!("caution lets {} risk pass, and refuses high risk", change.risk.word())
        }
        (Pass::Allowed, _) => format!("{verdict} lets every change pass"),
        (Pass::Refused, Verdict::Caution) => {
            "caution refuses high risk: make it smaller, or wait".to_owned()
        }
        (Pass::Refused, Verdict::Unknown) => {
            format!("unknown is not healthy: {kinds} may pass until the service is measured again")
        }
        (Pass::Refused, _) => format!("{verdict} lets {kinds} pass until there is budget again"),
    }
}

fn covered(verdict: Verdict, exception: &Exception) -> String {
    let until = exception.in_force().map_or_else(String::new, |(_, to)| rfc3339_ms(to));
    let id = &exception.asked.exception;
    let by = match &exception.approved {
        Some((_, approved)) if approved.solo => format!("{} alone", approved.by),
        Some((_, approved)) => format!("{} and {}", exception.asked.by, approved.by),
        None => exception.asked.by.to_string(),
    };
    format!("{verdict}, and the exception {id} of {by} lets it pass until {until}")
}

#[cfg(test)]
mod tests;
