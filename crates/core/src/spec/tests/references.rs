//! Names across documents.

use expect_test::expect;

use super::{BY_NAME, codes, read_texts, sli, slo, told};

#[test]
fn references_reach_across_files() {
    assert_eq!(codes(&[&slo("a", BY_NAME), &sli("answers")]), Vec::<String>::new());
}

#[test]
fn a_missing_indicator_is_an_error_beside_others() {
    expect![[r#"
        0.yaml:8:17: error[unresolved-reference] spec.indicatorRef: no SLI named "answers" is defined in openslo/v1
          hint: did you mean answer?"#]]
    .assert_eq(&told(&[&slo("a", BY_NAME), &sli("answer")]));
    assert_eq!(codes(&[&slo("a", BY_NAME)]), ["warning[unresolved-reference] spec.indicatorRef"]);
    // An indicator that is there, but wrong, is not missing.
    let wrong = sli("answers").replace("query: q", "");
    let missing = codes(&[&slo("a", BY_NAME), &wrong]);
    assert!(
        missing.iter().all(|problem| problem.starts_with("error[missing-field]")),
        "{missing:?}"
    );
}

#[test]
fn a_missing_data_source_is_a_warning() {
    let named = sli("answers").replace("type: Prometheus", "metricSourceRef: metrics");
    let source = |name: &str| {
        format!(
            "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {{name: {name}}}\nspec: {{type: T, connectionDetails: \
             {{}}}}\n"
        )
    };
    assert_eq!(codes(&[&named, &source("metrics")]), Vec::<String>::new());
    let field = |part: &str| {
        format!("[unresolved-reference] spec.ratioMetric.{part}.metricSource.metricSourceRef")
    };
    let problems = ["good", "total"].map(|part| format!("warning{}", field(part)));
    assert_eq!(codes(&[&named]), problems);
    assert_eq!(codes(&[&named, &source("other")]), problems);
    assert!(told(&[&named, &source("metrisc")]).contains("did you mean metrisc?"));
}

#[test]
fn missing_parts_of_alerting_are_warnings() {
    let policy = |name: &str| {
        format!(
            "apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {{name: {name}}}\nspec: {{conditions: \
             [{{conditionRef: c}}], notificationTargets: [{{targetRef: t}}]}}\n"
        )
    };
    let slo = slo("a", &format!("{BY_NAME}  alertPolicies: [{{alertPolicyRef: page}}]\n"));
    let alerting = [
        "warning[unresolved-reference] spec.conditions[0].conditionRef",
        "warning[unresolved-reference] spec.notificationTargets[0].targetRef",
    ];
    assert_eq!(codes(&[&policy("page"), &slo, &sli("answers")]), alerting);
    let missing = "warning[unresolved-reference] spec.alertPolicies[0].alertPolicyRef";
    assert_eq!(
        codes(&[&policy("ticket"), &slo, &sli("answers")]),
        [alerting[0], alerting[1], missing]
    );
}

#[test]
fn services_need_no_document() {
    let service =
        |name: &str| format!("apiVersion: openslo/v1\nkind: Service\nmetadata: {{name: {name}}}\n");
    let slo = slo("a", BY_NAME);
    assert_eq!(codes(&[&slo, &sli("answers"), &service("web")]), Vec::<String>::new());
    assert_eq!(
        codes(&[&slo, &sli("answers"), &service("other")]),
        ["warning[unresolved-reference] spec.service"]
    );
}

#[test]
fn names_belong_to_a_version_and_kind() {
    expect![[r#"
        1.yaml:3:18: error[duplicate-name] metadata.name: the SLI "answers" is already defined at 0.yaml:3:18
          hint: rename one of the two, or keep only one"#]]
    .assert_eq(&told(&[&sli("answers"), &sli("answers")]));
    let (docs, _) = read_texts(&[&sli("answers"), &sli("answers")]);
    assert_eq!(docs.slis.len(), 1);
    let v2 = "apiVersion: openslo.com/v2alpha\nkind: SLI\nmetadata: {name: answers}\nspec: {thresholdMetric: \
              {dataSourceSpec: {type: T, connectionDetails: {}}}}\n";
    assert_eq!(codes(&[&sli("answers"), v2]), Vec::<String>::new());
    // The later version's indicator is not the earlier one's.
    assert_eq!(
        codes(&[&slo("a", BY_NAME), v2]),
        ["warning[unresolved-reference] spec.indicatorRef"]
    );
}

#[test]
fn a_second_service_of_a_name_does_no_harm() {
    let service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: web}\n";
    assert_eq!(codes(&[service, service]), ["warning[duplicate-name] metadata.name"]);
    assert_eq!(read_texts(&[service, service]).0.services.len(), 1);
}
