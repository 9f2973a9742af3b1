//! From documents to objectives.

use jiff::civil::date;

use super::{BY_NAME, codes, convert, read_texts, sli, slo};
use crate::{
    measure::window::{Period, Unit, Window},
    promise::slo::{Budgeting, NoData, Slo},
    ratio::Target,
    spec::SliSource,
};

/// The objectives of texts that have no errors.
#[track_caller]
fn objectives(texts: &[&str]) -> Vec<Slo> {
    let (docs, problems) = read_texts(texts);
    assert!(problems.iter().all(|problem| !problem.is_error()), "{problems:?}");
    convert(&docs).0.into_iter().map(|found| found.slo).collect()
}

fn names(slos: &[Slo]) -> Vec<&str> {
    slos.iter().map(|slo| slo.name.as_str()).collect()
}

fn percent(text: &str) -> Target {
    Target::parse_percent(text).unwrap()
}

#[test]
fn every_field_finds_its_place() {
    let (docs, problems) = read_texts(&[
        &sli("answers"),
        "\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: answers-monthly
  annotations:
    plimsoll/further-windows: 7d, 12h
    plimsoll/no-data: hold 30m
spec:
  service: web
  indicatorRef: answers
  timeWindow:
    - duration: 1M
      calendar: {startTime: 2026-01-31 09:30:00, timeZone: Europe/Berlin}
  budgetingMethod: Timeslices
  objectives:
    - {targetPercent: 99.95, timeSliceTarget: 0.9, timeSliceWindow: 5m}
",
    ]);
    assert_eq!(problems, []);
    let (slos, problems) = convert(&docs);
    assert_eq!(problems, []);
    let expected = Slo {
        name: "answers-monthly".to_owned(),
        service: "web".to_owned(),
        sli: "answers".to_owned(),
        target: percent("99.95"),
        budgeting: Budgeting::Timeslices { slice_minutes: 5, slice_target: percent("90") },
        windows: vec![
            Window::Calendar {
                start: date(2026, 1, 31).at(9, 30, 0, 0),
                zone: "Europe/Berlin".to_owned(),
                every: Period { count: 1, unit: Unit::Month },
            },
            Window::Rolling { minutes: 7 * 1440 },
            Window::Rolling { minutes: 720 },
        ],
        no_data: NoData::Hold { minutes: 30 },
    };
    let [found] = &slos[..] else { panic!("{slos:?}") };
    assert_eq!(found.slo, expected);
    assert_eq!(found.source, SliSource::Other { kind: "Prometheus".to_owned() });
}

#[test]
fn what_is_missing_has_a_stated_meaning() {
    let text = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n  service: web\n  indicatorRef: answers\n  \
                objectives: [{target: 0.99}]\n";
    let slos = objectives(&[&sli("answers"), text]);
    assert_eq!(slos[0].windows, [Window::Rolling { minutes: 28 * 1440 }]);
    assert_eq!(slos[0].budgeting, Budgeting::Occurrences);
    assert_eq!(slos[0].no_data, NoData::Ignore);
}

#[test]
fn silence_means_what_the_slo_says_or_else_the_policy() {
    let policy = |no_data: &str| {
        format!(
            "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: p}}\nspec: {{minEvents: 7{no_data}}}\n"
        )
    };
    let silent = slo("a", BY_NAME);
    let outspoken = silent.replace("{name: a}", "{name: a, annotations: {plimsoll/no-data: good}}");
    let no_data = |slo: &str, policy: &str| objectives(&[&sli("answers"), slo, policy])[0].no_data;
    assert_eq!(no_data(&silent, &policy(", noData: bad")), NoData::Bad);
    assert_eq!(no_data(&silent, &policy(", noData: hold 1h")), NoData::Hold { minutes: 60 });
    assert_eq!(no_data(&silent, &policy("")), NoData::Ignore);
    assert_eq!(no_data(&outspoken, &policy(", noData: bad")), NoData::Good);
    // Whichever file comes first.
    let slos = objectives(&[&policy(", noData: bad"), &silent, &sli("answers")]);
    assert_eq!(slos[0].no_data, NoData::Bad);
}

#[test]
fn calendar_minutes_are_months_below_an_hour() {
    let every = |duration: &str| {
        let window = format!(
            "[{{duration: {duration}, calendar: {{startTime: 2026-01-01 00:00:00, timeZone: UTC}}}}]"
        );
        let text = slo("a", BY_NAME).replace("[{duration: 4w, isRolling: true}]", &window);
        match objectives(&[&sli("answers"), &text]).first().map(|slo| slo.windows[0].clone()) {
            Some(Window::Calendar { every, .. }) => Some((every.count, every.unit)),
            _ => None,
        }
    };
    assert_eq!(every("1m"), Some((1, Unit::Month)));
    assert_eq!(every("120m"), Some((2, Unit::Hour)));
    assert_eq!(every("90m"), None);
    assert_eq!(every("1Q"), Some((1, Unit::Quarter)));
    assert_eq!(every("2w"), Some((2, Unit::Week)));
}

#[test]
fn a_target_of_100_percent_is_an_annotation() {
    let text =
        slo("a", BY_NAME).replace("{name: a}", "{name: a, annotations: {plimsoll/target: 100%}}");
    assert_eq!(objectives(&[&sli("answers"), &text])[0].target, Target::PERFECT);
    assert_eq!(codes(&[&sli("answers"), &text]), ["warning[perfect-target] metadata.annotations"]);
}

