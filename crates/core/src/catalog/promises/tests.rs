//! Promises in files: what they may name, and what is said where they name something else.

use std::fmt::Write as _;

use crate::{
    catalog::{
        self,
        tests::{SOURCE, apply, slo},
    },
    command::{Actor, Command, Context},
    decide::decide,
    promise::{
        coverage::{self, gaps},
        in_force,
        promise::{self, of_service},
    },
    state::State,
    time::Date,
};

/// A promise of a service, with these lines instead of those of the same field.
pub(crate) fn promise(name: &str, service: &str, fields: &[(&str, &str)]) -> String {
    let usual = [
        ("text", "Whoever asks is answered."),
        ("slos", "[]"),
        ("nextStep", "Count the answers."),
        ("supportHours", "business"),
        ("tier", "B"),
        ("owner", "{person: ada, team: payments}"),
        ("reviewDate", "2027-05-01"),
    ];
    let mut text = format!(
        "apiVersion: plimsoll/v1\nkind: Promise\nmetadata: {{name: {name}}}\nspec:\n  service: {service}\n"
    );
    let given = |key: &str| fields.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    for (key, value) in usual {
        let value = given(key).unwrap_or(value);
        if !value.is_empty() {
            writeln!(text, "  {key}: {value}").unwrap();
        }
    }
    for (key, value) in fields.iter().filter(|(key, _)| !usual.iter().any(|(name, _)| name == key))
    {
        writeln!(text, "  {key}: {value}").unwrap();
    }
    text
}

pub(crate) fn service(name: &str) -> String {
    format!("apiVersion: openslo/v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{}}\n---\n")
}

pub(crate) fn context() -> Context {
    Context { at_ms: 5, actor: Actor::Rule("test".into()), fresh: 0 }
}

/// A state in which these files are in force, each as a set of its own.
fn state(sets: &[&str]) -> State {
    let mut state = State::default();
    for (at, text) in sets.iter().enumerate() {
        let command = apply(&format!("set{at}"), &[("f.yaml", text)], false);
        for event in decide(&state, &command, &context()).unwrap() {
            state.apply(5, &event);
        }
    }
    state
}

/// What is said of a file `p.yaml` as a set of its own: `line code field: message`.
fn told(state: &State, text: &str) -> Vec<String> {
    let plan = catalog::plan(state, "own", &[("p.yaml".to_owned(), text.into())]);
    let told = plan.problems.iter().map(|one| {
        let sign = if one.is_error() { "error" } else { "warning" };
        format!("{} {sign} {} {}: {}", one.line, one.code, one.field, one.message)
    });
    told.collect()
}

#[test]
fn what_a_promise_names_must_be_there() {
    let shop = state(&[&format!("{SOURCE}---\n{}", slo("web", "0.99"))]);
    let sound = promise("p", "shop", &[("slos", "[web]"), ("policy", "default")]);
    assert_eq!(told(&shop, &sound), [""; 0]);
    let wrong = promise(
        "p",
        "shops",
        &[("slos", "[web, wob]"), ("policy", "house"), ("dependsOn", "{hard: [db], soft: [shop]}")],
    );
    assert_eq!(
        told(&shop, &wrong),
        [
            "5 error unknown-to-promise spec.service: there is no service \"shops\" among the files or on the server",
            "7 error unknown-to-promise spec.slos[0]: slo web is of the service shop, and shops cannot promise it",
            "7 error unknown-to-promise spec.slos[1]: there is no slo \"wob\" among the files or on the server",
            "13 error unknown-to-promise spec.policy: there is no policy \"house\" among the files or on the server",
            "14 error unknown-to-promise spec.dependsOn.hard[0]: there is no service \"db\" among the files or on the server",
        ]
    );
    // By itself a file may name what is elsewhere.
    let alone = catalog::check(&[("p.yaml".to_owned(), sound.into())]);
    assert!(
        alone.iter().all(|one| !one.is_error() && one.code == "unknown-to-promise"),
        "{alone:?}"
    );
    assert_eq!(alone.len(), 2);
}

#[test]
fn people_whom_nobody_knows_are_warned_of() {
    let policy = "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {name: house}\n\
                  spec: {approvers: {product: [ghost], engineering: [ada, ghost]}}\n";
    let both =
        format!("{policy}---\n{}", promise("p", "shop", &[("owner", "{person: eve, team: x}")]));
    let mut here = state(&[&service("shop")]);
    // Files by themselves know of nobody.
    assert_eq!(told(&here, &both), [""; 0]);
    for event in decide(&here, &Command::AddPerson("ada".to_owned()), &context()).unwrap() {
        here.apply(5, &event);
    }
    assert_eq!(
        told(&here, &both),
        [
            "3 warning unknown-person spec.approvers: policy house names ghost, and there is no such person",
            "8 warning unknown-person spec.owner.person: promise p names eve, and there is no such person",
        ]
    );
}

