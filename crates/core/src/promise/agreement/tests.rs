//! Versions and signatures, by hand and as laws.

use std::collections::BTreeSet;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::{
    catalog::{
        promises_tests::{promise, service},
        tests::{SOURCE, apply, slo},
    },
    command::{Command, RefusalKind},
    decide::decide,
};

fn context(person: &str, at_ms: i64) -> Context {
    let person = PersonId::parse(person).unwrap();
    Context { at_ms, actor: Actor::Owner { person }, fresh: at_ms as u128 }
}

fn id(kind: Kind, name: &str) -> ObjectId {
    ObjectId { kind, name: name.into() }
}

/// A set of this text, with a reason.
fn set(name: &str, text: &str, reason: Option<&str>) -> Command {
    let Command::Apply { set, files, may_withdraw, .. } = apply(name, &[("f.yaml", text)], true)
    else {
        unreachable!()
    };
    Command::Apply { set, files, may_withdraw, reason: reason.map(str::to_owned) }
}

fn sign(of: ObjectId, version: u32, role: Role) -> Command {
    Command::Agree(Wish { of, version, role })
}

/// Does a command; the types of what happened.
fn act(state: &mut State, command: &Command, person: &str, at_ms: i64) -> Vec<String> {
    let events = decide(state, command, &context(person, at_ms)).unwrap();
    for event in &events {
        state.apply(at_ms, event);
    }
    let kind = |event: &Event| event.to_text().split('"').nth(3).unwrap_or_default().to_owned();
    events.iter().map(kind).collect()
}

fn refused(state: &State, command: &Command, person: &str) -> (RefusalKind, String) {
    let refusal = decide(state, command, &context(person, 99)).unwrap_err();
    (refusal.kind, refusal.what)
}

/// A shop that promises 99.9 %, with its people.
fn shop() -> State {
    let mut state = State::default();
    for person in ["pam", "ed", "eve"] {
        act(&mut state, &Command::AddPerson(person.to_owned()), "pam", 0);
    }
    act(&mut state, &set("web", &web("0.999"), None), "eve", 1);
    act(&mut state, &set("promise", &text(""), None), "eve", 2);
    state
}

fn web(target: &str) -> String {
    format!("{SOURCE}---\n{}", slo("web", target))
}

fn text(more: &str) -> String {
    promise("p", "shop", &[("slos", "[web]"), ("nextStep", more)])
}

fn policy_text(spec: &str) -> String {
    format!(
        "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: default}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn both_roles_agree_and_a_changed_target_needs_a_reason() {
    let mut state = shop();
    let of = id(Kind::Promise, "p");
    assert_eq!(
        standing(&state, &of).sentence(),
        "version 1, not signed by product and engineering"
    );
    assert_eq!(
        act(&mut state, &sign(of.clone(), 1, Role::Product), "pam", 10),
        ["agreement.given"]
    );
    assert_eq!(standing(&state, &of).sentence(), "version 1, not signed by engineering");
    // Before anybody agreed, terms change without a reason.
    assert_eq!(
        act(&mut state, &set("web", &web("0.998"), None), "eve", 11),
        ["declared", "promise.proposed"]
    );
    assert_eq!(
        standing(&state, &of).sentence(),
        "version 2, not signed by product and engineering"
    );
    let (kind, what) = refused(&state, &sign(of.clone(), 1, Role::Engineering), "ed");
    assert_eq!(kind, RefusalKind::Conflict);
    assert_eq!(what, "version 1 of promise p is outdated: version 2 was proposed since");
    act(&mut state, &sign(of.clone(), 2, Role::Product), "pam", 12);
    act(&mut state, &sign(of.clone(), 2, Role::Engineering), "ed", 13);
    assert_eq!(standing(&state, &of).sentence(), "version 2, agreed");
    assert_eq!(state.versions[&of].last().unwrap().agreed_ms(), Some(13));

    let (kind, what) = refused(&state, &set("web", &web("0.99"), None), "eve");
    assert_eq!(kind, RefusalKind::Invalid);
    assert_eq!(
        what,
        "agreed terms would change without a reason: promise p (slo web: target 99.8 % → 99 %)"
    );
    let blank = refused(&state, &set("web", &web("0.99"), Some("  ")), "eve");
    assert_eq!(blank.1, "the reason is missing");
    act(&mut state, &set("web", &web("0.99"), Some("nobody noticed")), "eve", 14);
    let now = standing(&state, &of);
    assert_eq!(
        now.sentence(),
        "version 3, not signed by product and engineering; version 2 is in force"
    );
    // Once something was agreed, every further version has its reason, also where the one before was not agreed.
    assert!(refused(&state, &set("web", &web("0.9"), None), "eve").1.starts_with("agreed terms"));
    act(&mut state, &sign(of.clone(), 3, Role::Engineering), "ed", 15);
    act(&mut state, &sign(of.clone(), 3, Role::Product), "pam", 16);
    let versions = &state.versions[&of];
    let stages: Vec<&str> = versions.iter().map(|one| versions.stage(one).word()).collect();
    assert_eq!(stages, ["outdated", "superseded", "agreed"]);
    assert_eq!(versions.last().unwrap().reason.as_deref(), Some("nobody noticed"));
}

#[test]
fn what_is_applied_again_proposes_nothing() {
    let mut state = shop();
    assert_eq!(act(&mut state, &set("promise", &text(""), None), "eve", 5), [""; 0]);
    assert_eq!(act(&mut state, &set("web", &web("0.999"), None), "eve", 5), [""; 0]);
    // A description of the service is no term.
    let described = format!("{}---\n{}", web("0.999"), service("shop").trim_end_matches("---\n"));
    let described = described.replace("spec: {}\n", "spec: {description: Sells}\n");
    assert_eq!(act(&mut state, &set("web", &described, None), "eve", 5), ["declared"]);
    // Its own words are.
    let words = text("Count more.");
    let happened = act(&mut state, &set("promise", &words, None), "eve", 6);
    assert_eq!(happened, ["declared", "promise.proposed"]);
    let differences = {
        let versions = &state.versions[&id(Kind::Promise, "p")];
        let two: Vec<&Version> = versions.iter().collect();
        two[0].terms.differences(&two[1].terms)
    };
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["next step added: Count more."]);
}