#[test]
fn several_objectives_have_several_names() {
    let with = |objectives: &str| {
        slo("web", &format!("  indicatorRef: answers\n  objectives: [{objectives}]\n"))
    };
    let numbered = with("{target: 0.9}, {target: 0.99, displayName: SLA}");
    assert_eq!(names(&objectives(&[&sli("answers"), &numbered])), ["web-1", "web-2"]);
    let named = with("{target: 0.9, displayName: Internal goal}, {target: 0.99, displayName: SLA}");
    assert_eq!(names(&objectives(&[&sli("answers"), &named])), ["web-internal-goal", "web-sla"]);
    let alike = with("{target: 0.9, displayName: SLA}, {target: 0.99, displayName: sla}");
    assert_eq!(names(&objectives(&[&sli("answers"), &alike])), ["web-1", "web-2"]);
    let other = slo("web-1", BY_NAME);
    assert_eq!(
        names(&objectives(&[&sli("answers"), &numbered, &other])),
        ["web-1", "web-2", "web-1-2"]
    );
}

#[test]
fn composites_are_read_apart() {
    let text = slo(
        "c",
        "  objectives: [{target: 0.9, indicatorRef: a}, {target: 0.99, indicatorRef: b}]\n",
    );
    let slos = objectives(&[&sli("a"), &sli("b"), &text]);
    assert_eq!(slos.iter().map(|slo| slo.sli.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        codes(&[&sli("a"), &sli("b"), &text]),
        ["warning[composite-read-apart] spec.objectives"]
    );
}

#[test]
fn what_cannot_be_evaluated_says_so() {
    let window = |duration: &str| slo("a", BY_NAME).replace("4w", duration);
    for (duration, expected) in [
        (
            "0w",
            vec![
                "warning[zero-duration] spec.timeWindow[0].duration",
                "warning[not-evaluated] spec.timeWindow",
            ],
        ),
        ("59m", vec!["warning[window-too-short] spec.timeWindow"]),
        ("60m", vec![]),
        ("400d", vec![]),
        ("401d", vec!["warning[window-too-long] spec.timeWindow"]),
        ("4294967295w", vec!["warning[not-evaluated] spec.timeWindow"]),
    ] {
        assert_eq!(codes(&[&sli("answers"), &window(duration)]), expected, "{duration}");
        let left = objectives(&[&sli("answers"), &window(duration)]).len();
        assert_eq!(left, usize::from(expected.is_empty()), "{duration}");
    }
}

#[test]
fn slices_fit_their_window() {
    let slices = |slice: &str| {
        slo("a", &format!("  indicatorRef: answers\n  objectives: [{{target: 0.9, timeSliceWindow: {slice}}}]\n"))
            .replace("Occurrences", "RatioTimeslices")
    };
    assert_eq!(codes(&[&sli("answers"), &slices("5m")]), Vec::<String>::new());
    assert_eq!(
        codes(&[&sli("answers"), &slices("5w")]),
        ["warning[window-shorter-than-slice] spec.timeWindow"]
    );
    assert_eq!(
        codes(&[&sli("answers"), &slices("11m")]),
        ["warning[window-not-whole-slices] spec.timeWindow"]
    );
    assert_eq!(objectives(&[&sli("answers"), &slices("11m")]).len(), 0);
}

#[test]
fn v1alpha_ratios_become_objectives() {
    let query = "{source: datadog, queryType: query, query: q}";
    let text = format!(
        "apiVersion: openslo/v1alpha\nkind: SLO\nmetadata: {{name: old}}\nspec:\n  service: web\n  timeWindows: [{{unit: \
         Day, count: 28, isRolling: true}}]\n  budgetingMethod: Timeslices\n  objectives: [{{target: 0.9, value: 1, \
         timeSliceTarget: 0.5, ratioMetrics: {{good: {query}, total: {query}}}}}]\n"
    );
    let slos = objectives(&[&text]);
    assert_eq!(slos[0].windows, [Window::Rolling { minutes: 28 * 1440 }]);
    assert_eq!(
        slos[0].budgeting,
        Budgeting::Timeslices { slice_minutes: 1, slice_target: percent("50") }
    );
}

/// An SLO at 90 % with this alert condition: its burn rate ends at 10.
fn alerting(condition: &str) -> Vec<String> {
    let policy = format!(
        "{{kind: AlertPolicy, metadata: {{name: p}}, spec: {{conditions: [{{kind: AlertCondition, metadata: {{name: c}}, \
         spec: {{severity: page, condition: {{kind: burnrate, lookbackWindow: 1h, {condition}}}}}}}], \
         notificationTargets: [{{kind: AlertNotificationTarget, metadata: {{name: t}}, spec: {{target: mail}}}}]}}}}"
    );
    let spec = format!(
        "  indicatorRef: answers\n  objectives: [{{target: 0.9}}]\n  alertPolicies: [{policy}]\n"
    );
    codes(&[&sli("answers"), &slo("a", &spec)])
}

#[test]
fn burns_that_cannot_be_are_found() {
    let found = ["warning[unreachable-burn] spec.alertPolicies[0]"];
    assert_eq!(alerting("op: gte, threshold: 10"), Vec::<String>::new());
    assert_eq!(alerting("op: gte, threshold: 10.001"), found);
    assert_eq!(alerting("op: gt, threshold: 9.999"), Vec::<String>::new());
    assert_eq!(alerting("op: gt, threshold: 10"), found);
    assert_eq!(alerting("op: gt, threshold: 1e30"), found);
    assert_eq!(alerting("op: gt, threshold: -1"), Vec::<String>::new());
}
