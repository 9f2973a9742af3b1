//! `SLO` of v1, without its objectives.

use super::{RATIO_SLO, THRESHOLD_SLO, check, check_with};

const WINDOW: &str = "    - duration: 4w\n      isRolling: true\n";
const INDICATOR: &str = "  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: good}}}
        total: {metricSource: {type: Prometheus, spec: {query: total}}}
";

#[test]
fn an_empty_spec_is_no_spec() {
    let slo = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n";
    check(&format!("{slo}spec: {{}}\n"), &["error[missing-field] spec"]);
    check(slo, &["error[missing-field] spec"]);
}

#[test]
fn all_problems_are_told_at_once() {
    check(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: A b}\nspec: {service: 5, budgetingMethod: Sometimes}\n",
        &[
            "error[bad-name] metadata.name",
            "error[one-of] spec",
            "warning[no-objectives] spec.objectives",
            "warning[no-time-window] spec.timeWindow",
            "error[wrong-type] spec.service",
            "error[bad-choice] spec.budgetingMethod",
        ],
    );
}

#[test]
fn a_service_is_named() {
    check_with(RATIO_SLO, "  service: web\n", "", &["error[missing-field] spec.service"]);
    check_with(RATIO_SLO, "service: web", "service: \"\"", &["error[missing-field] spec.service"]);
    check_with(RATIO_SLO, "service: web", "service: any name at all", &[]);
    for misleading in [r#""we\u202eb""#, r#""we\nb""#, r#""we\u2066b""#, r#""we\u0085b""#] {
        let service = format!("service: {misleading}");
        check_with(RATIO_SLO, "service: web", &service, &["error[bad-name] spec.service"]);
    }
    check_with(
        RATIO_SLO,
        "description: Answers",
        &format!("description: {}", "A".repeat(1051)),
        &["error[too-long] spec.description"],
    );
    check_with(
        RATIO_SLO,
        "service: web",
        "service: web\n  servce: x",
        &["error[unknown-field] spec.servce"],
    );
}

#[test]
fn budgeting_methods_are_three() {
    for method in ["Occurrences", "RatioTimeslices"] {
        check_with(RATIO_SLO, "Timeslices", method, &[]);
    }
    check_with(RATIO_SLO, "Timeslices", "timeslices", &["error[bad-choice] spec.budgetingMethod"]);
    check_with(
        RATIO_SLO,
        "  budgetingMethod: Timeslices\n",
        "",
        &["warning[no-budgeting-method] spec.budgetingMethod"],
    );
}

#[test]
fn the_indicator_stands_in_one_place() {
    check_with(RATIO_SLO, INDICATOR, "", &["error[one-of] spec"]);
    check_with(RATIO_SLO, INDICATOR, "  indicatorRef: my-sli\n", &[]);
    check_with(
        RATIO_SLO,
        INDICATOR,
        "  indicatorRef: my sli\n",
        &["error[bad-name] spec.indicatorRef"],
    );
    check_with(
        RATIO_SLO,
        INDICATOR,
        &format!("{INDICATOR}  indicatorRef: my-sli\n"),
        &["error[one-of] spec"],
    );
    // Composite: in every objective, and not in the SLO.
    let composite = "target: 0.995\n      indicatorRef: my-sli\n      compositeWeight: 1.5";
    check(&RATIO_SLO.replace(INDICATOR, "").replace("target: 0.995", composite), &[]);
    check_with(RATIO_SLO, "target: 0.995", composite, &["error[one-of] spec"]);
    let second =
        "timeSliceWindow: 1m\n    - {target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 1m}";
    let two = RATIO_SLO.replace(INDICATOR, "").replace("target: 0.995", composite);
    check_with(&two, "timeSliceWindow: 1m", second, &["error[one-of] spec.objectives[1]"]);
}

#[test]
fn inline_indicators_keep_the_rules_of_indicators() {
    check_with(
        RATIO_SLO,
        "{name: answers}",
        "{name: a b}",
        &["error[bad-name] spec.indicator.metadata.name"],
    );
    check_with(
        RATIO_SLO,
        "{query: good}",
        "{}",
        &["error[missing-field] spec.indicator.spec.ratioMetric.good.metricSource.spec"],
    );
    check_with(
        RATIO_SLO,
        "{name: answers}",
        "{name: answers}\n    kind: SLI",
        &["error[unknown-field] spec.indicator.kind"],
    );
}

#[test]
fn there_is_exactly_one_time_window() {
    check_with(
        RATIO_SLO,
        &format!("  timeWindow:\n{WINDOW}"),
        "",
        &["warning[no-time-window] spec.timeWindow"],
    );
    check_with(
        RATIO_SLO,
        WINDOW,
        &format!("{WINDOW}{WINDOW}"),
        &["error[wrong-count] spec.timeWindow"],
    );
    check_with(
        RATIO_SLO,
        &format!("timeWindow:\n{WINDOW}"),
        "timeWindow: []\n",
        &["error[wrong-count] spec.timeWindow"],
    );
    check_with(RATIO_SLO, WINDOW, "    duration: 4w\n", &["error[wrong-type] spec.timeWindow"]);
}

#[test]
fn windows_are_rolling_or_have_a_calendar() {
    check_with(
        RATIO_SLO,
        "isRolling: true",
        "isRolling: false",
        &["error[bad-window] spec.timeWindow[0]"],
    );
    check_with(RATIO_SLO, "\n      isRolling: true", "", &["error[bad-window] spec.timeWindow[0]"]);
    check_with(THRESHOLD_SLO, "duration: 1w", "duration: 1w\n      isRolling: false", &[]);
    check_with(
        THRESHOLD_SLO,
        "duration: 1w",
        "duration: 1w\n      isRolling: true",
        &["error[bad-window] spec.timeWindow[0]"],
    );
    check_with(
        RATIO_SLO,
        "isRolling: true",
        "isRolling: \"true\"",
        &["error[wrong-type] spec.timeWindow[0].isRolling"],
    );
}

