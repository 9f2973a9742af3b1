//! The rules about exceptions, by hand; and what they cost, by hand and by a naive oracle.

use expect_test::expect;
use proptest::prelude::*;

use super::{cost::*, *};
use crate::{
    catalog::tests::{SOURCE, apply, slo},
    command::{Command, Context, RefusalKind},
    decide::decide,
    event::Event,
    limits::{EXCEPTIONS_PER_SERVICE_MAX, EXCEPTIONS_WAITING_MAX},
    measure::{
        exclusion::Exclusions,
        ledger::testing::ledger,
        slot::Slot,
        window::{Period, Unit, Window},
    },
    people::token::TokenId,
    promise::slo::{Budgeting, NoData, Slo},
    ratio::Target,
    time::Span,
};

/// 2026-01-01T00:00Z.
const NOW: i64 = 29_453_760;
const NOW_MS: i64 = NOW * 60_000;
const HOUR_MS: i64 = 3600 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn person(handle: &str, token: &str) -> Actor {
    Actor::Person { person: PersonId::parse(handle).unwrap(), token: TokenId(token.into()) }
}

fn context(handle: &str, at_ms: i64, fresh: u128) -> Context {
    Context { at_ms, actor: person(handle, "t-1"), fresh }
}

/// The service `shop`, and ada, bob and cyd; under this policy, where one is given.
fn shop(policy: Option<&str>) -> State {
    let mut state = State::default();
    let web = slo("web", "0.99");
    let policy = policy.map(|spec| {
        format!("apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: default}}\nspec: {{{spec}}}\n")
    });
    let mut files = vec![("s.yaml", SOURCE), ("w.yaml", web.as_str())];
    files.extend(policy.as_ref().map(|text| ("p.yaml", text.as_str())));
    act(&mut state, &apply("shop", &files, false), &context("ada", NOW_MS, 0));
    for handle in ["ada", "bob", "cyd"] {
        act(&mut state, &Command::AddPerson(handle.to_owned()), &context("ada", NOW_MS, 0));
    }
    state
}

fn act(state: &mut State, command: &Command, context: &Context) -> Vec<String> {
    let events = decide(state, command, context).unwrap();
    for event in &events {
        state.apply(context.at_ms, event);
    }
    events.iter().map(Event::to_text).collect()
}

fn refused(state: &State, command: &Command, context: &Context) -> (RefusalKind, String) {
    let refusal = decide(state, command, context).unwrap_err();
    (refusal.kind, refusal.to_string())
}

fn wish() -> Wish {
    Wish {
        service: "shop".to_owned(),
        scope: Scope::Changes(vec!["shop-7".into()]),
        class: ReasonClass::CustomerCommitment,
        reason: "the fair opens on Friday".to_owned(),
        hours: 24,
        action: "take the slow query out of the basket".to_owned(),
        owner: "cyd".to_owned(),
        due: "2026-01-15".to_owned(),
    }
}

/// ada asks; the name of what she asked for.
fn asked(state: &mut State, wish: Wish, at_ms: i64, fresh: u128) -> String {
    let context = context("ada", at_ms, fresh);
    act(state, &Command::AskException(wish), &context);
    context.fresh_id("e", 0).to_string()
}

fn approve(id: &str) -> Command {
    Command::ApproveException(id.to_owned())
}

fn reject(id: &str) -> Command {
    Command::RejectException { id: id.to_owned(), reason: None }
}

fn revoke(id: &str) -> Command {
    Command::RevokeException { id: id.to_owned(), reason: Some("it was a mistake".to_owned()) }
}

fn pay(id: &str, note: &str) -> Command {
    Command::PayException { id: id.to_owned(), note: note.to_owned() }
}

fn get<'a>(state: &'a State, id: &str) -> &'a Exception {
    state.exceptions.get(&ExceptionId(id.into())).unwrap()
}

