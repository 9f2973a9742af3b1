//! `AlertPolicy`, `AlertCondition` and `AlertNotificationTarget` of v1.

use super::{POLICY, RATIO_SLO, check, check_with};

const CONDITION: &str = "\
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  description: Too fast
  severity: page
  condition: {kind: burnrate, op: gt, threshold: 2, lookbackWindow: 1h}
";

const TARGET: &str = "\
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: pager}
spec: {target: email}
";

#[test]
fn conditions_say_what_and_when() {
    check(CONDITION, &[]);
    check_with(CONDITION, "  severity: page\n", "", &["error[missing-field] spec.severity"]);
    check_with(CONDITION, "kind: burnrate, ", "", &["error[missing-field] spec.condition.kind"]);
    check_with(
        CONDITION,
        "kind: burnrate",
        "kind: wrong",
        &["error[bad-choice] spec.condition.kind"],
    );
    check_with(
        CONDITION,
        ", op: gt, threshold: 2, lookbackWindow: 1h",
        "",
        &[
            "error[missing-field] spec.condition.lookbackWindow",
            "error[missing-field] spec.condition.op",
            "error[missing-field] spec.condition.threshold",
        ],
    );
    check_with(CONDITION, "op: gt", "op: above", &["error[bad-choice] spec.condition.op"]);
    check_with(
        CONDITION,
        "threshold: 2",
        "threshold: \"2\"",
        &["error[wrong-type] spec.condition.threshold"],
    );
    check_with(CONDITION, "1h", "-1h", &["error[bad-duration] spec.condition.lookbackWindow"]);
    check_with(
        CONDITION,
        "1h",
        "1h, alertAfter: 5x",
        &["error[bad-duration] spec.condition.alertAfter"],
    );
    check_with(
        CONDITION,
        "1h",
        "1h, alertAfter: 0m",
        &["warning[zero-duration] spec.condition.alertAfter"],
    );
    check_with(
        CONDITION,
        "{kind: burnrate, op: gt, threshold: 2, lookbackWindow: 1h}",
        "{}",
        &["error[missing-field] spec.condition"],
    );
    check_with(CONDITION, "Too fast", &"A".repeat(1051), &["error[too-long] spec.description"]);
}

#[test]
fn alerts_on_a_slow_burn_are_doubted() {
    for op in ["lte", "lt"] {
        check_with(
            CONDITION,
            "op: gt",
            &format!("op: {op}"),
            &["warning[low-burn-alerts] spec.condition.op"],
        );
    }
    check_with(CONDITION, "op: gt", "op: gte", &[]);
}

#[test]
fn targets_are_named() {
    check(TARGET, &[]);
    check_with(TARGET, "{target: email}", "{}", &["error[missing-field] spec.target"]);
    check_with(TARGET, "target: email", "target: \"\"", &["error[missing-field] spec.target"]);
    check_with(
        TARGET,
        "target: email",
        "target: email, tagret: x",
        &["error[unknown-field] spec.tagret"],
    );
}

#[test]
fn policies_have_one_condition_and_somebody_to_tell() {
    let spec = POLICY.find("spec:").unwrap();
    let empty = format!("{}spec: {{conditions: [], notificationTargets: []}}\n", &POLICY[..spec]);
    check(
        &empty,
        &["error[wrong-count] spec.conditions", "error[wrong-count] spec.notificationTargets"],
    );
    let none = format!("{}spec: {{alertWhenBreaching: true}}\n", &POLICY[..spec]);
    check(
        &none,
        &["error[missing-field] spec.conditions", "error[missing-field] spec.notificationTargets"],
    );
    let two = format!(
        "{}spec: {{conditions: [{{conditionRef: a}}, {{conditionRef: b}}], notificationTargets: [{{targetRef: c}}]}}\n",
        &POLICY[..spec]
    );
    check(&two, &["error[wrong-count] spec.conditions"]);
    check_with(
        POLICY,
        "alertWhenBreaching: true",
        "alertWhenBreaching: yes",
        &["error[wrong-type] spec.alertWhenBreaching"],
    );
}

