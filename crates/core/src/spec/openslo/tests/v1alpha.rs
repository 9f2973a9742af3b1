//! v1alpha: `Service` and `SLO`.

use super::{check, check_with};

const RATIO: &str = "\
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: ratio, displayName: Ratio}
spec:
  description: Answers
  service: web
  timeWindows:
    - unit: Week
      count: 1
      isRolling: false
      calendar: {startTime: 2022-01-01 12:00:00, timeZone: America/New_York}
  budgetingMethod: Timeslices
  objectives:
    - displayName: Good
      target: 0.995
      timeSliceTarget: 0.95
      value: 1
      ratioMetrics:
        incremental: true
        good: {source: datadog, queryType: query, query: good}
        total: {source: datadog, queryType: query, query: total}
";

const THRESHOLD: &str = "\
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: threshold}
spec:
  service: web
  indicator:
    thresholdMetric: {source: Prometheus, queryType: query, query: lag}
  timeWindows:
    - {unit: Day, count: 28, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - {value: 200.0, op: gt, target: 0.98}
";

#[test]
fn sound_documents_have_no_problems() {
    check(RATIO, &[]);
    check(THRESHOLD, &[]);
    check("apiVersion: openslo/v1alpha\nkind: Service\nmetadata: {name: a}\n", &[]);
}

#[test]
fn metadata_has_no_labels() {
    check_with(
        RATIO,
        "{name: ratio,",
        "{labels: {a: b}, name: ratio,",
        &["error[unknown-field] metadata.labels"],
    );
    check_with(RATIO, "{name: ratio,", "{name: a b,", &["error[bad-name] metadata.name"]);
    check_with(
        RATIO,
        "displayName: Ratio",
        &format!("displayName: {}", "x".repeat(64)),
        &["error[too-long] metadata.displayName"],
    );
}

#[test]
fn one_metric_for_all_or_a_ratio_in_each() {
    let indicator =
        "service: web\n  indicator: {thresholdMetric: {source: a, queryType: b, query: c}}";
    check_with(RATIO, "service: web", indicator, &["error[one-of] spec"]);
    let start = RATIO.find("      ratioMetrics").unwrap();
    check(&RATIO[..start], &["error[one-of] spec", "error[missing-field] spec.objectives[0].op"]);
    let second = format!("{RATIO}    - {{value: 1, target: 0.9, timeSliceTarget: 1, op: gt}}\n");
    check(&second, &["error[one-of] spec.objectives[1]"]);
    check_with(
        THRESHOLD,
        "{source: Prometheus, queryType: query, query: lag}",
        "{}",
        &["error[missing-field] spec.indicator.thresholdMetric"],
    );
}

#[test]
fn sources_are_words() {
    for (from, to, code, key) in [
        ("source: Prometheus, ", "", "missing-field", "source"),
        ("queryType: query, ", "", "missing-field", "queryType"),
        (", query: lag", "", "missing-field", "query"),
        ("source: Prometheus", "source: prometheus-2", "bad-choice", "source"),
        ("queryType: query", "queryType: a b", "bad-choice", "queryType"),
        ("query: lag", "query: \"\"", "missing-field", "query"),
    ] {
        check_with(
            THRESHOLD,
            from,
            to,
            &[&format!("error[{code}] spec.indicator.thresholdMetric.{key}")],
        );
    }
    check_with(
        RATIO,
        "{source: datadog, queryType: query, query: good}",
        "{}",
        &["error[missing-field] spec.objectives[0].ratioMetrics.good"],
    );
}

#[test]
fn objectives_are_complete() {
    check_with(RATIO, "      value: 1\n", "", &["error[missing-field] spec.objectives[0].value"]);
    check_with(
        RATIO,
        "      target: 0.995\n",
        "",
        &["error[missing-field] spec.objectives[0].target"],
    );
    check_with(
        RATIO,
        "target: 0.995",
        "target: 1.0",
        &["error[out-of-range] spec.objectives[0].target"],
    );
    check_with(RATIO, "target: 0.995", "target: 0.0", &[]);
    check_with(
        RATIO,
        "      timeSliceTarget: 0.95\n",
        "",
        &["error[missing-field] spec.objectives[0].timeSliceTarget"],
    );
    check_with(RATIO, "timeSliceTarget: 0.95", "timeSliceTarget: 0", &[]);
    check_with(
        RATIO,
        "value: 1",
        "value: 1\n      op: gt",
        &["error[forbidden-field] spec.objectives[0].op"],
    );
    check_with(THRESHOLD, ", op: gt", "", &["error[missing-field] spec.objectives[0].op"]);
    check_with(THRESHOLD, "op: gt", "op: less_than", &["error[bad-choice] spec.objectives[0].op"]);
    check_with(
        RATIO,
        "displayName: Good",
        &format!("displayName: {}", "x".repeat(1051)),
        &["error[too-long] spec.objectives[0].displayName"],
    );
}

#[test]
fn budgeting_methods_are_two() {
    check_with(
        RATIO,
        ": Timeslices",
        ": RatioTimeslices",
        &["error[bad-choice] spec.budgetingMethod"],
    );
    check_with(
        RATIO,
        "  budgetingMethod: Timeslices\n",
        "",
        &["error[missing-field] spec.budgetingMethod"],
    );
    check_with(RATIO, "  service: web\n", "", &["error[missing-field] spec.service"]);
}

#[test]
fn time_windows_are_counted_units() {
    let window = "{unit: Day, count: 28, isRolling: true}";
    for (to, expected) in [
        ("{unit: Second, count: 3600, isRolling: true}", ""),
        (
            "{unit: Month, count: 1, isRolling: true}",
            "warning[month-without-calendar] spec.timeWindows[0].unit",
        ),
        ("{unit: Year, count: 1, isRolling: true}", "error[bad-choice] spec.timeWindows[0].unit"),
        ("{unit: Day, count: 0, isRolling: true}", "error[out-of-range] spec.timeWindows[0].count"),
        (
            "{unit: Day, count: -1, isRolling: true}",
            "error[out-of-range] spec.timeWindows[0].count",
        ),
        (
            "{unit: Day, count: 1.5, isRolling: true}",
            "error[out-of-range] spec.timeWindows[0].count",
        ),
        ("{unit: Day, isRolling: true}", "error[missing-field] spec.timeWindows[0].count"),
        ("{unit: Day, count: 28}", "error[bad-window] spec.timeWindows[0]"),
    ] {
        let expected: Vec<&str> = [expected].into_iter().filter(|text| !text.is_empty()).collect();
        check_with(THRESHOLD, window, to, &expected);
    }
    check_with(
        THRESHOLD,
        "    - {unit: Day, count: 28, isRolling: true}\n",
        "",
        &["error[missing-field] spec.timeWindows"],
    );
    check_with(
        THRESHOLD,
        "- {unit",
        "- {unit: Day, count: 1, isRolling: true}\n    - {unit",
        &["error[wrong-count] spec.timeWindows"],
    );
}
