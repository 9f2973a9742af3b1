//! No bytes make reading panic, and whatever is left out has a problem that says why.

use proptest::prelude::*;

use super::{convert, slo};
use crate::spec::{lints, read};

/// Documents that touch every reader.
fn seeds() -> Vec<String> {
    let alerting = "\
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page, labels: {a: [b, c]}, annotations: {x.y/z: w}}
spec:
  conditions:
    - kind: AlertCondition
      metadata: {name: fast}
      spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h}}
  notificationTargets: [{targetRef: pager}]
";
    let logs = "\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: edge}
spec: {type: accesslog, connectionDetails: {files: [a], classify: bad=5xx}}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: answers}
spec:
  ratioMetric:
    good: &q {metricSource: {metricSourceRef: edge, spec: {service: s, count: within, threshold: 300ms}}}
    total: {<<: *q, metricSource: {metricSourceRef: edge, spec: {service: s, count: timed}}}
---
apiVersion: plimsoll/v1
kind: BudgetPolicy
metadata: {name: p}
spec: {cautionAt: 25%, fastBurn: [{lookback: 1h, factor: 14.4, minFailures: 5}], noData: hold 30m}
";
    let calendar = slo("a", "  indicatorRef: answers\n  objectives: [{target: 0.99}, {targetPercent: 99.95}]\n")
        .replace("{name: a}", "{name: a, annotations: {plimsoll/further-windows: \"7d, 1M from 2026-01-01 00:00:00 UTC\"}}")
        .replace("isRolling: true", "calendar: {startTime: 2026-01-31 00:00:00, timeZone: Europe/Berlin}");
    let v1alpha = "\
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: old}
spec:
  service: web
  timeWindows: [{unit: Day, count: 28, isRolling: true}]
  budgetingMethod: Timeslices
  objectives:
    - {target: 0.9, value: 1, timeSliceTarget: 0.5, ratioMetrics: {good: {source: a, queryType: b, query: c}, total: {source: a, queryType: b, query: d}}}
";
    let json = "[{\"apiVersion\": \"openslo.com/v2alpha\", \"kind\": \"SLI\", \"metadata\": {\"name\": \"\\ud83d\\ude00\"}, \
                \"spec\": {\"thresholdMetric\": {\"dataSourceSpec\": {\"type\": \"T\", \"connectionDetails\": [1, 2.5e3]}}}}]";
    [alerting, logs, &calendar, v1alpha, json].map(str::to_owned).into()
}

/// A change of a text: at a place, take so much away and put something in.
fn mutation() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    let fragments = prop::sample::select(vec![
        &b""[..],
        b"\n",
        b" ",
        b"\t",
        b":",
        b": ",
        b"- ",
        b"[",
        b"]",
        b"{",
        b"}",
        b"*q",
        b"&q ",
        b"\"",
        b"'",
        b"|",
        b">",
        b"-1",
        b"0",
        b"1e999",
        b"99999999999999999999",
        b".nan",
        b"null",
        b"true",
        b"~",
        b"---\n",
        b"...\n",
        b"#",
        b"%",
        b"!!int ",
        b"<<: ",
        b"\xff",
        b"\0",
        "ä\u{2028}".as_bytes(),
        b"\\ud83d",
        b"4294967295Y",
        b"spec",
        b"metadata:",
    ]);
    (any::<prop::sample::Index>(), 0..12_usize, fragments)
        .prop_map(|(at, away, put)| (at.index(10_000), away, put.to_vec()))
}

fn read_all(bytes: Vec<u8>) {
    let (docs, problems) = read(&[("file.yaml".to_owned(), bytes)]);
    let used = docs.services.len()
        + docs.data_sources.len()
        + docs.slis.len()
        + docs.slos.len()
        + docs.alert_policies.len()
        + docs.alert_conditions.len()
        + docs.alert_targets.len()
        + docs.budget_policies.len();
    assert!(used == docs.objects || !problems.is_empty(), "an object vanished without a problem");
    for problem in &problems {
        assert!(
            problem.line > 0 && problem.column > 0 && !problem.message.is_empty(),
            "{problem:?}"
        );
    }
    let _ = convert(&docs);
    let _ = lints::thresholds(&docs);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_never_panic(
        seed in prop::sample::select(seeds()),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut bytes = seed.into_bytes();
        for (at, away, put) in mutations {
            let at = at % (bytes.len() + 1);
            let end = (at + away).min(bytes.len());
            bytes.splice(at..end, put);
        }
        read_all(bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(bytes);
    }

    #[test]
    fn arbitrary_yaml_characters_never_panic(text in "[ \\n\\ta-c0-2:\\-\\[\\]{}&*!|>'\"%#?,.~<]{0,120}") {
        read_all(text.into_bytes());
    }
}

#[test]
fn the_seeds_are_sound() {
    for seed in seeds() {
        let (_, problems) = read(&[("seed".to_owned(), seed.clone().into_bytes())]);
        let errors: Vec<String> =
            problems.iter().filter(|p| p.is_error()).map(ToString::to_string).collect();
        let is_json = seed.starts_with('[');
        assert_eq!(errors.len(), usize::from(is_json), "{errors:?}");
    }
}
