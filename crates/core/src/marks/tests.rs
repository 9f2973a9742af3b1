//! The rules about exclusions and attributions, by hand and by naive oracles.

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::{
    catalog::tests::{SOURCE, apply, slo},
    command::{Actor, Command, Context, RefusalKind},
    decide::decide,
    deliver::attribution::Account,
    event::Event,
    limits::{MARK_AHEAD_MINUTES_MAX, MARK_MINUTES_MAX, MARKS_PER_SUBJECT_MAX, WINDOW_MINUTES_MAX},
    people::person::PersonId,
    state::State,
    time::{DAY, Minute},
};

/// 2026-01-01T00:00Z.
const NOW: i64 = 29_453_760;

fn context(fresh: u128) -> Context {
    Context { at_ms: NOW * 60_000, actor: Actor::Rule("test".into()), fresh }
}

/// The service `shop` with the SLIs `web-answers` and `api-answers`.
fn shop() -> State {
    let mut state = State::default();
    let (web, api) = (slo("web", "0.99"), slo("api", "0.99"));
    let files = [("s.yaml", SOURCE), ("w.yaml", web.as_str()), ("a.yaml", api.as_str())];
    act(&mut state, &apply("shop", &files, false), 0);
    state
}

fn act(state: &mut State, command: &Command, fresh: u128) -> Vec<Event> {
    let context = context(fresh);
    let events = decide(state, command, &context).unwrap();
    for event in &events {
        state.apply(context.at_ms, event);
    }
    events
}

fn sli(name: &str) -> Subject {
    Subject::Sli(format!("{name}-answers").into())
}

fn service() -> Subject {
    Subject::Service("shop".into())
}

/// So many minutes after now.
fn interval(of: Subject, from: i64, to: i64) -> Interval {
    Interval::new(of, Minute(NOW + from), Minute(NOW + to))
}

fn exclude(interval: Interval) -> Command {
    Command::Exclude(exclusion::Wish { interval, reason: "a test".to_owned() })
}

fn attribute(interval: Interval, kind: &str, name: &str) -> Command {
    let (kind, name) = (kind.to_owned(), name.to_owned());
    Command::Attribute(attribution::Wish { interval, kind, name, reason: None })
}

/// The id of a mark that was made with these fresh bits.
fn id(prefix: &str, fresh: u128) -> String {
    context(fresh).fresh_id(prefix, 0).into()
}

fn excluded(state: &State, name: &str) -> Vec<i64> {
    let exclusions = state.exclusions(&format!("{name}-answers"));
    (-200..200).filter(|minute| exclusions.contains(Minute(NOW + minute))).collect()
}

fn refused(command: &Command) -> (RefusalKind, String) {
    let refusal = decide(&shop(), command, &context(0)).unwrap_err();
    (refusal.kind, refusal.to_string())
}

#[test]
fn an_exclusion_of_a_service_is_one_of_each_of_its_slis() {
    let mut state = shop();
    let own = act(&mut state, &exclude(interval(sli("web"), -3, -1)), 1);
    expect![[r#"{"type":"exclusion.added","exclusion":"x-10000000000000000000","of":{"sli":"web-answers"},"from_minute":29453757,"to_minute":29453759,"reason":"a test","by":{"rule":"test"}}"#]]
        .assert_eq(&own[0].to_text());
    act(&mut state, &exclude(interval(service(), -2, 1)), 2);
    assert_eq!(excluded(&state, "web"), [-3, -2, -1, 0]);
    assert_eq!(excluded(&state, "api"), [-2, -1, 0]);
    assert_eq!(excluded(&state, "gone"), Vec::<i64>::new());

    act(&mut state, &Command::UndoExclusion(id("x", 2)), 0);
    assert_eq!(excluded(&state, "web"), [-3, -2]);
    let again = decide(&state, &Command::UndoExclusion(id("x", 2)), &context(0)).unwrap_err();
    assert_eq!(
        again.to_string(),
        r#"there is no exclusion "x-20000000000000000000" in force; plimsoll exclusion list shows them"#
    );
}

/// No decision makes it twice; a journal that was tampered with may say so.
#[test]
fn a_mark_that_is_made_twice_is_one_also_after_a_restart() {
    let mut state = shop();
    act(&mut state, &exclude(interval(service(), -60, -50)), 7);
    act(&mut state, &exclude(interval(sli("web"), -20, -10)), 7);
    assert_eq!((state.exclusions.len(), excluded(&state, "api")), (1, vec![]));
    act(&mut state, &Command::UndoExclusion(id("x", 7)), 8);
    assert!(state.exclusions.is_empty());
    let saved = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&saved).unwrap(), state);
}