#[test]
fn one_person_is_not_two_unless_the_policy_says_so() {
    let mut state = shop();
    let of = id(Kind::Promise, "p");
    act(&mut state, &sign(of.clone(), 1, Role::Product), "pam", 10);
    // The same again does nothing; for the other role somebody else is needed.
    assert_eq!(act(&mut state, &sign(of.clone(), 1, Role::Product), "pam", 11), [""; 0]);
    let (kind, what) = refused(&state, &sign(of.clone(), 1, Role::Engineering), "pam");
    assert_eq!((kind, &*what), (RefusalKind::Conflict, "pam signed version 1 for product already"));
    let (_, what) = refused(&state, &sign(of.clone(), 1, Role::Product), "ed");
    assert_eq!(what, "version 1 of promise p is signed for product by pam");
    act(&mut state, &set("policy", &policy_text("solo: true"), None), "eve", 12);
    act(&mut state, &sign(of.clone(), 1, Role::Engineering), "pam", 13);
    assert_eq!(standing(&state, &of).sentence(), "version 1, agreed, by one person for both sides");
}

#[test]
fn only_those_sign_whom_the_agreed_policy_names() {
    let mut state = shop();
    let (of, house) = (id(Kind::Promise, "p"), id(Kind::Policy, "default"));
    let (_, what) = refused(&state, &sign(house.clone(), 1, Role::Product), "pam");
    assert_eq!(what, "the policy default is built in, and nobody can sign it");
    assert_eq!(standing(&state, &house).sentence(), "nobody agreed to it");
    let names = policy_text("approvers: {product: [pam], engineering: [ed]}");
    assert_eq!(
        act(&mut state, &set("policy", &names, None), "eve", 3),
        ["declared", "policy.proposed"]
    );
    let (kind, what) = refused(&state, &sign(house.clone(), 1, Role::Product), "eve");
    assert_eq!(kind, RefusalKind::Conflict);
    assert_eq!(what, "eve may not sign for product by the policy default");
    refused(&state, &sign(of.clone(), 1, Role::Product), "eve");
    act(&mut state, &sign(house.clone(), 1, Role::Product), "pam", 4);
    act(&mut state, &sign(house.clone(), 1, Role::Engineering), "ed", 5);
    assert!(standing(&state, &house).is_agreed());
    // Nobody becomes an approver by a version that those who may sign have not signed.
    let coup = policy_text("approvers: {product: [eve], engineering: [eve]}, solo: true");
    act(&mut state, &set("policy", &coup, Some("faster")), "eve", 6);
    for version_of in [(house.clone(), 2), (of.clone(), 1)] {
        let (_, what) = refused(&state, &sign(version_of.0, version_of.1, Role::Product), "eve");
        assert_eq!(what, "eve may not sign for product by the policy default");
    }
    // When everybody whom it names has gone, somebody else may.
    act(&mut state, &Command::ErasePerson("pam".to_owned()), "ed", 7);
    act(&mut state, &sign(of, 1, Role::Product), "eve", 8);
}

