//! `SLI` of v1.

use super::{SLI, check, check_with};

/// An indicator with this `spec`.
fn sli(spec: &str) -> String {
    format!("apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: a}}\nspec: {{{spec}}}\n")
}

const QUERY: &str = "{metricSource: {type: T, spec: {query: q}}}";

/// An indicator with a `ratioMetric` of these fields; `Q` is a sound query.
fn ratio(fields: &str) -> String {
    sli(&format!("ratioMetric: {{{}}}", fields.replace('Q', QUERY)))
}

#[test]
fn exactly_one_metric() {
    check(&sli(""), &["error[one-of] spec"]);
    check(&sli(&format!("thresholdMetric: {QUERY}")), &[]);
    check(
        &sli(&format!("thresholdMetric: {QUERY}, ratioMetric: {{good: {QUERY}, total: {QUERY}}}")),
        &["error[one-of] spec"],
    );
    check_with(
        SLI,
        "spec:\n  ratio",
        "spec:\n  metrics: {}\n  ratio",
        &["error[unknown-field] spec.metrics"],
    );
    check(
        "apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: a}\n",
        &["error[missing-field] spec"],
    );
}

#[test]
fn a_ratio_is_part_of_total_or_raw() {
    for fields in [
        "good: Q, total: Q",
        "bad: Q, total: Q",
        "counter: false, good: Q, total: Q",
        "raw: Q, rawType: success",
        "raw: Q, rawType: failure, counter: true",
    ] {
        check(&ratio(fields), &[]);
    }
    for fields in [
        "",
        "good: Q",
        "bad: Q",
        "total: Q",
        "raw: Q, total: Q",
        "raw: Q, good: Q, rawType: success",
        "raw: Q, bad: Q, rawType: success",
        "raw: Q, good: Q, bad: Q",
        "good: Q, bad: Q",
        "good: Q, bad: Q, total: Q",
    ] {
        check(&ratio(fields), &["error[one-of] spec.ratioMetric"]);
    }
}

#[test]
fn raw_ratios_say_what_they_are() {
    check(&ratio("raw: Q"), &["error[missing-field] spec.ratioMetric.rawType"]);
    check(&ratio("raw: Q, rawType: invalid"), &["error[bad-choice] spec.ratioMetric.rawType"]);
    check(
        &ratio("good: Q, total: Q, rawType: success"),
        &["error[forbidden-field] spec.ratioMetric.rawType"],
    );
    check(
        &ratio("good: Q, total: Q, counter: yes"),
        &["error[wrong-type] spec.ratioMetric.counter"],
    );
    check(&ratio("good: Q, total: Q, godo: 1"), &["error[unknown-field] spec.ratioMetric.godo"]);
}

#[test]
fn queries_have_a_source_and_a_question() {
    let field = "spec.ratioMetric.total.metricSource";
    for (query, expected) in [
        ("{}", vec![format!("error[missing-field] {field}")]),
        ("{metricSource: {}}", vec![format!("error[missing-field] {field}")]),
        ("{metricSource: {type: T}}", vec![format!("error[missing-field] {field}.spec")]),
        ("{metricSource: {type: T, spec: {}}}", vec![format!("error[missing-field] {field}.spec")]),
        ("{metricSource: {type: T, spec: q}}", vec![format!("error[wrong-type] {field}.spec")]),
        ("{metricSource: {spec: {query: q}}}", vec![format!("warning[no-source-type] {field}")]),
        ("{metricSource: {type: T, metricSourceRef: \"\", spec: {query: q}}}", vec![]),
        (
            "{metricSource: {metricSourceRef: my datadog, spec: {query: q}}}",
            vec![format!("error[bad-name] {field}.metricSourceRef")],
        ),
        (
            "{metricSource: {type: T, spec: {query: q}, query: q}}",
            vec![format!("error[unknown-field] {field}.query")],
        ),
        (
            "{metricSource: {type: T, spec: {query: q}}, source: x}",
            vec!["error[unknown-field] spec.ratioMetric.total.source".to_owned()],
        ),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&ratio(&format!("good: Q, total: {query}")), &expected);
    }
}
