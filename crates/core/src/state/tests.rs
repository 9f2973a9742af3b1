//! The laws of journal and state, and the rules about people and tokens by hand.

use std::collections::BTreeSet;

use expect_test::{expect, expect_file};
use proptest::prelude::*;

use super::*;
use crate::{
    catalog::{
        promises_tests::promise,
        tests::{apply, slo},
    },
    command::{Actor, Command, Context, RefusalKind},
    decide::decide,
    marks::Interval,
    people::token::{Scope, Wish},
    promise::{agreement::Role, gate::Risk},
    time::Minute,
};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn context(at_ms: i64, fresh: u128) -> Context {
    Context { at_ms, actor: Actor::Rule("test".into()), fresh }
}

fn add(handle: &str) -> Command {
    Command::AddPerson(handle.to_owned())
}

fn issue(person: &str, days: u32) -> Command {
    let scopes = BTreeSet::from([Scope::Push]);
    Command::IssueToken(Wish {
        person: person.to_owned(),
        label: "a test".to_owned(),
        scopes,
        days,
    })
}

/// Decides and applies; the texts of what happened.
fn act(state: &mut State, command: &Command, context: &Context) -> Vec<String> {
    let events = decide(state, command, context).unwrap();
    for event in &events {
        state.apply(context.at_ms, event);
    }
    events.iter().map(Event::to_text).collect()
}

fn refused(state: &State, command: &Command, at_ms: i64) -> (RefusalKind, String) {
    let refusal = decide(state, command, &context(at_ms, 0)).unwrap_err();
    (refusal.kind, refusal.to_string())
}