#[test]
fn what_cannot_be_signed_says_why() {
    let mut state = shop();
    let of = id(Kind::Promise, "p");
    let (kind, what) = refused(&state, &sign(id(Kind::Promise, "q"), 1, Role::Product), "pam");
    assert_eq!((kind, &*what), (RefusalKind::NotFound, "there is no promise \"q\""));
    let (_, what) = refused(&state, &sign(of.clone(), 7, Role::Product), "pam");
    assert_eq!(what, "there is no version 7 of promise p: the newest is 1");
    let rule = Context { actor: Actor::Rule("test".into()), ..context("pam", 9) };
    let refusal = decide(&state, &sign(of.clone(), 1, Role::Product), &rule).unwrap_err();
    assert_eq!(refusal.what, "only a person can agree");
    act(&mut state, &set("web", &format!("{}{SOURCE}", service("shop")), None), "eve", 9);
    let (kind, what) = refused(&state, &sign(of.clone(), 1, Role::Product), "pam");
    assert_eq!(
        (kind, &*what),
        (RefusalKind::Conflict, "promise p is broken: slo web was withdrawn")
    );
    // As long as it is broken nothing new is proposed; when the objective comes back as it was, nothing has changed.
    act(&mut state, &set("web", &web("0.999"), None), "eve", 10);
    assert_eq!(standing(&state, &of).version, 1);
    act(&mut state, &apply("promise", &[], true), "eve", 11);
    let (kind, _) = refused(&state, &sign(of, 1, Role::Product), "pam");
    assert_eq!(kind, RefusalKind::NotFound);
}

/// A policy that was declared before there were versions gets its first when its documents are applied again.
#[test]
fn what_has_no_version_yet_gets_one() {
    let mut state = State::default();
    let house = policy_text("minEvents: 7");
    let events = decide(&state, &set("policy", &house, None), &context("eve", 1)).unwrap();
    let Some((Event::PolicyProposed(_), rest)) = events.split_last() else { panic!("{events:?}") };
    for event in rest {
        state.apply(1, event);
    }
    let (_, what) = refused(&state, &sign(id(Kind::Policy, "default"), 1, Role::Product), "pam");
    assert_eq!(what, "policy default has no version yet: it was declared before there were any");
    assert_eq!(act(&mut state, &set("other", &service("x"), None), "eve", 2), ["declared"]);
    assert_eq!(act(&mut state, &set("policy", &house, None), "eve", 2), ["policy.proposed"]);
}

#[test]
fn versions_are_few_however_often_terms_change() {
    let mut state = shop();
    let of = id(Kind::Promise, "p");
    act(&mut state, &sign(of.clone(), 1, Role::Product), "pam", 3);
    act(&mut state, &sign(of.clone(), 1, Role::Engineering), "ed", 4);
    for number in 0..VERSIONS_KEPT_MAX + 50 {
        let target = format!("0.9{:03}", number % 997);
        act(&mut state, &set("web", &web(&target), Some("again")), "eve", 5);
    }
    let numbers: Vec<u32> = state.versions[&of].iter().map(|one| one.number).collect();
    let last = VERSIONS_KEPT_MAX as u32 + 51;
    assert_eq!(numbers.len(), VERSIONS_KEPT_MAX);
    assert_eq!((numbers[0], numbers[1], *numbers.last().unwrap()), (1, last - 98, last));
    // Withdrawn, the newest and the one in force stay; numbers go on, and the reason is asked for all the same.
    act(&mut state, &apply("promise", &[], true), "eve", 6);
    assert_eq!(state.versions[&of].iter().map(|one| one.number).collect::<Vec<_>>(), [1, last]);
    let withdrawn = standing(&state, &of);
    assert_eq!((withdrawn.is_withdrawn, withdrawn.in_force), (true, Some(1)));
    refused(&state, &set("promise", &text("More."), None), "eve");
    act(&mut state, &set("promise", &text("More."), Some("back")), "eve", 7);
    assert_eq!(standing(&state, &of).version, last + 1);
}

