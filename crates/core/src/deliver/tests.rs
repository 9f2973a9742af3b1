//! The rules about changes, by hand and by naive oracles.

use expect_test::expect;
use proptest::prelude::*;

use super::{change::*, obedience::Obedience, *};
use crate::{
    catalog::tests::{SOURCE, apply, slo},
    command::{Actor, Command, Context, RefusalKind},
    decide::decide,
    event::Event,
    limits::{CHANGE_ID_BYTES_MAX, CHANGES_PER_SERVICE_MAX},
    people::person::PersonId,
    promise::{
        decision::{Decision, Verdict},
        exception,
        gate::Risk,
        policy::Policy,
        record::Decided,
        standing::Standing,
    },
    state::State,
    time::Minute,
};

/// 2026-01-01T00:00Z.
const NOW_MS: i64 = 29_453_760 * 60_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn context(fresh: u128) -> Context {
    Context { at_ms: NOW_MS, actor: Actor::Rule("test".into()), fresh }
}

/// The service `shop`.
fn shop() -> State {
    let mut state = State::default();
    let web = slo("web", "0.99");
    let files = [("s.yaml", SOURCE), ("w.yaml", web.as_str())];
    act(&mut state, &apply("shop", &files, false));
    state
}

fn act(state: &mut State, command: &Command) -> Vec<String> {
    let context = context(7);
    let events = decide(state, command, &context).unwrap();
    for event in &events {
        state.apply(context.at_ms, event);
    }
    events.iter().map(Event::to_text).collect()
}

fn wish(id: &str) -> StartWish {
    StartWish {
        id: Some(id.to_owned()),
        service: "shop".to_owned(),
        kind: "deploy".to_owned(),
        risk: Risk::Normal,
        title: None,
        url: None,
        started_ms: None,
        reverts: None,
        doubt: None,
    }
}

fn start(wish: StartWish) -> Command {
    Command::StartChange(wish)
}

fn finish(id: &str, finished_ms: Option<i64>, outcome: Option<Outcome>) -> Command {
    Command::FinishChange(FinishWish { id: id.to_owned(), finished_ms, outcome })
}

fn refused(state: &State, command: &Command) -> (RefusalKind, String) {
    let refusal = decide(state, command, &context(0)).unwrap_err();
    (refusal.kind, refusal.to_string())
}

