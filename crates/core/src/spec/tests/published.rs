//! Documents that others published, with what OpenSLO's own command says of them.

use std::{env, path::PathBuf};

use crate::spec::read;

/// The folder of published documents, if there is one.
fn folder() -> Option<PathBuf> {
    // Tests may look at the world; the crate itself may not.
    #[allow(clippy::disallowed_methods)]
    let folder = env::var("PLIMSOLL_TEST_DATA").ok();
    #[allow(clippy::disallowed_macros)]
    if folder.is_none() {
        println!("skipped: PLIMSOLL_TEST_DATA is not set");
    }
    folder.map(|folder| PathBuf::from(folder).join("openslo"))
}

/// The problems of a file, without those of references, as `line severity[code] field`.
fn problems(folder: &std::path::Path, file: &str) -> Vec<String> {
    #[allow(clippy::disallowed_methods)]
    let bytes = std::fs::read(folder.join(file)).unwrap();
    read(&[(file.to_owned(), bytes)])
        .1
        .iter()
        .filter(|problem| problem.code != "unresolved-reference")
        .map(|p| format!("{} {}[{}] {}", p.line, p.severity, p.code, p.field))
        .collect()
}

/// What its output lists for each input: the same fields, with the contradictions of the specification as warnings. Its
/// complaint about America/New_York is about the machine it ran on.
#[test]
fn what_the_command_refuses_is_refused_at_the_same_fields() {
    let Some(folder) = folder() else { return };
    for (file, expected) in [
        ("fmt/service.yaml", vec![]),
        (
            "validate/v1.yaml",
            vec![
                "40 warning[op-with-ratio] spec.objectives[0].op",
                "59 error[bad-name] metadata.name",
            ],
        ),
        (
            "validate/v2alpha.yaml",
            vec![
                "10 warning[v2-service-field] spec.service",
                "34 warning[op-with-ratio] spec.objectives[0].op",
                "50 error[bad-name] metadata.name",
            ],
        ),
        (
            "validate/v1alpha.yaml",
            vec![
                "4 error[bad-name] metadata.name",
                "22 error[missing-field] spec.objectives[0].timeSliceTarget",
                "22 error[missing-field] spec.objectives[0].value",
            ],
        ),
        ("validate/invalid-apiversion.yaml", vec!["1 error[unknown-version] apiVersion"]),
        (
            "validate/unknown-field.yaml",
            vec!["4 error[bad-name] metadata.name", "6 error[unknown-field] spec.markdown"],
        ),
        ("validate/mix/1.yaml", vec!["4 error[bad-name] metadata.name"]),
        ("validate/mix/2.yaml", vec!["4 error[bad-name] metadata.name"]),
        ("validate/mix/3.yaml", vec!["4 error[bad-name] metadata.name"]),
        ("validate/recursive/1.yaml", vec!["4 error[bad-name] metadata.name"]),
        ("validate/recursive/nested/2.yaml", vec!["4 error[bad-name] metadata.name"]),
        (
            "validate/recursive/nested/nested2/nested3/3.yaml",
            vec!["4 error[bad-name] metadata.name"],
        ),
    ] {
        assert_eq!(problems(&folder.join("oslo/inputs"), file), expected, "{file}");
    }
}

#[test]
fn examples_of_the_specification_have_only_its_contradictions() {
    let Some(folder) = folder() else { return };
    let op = "warning[op-with-ratio] spec.objectives[0].op";
    for (file, expected) in [
        ("budgeting-method/occurences-slo.yaml", vec![]),
        ("budgeting-method/ratio-timeslices.yaml", vec![format!("32 {op}")]),
        (
            "budgeting-method/timeslices-slo.yaml",
            vec![
                "27 warning[calendar-minutes] spec.timeWindow[0].duration".to_owned(),
                format!("35 {op}"),
            ],
        ),
        ("treat-low-traffic-as-equally-important/timeslices-slo.yaml", vec![format!("33 {op}")]),
    ] {
        assert_eq!(problems(&folder.join("spec"), file), expected, "{file}");
    }
}

/// A vendor's dialect: its notification targets are OpenSLO, its other objects are not.
#[test]
fn a_dialect_is_refused_where_it_leaves_the_specification() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("slogen/sumologic");
    for file in ["email", "pagerduty", "webhook"] {
        let found = problems(&folder, &format!("v1/notification-target/{file}.yaml"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("warning[name-with-capitals] metadata.name"), "{found:?}");
    }
    let found = problems(&folder, "v1/alert-policy/burn-rate.yaml");
    assert!(found.contains(&"11 error[wrong-count] spec.conditions".to_owned()), "{found:?}");
    let found = problems(&folder, "v1/logs-req-rolling.yaml");
    for expected in [
        "4 error[bad-name] metadata.name",
        "42 error[bad-window] spec.timeWindow[0]",
        "51 error[wrong-type] spec.alertPolicies[0]",
    ] {
        assert!(found.contains(&expected.to_owned()), "{found:?}");
    }
    let found = problems(&folder, "tracing/checkout-latency.yaml");
    for field in ["createView", "alerts", "labels"] {
        let is_told =
            found.iter().any(|problem| problem.ends_with(&format!("error[unknown-field] {field}")));
        assert!(is_told, "{field}: {found:?}");
    }
}
