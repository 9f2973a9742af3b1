//! v2alpha, where it differs from v1.

use super::{check, check_with};

const SLO: &str = "\
apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {name: ratio}
spec:
  serviceRef: web
  sli:
    metadata: {name: answers}
    spec:
      ratioMetric:
        good: {dataSourceRef: metrics, spec: {query: good}}
        total: {dataSourceSpec: {type: T, connectionDetails: {url: u}}, spec: {query: total}}
  timeWindow:
    - {duration: 1w, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - target: 0.995
";

fn service(metadata: &str) -> String {
    format!("apiVersion: openslo.com/v2alpha\nkind: Service\nmetadata:\n  name: ok\n{metadata}")
}

#[test]
fn sound_documents_have_no_problems() {
    check(SLO, &[]);
    check(
        &service(
            "  labels: {env: prod}\n  annotations: {openslo.com/service-folder: ./my/directory}\n",
        ),
        &[],
    );
}

#[test]
fn there_are_no_display_names() {
    check(&service("  displayName: Okay\n"), &["error[unknown-field] metadata.displayName"]);
}

#[test]
fn labels_are_those_of_kubernetes() {
    let long_prefix = "l".repeat(253);
    for key in
        ["net", "nEt", "domain.org/service", "openslo.com/Service", &format!("{long_prefix}/net")]
    {
        check(&service(&format!("  labels: {{\"{key}\": net_this.that}}\n")), &[]);
    }
    for value in ["\"\"", "9net", "net_.-this", &"l".repeat(63)] {
        check(&service(&format!("  labels: {{ok: {value}}}\n")), &[]);
    }
    for value in ["net_", "-net", "nEt", "a b", &"l".repeat(64)] {
        check(
            &service(&format!("  labels: {{ok: {value}}}\n")),
            &["error[bad-label] metadata.labels.ok"],
        );
    }
    check(&service("  labels: {ok: [a, b]}\n"), &["error[wrong-type] metadata.labels.ok"]);
    for key in [
        "openslo.com/",
        "-openslo.com/service",
        "openslo..com/service",
        "openslo_this.org/service",
        "invalid key",
    ] {
        check(
            &service(&format!("  labels: {{\"{key}\": a}}\n")),
            &[&format!("error[bad-label] metadata.labels['{key}']")],
        );
    }
    check(
        &service("  annotations: {\"a b\": x}\n"),
        &["error[bad-annotation] metadata.annotations['a b']"],
    );
}

#[test]
fn the_service_has_two_names() {
    check_with(SLO, "serviceRef: web", "service: web", &["warning[v2-service-field] spec.service"]);
    check_with(
        SLO,
        "serviceRef: web",
        "serviceRef: web\n  service: web",
        &["error[forbidden-field] spec.service"],
    );
    check_with(SLO, "  serviceRef: web\n", "", &["error[missing-field] spec.serviceRef"]);
}

#[test]
fn indicators_are_called_sli() {
    let sli = &SLO[SLO.find("  sli:").unwrap()..SLO.find("  timeWindow").unwrap()];
    check_with(SLO, sli, "  sliRef: my-sli\n", &[]);
    check_with(SLO, sli, "  sliRef: my sli\n", &["error[bad-name] spec.sliRef"]);
    check_with(SLO, sli, "", &["error[one-of] spec"]);
    check_with(SLO, sli, &format!("{sli}  sliRef: my-sli\n"), &["error[one-of] spec"]);
    check_with(
        SLO,
        sli,
        "  indicatorRef: my-sli\n",
        &["error[one-of] spec", "error[unknown-field] spec.indicatorRef"],
    );
    check(
        &SLO.replace(sli, "").replace("target: 0.995", "target: 0.995\n      sliRef: my-sli"),
        &[],
    );
}

#[test]
fn queries_name_or_hold_a_data_source() {
    let field = "spec.sli.spec.ratioMetric.good";
    let query = "{dataSourceRef: metrics, spec: {query: good}}";
    for (to, expected) in [
        ("{dataSourceRef: metrics}", vec![]),
        ("{dataSourceSpec: {type: T, connectionDetails: {}}}", vec![]),
        ("{spec: {query: q}}", vec![format!("error[one-of] {field}")]),
        ("{}", vec![format!("error[one-of] {field}")]),
        (
            "{dataSourceRef: a, dataSourceSpec: {type: T, connectionDetails: {}}}",
            vec![format!("error[one-of] {field}")],
        ),
        ("{dataSourceRef: my datadog}", vec![format!("error[bad-name] {field}.dataSourceRef")]),
        ("{dataSourceSpec: {}}", vec![format!("error[missing-field] {field}.dataSourceSpec")]),
        (
            "{dataSourceSpec: {type: T}}",
            vec![format!("error[missing-field] {field}.dataSourceSpec.connectionDetails")],
        ),
        (
            "{metricSource: {type: T, spec: {query: q}}}",
            vec![
                format!("error[one-of] {field}"),
                format!("error[unknown-field] {field}.metricSource"),
            ],
        ),
    ] {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check_with(SLO, query, to, &expected);
    }
}

#[test]
fn durations_end_with_weeks() {
    for duration in ["1M", "1Q", "1Y"] {
        check_with(
            SLO,
            "duration: 1w",
            &format!("duration: {duration}"),
            &["error[bad-duration] spec.timeWindow[0].duration"],
        );
    }
}

#[test]
fn objectives_may_have_labels() {
    check_with(
        SLO,
        "target: 0.995",
        "target: 0.995\n      labels: {a: b}",
        &["warning[v2-objective-labels] spec.objectives[0].labels"],
    );
    check_with(
        SLO,
        "target: 0.995",
        "target: 0.995\n      op: gt",
        &["warning[op-with-ratio] spec.objectives[0].op"],
    );
}

#[test]
fn alerts_say_how_long_they_wait() {
    let condition = "\
apiVersion: openslo.com/v2alpha
kind: AlertCondition
metadata: {name: a}
spec:
  severity: page
  condition: {kind: burnrate, op: gt, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}
";
    check(condition, &[]);
    check_with(
        condition,
        ", alertAfter: 5m",
        "",
        &["error[missing-field] spec.condition.alertAfter"],
    );
    let target = "apiVersion: openslo.com/v2alpha\nkind: AlertNotificationTarget\nmetadata: {name: a}\nspec: {}\n";
    check(target, &["error[missing-field] spec"]);
}