#[test]
fn terms_are_told_in_words() {
    let state = shop();
    let terms = &state.versions[&id(Kind::Promise, "p")].last().unwrap().terms;
    let facts: Vec<String> =
        terms.facts().iter().map(|(term, fact)| format!("{term}: {fact}")).collect();
    expect![[r"
        owner: ada, team payments
        policy: default
        review date: 2027-05-01
        service: shop
        slo web: counted: good events of all events
        slo web: measures: what is pushed
        slo web: no data: is left out
        slo web: target: 99.9 %
        slo web: windows: 30d
        slos: web
        support hours: business
        text: Whoever asks is answered.
        tier: B"]]
    .assert_eq(&facts.join("\n"));
    let policy = PolicyTerms { policy: Policy::default(), no_data: None };
    let terms = Terms::Policy(Box::new(policy));
    let facts: Vec<String> =
        terms.facts().iter().map(|(term, fact)| format!("{term}: {fact}")).collect();
    expect![[r"
        cautionAt: 25 %
        escalation.afterDays: 14
        exceptions.maxHours: 72
        exceptions.perQuarter: 3
        exemptKinds: security, p0-fix, revert, reliability
        fastBurn: factor 14.4 lookback 1h minFailures 5, factor 6 lookback 6h minFailures 5
        maxDataAge: 1h
        minCoverage: 90 %
        minEvents: 100
        recoverAt: 10 %
        solo: no
        stabiliseAt: 0 %"]]
    .assert_eq(&facts.join("\n"));
    // The words are those that the reference of the documents has.
    let reference = include_str!("../../../../../docs/reference/documents.md");
    for term in terms.facts().keys().flat_map(|term| term.split('.')) {
        assert!(reference.contains(&format!("{term}:")), "{term} is no word of a document");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Target(&'static str, bool),
    Sign(u32, Role, &'static str),
    Policy(bool),
    Withdraw,
}

fn any_step() -> impl Strategy<Value = Step> {
    let role = prop::sample::select(Role::ALL.to_vec());
    let person = prop::sample::select(vec!["pam", "ed", "eve"]);
    prop_oneof![
        (prop::sample::select(vec!["0.9", "0.99", "0.999"]), any::<bool>())
            .prop_map(|(target, reason)| Step::Target(target, reason)),
        (1..6_u32, role.clone(), person.clone())
            .prop_map(|(v, role, who)| Step::Sign(v, role, who)),
        (1..6_u32, role, person).prop_map(|(v, role, who)| Step::Sign(v, role, who)),
        any::<bool>().prop_map(Step::Policy),
        Just(Step::Withdraw),
    ]
}

proptest! {
    /// Whatever is done in whatever order: agreed is only what two roles signed, by two people but for solo mode; and
    /// what is in force stays until something later is.
    #[test]
    fn nothing_is_agreed_that_was_not_signed_for_both_sides(steps in prop::collection::vec(any_step(), 0..30)) {
        let mut state = shop();
        let of = id(Kind::Promise, "p");
        let mut was_solo = false;
        let mut in_force = None;
        for (at, step) in steps.into_iter().enumerate() {
            let at_ms = 100 + at as i64;
            let (command, person) = match step {
                Step::Target(target, reason) => (set("web", &web(target), reason.then_some("so")), "eve"),
                Step::Sign(version, role, person) => (sign(of.clone(), version, role), person),
                Step::Policy(solo) => {
                    was_solo |= solo;
                    (set("policy", &policy_text(&format!("solo: {solo}")), Some("so")), "eve")
                }
                Step::Withdraw => (set("web", &format!("{}{SOURCE}", service("shop")), None), "eve"),
            };
            let events = decide(&state, &command, &context(person, at_ms)).unwrap_or_default();
            for event in &events {
                state.apply(at_ms, event);
            }
            let versions = &state.versions[&of];
            let numbers: Vec<u32> = versions.iter().map(|one| one.number).collect();
            prop_assert!(numbers.is_sorted_by(|a, b| a + 1 == *b));
            for version in versions.iter().filter(|one| one.agreed_ms().is_some()) {
                let people: BTreeSet<_> =
                    version.signatures.values().filter_map(|one| one.by.person()).collect();
                prop_assert!(people.len() == 2 || (was_solo && version.is_solo()));
                prop_assert!(version.number == 1 || version.number > in_force.unwrap_or(0) || versions.stage(version) != Stage::Proposed);
            }
            let now = versions.in_force().map(|one| one.number);
            prop_assert!(now >= in_force);
            in_force = now;
            // A reason stands wherever something was agreed before.
            let mut agreed = None;
            for version in versions.iter() {
                let is_late = agreed.is_some_and(|agreed| agreed <= version.proposed_ms);
                prop_assert!(!is_late || version.reason.is_some());
                agreed = agreed.or(version.agreed_ms());
            }
        }
    }
}

/// What two people agreed on, nobody changes alone: not by another document, not by a policy that suits them, not by
/// withdrawing it.
#[test]
fn what_was_agreed_stays_in_force_until_something_else_is() {
    let mut state = shop();
    let policy = |spec: &str| set("policy", &policy_text(spec), Some("because"));
    let both = "approvers: {product: [pam], engineering: [ed]}";
    act(&mut state, &policy(both), "eve", 3);
    for (of, version) in [(id(Kind::Policy, "default"), 1), (id(Kind::Promise, "p"), 1)] {
        act(&mut state, &sign(of.clone(), version, Role::Product), "pam", 4);
        act(&mut state, &sign(of, version, Role::Engineering), "ed", 5);
    }
    let in_force = |state: &State| {
        let Object::Slo(web) = &state.objects[&id(Kind::Slo, "web")].object else { unreachable!() };
        let policy = in_force::policy_of_service(state, "shop");
        (in_force::slo(state, web).target.to_string(), policy.solo, policy.exempt_kinds.len())
    };
    let agreed = ("99.9 %".to_owned(), false, 4);
    assert_eq!(in_force(&state), agreed);

    // A laxer target, a laxer policy of the same name, and one of another name that the promise then names.
    act(&mut state, &set("web", &web("0.5"), Some("because")), "eve", 6);
    act(&mut state, &policy("solo: true, exemptKinds: [feature]"), "eve", 7);
    let lax = policy_text("solo: true, exemptKinds: [feature]").replace("default", "lax");
    act(&mut state, &set("lax", &lax, None), "eve", 8);
    for role in Role::ALL {
        act(&mut state, &sign(id(Kind::Policy, "lax"), 1, role), "eve", 9);
    }
    let to_lax = promise("p", "shop", &[("slos", "[web]"), ("policy", "lax"), ("nextStep", "")]);
    act(&mut state, &set("promise", &to_lax, Some("because")), "eve", 10);
    assert_eq!(in_force(&state), agreed);
    for of in [id(Kind::Policy, "default"), id(Kind::Promise, "p")] {
        let last = state.versions[&of].last().unwrap().number;
        let (kind, what) = refused(&state, &sign(of, last, Role::Product), "eve");
        assert_eq!(kind, RefusalKind::Conflict);
        assert_eq!(what, "eve may not sign for product by the policy default");
    }
    let proposed = in_force::proposed(&state, &id(Kind::Promise, "p"));
    let proposed: Vec<String> = proposed.iter().map(ToString::to_string).collect();
    assert_eq!(proposed, ["policy default → lax", "slo web: target 99.9 % → 50 %"]);

    // Without its document the policy is still in force, and shows who signed it when it comes back.
    let Command::Apply { set: name, may_withdraw, reason, .. } = policy(both) else {
        unreachable!()
    };
    let withdrawn = Command::Apply { set: name, files: Vec::new(), may_withdraw, reason };
    act(&mut state, &withdrawn, "eve", 11);
    assert_eq!(in_force(&state), agreed);
    let standing = standing(&state, &id(Kind::Policy, "default"));
    assert!(standing.is_withdrawn && standing.in_force == Some(1), "{}", standing.sentence());

    // Those who agreed may agree on something else.
    act(&mut state, &policy("solo: true"), "eve", 12);
    let last = state.versions[&id(Kind::Policy, "default")].last().unwrap().number;
    act(&mut state, &sign(id(Kind::Policy, "default"), last, Role::Product), "pam", 13);
    assert_eq!(in_force(&state), agreed);
    act(&mut state, &sign(id(Kind::Policy, "default"), last, Role::Engineering), "ed", 14);
    assert_eq!(in_force(&state), ("99.9 %".to_owned(), true, 4));
}

/// A promise is that of its service: nobody is free of it by giving it another name, or by another promise.
#[test]
fn an_agreed_promise_holds_until_both_sides_agree_to_another_of_its_service() {
    let mut state = shop();
    let both = "approvers: {product: [pam], engineering: [ed]}";
    act(&mut state, &set("policy", &policy_text(both), None), "eve", 3);
    for of in [id(Kind::Policy, "default"), id(Kind::Promise, "p")] {
        act(&mut state, &sign(of.clone(), 1, Role::Product), "pam", 4);
        act(&mut state, &sign(of, 1, Role::Engineering), "ed", 5);
    }
    let target = |state: &State| {
        let Object::Slo(web) = &state.objects[&id(Kind::Slo, "web")].object else { unreachable!() };
        in_force::slo(state, web).target.to_string()
    };
    let lax = policy_text("solo: true, approvers: {product: [eve], engineering: [eve]}")
        .replace("default", "lax");
    act(&mut state, &set("lax", &lax, None), "eve", 6);
    act(&mut state, &set("web", &web("0.5"), Some("because")), "eve", 7);
    let fields = [("slos", "[web]"), ("policy", "lax"), ("nextStep", "")];
    act(
        &mut state,
        &apply("promise", &[("q.yaml", &promise("q", "shop", &fields))], true),
        "eve",
        8,
    );
    assert_eq!(target(&state), "99.9 %");
    assert!(!in_force::policy_of_service(&state, "shop").solo);
    let held = in_force::promise_of_service(&state, "shop").map(|(name, _)| name);
    assert_eq!(held, Some("p"));
    let known: Vec<(&str, bool)> = in_force::promises(&state)
        .into_iter()
        .map(|(name, (_, declared))| (name, declared.is_some()))
        .collect();
    assert_eq!(known, [("p", false), ("q", true)]);
    assert!(standing(&state, &id(Kind::Promise, "p")).is_withdrawn);
    // Nor does it bring a policy into force where nothing was agreed for a service.
    act(&mut state, &set("other", &service("edge"), None), "eve", 8);
    let edge = promise("e", "edge", &[("policy", "lax")]);
    act(&mut state, &set("edge", &edge, None), "eve", 8);
    assert!(!in_force::policy_of_service(&state, "edge").solo);
    // It is signed by the rules that hold, not by those that it brings.
    let (_, what) = refused(&state, &sign(id(Kind::Promise, "q"), 1, Role::Product), "eve");
    assert_eq!(what, "eve may not sign for product by the policy default");
    let (_, what) = refused(&state, &sign(id(Kind::Promise, "p"), 2, Role::Product), "pam");
    assert_eq!(what, "the document of promise p was withdrawn; what was agreed stays in force");
    act(&mut state, &sign(id(Kind::Promise, "q"), 1, Role::Product), "pam", 9);
    assert_eq!(target(&state), "99.9 %");
    act(&mut state, &sign(id(Kind::Promise, "q"), 1, Role::Engineering), "ed", 10);
    assert_eq!(target(&state), "50 %");
    assert!(in_force::policy_of_service(&state, "shop").solo);
    assert_eq!(standing(&state, &id(Kind::Promise, "p")).version, 0);
    assert_eq!(in_force::promises(&state).len(), 2);
}

/// An objective that a promise was agreed with does not go away with its document.
#[test]
fn an_objective_that_is_promised_and_gone_is_named() {
    let mut state = shop();
    for (role, person) in [(Role::Product, "pam"), (Role::Engineering, "ed")] {
        act(&mut state, &sign(id(Kind::Promise, "p"), 1, role), person, 3);
    }
    assert_eq!(in_force::lost(&state, "shop"), []);
    let other = format!("{SOURCE}---\n{}", slo("other", "0.5"));
    act(&mut state, &set("web", &other, Some("because")), "eve", 4);
    let next = promise("p", "shop", &[("slos", "[other]"), ("nextStep", "")]);
    act(&mut state, &set("promise", &next, Some("because")), "eve", 5);
    let why = "the promise p is broken: slo web was withdrawn";
    let lost: Vec<_> = in_force::lost(&state, "shop").into_iter().map(|s| (s.slo, s.why)).collect();
    assert_eq!(lost, [("web".to_owned(), why.to_owned())]);
}

/// Who takes a proposal back proposes what is in force: that is said, and not nothing.
#[test]
fn a_proposal_is_taken_back_by_what_is_in_force() {
    let mut state = shop();
    for (role, person) in [(Role::Product, "pam"), (Role::Engineering, "ed")] {
        act(&mut state, &sign(id(Kind::Promise, "p"), 1, role), person, 3);
    }
    act(&mut state, &set("web", &web("0.5"), Some("because")), "eve", 4);
    let (kind, what) = refused(&state, &set("web", &web("0.999"), None), "eve");
    assert_eq!(kind, RefusalKind::Invalid);
    let words = "agreed terms would change without a reason: promise p (back to what is in force, in place of what was proposed)";
    assert_eq!(what, words);
}
