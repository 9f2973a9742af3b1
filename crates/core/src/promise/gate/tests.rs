//! The matrix of the gate, and its laws.

use proptest::prelude::*;

use super::*;
use crate::{
    command::Actor,
    people::person::PersonId,
    promise::exception::{Approved, Asked, ExceptionId, Payback, ReasonClass, Scope},
    time::Date,
};

const RISKS: [Risk; 3] = [Risk::Low, Risk::Normal, Risk::High];

fn exception() -> Exception {
    let by = |handle: &str| Actor::Owner { person: PersonId::parse(handle).unwrap() };
    let asked = Asked {
        exception: ExceptionId("e-1".into()),
        service: "shop".into(),
        scope: Scope::All,
        class: ReasonClass::Other,
        reason: "a test".into(),
        hours: 1,
        payback: Payback {
            action: "nothing".into(),
            owner: PersonId::parse("ada").unwrap(),
            due: Date::parse("2026-01-01").unwrap(),
        },
        by: by("ada"),
    };
    let exception = asked.exception.clone();
    let approved = Approved { exception, until_ms: 3_600_000, solo: false, by: by("bob") };
    let approved = Some((0, approved));
    Exception { asked, asked_ms: 0, approved, rejected: None, revoked: None, paid: None }
}

/// The matrix as it is written down for people: one row for each verdict; low, normal and high risk of an ordinary
/// change, then an exempt one and a covered one of high risk.
#[test]
fn the_matrix_is_the_one_that_is_promised() {
    let (policy, exception) = (Policy::default(), exception());
    let says = |verdict, kind, risk, exception| {
        pass(&policy, verdict, Asking { kind: Some(kind), risk, exception }).word()
    };
    let row = |verdict| {
        let [low, normal, high] = RISKS.map(|risk| says(verdict, "feature", risk, None));
        let covered = says(verdict, "feature", Risk::High, Some(&exception));
        [low, normal, high, says(verdict, "security", Risk::High, None), covered]
    };
    let (yes, no, exempt, covered) = ("allowed", "refused", "exempt", "covered");
    assert_eq!(row(Verdict::Ship), [yes, yes, yes, yes, yes]);
    assert_eq!(row(Verdict::Caution), [yes, yes, no, exempt, covered]);
    assert_eq!(row(Verdict::Unknown), [no, no, no, exempt, covered]);
    assert_eq!(row(Verdict::Stabilise), [no, no, no, exempt, covered]);
    for kind in ["security", "p0-fix", "revert", "reliability"] {
        assert_eq!(says(Verdict::Stabilise, kind, Risk::High, Some(&exception)), exempt, "{kind}");
    }
    let asking = Asking { exception: Some(&exception), ..Asking::default() };
    assert_eq!(
        sentence(&policy, Verdict::Stabilise, asking),
        "stabilise, and the exception e-1 of ada and bob lets it pass until 1970-01-01T01:00:00Z"
    );
}

proptest! {
    #[test]
    fn exempt_kinds_and_covered_changes_always_pass_and_unknown_lets_nothing_else_pass(
        at in 0..4_usize,
        kind in prop::option::of("[a-z]{1,4}"),
        exempt in prop::collection::vec("[a-z]{1,2}", 0..4),
        risk in prop::sample::select(RISKS.to_vec()),
        is_covered in any::<bool>(),
    ) {
        let policy = Policy { exempt_kinds: exempt.clone(), ..Policy::default() };
        let is_exempt = kind.as_ref().is_some_and(|kind| exempt.contains(kind));
        let (verdict, exception) = (Verdict::ALL[at], exception());
        let asking =
            Asking { kind: kind.as_deref(), risk, exception: is_covered.then_some(&exception) };
        let passed = pass(&policy, verdict, asking).is_allowed();
        prop_assert!(passed || !is_exempt && !is_covered);
        if matches!(verdict, Verdict::Unknown | Verdict::Stabilise) {
            prop_assert_eq!(passed, is_exempt || is_covered);
        }
        // More risk never helps.
        let safer = pass(&policy, verdict, Asking { risk: Risk::Low, ..asking }).is_allowed();
        prop_assert!(safer || !passed);
        prop_assert!(!sentence(&policy, verdict, asking).is_empty());
    }
}