#[test]
fn an_attribution_names_its_account_and_corrects_the_one_before() {
    let mut state = shop();
    let first = act(&mut state, &attribute(interval(service(), -9, 0), "incident", " INC-7 "), 1);
    expect![[r#"{"type":"attribution.added","attribution":"a-10000000000000000000","of":{"service":"shop"},"from_minute":29453751,"to_minute":29453760,"account":{"kind":"incident","name":"INC-7"},"by":{"rule":"test"}}"#]]
        .assert_eq(&first[0].to_text());
    act(&mut state, &attribute(interval(sli("web"), -4, 0), "change", "v2"), 2);
    let account = |state: &State, sli: &str, minute: i64| {
        state.attributions(sli).account(Minute(NOW + minute)).clone()
    };
    let incident = Account::Incident("INC-7".to_owned());
    assert_eq!(account(&state, "web-answers", -5), incident);
    assert_eq!(account(&state, "web-answers", -4), Account::Change("v2".to_owned()));
    assert_eq!(account(&state, "api-answers", -4), incident);
    act(&mut state, &Command::UndoAttribution(id("a", 2)), 0);
    assert_eq!(account(&state, "web-answers", -4), incident);
    act(&mut state, &Command::UndoAttribution(id("a", 1)), 0);
    assert_eq!(account(&state, "web-answers", -4), Account::Unattributed);
    assert!(state.attributions.is_empty());
}

#[test]
fn the_same_person_excludes_the_same_minutes_once() {
    let mut state = shop();
    let by = |who: &str, fresh| Context {
        actor: Actor::Owner { person: PersonId::parse(who).unwrap() },
        ..context(fresh)
    };
    let command = exclude(interval(service(), -10, -5));
    for event in decide(&state, &command, &by("ada", 1)).unwrap() {
        state.apply(NOW * 60_000, &event);
    }
    let again = decide(&state, &command, &by("ada", 2)).unwrap_err();
    assert_eq!(again.kind, RefusalKind::Conflict);
    assert!(again.what.ends_with(&id("x", 1)), "{again}");
    // Somebody else may say the same, and the same person something else.
    assert!(decide(&state, &command, &by("bob", 3)).is_ok());
    assert!(decide(&state, &exclude(interval(service(), -10, -4)), &by("ada", 4)).is_ok());
    assert!(decide(&state, &exclude(interval(sli("web"), -10, -5)), &by("ada", 5)).is_ok());
}

#[test]
fn marks_of_a_service_stay_when_it_comes_back() {
    let mut state = shop();
    act(&mut state, &exclude(interval(service(), -2, 0)), 1);
    act(&mut state, &apply("shop", &[("s.yaml", SOURCE)], true), 0);
    assert_eq!(excluded(&state, "web"), Vec::<i64>::new());
    let web = slo("web", "0.99");
    act(&mut state, &apply("shop", &[("s.yaml", SOURCE), ("w.yaml", &web)], false), 0);
    assert_eq!(excluded(&state, "web"), [-2, -1]);
}

#[test]
fn what_cannot_be_marked_is_refused() {
    use RefusalKind::{Invalid, NotFound};
    let ahead = MARK_AHEAD_MINUTES_MAX;
    for (interval, kind, why) in [
        (interval(sli("db"), 0, 1), NotFound, "there is no sli \"db-answers\"; plimsoll sli list"),
        (interval(Subject::Service("x".into()), 0, 1), NotFound, "there is no service \"x\""),
        (interval(service(), 5, 5), Invalid, "the interval holds no minute"),
        (interval(service(), 5, 4), Invalid, "the interval holds no minute"),
        (interval(service(), 0, MARK_MINUTES_MAX + 1), Invalid, "longer than 31 days"),
        (interval(service(), ahead + 1, ahead + 2), Invalid, "begins more than 366 days ahead"),
        (
            Interval::new(service(), Minute(i64::MIN), Minute(i64::MAX)),
            Invalid,
            "beyond 1900-01-01",
        ),
    ] {
        let refusals =
            [refused(&exclude(interval.clone())), refused(&attribute(interval, "change", "x"))];
        for (found, text) in refusals {
            assert_eq!(found, kind, "{text}");
            assert!(text.contains(why), "{text}");
        }
    }
    let longest = exclude(interval(service(), ahead, ahead + MARK_MINUTES_MAX));
    assert_eq!(act(&mut shop(), &longest, 0).len(), 1);

    let reason = |text: &str| {
        let (interval, reason) = (interval(service(), 0, 1), text.to_owned());
        refused(&Command::Exclude(exclusion::Wish { interval, reason })).1
    };
    let hint = "write 1 to 1000 bytes of plain text, on one line";
    assert_eq!(reason("  "), format!("the reason is missing; {hint}"));
    for text in ["a\u{1b}[2J", "a\nb", &"a".repeat(1001)] {
        assert_eq!(
            reason(text),
            format!("the reason is too long or holds control characters; {hint}")
        );
    }
    let account = |kind, name| refused(&attribute(interval(service(), 0, 1), kind, name)).1;
    assert!(account("missing data", "x").contains("write incident, change or maintenance"));
    assert!(account("incident", "").contains("the name of the account is missing"));
}

/// A service with as many exclusions as it may have; the one numbered `n` ends `n` minutes after `first`.
fn full(first: i64) -> State {
    let mut state = shop();
    for number in 0..MARKS_PER_SUBJECT_MAX {
        let end = first + number as i64;
        act(&mut state, &exclude(interval(service(), end - 1, end)), number as u128);
    }
    state
}

#[test]
fn where_there_are_too_many_the_one_that_ended_first_goes_if_no_window_reaches_it() {
    let reach = i64::from(WINDOW_MINUTES_MAX) + DAY;
    let one_more = exclude(interval(service(), 5, 6));
    let mut old = full(-reach);
    act(&mut old, &one_more, 1_000_000);
    assert_eq!(old.exclusions.len(), MARKS_PER_SUBJECT_MAX);
    assert!(old.exclusions.get(&MarkId(id("x", 0).into())).is_none());
    assert!(old.exclusions.get(&MarkId(id("x", 1).into())).is_some());
    // Now the first ends a minute later than that.
    let refusal = decide(&old, &one_more, &context(0)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "there would be more than 10000 exclusions of service shop within the longest window; remove those that are not needed"
    );
    // Another subject has room, and undoing makes room.
    act(&mut old, &exclude(interval(sli("web"), 5, 6)), 1_000_001);
    act(&mut old, &Command::UndoExclusion(id("x", 9)), 0);
    act(&mut old, &one_more, 1_000_002);
}

fn any_subject() -> impl Strategy<Value = Subject> {
    prop::sample::select(vec![sli("web"), sli("api"), service()])
}

fn any_interval() -> impl Strategy<Value = Interval> {
    (any_subject(), -150..150_i64, 1..40_i64)
        .prop_map(|(of, from, length)| interval(of, from, from + length))
}

proptest! {
    #[test]
    fn exclusions_are_those_in_force_and_undoing_is_as_if_it_had_never_been(
        made in prop::collection::vec((any_interval(), any::<bool>()), 0..12),
        extra in any_interval(),
    ) {
        let mut state = shop();
        for (number, (interval, _)) in made.iter().enumerate() {
            act(&mut state, &exclude(interval.clone()), number as u128);
        }
        for (number, _) in made.iter().enumerate().filter(|(_, (_, is_undone))| *is_undone) {
            act(&mut state, &Command::UndoExclusion(id("x", number as u128)), 0);
        }
        for (name, own) in [("web", sli("web")), ("api", sli("api"))] {
            let holds = |minute: i64| made.iter().any(|(interval, is_undone)| {
                let is_about = interval.of == own || interval.of == service();
                is_about && !is_undone && interval.span().contains(Minute(NOW + minute))
            });
            let naive: Vec<i64> = (-200..200).filter(|minute| holds(*minute)).collect();
            prop_assert_eq!(excluded(&state, name), naive);
        }
        let before = state.clone();
        act(&mut state, &exclude(extra), 100);
        act(&mut state, &Command::UndoExclusion(id("x", 100)), 0);
        // But for that it happened.
        state.entries = before.entries;
        prop_assert_eq!(state, before);
    }

    #[test]
    fn the_later_attribution_of_a_minute_holds_until_it_is_undone(
        made in prop::collection::vec((any_interval(), any::<bool>()), 0..12),
    ) {
        let mut state = shop();
        for (number, (interval, _)) in made.iter().enumerate() {
            act(&mut state, &attribute(interval.clone(), "change", &number.to_string()), number as u128);
        }
        for (number, _) in made.iter().enumerate().filter(|(_, (_, is_undone))| *is_undone) {
            act(&mut state, &Command::UndoAttribution(id("a", number as u128)), 0);
        }
        let attributions = state.attributions("web-answers");
        for minute in (-200..200).map(|minute| Minute(NOW + minute)) {
            let naive = made.iter().enumerate().rfind(|(_, (interval, is_undone))| {
                !is_undone && interval.of != sli("api") && interval.span().contains(minute)
            });
            let naive = naive.map_or(Account::Unattributed, |(number, _)| Account::Change(number.to_string()));
            prop_assert_eq!(attributions.account(minute), &naive);
        }
    }
}