#[test]
fn a_promise_says_all_that_it_must() {
    let here = state(&[&service("shop")]);
    for (fields, expected) in [
        (&[("nextStep", "")][..], "5 error missing-field spec.nextStep: is required"),
        (&[("text", "''")], "6 error missing-field spec.text: is required, but empty"),
        (
            &[("text", "\"a\\nb\"")],
            "6 error bad-choice spec.text: is blank or holds control characters",
        ),
        (
            &[("reviewDate", "2027-02-30")],
            "12 error bad-time spec.reviewDate: \"2027-02-30\" is no day",
        ),
        (&[("reviewDate", "soon")], "12 error bad-time spec.reviewDate: \"soon\" is no day"),
        (&[("tier", "D")], "10 error bad-choice spec.tier: must be one of A, B, C, is \"D\""),
        (
            &[("supportHours", "always")],
            "9 error bad-choice spec.supportHours: must be one of 24x7, business, best-effort, is \"always\"",
        ),
        (&[("owner", "{person: ada}")], "11 error missing-field spec.owner.team: is required"),
        (
            &[("slos", "[web, web]"), ("nextStep", "")],
            "7 error bad-choice spec.slos[1]: web is named twice",
        ),
        (
            &[("dependsOn", "{hard: [shop]}")],
            "13 error dependency-cycle spec.dependsOn.hard: shop cannot depend on itself",
        ),
        (
            &[("dependsOn", "{hard: [db], soft: [db]}")],
            "13 error bad-choice spec.dependsOn: db is both a hard and a soft dependency",
        ),
        (&[("sla", "99.9")], "13 error unknown-field spec.sla: unknown field"),
    ] {
        assert_eq!(told(&here, &promise("p", "shop", fields)), [expected]);
    }
    let taken =
        "3 error bad-name metadata.name: \"export\" stands for something else at /api/v1/promises";
    assert_eq!(told(&here, &promise("export", "shop", &[])), [taken]);
}

#[test]
fn a_service_has_one_promise() {
    let here = state(&[&service("shop"), &promise("first", "shop", &[])]);
    assert_eq!(
        told(&here, &promise("another", "shop", &[])),
        ["5 error second-promise spec.service: the service shop has a promise already: first"]
    );
    let both = format!("{}---\n{}", promise("b", "shop", &[]), promise("a", "shop", &[]));
    assert_eq!(
        told(&state(&[&service("shop")]), &both),
        ["5 error second-promise spec.service: the service shop has a promise already: a"]
    );
    // Two promises may change places, and one may take the place of another.
    let two = format!("{}{}", service("x"), service("y"));
    let (ax, by) = (promise("a", "x", &[]), promise("b", "y", &[]));
    let mut swapped = state(&[&two, &format!("{ax}---\n{by}")]);
    let (ay, bx) = (promise("a", "y", &[]), promise("b", "x", &[]));
    let other = format!("{ay}---\n{bx}");
    for event in decide(&swapped, &apply("set1", &[("f.yaml", &other)], false), &context()).unwrap()
    {
        swapped.apply(6, &event);
    }
    assert_eq!(of_service(&swapped, "x").unwrap().0, "b");
    assert_eq!(of_service(&swapped, "y").unwrap().0, "a");
    let only = promise("c", "x", &[]);
    for event in decide(&swapped, &apply("set1", &[("f.yaml", &only)], true), &context()).unwrap() {
        swapped.apply(7, &event);
    }
    assert_eq!(of_service(&swapped, "x").unwrap().0, "c");
    assert!(of_service(&swapped, "y").is_none());
}

#[test]
fn hard_dependencies_do_not_go_in_circles_and_soft_ones_may() {
    let services = ["a", "b", "c"].map(service).concat();
    let needs = |service: &str, kind: &str, other: &str| {
        promise(service, service, &[("dependsOn", &format!("{{{kind}: [{other}]}}"))])
    };
    let chain = format!("{}---\n{}", needs("a", "hard", "b"), needs("b", "hard", "c"));
    let here = state(&[&services, &chain]);
    let circle = "13 error dependency-cycle spec.dependsOn.hard: hard dependencies go in a circle: c → a → b → c";
    assert_eq!(told(&here, &needs("c", "hard", "a")), [circle]);
    assert_eq!(told(&here, &needs("c", "soft", "a")), [""; 0]);
    let all = format!("{chain}---\n{}", needs("c", "hard", "a"));
    // One fault, said once; whoever mends it mends it for all three.
    let circle = "13 error dependency-cycle spec.dependsOn.hard: hard dependencies go in a circle: a → b → c → a";
    assert_eq!(told(&state(&[&services]), &all), [circle]);
}

