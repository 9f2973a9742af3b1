//! Our own kinds.

use expect_test::expect;

use super::{codes, read_texts, sli, slo, told};
use crate::{
    promise::{
        policy::{Approvers, Escalation, ExceptionRules, FastBurn, Policy},
        slo::NoData,
    },
    time::Date,
};

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: strict}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn every_condition_is_read_exactly() {
    let text = policy(
        "cautionAt: 12.5%, stabiliseAt: 1 %, fastBurn: [{lookback: 2h, factor: 13.44, minFailures: 7}], minEvents: 50, \
         minCoverage: 99.9999999%, maxDataAge: 90m, exemptKinds: [revert, p0-fix], recoverAt: 12%, \
         escalation: {afterDays: 7, to: the board}, exceptions: {perQuarter: 0, maxHours: 24}, solo: true, \
         approvers: {product: [ada], engineering: [ada, bob]}, reviewDate: 2027-05-01, noData: hold 1h, description: Strict",
    );
    let (docs, problems) = read_texts(&[&text]);
    assert_eq!(problems, []);
    let doc = &docs.budget_policies[0].doc;
    let expected = Policy {
        name: "strict".to_owned(),
        caution_at_ppb: 125_000_000,
        stabilise_at_ppb: 10_000_000,
        fast_burn: vec![FastBurn { lookback_minutes: 120, factor_milli: 13_440, min_failures: 7 }],
        min_events: 50,
        min_coverage_ppb: 999_999_999,
        max_data_age_minutes: 90,
        exempt_kinds: vec!["revert".to_owned(), "p0-fix".to_owned()],
        recover_at_ppb: 120_000_000,
        escalation: Escalation { after_days: 7, to: Some("the board".to_owned()) },
        exceptions: ExceptionRules { per_quarter: 0, hours_max: 24 },
        approvers: Approvers {
            product: vec!["ada".to_owned()],
            engineering: vec!["ada".to_owned(), "bob".to_owned()],
        },
        review_date: Date::parse("2027-05-01"),
        solo: true,
    };
    assert_eq!(doc.policy, expected);
    assert_eq!(doc.no_data, Some(NoData::Hold { minutes: 60 }));
}

#[test]
fn what_is_left_out_is_the_default() {
    let (docs, _) = read_texts(&[&policy("minEvents: 7")]);
    let expected = Policy { name: "strict".to_owned(), min_events: 7, ..Policy::default() };
    assert_eq!(docs.budget_policies[0].doc.policy, expected);
    assert_eq!(codes(&[&policy("")]), ["error[missing-field] spec"]);
}

#[test]
fn stabilise_ends_with_a_tenth_more_of_the_budget_than_it_begins_with() {
    for (spec, expected) in
        [("minEvents: 7", 10), ("stabiliseAt: 15%", 25), ("cautionAt: 99%, stabiliseAt: 95%", 100)]
    {
        let (docs, _) = read_texts(&[&policy(spec)]);
        let found = docs.budget_policies[0].doc.policy.recover_at_ppb;
        assert_eq!(found, expected * 10_000_000, "{spec}");
    }
}

