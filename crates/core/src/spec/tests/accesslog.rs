//! The data source `accesslog` and what indicators ask of it.

use super::{codes, convert, read_texts};
use crate::{
    measure::{classify::Rules, gap::Gap, service::By, sli::Sli},
    spec::{SliSource, docs::Docs},
};

fn source(details: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {{name: edge}}\nspec:\n  type: accesslog\n  \
         connectionDetails: {{{details}}}\n"
    )
}

#[test]
fn connection_details_are_strict() {
    for details in [
        "files: access.log",
        "files: [a.log, \"/var/log/*.gz\"]",
        "files: a, pattern: '^(?P<time>\\S+) (?P<status>\\d+)'",
        "files: a, pattern: '^(?P<time>\\S+) (?P<status>\\d+)', timeFormat: '%s'",
        "files: a, classify: 'bad=5xx,429 excluded=499'",
        "files: a, by: vhost, gap: 30m",
        "files: a, by: one, service: the shop, gap: '20'",
        "",
    ] {
        assert_eq!(codes(&[&source(details)]), Vec::<String>::new(), "{details}");
    }
    let field = "spec.connectionDetails";
    for (details, expected) in [
        ("files: []", format!("error[wrong-count] {field}.files")),
        ("files: [a, 5]", format!("error[wrong-type] {field}.files[1]")),
        ("files: \"\"", format!("error[missing-field] {field}.files")),
        ("file: a, files: a", format!("error[unknown-field] {field}.file")),
        ("files: a, pattern: '('", format!("error[bad-pattern] {field}.pattern")),
        ("files: a, pattern: '(?P<time>x)'", format!("error[bad-pattern] {field}.pattern")),
        (
            "files: a, pattern: '(?P<time>x)(?P<status>\\w{1000}{1000})'",
            format!("error[bad-pattern] {field}.pattern"),
        ),
        (
            "files: a, pattern: '(?P<time>x)(?P<status>y)(?P<what>z)'",
            format!("error[bad-pattern] {field}.pattern"),
        ),
        (
            "files: a, pattern: '(?P<time>x)(?P<status>y)', timeFormat: '%!'",
            format!("error[bad-pattern] {field}.pattern"),
        ),
        ("files: a, timeFormat: '%s'", format!("error[forbidden-field] {field}.timeFormat")),
        ("files: a, classify: 'worse=5xx'", format!("error[bad-choice] {field}.classify")),
        ("files: a, classify: 'bad=200 good=200'", format!("error[bad-choice] {field}.classify")),
        ("files: a, by: host", format!("error[bad-choice] {field}.by")),
        ("files: a, service: ' '", format!("error[bad-choice] {field}.service")),
        ("files: a, gap: 30", format!("error[wrong-type] {field}.gap")),
        ("files: a, gap: soon", format!("error[bad-choice] {field}.gap")),
    ] {
        assert_eq!(codes(&[&source(details)]), [expected], "{details}");
    }
    let list = source("").replace("{}", "[{files: a}]");
    assert_eq!(codes(&[&list]), ["error[wrong-type] spec.connectionDetails"]);
}

#[test]
fn connection_details_are_kept() {
    let details = "files: [a, b], classify: bad=5xx, by: one, service: shop, gap: never";
    let (docs, _) = read_texts(&[&source(details)]);
    let logs = docs.data_sources[0].doc.access_log().unwrap();
    assert_eq!(logs.files, ["a", "b"]);
    assert_eq!(logs.classify, Some(Rules::parse("bad=5xx").unwrap()));
    assert_eq!(
        (logs.by, logs.service.as_deref(), logs.gap),
        (Some(By::One), Some("shop"), Some(Gap::Never))
    );
}

/// An SLO with an inline indicator of this `ratioMetric`; `{a: b}` stands for the query `spec: {a: b}` of the log.
fn slo(metric: &str) -> String {
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: a}}\nspec:\n  service: shop\n  indicator:\n    metadata: \
         {{name: i}}\n    spec: {{{metric}}}\n  timeWindow: [{{duration: 4w, isRolling: true}}]\n  budgetingMethod: \
         Occurrences\n  objectives: [{{target: 0.99}}]\n"
    )
}

fn ratio(part: &str, spec: &str, total: &str) -> String {
    let query =
        |spec: &str| format!("{{metricSource: {{metricSourceRef: edge, spec: {{{spec}}}}}}}");
    slo(&format!("ratioMetric: {{{part}: {}, total: {}}}", query(spec), query(total)))
}

fn sources(docs: &Docs) -> Vec<SliSource> {
    convert(docs).0.into_iter().map(|found| found.source).collect()
}

fn log(sli: Sli) -> SliSource {
    SliSource::AccessLog {
        service: "shop.example".to_owned(),
        sli,
        data_source: Some("edge".to_owned()),
    }
}

