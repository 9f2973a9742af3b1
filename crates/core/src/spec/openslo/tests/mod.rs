//! One document for each rule. What is expected is written by hand from the specification and the rules of its SDK.

mod alert;
mod indicator;
mod metadata;
mod objective;
mod slo;
mod v1alpha;
mod v2alpha;

use crate::spec::read;

/// The problems of one file, each as `error[code] field` or `warning[code] field`, without those of references.
pub(super) fn problems(text: &str) -> Vec<String> {
    let (_, problems) = read(&[("file.yaml".to_owned(), text.as_bytes().to_vec())]);
    problems
        .iter()
        .filter(|problem| problem.code != "unresolved-reference")
        .map(|problem| format!("{}[{}] {}", problem.severity, problem.code, problem.field))
        .collect()
}

/// Asserts that a file has exactly these problems, in this order.
#[track_caller]
pub(super) fn check(text: &str, expected: &[&str]) {
    assert_eq!(problems(text), expected, "{text}");
}

/// Asserts that a document with one part replaced has exactly these problems.
#[track_caller]
pub(super) fn check_with(document: &str, from: &str, to: &str, expected: &[&str]) {
    assert!(document.contains(from), "{from:?} is not part of the document");
    check(&document.replace(from, to), expected);
}

pub(super) const SERVICE: &str = "\
apiVersion: openslo/v1
kind: Service
metadata: {name: ok}
spec: {description: It serves.}
";

pub(super) const DATA_SOURCE: &str = "\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec:
  type: Prometheus
  connectionDetails: {url: https://metrics.example}
";

pub(super) const RATIO_SLO: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata: {name: ratio}
spec:
  description: Answers
  service: web
  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: good}}}
        total: {metricSource: {type: Prometheus, spec: {query: total}}}
  timeWindow:
    - duration: 4w
      isRolling: true
  budgetingMethod: Timeslices
  objectives:
    - displayName: Good
      target: 0.995
      timeSliceTarget: 0.95
      timeSliceWindow: 1m
  alertPolicies:
    - alertPolicyRef: policy
";

pub(super) const THRESHOLD_SLO: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata: {name: threshold}
spec:
  service: web
  indicator:
    metadata: {name: lag}
    spec:
      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: lag}}}
  timeWindow:
    - duration: 1w
      calendar: {startTime: 2022-01-01 12:00:00, timeZone: America/New_York}
  budgetingMethod: Occurrences
  objectives:
    - op: lte
      value: 10.5
      targetPercent: 99.5
";

pub(super) const SLI: &str = "\
apiVersion: openslo/v1
kind: SLI
metadata: {name: answers}
spec:
  ratioMetric:
    bad: {metricSource: {metricSourceRef: metrics, spec: {query: bad}}}
    total: {metricSource: {metricSourceRef: metrics, spec: {query: total}}}
";

pub(super) const POLICY: &str = "\
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: policy}
spec:
  description: Wake somebody
  alertWhenBreaching: true
  alertWhenResolved: false
  alertWhenNoData: false
  conditions:
    - kind: AlertCondition
      metadata: {name: fast}
      spec:
        severity: page
        condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m}
  notificationTargets:
    - kind: AlertNotificationTarget
      metadata: {name: pager}
      spec: {target: pager, description: The pager}
";

#[test]
fn sound_documents_have_no_problems() {
    for document in [SERVICE, DATA_SOURCE, RATIO_SLO, THRESHOLD_SLO, SLI, POLICY] {
        check(document, &[]);
    }
}

#[test]
fn version_and_kind_come_first() {
    check_with(SERVICE, "openslo/v1", "v0.1", &["error[unknown-version] apiVersion"]);
    check_with(SERVICE, "kind: Service", "kind: Servce", &["error[unknown-kind] kind"]);
    check_with(
        SERVICE,
        "openslo/v1\nkind: Service",
        "openslo/v1alpha\nkind: SLI",
        &["error[unknown-kind] kind"],
    );
    check("{}", &["error[missing-field] apiVersion", "error[missing-field] kind"]);
    check("kind: SLO", &["error[missing-field] apiVersion"]);
    check("apiVersion: 1\nkind: SLO", &["error[wrong-type] apiVersion"]);
    check("just a text", &["error[wrong-type] "]);
    check("- - {}", &["error[wrong-type] "]);
    check_with(SERVICE, "spec:", "status: {}\nspec:", &["error[unknown-field] status"]);
}

#[test]
fn services_need_only_a_name() {
    check_with(SERVICE, "spec: {description: It serves.}", "", &[]);
    check_with(SERVICE, "spec: {description: It serves.}", "spec:", &[]);
    check_with(
        SERVICE,
        "description: It serves.",
        "markdown: x",
        &["error[unknown-field] spec.markdown"],
    );
    check_with(SERVICE, "It serves.", &"A".repeat(1050), &[]);
    check_with(SERVICE, "It serves.", &"A".repeat(1051), &["error[too-long] spec.description"]);
    check_with(SERVICE, "It serves.", &"ä".repeat(1050), &[]);
    check_with(SERVICE, "It serves.", "5", &["error[wrong-type] spec.description"]);
}

#[test]
fn data_sources_have_a_type_and_a_connection() {
    check_with(DATA_SOURCE, "{url: https://metrics.example}", "[{url: x}, {key: y}]", &[]);
    check_with(
        DATA_SOURCE,
        "{url: https://metrics.example}",
        "",
        &["error[missing-field] spec.connectionDetails"],
    );
    check_with(DATA_SOURCE, "Prometheus", "\"\"", &["error[missing-field] spec.type"]);
    check_with(
        DATA_SOURCE,
        "spec:\n  type: Prometheus\n  connectionDetails: {url: https://metrics.example}",
        "spec: {}",
        &["error[missing-field] spec.connectionDetails", "error[missing-field] spec.type"],
    );
}