#[test]
fn conditions_that_do_not_exist_are_refused_by_name() {
    expect![[r"
        0.yaml:4:8: error[unknown-field] spec.maxIncidents: unknown field
          hint: known here: description, cautionAt, stabiliseAt, fastBurn, minEvents, minCoverage, maxDataAge, exemptKinds, recoverAt, escalation, exceptions, reviewDate, solo, approvers, noData"]]
    .assert_eq(&told(&[&policy("maxIncidents: 3")]));
}

#[test]
fn nonsense_is_refused() {
    for (spec, expected) in [
        ("exemptKinds: ['P0 fix']", "error[bad-name] spec.exemptKinds[0]"),
        ("exemptKinds: [revert, revert]", "error[bad-choice] spec.exemptKinds[1]"),
        ("stabiliseAt: 20%, recoverAt: 19%", "error[out-of-range] spec.recoverAt"),
        ("escalation: {afterDays: 0}", "error[out-of-range] spec.escalation.afterDays"),
        ("escalation: {after: 3}", "error[unknown-field] spec.escalation.after"),
        ("exceptions: {maxHours: 73}", "error[out-of-range] spec.exceptions.maxHours"),
        ("exceptions: {perQuarter: 1.5}", "error[out-of-range] spec.exceptions.perQuarter"),
        ("approvers: {product: [Ada]}", "error[bad-name] spec.approvers.product[0]"),
        ("approvers: {product: [ada], engineering: [ada]}", "error[bad-choice] spec.approvers"),
        ("reviewDate: 2027-02-30", "error[bad-time] spec.reviewDate"),
        ("solo: perhaps", "error[wrong-type] spec.solo"),
        ("cautionAt: 25", "error[wrong-type] spec.cautionAt"),
        ("cautionAt: \"25\"", "error[out-of-range] spec.cautionAt"),
        ("cautionAt: 101%", "error[out-of-range] spec.cautionAt"),
        ("cautionAt: -1%", "error[out-of-range] spec.cautionAt"),
        ("cautionAt: 1%, stabiliseAt: 2%", "error[out-of-range] spec.cautionAt"),
        ("minEvents: -1", "error[out-of-range] spec.minEvents"),
        ("minEvents: 1.5", "error[out-of-range] spec.minEvents"),
        ("minEvents: many", "error[wrong-type] spec.minEvents"),
        ("stabiliseAt: 95%", "error[out-of-range] spec.stabiliseAt"),
        ("maxDataAge: 0m", "error[bad-duration] spec.maxDataAge"),
        ("maxDataAge: 90s", "error[bad-duration] spec.maxDataAge"),
        ("noData: hope", "error[bad-choice] spec.noData"),
        ("fastBurn: {}", "error[wrong-type] spec.fastBurn"),
        (
            "fastBurn: [{lookback: 1h, factor: 0, minFailures: 1}]",
            "error[out-of-range] spec.fastBurn[0].factor",
        ),
        (
            "fastBurn: [{lookback: 1h, factor: 1.0001, minFailures: 1}]",
            "error[out-of-range] spec.fastBurn[0].factor",
        ),
        (
            "fastBurn: [{lookback: 1h, factor: 1e99, minFailures: 1}]",
            "error[out-of-range] spec.fastBurn[0].factor",
        ),
        (
            "fastBurn: [{lookback: 1s, factor: 1, minFailures: 1}]",
            "error[bad-duration] spec.fastBurn[0].lookback",
        ),
        (
            "fastBurn: [{lookback: 4294967295Y, factor: 1, minFailures: 1}]",
            "error[bad-duration] spec.fastBurn[0].lookback",
        ),
        (
            "fastBurn: [{lookback: 1h, factor: 1}]",
            "error[missing-field] spec.fastBurn[0].minFailures",
        ),
    ] {
        let problems = codes(&[&policy(spec)]);
        let errors: Vec<&str> =
            problems.iter().map(String::as_str).filter(|p| p.starts_with("error")).collect();
        assert_eq!(errors, [expected], "{spec}");
    }
}

#[test]
fn burns_that_no_objective_can_reach_are_found() {
    let slo = slo("a", "  indicatorRef: answers\n  objectives: [{target: 0.9}]\n");
    let text = policy(
        "fastBurn: [{lookback: 1h, factor: 14.4, minFailures: 5}, {lookback: 6h, factor: 6, minFailures: 5}]",
    );
    expect![[r"
        1.yaml:4:42: warning[unreachable-burn] spec.fastBurn[0].factor: a burn of 14.4 is impossible at 90 %: when everything fails it is 10 (a)
          hint: take a factor below 10, or a higher target"]]
    .assert_eq(&told(&[&slo, &text, &sli("answers")]));
    assert_eq!(
        codes(&[&slo.replace("0.9}", "0.95}"), &text, &sli("answers")]),
        Vec::<String>::new()
    );
}

#[test]
fn caution_that_never_comes_is_refused_also_where_it_is_the_default() {
    expect![[r"
        0.yaml:4:21: error[out-of-range] spec.stabiliseAt: stabilise begins at 50 % left, before caution at 25 %, which is the default of cautionAt
          hint: caution comes before stabilise: give cautionAt a larger share"]]
    .assert_eq(&told(&[&policy("stabiliseAt: 50%")]));
    assert_eq!(codes(&[&policy("stabiliseAt: 25%")]), Vec::<String>::new());
    assert_eq!(codes(&[&policy("stabiliseAt: 50%, cautionAt: 60%")]), Vec::<String>::new());
}

#[test]
fn a_policy_that_says_less_than_it_seems_is_warned_of() {
    expect![[r"
        0.yaml:4:19: warning[no-hysteresis] spec.recoverAt: stabilise begins and ends at 0 % left: a budget there goes to and fro
          hint: let it end with more, such as 10 % above; leave recoverAt out for that"]]
    .assert_eq(&told(&[&policy("recoverAt: 0%")]));
    expect![[r"
        0.yaml:4:19: warning[no-least-events] spec.minEvents: a single event decides: one bad one spends most budgets, one good one says ship
          hint: ask for as many as the target needs to be told from 100 %; leave it out for 100"]]
    .assert_eq(&told(&[&policy("minEvents: 0")]));
    for sound in ["recoverAt: 1%", "cautionAt: 99%, stabiliseAt: 89.9%", "minEvents: 1"] {
        assert_eq!(codes(&[&policy(sound)]), Vec::<String>::new(), "{sound}");
    }
}

#[test]
fn what_could_never_ship_is_refused() {
    expect![[r"
        0.yaml:4:21: error[out-of-range] spec.stabiliseAt: no budget has more than 100 % left: nothing would ever ship
          hint: give less than 100%, such as 25%"]]
    .assert_eq(&told(&[&policy("stabiliseAt: 100%")]));
    assert_eq!(
        codes(&[&policy("cautionAt: 100%, stabiliseAt: 0%")]),
        ["error[out-of-range] spec.cautionAt"]
    );
    // With 99.9 % left or more, it ships.
    assert_eq!(codes(&[&policy("cautionAt: 99.9%")]), Vec::<String>::new());
}

#[test]
fn a_recovery_that_one_bad_event_forbids_is_warned_of() {
    expect![[r"
        0.yaml:4:19: warning[no-recovery] spec.recoverAt: stabilise ends only with 100 % left: one bad event in the window forbids it
          hint: let it end with less: give recoverAt below 100%"]]
    .assert_eq(&told(&[&policy("recoverAt: 100%")]));
    // 90 % and 10 % above it.
    expect![[r"
        0.yaml:4:37: warning[no-recovery] spec.stabiliseAt: stabilise ends only with 100 % left: one bad event in the window forbids it; recoverAt, left out, is 10 % above, at most 100 %
          hint: let it end with less: give recoverAt below 100%"]]
    .assert_eq(&told(&[&policy("cautionAt: 99%, stabiliseAt: 90%")]));
    for sound in ["recoverAt: 99.9%", "cautionAt: 99%, stabiliseAt: 95%, recoverAt: 99%"] {
        assert_eq!(codes(&[&policy(sound)]), Vec::<String>::new(), "{sound}");
    }
}

#[test]
fn what_has_no_length_is_said_once() {
    assert_eq!(codes(&[&policy("maxDataAge: 0m")]), ["error[bad-duration] spec.maxDataAge"]);
}

#[test]
fn lookbacks_shorter_than_a_slice_are_found() {
    let slo =
        slo("a", "  indicatorRef: answers\n  objectives: [{target: 0.99, timeSliceWindow: 2h}]\n");
    let slo = slo.replace("Occurrences", "RatioTimeslices");
    let text = policy("fastBurn: [{lookback: 1h, factor: 6, minFailures: 5}]");
    assert_eq!(
        codes(&[&slo, &text, &sli("answers")]),
        ["warning[lookback-shorter-than-slice] spec.fastBurn[0].lookback"]
    );
}

#[test]
fn later_kinds_say_so() {
    for kind in ["Schedule", "Team", "Checklist"] {
        let text = policy("x: y").replace("BudgetPolicy", kind);
        assert_eq!(codes(&[&text]), ["error[unsupported-kind] kind"]);
    }
    assert_eq!(
        codes(&[&policy("x: y").replace("BudgetPolicy", "BudgetPolcy")]),
        ["error[unknown-kind] kind"]
    );
}