#[test]
fn availability_is_bad_of_all() {
    let text =
        ratio("bad", "service: shop.example, count: bad", "service: shop.example, count: all");
    let (docs, problems) = read_texts(&[&text, &source("files: a")]);
    assert_eq!(problems, []);
    assert_eq!(sources(&docs), [log(Sli::Availability)]);
    // The type in place of the reference.
    let text = text.replace("metricSourceRef: edge", "type: accesslog");
    let (docs, problems) = read_texts(&[&text]);
    assert_eq!(problems, []);
    let expected = SliSource::AccessLog {
        service: "shop.example".to_owned(),
        sli: Sli::Availability,
        data_source: None,
    };
    assert_eq!(sources(&docs), [expected]);
}

#[test]
fn latency_is_within_a_threshold_of_timed() {
    for (threshold, at_most_us) in
        [("300ms", 300_000), ("1.5s", 1_500_000), ("250us", 250), ("3600s", 3_600_000_000)]
    {
        let part = format!("service: shop.example, count: within, threshold: {threshold}");
        let text = ratio("good", &part, "service: shop.example, count: timed");
        let (docs, problems) = read_texts(&[&text, &source("files: a")]);
        assert_eq!(problems, []);
        assert_eq!(sources(&docs), [log(Sli::Latency { at_most_us })]);
    }
}

#[test]
fn nonsense_is_refused_where_it_stands() {
    let field = "spec.indicator.spec.ratioMetric";
    let spec = |part: &str, key: &str| format!("{field}.{part}.metricSource.spec.{key}");
    let (bad, all) = ("service: s, count: bad", "service: s, count: all");
    for (text, expected) in [
        (
            ratio("bad", "service: s, count: bd", all),
            format!("error[bad-choice] {}", spec("bad", "count")),
        ),
        (ratio("bad", "service: s", all), format!("error[missing-field] {}", spec("bad", "count"))),
        (
            ratio("bad", "count: bad", all),
            format!("error[missing-field] {}", spec("bad", "service")),
        ),
        (
            ratio("bad", "service: s, count: bad, x: y", all),
            format!("error[unknown-field] {}", spec("bad", "x")),
        ),
        (
            ratio("bad", bad, "service: t, count: all"),
            format!("error[bad-choice] {}", spec("total", "service")),
        ),
        (ratio("good", bad, all), format!("error[bad-choice] {}", spec("good", "count"))),
        (
            ratio("bad", bad, "service: s, count: timed"),
            format!("error[bad-choice] {}", spec("bad", "count")),
        ),
        (
            ratio("good", "service: s, count: within", "service: s, count: timed"),
            format!("error[missing-field] {}", spec("good", "threshold")),
        ),
        (
            ratio("good", "service: s, count: within, threshold: 0ms", "service: s, count: timed"),
            format!("error[bad-duration] {}", spec("good", "threshold")),
        ),
        (
            ratio("good", "service: s, count: within, threshold: 2h", "service: s, count: timed"),
            format!("error[bad-duration] {}", spec("good", "threshold")),
        ),
        (
            ratio("bad", "service: s, count: bad, threshold: 1s", all),
            format!("error[forbidden-field] {}", spec("bad", "threshold")),
        ),
        (
            slo("thresholdMetric: {metricSource: {type: accesslog, spec: {service: s}}}")
                .replace("target", "op: lt, value: 1, target"),
            "error[bad-choice] spec.indicator.spec.thresholdMetric".to_owned(),
        ),
    ] {
        let problems = codes(&[&text, &source("files: a")]);
        let problems: Vec<&String> =
            problems.iter().filter(|problem| problem.starts_with("error")).collect();
        assert_eq!(problems, [&expected], "{text}");
        // What is wrong is not evaluated.
        assert_eq!(sources(&read_texts(&[&text, &source("files: a")]).0), []);
    }
}

#[test]
fn both_counts_come_from_the_same_logs() {
    let text = ratio("bad", "service: s, count: bad", "service: s, count: all");
    let mixed = text.replacen("metricSourceRef: edge", "type: Prometheus", 1);
    assert_eq!(codes(&[&mixed, &source("files: a")]), ["error[bad-choice] spec.indicator.spec"]);
    let contradicting =
        text.replace("metricSourceRef: edge", "metricSourceRef: edge, type: Prometheus");
    assert_eq!(
        codes(&[&contradicting, &source("files: a")]),
        ["error[bad-choice] spec.indicator.spec"]
    );
}

#[test]
fn v2alpha_asks_in_its_own_words() {
    let text = "\
apiVersion: openslo.com/v2alpha
kind: DataSource
metadata: {name: edge}
spec: {type: accesslog, connectionDetails: {files: a}}
---
apiVersion: openslo.com/v2alpha
kind: SLI
metadata: {name: answers}
spec:
  ratioMetric:
    bad: {dataSourceRef: edge, spec: {service: s, count: bda}}
    total: {dataSourceRef: edge, spec: {service: s, count: all}}
";
    assert_eq!(codes(&[text]), ["error[bad-choice] spec.ratioMetric.bad.spec.count"]);
    assert_eq!(read_texts(&[text]).1[0].line, 11);
    assert_eq!(codes(&[&text.replace("bda", "bad")]), Vec::<String>::new());
}
