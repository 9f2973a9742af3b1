//! `objectives` of v1.

use super::{RATIO_SLO, THRESHOLD_SLO, check_with};

#[test]
fn targets_are_below_the_whole() {
    for target in ["0.0", "0", "0.9999", "0.999999999", "99e-2"] {
        check_with(RATIO_SLO, "target: 0.995", &format!("target: {target}"), &[]);
    }
    for (target, code) in [
        ("1.0", "out-of-range"),
        ("1", "out-of-range"),
        ("99.9", "out-of-range"),
        ("-0.1", "out-of-range"),
        ("0.9999999999", "not-exact"),
        ("\"0.9\"", "wrong-type"),
        ("high", "wrong-type"),
        ("0x1", "wrong-type"),
        (".nan", "wrong-type"),
        (".inf", "wrong-type"),
        ("true", "wrong-type"),
    ] {
        check_with(
            RATIO_SLO,
            "target: 0.995",
            &format!("target: {target}"),
            &[&format!("error[{code}] spec.objectives[0].target")],
        );
    }
}

#[test]
fn percentages_are_below_100() {
    for target in ["0.0", "0.9999", "99.9999", "99.9999999"] {
        check_with(RATIO_SLO, "target: 0.995", &format!("targetPercent: {target}"), &[]);
    }
    for (target, code) in
        [("100.0", "out-of-range"), ("-0.1", "out-of-range"), ("99.99999999", "not-exact")]
    {
        check_with(
            RATIO_SLO,
            "target: 0.995",
            &format!("targetPercent: {target}"),
            &[&format!("error[{code}] spec.objectives[0].targetPercent")],
        );
    }
}

#[test]
fn exactly_one_target() {
    check_with(RATIO_SLO, "      target: 0.995\n", "", &["error[one-of] spec.objectives[0]"]);
    check_with(
        RATIO_SLO,
        "target: 0.995",
        "target: 0.1\n      targetPercent: 10.0",
        &["error[one-of] spec.objectives[0]"],
    );
    check_with(
        RATIO_SLO,
        "target: 0.995",
        "targt: 0.995",
        &["error[one-of] spec.objectives[0]", "error[unknown-field] spec.objectives[0].targt"],
    );
}

#[test]
fn thresholds_need_a_comparison() {
    check_with(
        THRESHOLD_SLO,
        "op: lte\n      value: 10.5\n      ",
        "",
        &[
            "error[missing-field] spec.objectives[0].op",
            "error[missing-field] spec.objectives[0].value",
        ],
    );
    for op in ["gt", "lt", "gte", "lte"] {
        check_with(THRESHOLD_SLO, "op: lte", &format!("op: {op}"), &[]);
    }
    check_with(
        THRESHOLD_SLO,
        "op: lte",
        "op: lessThan",
        &["error[bad-choice] spec.objectives[0].op"],
    );
    check_with(THRESHOLD_SLO, "value: 10.5", "value: -1e6", &[]);
    check_with(
        THRESHOLD_SLO,
        "value: 10.5",
        "value: 300ms",
        &["error[wrong-type] spec.objectives[0].value"],
    );
    // Only the name of the indicator is known: nothing can be said.
    let indicator = "indicator:
    metadata: {name: lag}
    spec:
      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: lag}}}";
    let by_name = THRESHOLD_SLO.replace(indicator, "indicatorRef: lag");
    check_with(&by_name, "op: lte\n      value: 10.5\n      ", "", &[]);
}

#[test]
fn ratios_have_no_comparison() {
    check_with(
        RATIO_SLO,
        "target: 0.995",
        "target: 0.995\n      op: gt",
        &["warning[op-with-ratio] spec.objectives[0].op"],
    );
    check_with(
        RATIO_SLO,
        "target: 0.995",
        "target: 0.995\n      value: 1",
        &["error[forbidden-field] spec.objectives[0].value"],
    );
}

#[test]
fn slices_need_a_length_and_a_share() {
    let target = "      timeSliceTarget: 0.95\n";
    let window = "      timeSliceWindow: 1m\n";
    for (method, missing_target, missing_window) in [
        ("Occurrences", vec![], vec![]),
        (
            "RatioTimeslices",
            vec![],
            vec!["error[missing-field] spec.objectives[0].timeSliceWindow"],
        ),
        (
            "Timeslices",
            vec!["error[missing-field] spec.objectives[0].timeSliceTarget"],
            vec!["error[missing-field] spec.objectives[0].timeSliceWindow"],
        ),
    ] {
        let slo = RATIO_SLO.replace(": Timeslices", &format!(": {method}"));
        check_with(&slo, target, "", &missing_target);
        check_with(&slo, window, "", &missing_window);
    }
    for share in ["0.1", "1.0", "1"] {
        check_with(RATIO_SLO, "0.95", share, &[]);
    }
    check_with(
        RATIO_SLO,
        "0.95",
        "0",
        &["warning[slice-target-zero] spec.objectives[0].timeSliceTarget"],
    );
    check_with(
        RATIO_SLO,
        "0.95",
        "1.1",
        &["error[out-of-range] spec.objectives[0].timeSliceTarget"],
    );
    check_with(
        RATIO_SLO,
        "0.95",
        "-1",
        &["error[out-of-range] spec.objectives[0].timeSliceTarget"],
    );
}

#[test]
fn slice_windows_are_durations_or_minutes() {
    let field = "spec.objectives[0].timeSliceWindow";
    for (window, expected) in [
        ("5h", String::new()),
        ("5", format!("warning[slice-window-number] {field}")),
        ("1M", format!("warning[month-without-calendar] {field}")),
        ("0w", format!("warning[zero-duration] {field}")),
        ("5.5", format!("error[bad-duration] {field}")),
        ("-5", format!("error[bad-duration] {field}")),
        ("-1m", format!("error[bad-duration] {field}")),
        ("1invalid", format!("error[bad-duration] {field}")),
    ] {
        let expected: Vec<&str> =
            [expected.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
        check_with(
            RATIO_SLO,
            "timeSliceWindow: 1m",
            &format!("timeSliceWindow: {window}"),
            &expected,
        );
    }
}

#[test]
fn weights_are_positive() {
    for weight in ["20.0", "999999999999.9999", "1e-3"] {
        check_with(
            RATIO_SLO,
            "target: 0.995",
            &format!("target: 0.995\n      compositeWeight: {weight}"),
            &[],
        );
    }
    for weight in ["0.0", "-2.0", "0e5"] {
        check_with(
            RATIO_SLO,
            "target: 0.995",
            &format!("target: 0.995\n      compositeWeight: {weight}"),
            &["error[out-of-range] spec.objectives[0].compositeWeight"],
        );
    }
}

#[test]
fn objectives_are_a_list() {
    let objectives = "  objectives:
    - displayName: Good
      target: 0.995
      timeSliceTarget: 0.95
      timeSliceWindow: 1m
";
    check_with(RATIO_SLO, objectives, "", &["warning[no-objectives] spec.objectives"]);
    check_with(
        RATIO_SLO,
        objectives,
        "  objectives: []\n",
        &["warning[no-objectives] spec.objectives"],
    );
    check_with(
        RATIO_SLO,
        objectives,
        "  objectives: [5]\n",
        &["error[wrong-type] spec.objectives[0]"],
    );
    let second = "targetPercent: 99.5\n    - {op: lt, value: 5, target: 0.9}";
    check_with(
        THRESHOLD_SLO,
        "targetPercent: 99.5",
        second,
        &["warning[several-thresholds] spec.objectives"],
    );
}
