//! Applying sets of files: what is declared, altered, withdrawn and refused.

use expect_test::{Expect, expect};

use super::*;
use crate::{
    command::{Actor, Command, Context, RefusalKind},
    decide::decide,
    event::Event,
    state::State,
};

/// A source that somebody pushes to.
pub(crate) const SOURCE: &str = "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: counter}\nspec: {type: push, connectionDetails: {}}\n";

/// An objective over what is pushed.
pub(crate) fn slo(name: &str, target: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: shop
  indicator:
    metadata: {{name: {name}-answers}}
    spec:
      ratioMetric:
        counter: false
        bad: {{metricSource: {{metricSourceRef: counter, spec: {{count: bad}}}}}}
        total: {{metricSource: {{metricSourceRef: counter, spec: {{count: all}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"
    )
}

pub(crate) fn apply(set: &str, files: &[(&str, &str)], may_withdraw: bool) -> Command {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    Command::Apply { set: set.to_owned(), files: files.collect(), may_withdraw, reason: None }
}

fn context() -> Context {
    Context { at_ms: 5, actor: Actor::Rule("test".into()), fresh: 0 }
}

fn check(state: &mut State, command: &Command, expected: &Expect) {
    let events = decide(state, command, &context()).unwrap();
    for event in &events {
        state.apply(5, event);
    }
    expected.assert_eq(&events.iter().map(Event::to_text).collect::<Vec<_>>().join("\n"));
}

fn refused(state: &State, command: &Command) -> (RefusalKind, String) {
    let refusal = decide(state, command, &context()).unwrap_err();
    (refusal.kind, refusal.to_string())
}

/// Whatever the documents of a log say, the journal gives it back.
#[test]
fn a_log_source_reads_back_from_the_journal() {
    let fields = [
        "gap: never",
        "gap: \"20\"",
        "gap: 30m",
        "gap: 1d",
        "by: vhost",
        "{by: one, service: shop.example}",
        "classify: \"bad=5xx,429 excluded=499\"",
        r"pattern: '^(?<time>\S+) (?<status>\d+)$'",
        r#"{pattern: '^(?<time>\S+) (?<status>\d+)$', timeFormat: "%Y-%m-%dT%H:%M:%S%z"}"#,
    ];
    for field in fields {
        let field = field.trim_matches(['{', '}']);
        let text = format!(
            "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {{name: edge}}\nspec: {{type: accesslog, \
             connectionDetails: {{files: [/var/log/edge*], {field}}}}}\n"
        );
        let command = apply("edge", &[("edge.yaml", &text)], false);
        let events = decide(&State::default(), &command, &context()).unwrap();
        assert!(!events.is_empty());
        for event in events {
            assert_eq!(Event::read(&event.to_text()), Ok(event), "{field}");
        }
    }
}

#[test]
fn a_set_is_declared_altered_and_withdrawn() {
    let mut state = State::default();
    let web = slo("web", "0.99");
    check(
        &mut state,
        &apply("shop", &[("source.yaml", SOURCE), ("web.yaml", &web)], false),
        &expect![[r#"
        {"type":"declared","name":"shop","owner":{"set":"shop","file":"web.yaml"},"object":{"service":{}}}
        {"type":"declared","name":"counter","owner":{"set":"shop","file":"source.yaml"},"key":0,"object":{"source":"push"}}
        {"type":"declared","name":"web-answers","owner":{"set":"shop","file":"web.yaml"},"key":1,"object":{"sli":{"service":"shop","source":"counter","measure":"pushed"}}}
        {"type":"declared","name":"web","owner":{"set":"shop","file":"web.yaml"},"object":{"slo":{"name":"web","service":"shop","sli":"web-answers","target":990000000,"budgeting":"occurrences","windows":[{"rolling":{"minutes":43200}}],"no_data":"ignore"}}}"#]],
    );
    // The same again is nothing; in another file, it moves; with another target, it is altered.
    check(
        &mut state,
        &apply("shop", &[("source.yaml", SOURCE), ("web.yaml", &web)], false),
        &expect![""],
    );
    let stricter = slo("web", "0.999");
    check(
        &mut state,
        &apply("shop", &[("counter.yaml", SOURCE), ("web.yaml", &stricter)], false),
        &expect![[r#"
        {"type":"declared","name":"counter","owner":{"set":"shop","file":"counter.yaml"},"key":0,"object":{"source":"push"}}
        {"type":"declared","name":"web","owner":{"set":"shop","file":"web.yaml"},"object":{"slo":{"name":"web","service":"shop","sli":"web-answers","target":999000000,"budgeting":"occurrences","windows":[{"rolling":{"minutes":43200}}],"no_data":"ignore"}}}"#]],
    );
    // Withdrawing asks. Who comes back finds the old number, and so the old slots.
    let only_source = [("counter.yaml", SOURCE)];
    let (kind, why) = refused(&state, &apply("shop", &only_source, false));
    assert_eq!(kind, RefusalKind::Conflict);
    assert_eq!(
        why,
        "3 would be withdrawn: service shop, sli web-answers, slo web; say --delete to allow that; their slots stay"
    );
    check(
        &mut state,
        &apply("shop", &only_source, true),
        &expect![[r#"
        {"type":"withdrawn","kind":"service","name":"shop"}
        {"type":"withdrawn","kind":"sli","name":"web-answers"}
        {"type":"withdrawn","kind":"slo","name":"web"}"#]],
    );
    let back = apply("shop", &[("counter.yaml", SOURCE), ("web.yaml", &web)], false);
    let events = decide(&state, &back, &context()).unwrap();
    assert!(events.iter().any(|event| matches!(event, Event::Declared(was) if was.name == "web-answers" && was.key == Some(1))));
}

#[test]
fn what_belongs_to_another_set_is_refused_and_nothing_is_done() {
    let mut state = State::default();
    let files = [("a.yaml", SOURCE)];
    check(
        &mut state,
        &apply("one", &files, false),
        &expect![[
            r#"{"type":"declared","name":"counter","owner":{"set":"one","file":"a.yaml"},"key":0,"object":{"source":"push"}}"#
        ]],
    );
    let text = format!("{}---\n{SOURCE}", slo("web", "0.99"));
    let (kind, why) = refused(&state, &apply("two", &[("b.yaml", &text)], false));
    assert_eq!(kind, RefusalKind::Invalid);
    assert!(
        why.starts_with(
            "b.yaml:19:18: error[belongs-elsewhere] source counter belongs to a.yaml of the set one"
        ),
        "{why}"
    );
}

#[test]
fn a_service_that_another_set_uses_is_handed_over() {
    let mut state = State::default();
    let service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop, displayName: The shop}\nspec: {}\n";
    let apply_now = |state: &mut State, command: &Command| {
        for event in decide(state, command, &context()).unwrap() {
            state.apply(5, &event);
        }
    };
    apply_now(&mut state, &apply("platform", &[("services.yaml", service)], false));
    let web = format!("{service}---\n{SOURCE}---\n{}", slo("web", "0.99"));
    apply_now(&mut state, &apply("web", &[("web.yaml", &web)], false));
    // Nothing is withdrawn, so nobody is asked.
    check(
        &mut state,
        &apply("platform", &[], false),
        &expect![[
            r#"{"type":"declared","name":"shop","owner":{"set":"web","file":"web.yaml"},"object":{"service":{"title":"The shop"}}}"#
        ]],
    );
    check(&mut state, &apply("web", &[("web.yaml", &web)], false), &expect![""]);
    let (_, why) = refused(&state, &apply("web", &[], false));
    assert!(why.starts_with("4 would be withdrawn: service shop,"), "{why}");
}

#[test]
fn one_wrong_file_keeps_the_whole_set_out() {
    let state = State::default();
    let files = [("a.yaml", SOURCE), ("b.yaml", "apiVersion: openslo/v1\nkind: SLO\n")];
    assert_eq!(refused(&state, &apply("one", &files, false)).0, RefusalKind::Invalid);
    let plan = plan(
        &state,
        "one",
        &[("a.yaml".to_owned(), SOURCE.into()), ("b.yaml".to_owned(), "x".into())],
    );
    assert!(plan.is_refused());
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn an_indicator_that_no_objective_names_is_warned_of() {
    let indicator = "apiVersion: openslo/v1
kind: SLI
metadata: {name: left-over}
spec:
  ratioMetric:
    counter: false
    bad: {metricSource: {metricSourceRef: counter, spec: {count: bad}}}
    total: {metricSource: {metricSourceRef: counter, spec: {count: all}}}
";
    let own = slo("a", "0.9");
    let (head, rest) = own.split_once("  indicator:\n").unwrap();
    let (_, tail) = rest.split_once("  timeWindow").unwrap();
    let used = format!("{head}  indicatorRef: left-over\n  timeWindow{tail}");
    let warned = |objective: &str| -> Vec<String> {
        let files = [("s.yaml", SOURCE), ("i.yaml", indicator), ("o.yaml", objective)];
        let files = files.map(|(name, text)| (name.to_owned(), text.into()));
        let plan = plan(&State::default(), "one", &files);
        assert!(!plan.is_refused());
        plan.problems
            .iter()
            .map(|problem| format!("{}:{} {}", problem.path, problem.line, problem.code))
            .collect()
    };
    assert_eq!(warned(&own), ["i.yaml:3 unused-indicator"]);
    assert_eq!(warned(&used), [""; 0]);
}