#[test]
fn a_change_starts_and_finishes_once_however_often_it_is_said() {
    let mut state = shop();
    let full = StartWish {
        title: Some(" A new basket ".to_owned()),
        url: Some("https://ci.example/7".to_owned()),
        started_ms: Some(NOW_MS - MINUTE_MS),
        ..wish("shop-7")
    };
    expect![[r#"{"type":"change.started","change":"shop-7","service":"shop","kind":"deploy","risk":"normal","title":"A new basket","url":"https://ci.example/7","started_ms":1767225540000,"by":{"rule":"test"}}"#]]
        .assert_eq(&act(&mut state, &start(full.clone())).join("\n"));
    assert_eq!(act(&mut state, &start(full.clone())), Vec::<String>::new());
    let untimed = StartWish { started_ms: None, ..full.clone() };
    assert_eq!(act(&mut state, &start(untimed)), Vec::<String>::new());
    for other in [
        StartWish { started_ms: Some(NOW_MS), ..full.clone() },
        StartWish { risk: Risk::High, ..full.clone() },
        StartWish { title: None, ..full.clone() },
        StartWish { kind: "config".to_owned(), ..full.clone() },
        StartWish { service: "cart".to_owned(), ..full },
    ] {
        assert_eq!(
            refused(&state, &start(other)),
            (
                RefusalKind::Conflict,
                "there is another change shop-7 already: deploy of shop, started 2025-12-31T23:59:00Z; give each \
                 change a name of its own, such as the service and the number of the run"
                    .to_owned()
            )
        );
    }

    let done = finish("shop-7", None, Some(Outcome::Failed));
    expect![[r#"{"type":"change.finished","change":"shop-7","finished_ms":1767225600000,"outcome":"failed","by":{"rule":"test"}}"#]]
        .assert_eq(&act(&mut state, &done).join("\n"));
    assert_eq!(act(&mut state, &done), Vec::<String>::new());
    for other in
        [finish("shop-7", Some(NOW_MS - 1), Some(Outcome::Failed)), finish("shop-7", None, None)]
    {
        assert_eq!(
            refused(&state, &other),
            (
                RefusalKind::Conflict,
                "shop-7 finished at 2026-01-01T00:00:00Z already, failed; what is recorded stays; a further change \
                 has a name of its own"
                    .to_owned()
            )
        );
    }
    // Its service may go; the start may still be repeated, and is still there.
    act(&mut state, &apply("shop", &[], true));
    assert_eq!(refused(&state, &start(wish("shop-8"))).0, RefusalKind::NotFound);
    assert_eq!(state.changes.len(), 1);
}

#[test]
fn a_change_without_a_name_gets_a_fresh_one() {
    let mut state = shop();
    act(&mut state, &start(StartWish { id: None, ..wish("") }));
    let made = state.changes.iter().next().unwrap();
    assert_eq!(made.start.change.to_string(), "c-70000000000000000000");
    assert_eq!((made.start.started_ms, made.recorded_ms, &made.end), (NOW_MS, NOW_MS, &None));
}

#[test]
fn names_are_plain() {
    let longest = "a".repeat(CHANGE_ID_BYTES_MAX);
    for name in ["7", "v1.2.3+build.4", "refs/heads/main@4f2a", "a:b#1=x_y", longest.as_str()] {
        assert_eq!(ChangeId::parse(name).unwrap().to_string(), name);
    }
    let too_long = "a".repeat(CHANGE_ID_BYTES_MAX + 1);
    for name in ["", "-a", ".", "..", "/a", "a b", "a\n", "é", "a?b", "a%2F", "<b>", &too_long] {
        assert_eq!(ChangeId::parse(name).unwrap_err().kind, RefusalKind::Invalid, "{name}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let mut state = shop();
    act(&mut state, &start(wish("v1")));
    let other = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: cart}\nspec: {}\n";
    act(&mut state, &apply("cart", &[("c.yaml", other)], false));
    let texts: Vec<String> = [
        start(StartWish { service: "none".to_owned(), ..wish("v2") }),
        start(StartWish { kind: "P0 Fix".to_owned(), ..wish("v2") }),
        start(StartWish { title: Some(" ".to_owned()), ..wish("v2") }),
        start(StartWish { url: Some("javascript:alert(1)".to_owned()), ..wish("v2") }),
        start(StartWish { reverts: Some("v2".to_owned()), ..wish("v2") }),
        start(StartWish { reverts: Some("v0".to_owned()), ..wish("v2") }),
        start(StartWish {
            reverts: Some("v1".to_owned()),
            service: "cart".to_owned(),
            ..wish("v2")
        }),
        start(StartWish { started_ms: Some(NOW_MS + 6 * MINUTE_MS), ..wish("v2") }),
        start(StartWish { started_ms: Some(NOW_MS - 367 * DAY_MS), ..wish("v2") }),
        start(StartWish { started_ms: Some(i64::MAX), ..wish("v2") }),
        start(StartWish { started_ms: Some(i64::MIN), ..wish("v2") }),
        finish("v2", None, None),
        finish("v1", Some(NOW_MS - 1), None),
        finish("v1", Some(NOW_MS + DAY_MS), None),
    ]
    .iter()
    .map(|command| refused(&state, command).1)
    .collect();
    expect![[r#"
        there is no service "none"; plimsoll service list shows them; documents declare them
        "P0 Fix" is no kind of change; write small letters, digits and hyphens, such as deploy, config or p0-fix
        the title is missing; write 1 to 300 bytes of plain text, on one line
        "javascript:alert(1)" is no address of a web page; write at most 1000 bytes that begin with https://, without blanks
        v2 cannot take back itself; name the change that is taken back; this one is another
        there is no change "v0"; plimsoll change list shows those that are kept; record its start first
        v1 changed shop, and not cart; name a change of the same service, or leave it out
        the change started at 2026-01-01T00:06:00Z, which is still to come; here it is 2026-01-01T00:00:00Z: check the clock of whoever records it, or leave the time out
        the change started at 2024-12-30T00:00:00Z, more than 366 days ago; check the year, or leave the time out
        the change started at 9223372036854775807ms, which is still to come; here it is 2026-01-01T00:00:00Z: check the clock of whoever records it, or leave the time out
        the change started at -9223372036854775808ms, more than 366 days ago; check the year, or leave the time out
        there is no change "v2"; plimsoll change list shows those that are kept; record its start first
        v1 finished at 2025-12-31T23:59:59.999Z, before it started at 2026-01-01T00:00:00Z; check both times, or leave the end out: then it is now
        the change finished at 2026-01-02T00:00:00Z, which is still to come; here it is 2026-01-01T00:00:00Z: check the clock of whoever records it, or leave the time out"#]].assert_eq(&texts.join("\n"));
}

/// Clocks of pipelines may be a little ahead of the server's.
#[test]
fn a_change_that_started_a_little_ahead_can_be_finished_now() {
    let mut state = shop();
    let ahead = NOW_MS + 5 * MINUTE_MS;
    act(&mut state, &start(StartWish { started_ms: Some(ahead), ..wish("v1") }));
    act(&mut state, &finish("v1", None, None));
    let change = state.changes.get(&ChangeId("v1".into())).unwrap();
    assert_eq!(change.end.as_ref().unwrap().finished_ms, ahead);
}

/// Records, at once, what was decided when every minute before this one was over.
fn decided(state: &mut State, verdict: Verdict, minutes_ago: i64) {
    let decision = Decision { verdict, reasons: Vec::new(), spent: Vec::new(), escalated: false };
    let (service, end) = ("shop".into(), Minute(NOW_MS / MINUTE_MS - minutes_ago));
    let (readings, policy, standing) = (Vec::new(), Policy::default(), Standing::default());
    let silent = Vec::new();
    let decided =
        Decided { service, end, decision, readings, silent, policy, standing, unwatched: None };
    let at_ms = end.second() * 1000;
    let context = Context { at_ms, ..context(0) };
    for event in decide(state, &Command::Record(Box::new(decided)), &context).unwrap() {
        state.apply(at_ms, &event);
    }
}

/// What the gate said then counts: a decision about earlier minutes that is made only now was not known.
#[test]
fn a_decision_does_not_stand_before_it_was_made() {
    let mut state = shop();
    decided(&mut state, Verdict::Ship, 50);
    let (service, end) = ("shop".into(), Minute(NOW_MS / MINUTE_MS - 30));
    let decision = Decision {
        verdict: Verdict::Stabilise,
        reasons: Vec::new(),
        spent: Vec::new(),
        escalated: false,
    };
    let late = Decided {
        service,
        end,
        decision,
        readings: Vec::new(),
        silent: Vec::new(),
        policy: Policy::default(),
        standing: Standing::default(),
        unwatched: None,
    };
    act(&mut state, &Command::Record(Box::new(late)));
    let started_ms = Some(NOW_MS - 10 * MINUTE_MS);
    act(&mut state, &start(StartWish { started_ms, ..wish("meanwhile") }));
    act(&mut state, &start(wish("now")));
    let told = |id: &str| {
        let gate = state.changes.get(&ChangeId(id.into())).unwrap().start.gate.as_ref();
        gate.map(|told| told.verdict)
    };
    assert_eq!((told("meanwhile"), told("now")), (Some(Verdict::Ship), Some(Verdict::Stabilise)));
}

/// What the gate refuses for its doubts is not recorded as if it had let it pass.
#[test]
fn what_was_doubtful_when_a_change_started_is_kept_with_it() {
    let mut state = shop();
    decided(&mut state, Verdict::Ship, 50);
    let doubt = Some(Verdict::Unknown);
    act(&mut state, &start(StartWish { doubt, ..wish("doubtful") }));
    act(&mut state, &start(StartWish { doubt, kind: "revert".to_owned(), ..wish("exempt") }));
    decided(&mut state, Verdict::Stabilise, 0);
    act(&mut state, &start(StartWish { doubt, ..wish("spent") }));
    let told = |id: &str| {
        let gate = state.changes.get(&ChangeId(id.into())).unwrap().start.gate.as_ref();
        gate.map(|told| (told.verdict, told.pass.word()))
    };
    assert_eq!(told("doubtful"), Some((Verdict::Unknown, "refused")));
    assert_eq!(told("exempt"), Some((Verdict::Unknown, "exempt")));
    assert_eq!(told("spent"), Some((Verdict::Stabilise, "refused")));
}

#[test]
fn a_change_keeps_what_the_gate_would_have_said_when_it_started() {
    let mut state = shop();
    let ago = |id: &str, minutes: i64, kind: &str| StartWish {
        started_ms: Some(NOW_MS - minutes * MINUTE_MS),
        kind: kind.to_owned(),
        ..wish(id)
    };
    act(&mut state, &start(ago("before", 60, "deploy")));
    decided(&mut state, Verdict::Ship, 50);
    decided(&mut state, Verdict::Stabilise, 30);
    for wish in [
        ago("long-ago", 51, "deploy"),
        ago("healthy", 31, "deploy"),
        ago("uncovered", 30, "deploy"),
        ago("exempt", 20, "revert"),
    ] {
        act(&mut state, &start(wish));
    }
    let person = |handle: &str| PersonId::parse(handle).unwrap();
    for handle in ["ada", "bob"] {
        act(&mut state, &Command::AddPerson(handle.to_owned()));
    }
    let ask = Command::AskException(exception::Wish {
        service: "shop".to_owned(),
        scope: exception::Scope::Kinds(vec!["deploy".into()]),
        class: exception::ReasonClass::Legal,
        reason: "the court says so".to_owned(),
        hours: 1,
        action: "none".to_owned(),
        owner: "ada".to_owned(),
        due: "2026-01-02".to_owned(),
    });
    act(&mut state, &ask);
    let bob = Context { actor: Actor::Owner { person: person("bob") }, ..context(0) };
    let approve = Command::ApproveException(context(7).fresh_id("e", 0).to_string());
    for event in decide(&state, &approve, &bob).unwrap() {
        state.apply(NOW_MS, &event);
    }
    act(&mut state, &start(ago("covered", 0, "deploy")));
    // One that started before the approval was not covered when it started, whenever it is recorded.
    act(&mut state, &start(ago("too-early", 1, "deploy")));
    decided(&mut state, Verdict::Caution, 0);
    act(&mut state, &start(ago("after", 0, "deploy")));
    // Said again it is still what it was.
    act(&mut state, &start(ago("uncovered", 30, "deploy")));

    let told = |id: &str| {
        let gate = state.changes.get(&ChangeId(id.into())).unwrap().start.gate.as_ref();
        gate.map(|told| (told.verdict, told.pass.word(), told.exception.is_some()))
    };
    assert_eq!((told("before"), told("long-ago")), (None, None));
    assert_eq!(told("healthy"), Some((Verdict::Ship, "allowed", false)));
    assert_eq!(told("uncovered"), Some((Verdict::Stabilise, "refused", false)));
    assert_eq!(told("exempt"), Some((Verdict::Stabilise, "exempt", false)));
    assert_eq!(told("covered"), Some((Verdict::Stabilise, "covered", true)));
    assert_eq!(told("too-early"), Some((Verdict::Stabilise, "refused", false)));
    assert_eq!(told("after"), Some((Verdict::Caution, "allowed", false)));

    let obedience = Obedience::of(&state.changes, "shop", NOW_MS - DAY_MS, NOW_MS + 1);
    let uncovered = vec!["uncovered".to_owned(), "too-early".to_owned()];
    let due = Obedience {
        changes: 8,
        unjudged: 2,
        stabilising: 4,
        exempt: 1,
        covered: 1,
        uncovered,
        is_whole: true,
    };
    assert_eq!((&obedience, obedience.share_ppb()), (&due, Some(500_000_000)));
    let before = Obedience::of(&state.changes, "shop", 0, NOW_MS - 30 * MINUTE_MS);
    assert_eq!((before.changes, before.stabilising, before.share_ppb()), (3, 0, None));
}

fn change(number: u32, service: &str, started_ms: i64) -> Change {
    let start = Started {
        change: ChangeId(number.to_string().into()),
        service: service.into(),
        kind: "deploy".into(),
        risk: Risk::Normal,
        title: None,
        url: None,
        started_ms,
        reverts: None,
        gate: None,
        by: Actor::Rule("test".into()),
    };
    Change { start, recorded_ms: started_ms, end: None }
}

#[test]
fn the_first_changes_of_a_service_make_room_and_are_not_forgotten_silently() {
    let mut changes = Changes::default();
    changes.add(change(0, "cart", 5));
    let most = CHANGES_PER_SERVICE_MAX as u32;
    for number in 1..=most {
        changes.add(change(number, "shop", i64::from(number)));
    }
    assert_eq!((changes.len(), changes.whole_from("shop")), (1 + most as usize, None));
    changes.add(change(most + 1, "shop", i64::from(most) + 1));
    changes.add(change(most + 2, "shop", i64::from(most) + 2));
    assert_eq!(changes.len(), 1 + most as usize);
    assert_eq!((changes.whole_from("shop"), changes.whole_from("cart")), (Some(2), None));
    assert_eq!(changes.within(Some("shop"), 0, i64::MAX, None).next().unwrap().start.started_ms, 3);
    // One that started before all that are kept has no place.
    changes.add(change(most + 3, "shop", 1));
    assert_eq!(changes.get(&ChangeId((most + 3).to_string().into())), None);
    assert_eq!(changes.whole_from("shop"), Some(2));
    let text = serde_json::to_string(&changes).unwrap();
    assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes);
}

proptest! {
    #[test]
    fn changes_are_found_by_service_and_time(
        made in prop::collection::vec((0..30_u32, 0..3_usize, 0..50_i64), 0..40),
        from in 0..60_i64,
        length in -5..60_i64,
    ) {
        let services = ["shop", "cart", "search"];
        let mut changes = Changes::default();
        let mut naive: Vec<Change> = Vec::new();
        for (number, service, started_ms) in made {
            let change = change(number, services[service], started_ms);
            naive.retain(|known| known.start.change != change.start.change);
            naive.push(change.clone());
            changes.add(change);
        }
        naive.sort_by_key(|c| (c.start.started_ms, c.start.change.clone()));
        prop_assert!(changes.iter().eq(naive.iter()));
        for service in [None, Some("shop"), Some("cart"), Some("search"), Some("none")] {
            let due: Vec<&Change> = naive.iter().filter(|c| {
                service.is_none_or(|service| c.start.service == service)
                    && from <= c.start.started_ms && c.start.started_ms < from + length
            }).collect();
            prop_assert!(changes.within(service, from, from + length, None).eq(due.iter().copied()));
            // Pages begin behind any change, also behind one that is not among them.
            for last in &naive {
                let last = (last.start.started_ms, last.start.change.clone());
                let rest = due.iter().copied().filter(|c| (c.start.started_ms, c.start.change.clone()) > last);
                prop_assert!(changes.within(service, from, from + length, Some(&last)).eq(rest));
            }
        }
        let text = serde_json::to_string(&changes).unwrap();
        prop_assert_eq!(serde_json::from_str::<Changes>(&text).unwrap(), changes);
    }
}