#[test]
fn a_token_lives_from_its_issue_to_its_end() {
    let mut state = State::default();
    act(&mut state, &add("ada"), &context(0, 0));
    let texts = act(&mut state, &issue("ada", 2), &context(1000, 7));
    expect![[r#"{"type":"token.issued","token":"t-70000000000000000000","person":"ada","label":"a test","scopes":["push"],"expires_ms":172801000}"#]]
        .assert_eq(&texts.join("\n"));
    let token = state.tokens.values().next().unwrap();
    assert!(token.is_valid(1000) && token.is_valid(1000 + 2 * DAY_MS - 1));
    assert!(!token.is_valid(1000 + 2 * DAY_MS));
    assert!(token.allows(Scope::Push) && !token.allows(Scope::Read) && !token.allows(Scope::Admin));

    let revoke = Command::RevokeToken("t-70000000000000000000".to_owned());
    assert_eq!(act(&mut state, &revoke, &context(2000, 0)).len(), 1);
    assert!(!state.tokens.values().next().unwrap().is_valid(2000));
    assert_eq!(act(&mut state, &revoke, &context(3000, 0)), Vec::<String>::new());
}

/// After a clock was ahead, the journal's time is: the token is still valid by the clock of the server.
#[test]
fn a_token_that_seems_to_have_expired_is_revoked_all_the_same() {
    let mut state = State::default();
    for (number, command) in [add("ada"), issue("ada", 1)].iter().enumerate() {
        act(&mut state, command, &context(0, number as u128));
    }
    let revoke = Command::RevokeToken("t-10000000000000000000".to_owned());
    assert_eq!(act(&mut state, &revoke, &context(400 * DAY_MS, 0)).len(), 1);
    assert!(!state.tokens.values().next().unwrap().is_valid(0));
}

#[test]
fn who_is_erased_loses_every_token_and_keeps_the_handle() {
    let mut state = State::default();
    for (number, command) in
        [add("ada"), add("bob"), issue("ada", 1), issue("ada", 9)].iter().enumerate()
    {
        act(&mut state, command, &context(0, number as u128));
    }
    let texts = act(&mut state, &Command::ErasePerson("ada".to_owned()), &context(2 * DAY_MS, 0));
    // Also the token for one day, which has run out: that is so by this clock, and the next may be another.
    expect![[r#"
        {"type":"token.revoked","token":"t-20000000000000000000"}
        {"type":"token.revoked","token":"t-30000000000000000000"}
        {"type":"person.erased","person":"ada"}"#]]
    .assert_eq(&texts.join("\n"));
    assert_eq!(refused(&state, &add("ada"), 0).0, RefusalKind::Conflict);
    assert_eq!(refused(&state, &issue("ada", 1), 0).0, RefusalKind::NotFound);
    let last = refused(&state, &Command::ErasePerson("bob".to_owned()), 0);
    assert_eq!(
        last.1,
        "bob is the last person here; add another person first: somebody must be able to act"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut state = State::default();
    act(&mut state, &add("ada"), &context(0, 0));
    for handle in ["", "Ada", "1a", "-a", "a b", "a\u{7}", &"a".repeat(41)] {
        assert_eq!(refused(&state, &add(handle), 0).0, RefusalKind::Invalid, "{handle}");
    }
    for days in [0, 367] {
        assert_eq!(refused(&state, &issue("ada", days), 0).0, RefusalKind::Invalid);
    }
    let Command::IssueToken(wish) = issue("ada", 1) else { unreachable!() };
    let nothing = Command::IssueToken(Wish { scopes: BTreeSet::new(), ..wish });
    assert_eq!(refused(&state, &nothing, 0).0, RefusalKind::Invalid);
    assert_eq!(
        refused(&state, &Command::RevokeToken("t-0".to_owned()), 0).0,
        RefusalKind::NotFound
    );
}

#[test]
fn events_of_another_program_are_not_read() {
    for (text, why) in [
        ("", "it is no JSON object with a type"),
        ("[]", "it is no JSON object with a type"),
        (r#"{"person":"ada"}"#, "it is no JSON object with a type"),
        (
            r#"{"type":"person.added","v":2,"person":"ada"}"#,
            "it is of type person.added version 2, which this program does not know; a newer program wrote it",
        ),
        (
            r#"{"type":"person.promoted","person":"ada"}"#,
            "it is of type person.promoted version 1, which this program does not know; a newer program wrote it",
        ),
        (r#"{"type":"person.added"}"#, "its type is person.added, and missing field `person`"),
    ] {
        assert_eq!(Event::read(text).unwrap_err().to_string(), why, "{text}");
    }
}

/// What version 1 wrote is read for ever, and means what it meant. The journal is never changed; the state beside it
/// only where the state itself has another shape.
#[test]
fn the_golden_journal_folds_to_the_golden_state() {
    let mut state = State::default();
    for line in include_str!("golden/journal-1.ndjson").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let event = Event::read(&line["event"].to_string()).unwrap();
        state.apply(line["at_ms"].as_i64().unwrap(), &event);
    }
    let dump = serde_json::to_string_pretty(&state).unwrap() + "\n";
    expect_file!["golden/state-1.json"].assert_eq(&dump);
}

/// Exclusions and attributions, and taking some of them back.
fn any_mark() -> impl Strategy<Value = Command> {
    let of = prop::sample::select(vec![
        Subject::Sli("a-answers".into()),
        Subject::Sli("b-answers".into()),
        Subject::Service("shop".into()),
    ]);
    let interval = (of, 0..99_i64, 0..9_i64)
        .prop_map(|(of, from, length)| Interval::new(of, Minute(from), Minute(from + length)));
    let id = |prefix: &'static str| {
        (0..40_u32)
            .prop_map(move |number| context(0, u128::from(number)).fresh_id(prefix, 0).to_string())
    };
    let reason = || "a test".to_owned();
    let attribute = move |interval| {
        let (kind, name) = ("change".to_owned(), "v2".to_owned());
        Command::Attribute(attribution::Wish { interval, kind, name, reason: Some(reason()) })
    };
    prop_oneof![
        interval.clone().prop_map(move |interval| {
            Command::Exclude(exclusion::Wish { interval, reason: reason() })
        }),
        interval.prop_map(attribute),
        id("x").prop_map(Command::UndoExclusion),
        id("a").prop_map(Command::UndoAttribution),
    ]
}

/// Changes that start and finish, of a few names.
fn any_change() -> impl Strategy<Value = Command> {
    let id = || prop::sample::select(vec!["v1", "v2", "v3", "v 4"]).prop_map(String::from);
    let time = || prop::option::of(0..3 * DAY_MS);
    let service = prop::sample::select(vec!["shop", "none"]).prop_map(String::from);
    let start = (prop::option::of(id()), service, time(), prop::option::of(id())).prop_map(
        |(id, service, started_ms, reverts)| {
            Command::StartChange(change::StartWish {
                id,
                service,
                kind: "deploy".to_owned(),
                risk: Risk::Normal,
                title: None,
                url: None,
                started_ms,
                reverts,
                doubt: None,
            })
        },
    );
    let finish = (id(), time()).prop_map(|(id, finished_ms)| {
        Command::FinishChange(change::FinishWish { id, finished_ms, outcome: None })
    });
    prop_oneof![start, finish]
}

fn any_command() -> impl Strategy<Value = Command> {
    let handle = prop::sample::select(vec!["ada", "bob", "cyd", "No"]).prop_map(String::from);
    let token =
        (0..20_u32).prop_map(|number| context(0, u128::from(number)).fresh_id("t", 0).to_string());
    let target = prop::sample::select(vec!["0.9", "0.99", "1.5"]);
    let slos = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), target, 0..3);
    let set = prop::sample::select(vec!["one", "two"]);
    let applied = (set, slos, any::<bool>()).prop_map(|(set, slos, may_withdraw)| {
        let texts: Vec<_> = slos.iter().map(|(name, target)| (*name, slo(name, target))).collect();
        let files: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        apply(set, &files, may_withdraw)
    });
    let promised =
        (prop::sample::select(vec!["a", "b"]), any::<bool>()).prop_map(|(slo, reason)| {
            let fields = [("slos", &*format!("[{slo}]"))];
            let text = promise("p", "shop", &fields);
            let Command::Apply { set, files, may_withdraw, .. } =
                apply("promise", &[("p.yaml", &text)], true)
            else {
                unreachable!()
            };
            let reason = reason.then(|| "a test".to_owned());
            Command::Apply { set, files, may_withdraw, reason }
        });
    let role = prop::sample::select(Role::ALL.to_vec());
    let agreed = (1..4_u32, role).prop_map(|(version, role)| {
        let of = ObjectId { kind: Kind::Promise, name: "p".into() };
        Command::Agree(agreement::Wish { of, version, role })
    });
    prop_oneof![
        applied,
        promised,
        agreed,
        any_mark(),
        any_change(),
        handle.clone().prop_map(Command::AddPerson),
        handle.clone().prop_map(Command::ErasePerson),
        (handle, 0..5_u32).prop_map(|(person, days)| issue(&person, days)),
        token.prop_map(Command::RevokeToken),
    ]
}

proptest! {
    #[test]
    fn the_replayed_state_is_the_live_state(commands in prop::collection::vec((any_command(), 0..DAY_MS), 0..40)) {
        let mut live = State::default();
        let mut journal = Vec::new();
        let mut at_ms = 0;
        for (number, (command, after_ms)) in commands.into_iter().enumerate() {
            at_ms += after_ms;
            let mut context = context(at_ms, number as u128);
            if let Some(person) = live.people.keys().nth(number % 2) {
                context.actor = Actor::Owner { person: person.clone() };
            }
            let Ok(events) = decide(&live, &command, &context) else { continue };
            for event in events {
                live.apply(at_ms, &event);
                journal.push((at_ms, event.to_text()));
            }
        }
        let mut replayed = State::default();
        for (at_ms, text) in &journal {
            replayed.apply(*at_ms, &Event::read(text).unwrap());
        }
        prop_assert_eq!(&replayed, &live);
        let bytes = serde_json::to_string(&live).unwrap();
        prop_assert_eq!(serde_json::from_str::<State>(&bytes).unwrap(), live.clone());
        // Nobody who is gone can act, and somebody always can.
        for token in live.tokens.values().filter(|token| token.is_valid(at_ms)) {
            prop_assert!(live.people[&token.person].is_active());
        }
        prop_assert!(live.people.is_empty() || live.people.values().any(Person::is_active));
        // No two SLIs or sources ever shared a number.
        let numbers: BTreeSet<_> = live.keys.values().collect();
        prop_assert_eq!(numbers.len(), live.keys.len());
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}") {
        let _ = Event::read(&text);
    }
}