/// A policy with this condition.
fn with_condition(condition: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {{name: a}}\nspec: {{conditions: [{condition}], \
         notificationTargets: [{{targetRef: c}}]}}\n"
    )
}

/// A policy with this target.
fn with_target(target: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {{name: a}}\nspec: {{conditions: [{{conditionRef: c}}], \
         notificationTargets: [{target}]}}\n"
    )
}

#[test]
fn conditions_and_targets_are_named_or_stand_in_place() {
    for (reference, field, list) in [
        ("conditionRef", "spec.conditions[0]", with_condition as fn(&str) -> String),
        ("targetRef", "spec.notificationTargets[0]", with_target),
    ] {
        check(&list(&format!("{{{reference}: a}}")), &[]);
        check(&list("{}"), &[&format!("error[one-of] {field}")]);
        check(
            &list(&format!("{{{reference}: a, metadata: {{name: b}}}}")),
            &[&format!("error[one-of] {field}")],
        );
        check(
            &list(&format!("{{{reference}: \"\"}}")),
            &[&format!("error[missing-field] {field}.{reference}")],
        );
        check(
            &list(&format!("{{{reference}: a b}}")),
            &[&format!("error[bad-name] {field}.{reference}")],
        );
        check(
            &list(&format!("{{{reference}: a, x: y}}")),
            &[&format!("error[unknown-field] {field}.x")],
        );
        check(&list("name"), &[&format!("error[wrong-type] {field}")]);
    }
    check_with(
        POLICY,
        "- kind: AlertCondition",
        "- kind: SLO",
        &["error[bad-choice] spec.conditions[0].kind"],
    );
    check_with(
        POLICY,
        "kind: AlertNotificationTarget",
        "kind: SLO",
        &["error[bad-choice] spec.notificationTargets[0].kind"],
    );
    check_with(
        POLICY,
        "{name: fast}",
        "{name: a b}",
        &["error[bad-name] spec.conditions[0].metadata.name"],
    );
    check_with(
        POLICY,
        "        severity: page\n",
        "",
        &["error[missing-field] spec.conditions[0].spec.severity"],
    );
    check_with(
        POLICY,
        "target: pager, ",
        "",
        &["error[missing-field] spec.notificationTargets[0].spec.target"],
    );
}

#[test]
fn slos_name_policies_or_hold_them() {
    let field = "spec.alertPolicies[0]";
    let item = "- alertPolicyRef: policy";
    check_with(RATIO_SLO, item, "", &[]);
    check_with(
        RATIO_SLO,
        item,
        "- alertPolicyRef: \"\"",
        &[&format!("error[missing-field] {field}.alertPolicyRef")],
    );
    check_with(
        RATIO_SLO,
        item,
        "- alertPolicyRef: a b",
        &[&format!("error[bad-name] {field}.alertPolicyRef")],
    );
    check_with(
        RATIO_SLO,
        item,
        "- {alertPolicyRef: a, spec: {}}",
        &[&format!("error[one-of] {field}")],
    );
    check_with(RATIO_SLO, item, "- policy", &[&format!("error[wrong-type] {field}")]);
    let inline = "- kind: AlertPolicy
      metadata: {name: inline}
      spec: {conditions: [{conditionRef: c}], notificationTargets: [{targetRef: t}]}";
    check_with(RATIO_SLO, item, inline, &[]);
    check_with(
        RATIO_SLO,
        item,
        &inline.replace("AlertPolicy", "DataSource"),
        &[&format!("error[bad-choice] {field}.kind")],
    );
    check_with(
        RATIO_SLO,
        item,
        &inline.replace("inline", "a b"),
        &[&format!("error[bad-name] {field}.metadata.name")],
    );
    check_with(
        RATIO_SLO,
        item,
        &inline.replace("{conditionRef: c}", ""),
        &[&format!("error[wrong-count] {field}.spec.conditions")],
    );
}