#[test]
fn an_exception_is_asked_approved_in_force_expired_and_paid() {
    let mut state = shop(None);
    let ask = Command::AskException(wish());
    let texts = act(&mut state, &ask, &context("ada", NOW_MS, 1));
    expect![[r#"{"type":"exception.asked","exception":"e-10000000000000000000","service":"shop","scope":{"changes":["shop-7"]},"class":"customer-commitment","reason":"the fair opens on Friday","hours":24,"payback":{"action":"take the slow query out of the basket","owner":"cyd","due":"2026-01-15"},"by":{"person":{"person":"ada","token":"t-1"}}}"#]].assert_eq(&texts.join("\n"));
    let id = "e-10000000000000000000";
    assert_eq!(get(&state, id).status(NOW_MS), Status::Waiting);
    assert_eq!(get(&state, id).debt(NOW_MS), None);
    let (from, to) = (NOW_MS + HOUR_MS, NOW_MS + 25 * HOUR_MS);
    let covered = |state: &State, change: &str, at_ms| {
        state.covering("shop", Some(change), Some("deploy"), at_ms).is_some()
    };
    assert!(!covered(&state, "shop-7", from));
    let texts = act(&mut state, &approve(id), &context("bob", from, 0));
    expect![[r#"{"type":"exception.approved","exception":"e-10000000000000000000","until_ms":1767315600000,"by":{"person":{"person":"bob","token":"t-1"}}}"#]].assert_eq(&texts.join("\n"));
    for (at_ms, status, is_covered) in [
        (from - 1, Status::InForce, false),
        (from, Status::InForce, true),
        (to - 1, Status::InForce, true),
        (to, Status::Expired, false),
    ] {
        assert_eq!(get(&state, id).status(at_ms), status);
        assert_eq!(covered(&state, "shop-7", at_ms), is_covered, "{at_ms}");
        assert!(!covered(&state, "shop-8", at_ms));
    }
    assert!(state.covering("cart", Some("shop-7"), None, from).is_none());

    // Due on the 15th means: overdue from the first moment of the 16th.
    assert_eq!(get(&state, id).debt(NOW_MS + 15 * DAY_MS - 1), Some(Debt::Open));
    assert_eq!(get(&state, id).debt(NOW_MS + 15 * DAY_MS), Some(Debt::Overdue));
    let late = context("cyd", NOW_MS + 20 * DAY_MS, 0);
    let texts = act(&mut state, &pay(id, "the query is gone"), &late);
    expect![[r#"{"type":"exception.paid","exception":"e-10000000000000000000","note":"the query is gone","by":{"person":{"person":"cyd","token":"t-1"}}}"#]].assert_eq(&texts.join("\n"));
    assert_eq!(act(&mut state, &pay(id, "the query is gone"), &late), Vec::<String>::new());
    assert_eq!(refused(&state, &pay(id, "something else"), &late).0, RefusalKind::Conflict);
    assert_eq!(get(&state, id).debt(NOW_MS + 20 * DAY_MS), Some(Debt::Paid));
}

#[test]
fn nobody_answers_what_they_asked_for_themselves() {
    let mut state = shop(None);
    let id = asked(&mut state, wish(), NOW_MS, 1);
    for actor in [
        person("ada", "t-1"),
        person("ada", "t-2"),
        Actor::Owner { person: PersonId::parse("ada").unwrap() },
        Actor::Rule("test".into()),
    ] {
        let context = Context { at_ms: NOW_MS, actor, fresh: 0 };
        for command in [approve(&id), reject(&id)] {
            assert_eq!(refused(&state, &command, &context).0, RefusalKind::Conflict);
        }
    }
    expect!["ada asked for it, and nobody can approve what they asked for themselves; let another person do it, with a token of their own; plimsoll exception revoke takes it back"].assert_eq(&refused(&state, &approve(&id), &context("ada", NOW_MS, 0)).1);
    // Whoever asked may think better of it.
    act(&mut state, &revoke(&id), &context("ada", NOW_MS, 0));
    assert_eq!(get(&state, &id).status(NOW_MS), Status::Revoked);
    expect!["e-10000000000000000000 was revoked by ada at 2026-01-01T00:00:00Z, and cannot be approved now; ask for another one, if it is still needed"].assert_eq(&refused(&state, &approve(&id), &context("bob", NOW_MS, 0)).1);
}

#[test]
fn a_policy_names_who_answers_and_may_leave_it_to_one() {
    let mut state = shop(Some("approvers: {product: [bob], engineering: [cyd]}"));
    let id = asked(&mut state, Wish { owner: "ada".to_owned(), ..wish() }, NOW_MS, 1);
    act(&mut state, &Command::AddPerson("dan".to_owned()), &context("ada", NOW_MS, 0));
    expect!["dan may not approve exceptions: the policy default names others; ask one of bob, cyd"]
        .assert_eq(&refused(&state, &approve(&id), &context("dan", NOW_MS, 0)).1);
    act(&mut state, &approve(&id), &context("cyd", NOW_MS, 0));
    assert!(!get(&state, &id).approved.as_ref().unwrap().1.solo);

    // A name that is nobody's is said to be that; where all were erased, anybody may, as for signatures.
    let mut state = shop(Some("approvers: {product: [bob], engineering: [ghost]}"));
    let id = asked(&mut state, wish(), NOW_MS, 1);
    act(&mut state, &Command::ErasePerson("bob".to_owned()), &context("ada", NOW_MS, 0));
    expect!["cyd may not approve exceptions: the policy default names others; ask one of bob (erased), ghost (unknown here; add them first)"]
        .assert_eq(&refused(&state, &approve(&id), &context("cyd", NOW_MS, 0)).1);
    act(&mut state, &Command::AddPerson("ghost".to_owned()), &context("ada", NOW_MS, 0));
    act(&mut state, &Command::ErasePerson("ghost".to_owned()), &context("ada", NOW_MS, 0));
    let own = refused(&state, &approve(&id), &context("ada", NOW_MS, 0)).1;
    assert!(own.starts_with("ada asked for it"), "{own}");
    act(&mut state, &approve(&id), &context("cyd", NOW_MS, 0));

    let mut state = shop(Some("solo: true"));
    let (own, others) =
        (asked(&mut state, wish(), NOW_MS, 1), asked(&mut state, wish(), NOW_MS, 2));
    act(&mut state, &approve(&own), &context("ada", NOW_MS, 0));
    act(&mut state, &approve(&others), &context("bob", NOW_MS, 0));
    let is_solo = |id: &str| get(&state, id).approved.as_ref().unwrap().1.solo;
    assert!(is_solo(&own) && !is_solo(&others));
}

#[test]
fn what_is_over_is_over() {
    let mut state = shop(None);
    let bob = |at_ms| context("bob", at_ms, 0);
    let lapsed = asked(&mut state, wish(), NOW_MS, 1);
    let rejected = asked(&mut state, wish(), NOW_MS, 2);
    let expired = asked(&mut state, wish(), NOW_MS, 3);
    let revoked = asked(&mut state, wish(), NOW_MS, 4);
    act(&mut state, &reject(&rejected), &bob(NOW_MS));
    act(&mut state, &approve(&expired), &bob(NOW_MS));
    act(&mut state, &approve(&revoked), &bob(NOW_MS));
    expect!["e-30000000000000000000 was approved by bob at 2026-01-01T00:00:00Z, and cannot be approved now; ask for another one, if it is still needed"].assert_eq(&refused(&state, &approve(&expired), &bob(NOW_MS)).1);
    act(&mut state, &revoke(&revoked), &bob(NOW_MS + HOUR_MS));
    let taken = get(&state, &revoked);
    assert_eq!(taken.in_force(), Some((NOW_MS, NOW_MS + HOUR_MS)));
    // What it let pass is still owed for.
    assert_eq!(taken.debt(NOW_MS + 2 * HOUR_MS), Some(Debt::Open));
    assert!(taken.covers(Some("shop-7"), None, NOW_MS + HOUR_MS - 1));
    assert!(!taken.covers(Some("shop-7"), None, NOW_MS + HOUR_MS));

    let later = NOW_MS + 7 * DAY_MS;
    assert_eq!(get(&state, &lapsed).status(later - 1), Status::Waiting);
    let texts: Vec<String> = [&lapsed, &rejected, &expired, &revoked]
        .into_iter()
        .flat_map(|id| [approve(id), reject(id), revoke(id)])
        .map(|command| refused(&state, &command, &bob(later)).1)
        .collect();
    expect![[r"
        e-10000000000000000000 was asked for more than 7 days ago without an answer, and cannot be approved now; ask for another one, if it is still needed
        e-10000000000000000000 was asked for more than 7 days ago without an answer, and cannot be rejected now; ask for another one, if it is still needed
        e-10000000000000000000 was asked for more than 7 days ago without an answer, and cannot be revoked now; ask for another one, if it is still needed
        e-20000000000000000000 was rejected by bob at 2026-01-01T00:00:00Z, and cannot be approved now; ask for another one, if it is still needed
        e-20000000000000000000 was rejected by bob at 2026-01-01T00:00:00Z, and cannot be rejected now; ask for another one, if it is still needed
        e-20000000000000000000 was rejected by bob at 2026-01-01T00:00:00Z, and cannot be revoked now; ask for another one, if it is still needed
        e-30000000000000000000 expired at 2026-01-02T00:00:00Z, and cannot be approved now; ask for another one, if it is still needed
        e-30000000000000000000 expired at 2026-01-02T00:00:00Z, and cannot be rejected now; ask for another one, if it is still needed
        e-30000000000000000000 expired at 2026-01-02T00:00:00Z, and cannot be revoked now; ask for another one, if it is still needed
        e-40000000000000000000 was revoked by bob at 2026-01-01T01:00:00Z, and cannot be approved now; ask for another one, if it is still needed
        e-40000000000000000000 was revoked by bob at 2026-01-01T01:00:00Z, and cannot be rejected now; ask for another one, if it is still needed
        e-40000000000000000000 was revoked by bob at 2026-01-01T01:00:00Z, and cannot be revoked now; ask for another one, if it is still needed"]].assert_eq(&texts.join("\n"));
    assert_eq!(refused(&state, &pay(&rejected, "done"), &bob(later)).0, RefusalKind::Conflict);
    assert_eq!(refused(&state, &approve("e-0"), &bob(later)).0, RefusalKind::NotFound);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let state = shop(None);
    let names = |count: usize| (0..count).map(|n| SmolStr::from(format!("c{n}"))).collect();
    let texts: Vec<String> = [
        Wish { service: "none".to_owned(), ..wish() },
        Wish { hours: 0, ..wish() },
        Wish { hours: 73, ..wish() },
        Wish { reason: " ".to_owned(), ..wish() },
        Wish { scope: Scope::Changes(vec![]), ..wish() },
        Wish { scope: Scope::Changes(names(51)), ..wish() },
        Wish { scope: Scope::Changes(vec!["a b".into()]), ..wish() },
        Wish { scope: Scope::Kinds(vec!["P0 Fix".into()]), ..wish() },
        Wish { action: String::new(), ..wish() },
        Wish { owner: String::new(), ..wish() },
        Wish { owner: "Cyd".to_owned(), ..wish() },
        Wish { owner: "eve".to_owned(), ..wish() },
        Wish { due: String::new(), ..wish() },
        Wish { due: "soon".to_owned(), ..wish() },
        Wish { due: "2025-12-31".to_owned(), ..wish() },
        Wish { due: "2027-01-03".to_owned(), ..wish() },
    ]
    .into_iter()
    .map(|wish| refused(&state, &Command::AskException(wish), &context("ada", NOW_MS, 0)).1)
    .collect();
    expect![[r#"
        there is no service "none"; plimsoll service list shows them; documents declare them
        an exception of 0 hours is not allowed; the policy default allows 1 to 72 hours
        an exception of 73 hours is not allowed; the policy default allows 1 to 72 hours
        the reason is missing; write 1 to 1000 bytes of plain text, on one line
        the exception names 0 changes; name 1 to 50, or ask for every change of the service
        the exception names 51 changes; name 1 to 50, or ask for every change of the service
        "a b" is no name of a change; write 1 to 120 letters, digits and . _ - : / @ + # =, a letter or digit first, such as shop-4f2a
        "P0 Fix" is no kind of change; write small letters, digits and hyphens, such as deploy or config
        the action that pays it back is missing; write 1 to 1000 bytes of plain text, on one line
        the payback has no owner; name the person who sees to it; plimsoll person list shows them
        "Cyd" is no handle of a person; write 1 to 40 lower-case letters, digits and hyphens, a letter first, such as `ada`
        there is no person eve to own the payback; plimsoll person list shows them
        the payback is due on "", which is no day; write a day such as 2026-12-01
        the payback is due on "soon", which is no day; write a day such as 2026-12-01
        the payback is due on 2025-12-31, and today is 2026-01-01; name a day from today on, at most 366 days ahead
        the payback is due on 2027-01-03, and today is 2026-01-01; name a day from today on, at most 366 days ahead"#]].assert_eq(&texts.join("\n"));
    for due in ["2026-01-01", "2027-01-02"] {
        let wish = Wish { due: due.to_owned(), ..wish() };
        assert!(decide(&state, &Command::AskException(wish), &context("ada", NOW_MS, 0)).is_ok());
    }
}

#[test]
fn what_is_allowed_at_the_approval_counts() {
    let mut state = shop(None);
    let id = asked(&mut state, wish(), NOW_MS, 1);
    let web = slo("web", "0.99");
    let policy = "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {name: default}\nspec: {exceptions: {maxHours: 8}}\n";
    let strict = [("s.yaml", SOURCE), ("w.yaml", web.as_str()), ("p.yaml", policy)];
    act(&mut state, &apply("shop", &strict, true), &context("ada", NOW_MS, 0));
    expect!["an exception of 24 hours is not allowed; the policy default allows 1 to 8 hours"]
        .assert_eq(&refused(&state, &approve(&id), &context("bob", NOW_MS, 0)).1);
    act(&mut state, &apply("shop", &[], true), &context("ada", NOW_MS, 0));
    expect![[
        r#"there is no service "shop"; plimsoll service list shows them; documents declare them"#
    ]]
    .assert_eq(&refused(&state, &approve(&id), &context("bob", NOW_MS, 0)).1);
    // Its service is gone; what was asked for is still answered with no.
    act(&mut state, &reject(&id), &context("bob", NOW_MS, 0));
}

#[test]
fn a_quarter_has_only_so_many_exceptions() {
    let mut state = shop(Some("exceptions: {perQuarter: 2}"));
    // The last moment of the quarter.
    let last = NOW_MS + 90 * DAY_MS - 1;
    let due = || Wish { due: "2026-06-01".to_owned(), ..wish() };
    let ids: Vec<String> = (1..5).map(|n| asked(&mut state, due(), last, n)).collect();
    act(&mut state, &approve(&ids[0]), &context("bob", last, 0));
    act(&mut state, &approve(&ids[1]), &context("bob", last, 0));
    act(&mut state, &revoke(&ids[1]), &context("bob", last, 0));
    expect!["shop had 2 of the 2 exceptions that the policy default allows in quarter 1 of 2026: e-10000000000000000000, e-20000000000000000000; wait for the next quarter, or agree on another policy"].assert_eq(&refused(&state, &approve(&ids[2]), &context("bob", last, 0)).1);
    for id in &ids[2..] {
        act(&mut state, &approve(id), &context("bob", last + 1, 0));
    }
    assert_eq!(Quarter::of(last).to_string(), "quarter 1 of 2026");
    assert_eq!(state.exceptions.approved_in("shop", Quarter::of(last)).count(), 2);
    assert_eq!(state.exceptions.approved_in("shop", Quarter::of(last + 1)).count(), 2);

    let mut state = shop(Some("exceptions: {perQuarter: 0}"));
    let id = asked(&mut state, wish(), NOW_MS, 1);
    expect!["shop had 0 of the 0 exceptions that the policy default allows in quarter 1 of 2026; wait for the next quarter, or agree on another policy"].assert_eq(&refused(&state, &approve(&id), &context("bob", NOW_MS, 0)).1);
}

#[test]
fn those_that_are_over_make_room() {
    let mut state = shop(None);
    for number in 0..EXCEPTIONS_WAITING_MAX as u128 {
        asked(&mut state, wish(), NOW_MS, number);
    }
    let more = Command::AskException(wish());
    let full = refused(&state, &more, &context("ada", NOW_MS, 99));
    assert_eq!(full.0, RefusalKind::TooMany);
    let first = context("ada", 0, 0).fresh_id("e", 0).to_string();
    act(&mut state, &approve(&first), &context("bob", NOW_MS, 0));
    for number in 100..100 + EXCEPTIONS_PER_SERVICE_MAX as u128 {
        // Each is rejected at once.
        let due = Wish { due: "2026-01-31".to_owned(), ..wish() };
        let id = asked(&mut state, due, NOW_MS + 8 * DAY_MS, number);
        act(&mut state, &reject(&id), &context("bob", NOW_MS + 8 * DAY_MS, 0));
    }
    assert_eq!(state.exceptions.len(), EXCEPTIONS_PER_SERVICE_MAX);
    // The one that was approved is there, those that lapsed are not.
    let kept = state.exceptions.of_service("shop").filter(|e| e.asked_ms == NOW_MS);
    assert_eq!(kept.map(|e| e.asked.exception.to_string()).collect::<Vec<_>>(), [first]);
    let text = serde_json::to_string(&state.exceptions).unwrap();
    assert_eq!(serde_json::from_str::<Exceptions>(&text).unwrap(), state.exceptions);
}

#[test]
fn a_scope_covers_what_it_names() {
    let changes = Scope::Changes(vec!["v1".into(), "v2".into()]);
    assert!(changes.covers(Some("v2"), Some("deploy")) && changes.covers(Some("v1"), None));
    assert!(!changes.covers(Some("v3"), None) && !changes.covers(None, Some("v1")));
    let kinds = Scope::Kinds(vec!["config".into()]);
    assert!(kinds.covers(None, Some("config")) && !kinds.covers(Some("config"), Some("deploy")));
    assert!(Scope::All.covers(None, None));
}

fn objective(window: Window, budgeting: Budgeting) -> Slo {
    Slo {
        name: "web".to_owned(),
        service: "shop".to_owned(),
        sli: "web-answers".to_owned(),
        target: Target::parse_percent("90").unwrap(),
        windows: vec![window],
        budgeting,
        no_data: NoData::Ignore,
    }
}

/// Ten events a minute, so many of them bad; or nothing is known.
fn slots(bad: impl IntoIterator<Item = Option<u64>>) -> Vec<Slot> {
    let slot = |bad: Option<u64>| bad.map_or(Slot::Missing, |bad| Slot::measured(10 - bad, bad));
    bad.into_iter().map(slot).collect()
}

/// What minutes of these cost, in parts per billion.
fn share(slots: &[Slot], slo: &Slo, from: i64, to: i64, end: i64) -> Option<i64> {
    let (span, end) = (Span::new(Minute(from), Minute(to)), Minute(end));
    let earliest = reach(slo, span, end).unwrap();
    let costs = costs(&ledger(slots), &Exclusions::none(), slo, span, end).unwrap();
    assert_eq!(costs.len(), 1);
    // What lies before the earliest minute does not matter.
    let known = slots.iter().enumerate();
    let late: Vec<Slot> = known
        .map(|(at, slot)| if (at as i64) < earliest.0 { Slot::Missing } else { *slot })
        .collect();
    let again = super::cost::costs(&ledger(&late), &Exclusions::none(), slo, span, end).unwrap();
    assert_eq!(again, costs);
    costs[0].share_ppb
}

#[test]
fn costs_by_hand() {
    // In the first ten minutes 6 of 10 were bad, from 60 to 90 one of 10.
    let bad = |minute: i64| match minute {
        0..10 => 6,
        60..90 => 1,
        _ => 0,
    };
    let all = slots((0..120).map(|minute| Some(bad(minute))));
    let hour = objective(Window::Rolling { minutes: 60 }, Budgeting::Occurrences);
    // 600 events allow 60. From 60 to 90 30 were bad; the hour that ended at 90 holds no others.
    assert_eq!(share(&all, &hour, 60, 90, 120), Some(500_000_000));
    // Two whole budgets and a half one: 60 of 60, then 30 of 60.
    assert_eq!(share(&all, &hour, 0, 120, 120), Some(1_500_000_000));
    assert_eq!(share(&all, &hour, 100, 120, 120), Some(0));
    // Nothing is known of what lies ahead.
    assert_eq!(share(&all, &hour, 120, 150, 120), None);

    // Periods of an hour: 60 of 60 in the first, and until 70 ten of ten in the second.
    let every = Period { count: 1, unit: Unit::Hour };
    let start = "1970-01-01T00:00:00".parse().unwrap();
    let hourly = Window::Calendar { start, zone: "UTC".to_owned(), every };
    let hourly = objective(hourly, Budgeting::Occurrences);
    assert_eq!(share(&all, &hourly, 0, 60, 120), Some(1_000_000_000));
    assert_eq!(share(&all, &hourly, 0, 70, 120), Some(2_000_000_000));

    // Slices of ten minutes: the first is bad, which is one of the six of its hour, of which 0.6 may be bad.
    let slice_target = Target::parse_percent("80").unwrap();
    let slices = Budgeting::Timeslices { slice_minutes: 10, slice_target };
    let by_slice = objective(Window::Rolling { minutes: 60 }, slices);
    assert_eq!(share(&all, &by_slice, 0, 60, 120), Some(1_666_666_667));
    // Half of the slice lies in the first five minutes; its window ends with it.
    assert_eq!(share(&all, &by_slice, 0, 5, 120), Some(5_000_000_000));
}

#[test]
fn a_time_in_minutes_holds_those_that_it_touches() {
    let minutes = |from_ms, to_ms, end| {
        let Span { from, to } = span(from_ms, to_ms, Minute(end));
        (from.0, to.0)
    };
    assert_eq!(minutes(60_000, 120_000, 9), (1, 2));
    assert_eq!(minutes(119_999, 120_001, 9), (1, 3));
    assert_eq!(minutes(60_000, 600_000, 5), (1, 5));
    assert_eq!(minutes(600_000, 900_000, 5), (10, 10));
    assert_eq!(minutes(60_000, i64::MAX, 5), (1, 5));
}

proptest! {
    #[test]
    fn costs_are_what_was_bad_of_what_may_be(
        bad in prop::collection::vec(prop::option::weighted(0.9, 0..=10_u64), 210),
        window in 60..100_u32,
        from in 100..150_i64,
        length in 1..60_i64,
    ) {
        let slo = objective(Window::Rolling { minutes: window }, Budgeting::Occurrences);
        let to = from + length;
        let sum = |from: i64, to: i64| -> (u64, u64) {
            let seen = bad[from as usize..to as usize].iter().flatten();
            (seen.clone().sum(), seen.count() as u64 * 10)
        };
        let (spent, seen) = sum(from, to);
        let allowed = sum(to - i64::from(window), to).1;
        // A tenth may be bad: spent / (allowed / 10), in parts per billion, rounded up.
        let due = (seen > 0).then(|| (spent * 10_000_000_000).div_ceil(allowed) as i64);
        prop_assert_eq!(share(&slots(bad.clone()), &slo, from, to, 210), due);
    }

    /// Whatever is asked and answered when, and by whom: nobody's exception is approved by themselves, none outlasts
    /// what it was asked for, none covers a moment outside, and no quarter has more than the policy allows.
    #[test]
    fn the_laws_of_exceptions_hold(
        acts in prop::collection::vec((0..6_u8, 0..3_usize, 0..8_usize, 0..40_i64), 1..60),
    ) {
        let handles = ["ada", "bob", "cyd"];
        let mut state = shop(Some("exceptions: {perQuarter: 2, maxHours: 48}"));
        let mut at_ms = NOW_MS;
        let mut ids: Vec<String> = vec!["e-0".to_owned()];
        for (number, (act, who, which, hours)) in acts.into_iter().enumerate() {
            at_ms += hours * HOUR_MS;
            let context = context(handles[who], at_ms, number as u128 + 1);
            let id = ids[which % ids.len()].clone();
            let command = match act {
                0 | 1 => {
                    ids.push(context.fresh_id("e", 0).to_string());
                    let due = Date::of(Minute::of_second(at_ms / 1000)).to_string();
                    Command::AskException(Wish { due, hours: hours as u32 * 2, scope: Scope::All, ..wish() })
                }
                2 | 3 => approve(&id),
                4 => reject(&id),
                _ => revoke(&id),
            };
            let Ok(events) = decide(&state, &command, &context) else { continue };
            for event in &events {
                state.apply(at_ms, event);
            }
        }
        let all: Vec<&Exception> = state.exceptions.iter().collect();
        for known in &all {
            let Some((from, to)) = known.in_force() else { continue };
            let (_, approved) = known.approved.as_ref().unwrap();
            prop_assert_ne!(approved.by.person(), known.asked.by.person());
            prop_assert!(known.rejected.is_none() && to - from <= i64::from(known.asked.hours) * HOUR_MS);
            prop_assert!(known.asked.hours <= 48 && from <= to);
            let quarter = Quarter::of(from);
            let same = all.iter().filter(|other| other.in_force().is_some_and(|(from, _)| Quarter::of(from) == quarter));
            prop_assert!(same.count() <= 2);
        }
        for moment in (NOW_MS..at_ms + 50 * HOUR_MS).step_by(HOUR_MS as usize * 7) {
            let naive = all.iter().any(|e| e.in_force().is_some_and(|(from, to)| (from..to).contains(&moment)));
            prop_assert_eq!(state.covering("shop", None, None, moment).is_some(), naive);
        }
    }
}
