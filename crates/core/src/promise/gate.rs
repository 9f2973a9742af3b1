//! The gate: whether a change may pass, by what the budgets say and by what sort of change it is.

use serde::{Deserialize, Serialize};

use super::{decision::Verdict, policy::Policy};

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
    /// It may not pass.
    Refused,
}

impl Pass {
    /// Whether the change may pass.
    pub fn is_allowed(self) -> bool {
        self != Pass::Refused
    }
}

/// Whether a change of this kind and risk may pass. *Ship* lets every change pass; *caution* lets low and normal risk
/// pass; *stabilise* and *unknown* let only those kinds pass that the policy exempts. These pass always.
pub fn pass(policy: &Policy, verdict: Verdict, kind: Option<&str>, risk: Risk) -> Pass {
    if kind.is_some_and(|kind| policy.exempt_kinds.iter().any(|exempt| exempt == kind)) {
        return if verdict == Verdict::Ship { Pass::Allowed } else { Pass::Exempt };
    }
    match verdict {
        Verdict::Ship => Pass::Allowed,
        Verdict::Caution if risk < Risk::High => Pass::Allowed,
        Verdict::Caution | Verdict::Unknown | Verdict::Stabilise => Pass::Refused,
    }
}

/// Why, in a sentence for whoever reads the log of a pipeline.
pub fn sentence(policy: &Policy, verdict: Verdict, kind: Option<&str>, risk: Risk) -> String {
    let exempt = policy.exempt_kinds.join(", ");
    let kinds = if exempt.is_empty() { "nothing".to_owned() } else { format!("only {exempt}") };
    match (pass(policy, verdict, kind, risk), verdict) {
        (Pass::Exempt, _) => {
            format!("{verdict}, and {} may pass all the same", kind.unwrap_or_default())
        }
        (Pass::Allowed, Verdict::Caution) => {
            format!("caution lets {} risk pass, and refuses high risk", risk.word())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VERDICTS: [Verdict; 4] =
        [Verdict::Ship, Verdict::Caution, Verdict::Unknown, Verdict::Stabilise];

    /// The matrix as it is written down for people: one row for each verdict; low, normal and high risk of an ordinary
    /// change, then an exempt one of high risk.
    #[test]
    fn the_matrix_is_the_one_that_is_promised() {
        let policy = Policy::default();
        let allowed = |verdict, kind, risk| pass(&policy, verdict, kind, risk).is_allowed();
        let row = |verdict| {
            let ordinary = [Risk::Low, Risk::Normal, Risk::High]
                .map(|risk| allowed(verdict, Some("feature"), risk));
            (ordinary, allowed(verdict, Some("security"), Risk::High))
        };
        assert_eq!(row(Verdict::Ship), ([true, true, true], true));
        assert_eq!(row(Verdict::Caution), ([true, true, false], true));
        assert_eq!(row(Verdict::Unknown), ([false, false, false], true));
        assert_eq!(row(Verdict::Stabilise), ([false, false, false], true));
        for kind in ["security", "p0-fix", "revert", "reliability"] {
            assert!(allowed(Verdict::Stabilise, Some(kind), Risk::High), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn exempt_kinds_always_pass_and_unknown_lets_nothing_else_pass(
            at in 0..4_usize,
            kind in prop::option::of("[a-z]{1,4}"),
            exempt in prop::collection::vec("[a-z]{1,2}", 0..4),
            risk in prop::sample::select(vec![Risk::Low, Risk::Normal, Risk::High]),
        ) {
            let policy = Policy { exempt_kinds: exempt.clone(), ..Policy::default() };
            let is_exempt = kind.as_ref().is_some_and(|kind| exempt.contains(kind));
            let passed = pass(&policy, VERDICTS[at], kind.as_deref(), risk).is_allowed();
            prop_assert!(passed || !is_exempt);
            if matches!(VERDICTS[at], Verdict::Unknown | Verdict::Stabilise) {
                prop_assert_eq!(passed, is_exempt);
            }
            // More risk never helps.
            let safer = pass(&policy, VERDICTS[at], kind.as_deref(), Risk::Low).is_allowed();
            prop_assert!(safer || !passed);
            prop_assert!(!sentence(&policy, VERDICTS[at], kind.as_deref(), risk).is_empty());
        }
    }
}