#[test]
fn calendars_have_a_start_and_a_zone() {
    for start in [
        "2022-13-01 12:00:00",
        "2022-02-30 12:00:00",
        "2022-01-01T12:00:00",
        "2022-01-01",
        "Monday",
        "2022-01-01 24:00:00",
    ] {
        check_with(
            THRESHOLD_SLO,
            "2022-01-01 12:00:00",
            start,
            &["error[bad-time] spec.timeWindow[0].calendar.startTime"],
        );
    }
    for zone in ["Europe/Atlantis", "EST5", "+01:00"] {
        check_with(
            THRESHOLD_SLO,
            "America/New_York",
            zone,
            &["error[bad-zone] spec.timeWindow[0].calendar.timeZone"],
        );
    }
    for zone in ["UTC", "Europe/Warsaw", "Asia/Kathmandu"] {
        check_with(THRESHOLD_SLO, "America/New_York", zone, &[]);
    }
    check_with(
        THRESHOLD_SLO,
        "{startTime: 2022-01-01 12:00:00, timeZone: America/New_York}",
        "{}",
        &[
            "error[missing-field] spec.timeWindow[0].calendar.startTime",
            "error[missing-field] spec.timeWindow[0].calendar.timeZone",
        ],
    );
}

#[test]
fn durations_are_a_number_and_a_letter() {
    for duration in ["10m", "5h", "2d", "1w"] {
        check_with(RATIO_SLO, "duration: 4w", &format!("duration: {duration}"), &[]);
    }
    for duration in ["-1m", "1", "1invalid", "invalid", "1 d", "1s", "1W", "1.5h"] {
        check_with(
            RATIO_SLO,
            "duration: 4w",
            &format!("duration: {duration}"),
            &["error[bad-duration] spec.timeWindow[0].duration"],
        );
    }
    check_with(
        RATIO_SLO,
        "duration: 4w",
        "duration: \"\"",
        &["error[missing-field] spec.timeWindow[0].duration"],
    );
    check_with(
        RATIO_SLO,
        "duration: 4w\n      ",
        "",
        &["error[missing-field] spec.timeWindow[0].duration"],
    );
    check_with(
        RATIO_SLO,
        "duration: 4w",
        "duration: 0w",
        &["warning[zero-duration] spec.timeWindow[0].duration"],
    );
}

#[test]
fn months_have_a_length_only_on_a_calendar() {
    for month in ["1M", "1Q", "1Y"] {
        check_with(
            RATIO_SLO,
            "duration: 4w",
            &format!("duration: {month}"),
            &["warning[month-without-calendar] spec.timeWindow[0].duration"],
        );
        check_with(THRESHOLD_SLO, "duration: 1w", &format!("duration: {month}"), &[]);
    }
    for minutes in ["1m", "59m", "60m"] {
        check_with(
            THRESHOLD_SLO,
            "duration: 1w",
            &format!("duration: {minutes}"),
            &["warning[calendar-minutes] spec.timeWindow[0].duration"],
        );
    }
}

fn with_annotation(annotation: &str) -> String {
    RATIO_SLO
        .replace("{name: ratio}", &format!("\n  name: ratio\n  annotations:\n    {annotation}"))
}

#[test]
fn our_annotations_are_strict() {
    for annotation in [
        "plimsoll/target: 100%",
        "plimsoll/further-windows: 7d, 1d",
        "plimsoll/further-windows: 1M from 2026-01-01 00:00:00 Europe/Berlin, 1d",
        "plimsoll/no-data: ignore",
        "plimsoll/no-data: good",
        "plimsoll/no-data: bad",
        "plimsoll/no-data: hold 30m",
        "elsewhere.example/target: anything",
    ] {
        check(&with_annotation(annotation), &[]);
    }
    for (annotation, code) in [
        ("plimsoll/target: 99%", "bad-annotation"),
        ("plimsoll/target: \"100\"", "bad-annotation"),
        ("plimsoll/target: 100", "wrong-type"),
        ("plimsoll/further-windows: 7d; 1d", "bad-annotation"),
        ("plimsoll/further-windows: 1M", "bad-annotation"),
        ("plimsoll/further-windows: 0d", "bad-annotation"),
        ("plimsoll/further-windows: \"\"", "bad-annotation"),
        ("plimsoll/further-windows: 1M from 2026-01-01 00:00:00", "bad-annotation"),
        ("plimsoll/further-windows: 1M from 2026-01-01 00:00:00 Nowhere", "bad-annotation"),
        ("plimsoll/further-windows: 1M from ä", "bad-annotation"),
        ("plimsoll/no-data: hold", "bad-choice"),
        ("plimsoll/no-data: hold 1M", "bad-choice"),
        ("plimsoll/no-data: hold 0m", "bad-choice"),
        ("plimsoll/no-data: maybe", "bad-choice"),
        ("plimsoll/nodata: bad", "bad-annotation"),
        ("plimsoll/anything: x", "bad-annotation"),
    ] {
        let key = annotation.split(':').next().unwrap();
        check(
            &with_annotation(annotation),
            &[&format!("error[{code}] metadata.annotations['{key}']")],
        );
    }
    let two = "timeSliceWindow: 1m\n    - {target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 1m}";
    let two = with_annotation("plimsoll/target: 100%").replace("timeSliceWindow: 1m", two);
    check(&two, &["error[bad-annotation] metadata.annotations['plimsoll/target']"]);
}