#[test]
fn long_chains_of_dependencies_are_walked() {
    const PER_FILE: usize = 3_000;
    let count = 4 * PER_FILE;
    let part = |file: usize| {
        let mut text = String::new();
        for at in file * PER_FILE..(file + 1) * PER_FILE {
            let next = format!("{{hard: [s{}]}}", (at + 1) % count);
            text += &service(&format!("s{at}"));
            text += &promise(&format!("p{at}"), &format!("s{at}"), &[("dependsOn", &next)]);
            text += "---\n";
        }
        (format!("{file}.yaml"), text.into_bytes())
    };
    let files: Vec<_> = (0..4).map(part).collect();
    let plan = catalog::plan(&State::default(), "own", &files);
    let circles = plan.problems.iter().filter(|one| one.code == "dependency-cycle").count();
    assert_eq!(circles, 1, "{:?}", plan.problems.first().map(|one| &one.code));
}

#[test]
fn more_than_the_dependencies_give_is_warned_of() {
    let of = |service: &str, target: &str| {
        slo(&format!("{service}-up"), target)
            .replace("service: shop", &format!("service: {service}"))
    };
    let promised = |service: &str, more: &[(&str, &str)]| {
        let slos = format!("[{service}-up]");
        promise(service, service, &[&[("slos", &*slos), ("nextStep", "")], more].concat())
    };
    let parts = [
        SOURCE.to_owned(),
        of("shop", "0.999"),
        of("db", "0.9995"),
        of("auth", "0.999"),
        promised("db", &[]),
        promised("auth", &[]),
    ];
    let here = state(&[&parts.join("---\n")]);
    let hard = [("dependsOn", "{hard: [db, auth]}")];
    let ceiling = "99.9 % are promised (shop-up), and its hard dependencies give at most 99.85005 %: db 99.95 %, auth 99.9 %";
    assert_eq!(
        told(&here, &promised("shop", &hard)),
        [format!("12 warning above-ceiling spec.dependsOn.hard: {ceiling}")]
    );
    assert_eq!(
        told(&here, &promised("shop", &[("dependsOn", "{hard: [auth], soft: [db]}")])),
        [""; 0]
    );
    let bare = state(&[&format!("{}{}", service("cache"), parts[..2].join("---\n"))]);
    let why = "12 warning unpromised-dependency spec.dependsOn.hard: it depends on cache, and what that gives is not known: it has no promise";
    assert_eq!(told(&bare, &promised("shop", &[("dependsOn", "{hard: [cache]}")])), [why]);
    let whole = state(&[&parts.join("---\n"), &promised("shop", &hard)]);
    let (_, shop) = of_service(&whole, "shop").unwrap();
    let found: Vec<String> =
        coverage::ceiling(&whole, shop).iter().map(ToString::to_string).collect();
    assert_eq!(found, [ceiling]);
}

#[test]
fn a_promise_whose_slo_goes_is_broken_and_says_so() {
    let web = format!("{SOURCE}---\n{}", slo("web", "0.99"));
    let slos = [("slos", "[web]"), ("nextStep", "")];
    let house = "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {name: house}\nspec: {minEvents: 7}\n";
    let own = promise("p", "shop", &[&slos[..], &[("policy", "house")]].concat());
    let mut here = state(&[&web, house, &service("other"), &own]);
    assert_eq!(in_force::policy_of_service(&here, "shop").min_events, 7);
    assert_eq!(in_force::policy_of_service(&here, "other").min_events, 100);
    let only_source = [("f.yaml".to_owned(), SOURCE.into())];
    let plan = catalog::plan(&here, "set0", &only_source);
    assert!(!plan.is_refused());
    let breaks: Vec<String> = plan.breaks["p"].iter().map(ToString::to_string).collect();
    assert_eq!(breaks, ["service shop was withdrawn", "slo web was withdrawn"]);
    for set in ["set0", "set1"] {
        let gone = apply(set, &[("f.yaml", if set == "set0" { SOURCE } else { "[]" })], true);
        let files = if set == "set0" { gone } else { apply(set, &[], true) };
        for event in decide(&here, &files, &context()).unwrap() {
            here.apply(9, &event);
        }
    }
    let today = Date::parse("2027-01-01").unwrap();
    let told: Vec<String> = gaps(&here, "shop", today).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "broken: service shop was withdrawn, slo web was withdrawn, policy house was withdrawn",
            "version 1, not signed by product and engineering",
        ]
    );
    assert_eq!(coverage::services(&here).into_iter().collect::<Vec<_>>(), ["other", "shop"]);
    // Without its policy, that of the house decides.
    assert_eq!(in_force::policy_of_service(&here, "shop").min_events, 100);
    // An SLO that is another service's now does not come back as if nothing had been.
    let moved = slo("web", "0.99").replace("service: shop", "service: other");
    for event in decide(&here, &apply("new", &[("f.yaml", &moved)], false), &context()).unwrap() {
        here.apply(10, &event);
    }
    let (_, broken) = promise::of_service(&here, "shop").unwrap();
    let why: Vec<String> = broken.breakages(&here).iter().map(ToString::to_string).collect();
    assert!(why.contains(&"slo web is of the service other now".to_owned()), "{why:?}");
}
