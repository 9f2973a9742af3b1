//! Decisions in the journal, and the law of hysteresis.

use proptest::prelude::*;

use super::*;
use crate::{
    command::{Actor, Command, Context, Refusal},
    decide::decide as act,
    measure::{exclusion::Exclusions, ledger::testing::minutes, slot::Slot, window::Window},
    people::person::PersonId,
    promise::{
        agreement::Role,
        decision::decide,
        slo::{Budgeting, NoData, Slo},
    },
    ratio::Target,
    time::{DAY, HOUR},
};

const END: i64 = 10 * HOUR;

fn slo() -> Slo {
    Slo {
        name: "shop-availability".to_owned(),
        service: "shop".to_owned(),
        sli: "availability".to_owned(),
        target: Target::parse_percent("99").unwrap(),
        budgeting: Budgeting::Occurrences,
        windows: vec![Window::Rolling { minutes: END as u32 }],
        no_data: NoData::Ignore,
    }
}

/// 100,000 requests in ten hours, of which so many were bad: 99 % allow 1,000. `None`: nothing was seen.
fn readings(bad: Option<u64>) -> Vec<Reading> {
    let ledger = minutes(END, |minute| match bad {
        None => Slot::Missing,
        // All in the first minute, so that nothing burns fast now.
        Some(bad) if minute == 0 => Slot::measured(100_000 - bad, bad),
        Some(_) => Slot::NoTraffic,
    });
    Reading::of(&slo(), &policy(), &ledger, &Exclusions::none(), Minute(END)).unwrap()
}

/// One by which only the share that is left decides.
fn policy() -> Policy {
    Policy { fast_burn: Vec::new(), ..Policy::default() }
}

fn shop() -> State {
    let mut state = State::default();
    let document = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n";
    let apply = Command::Apply {
        set: "shop".to_owned(),
        files: vec![("shop.yaml".to_owned(), document.into())],
        may_withdraw: false,
        reason: None,
    };
    for event in act(&state, &apply, &context(0)).unwrap() {
        state.apply(0, &event);
    }
    state
}

fn context(at_ms: i64) -> Context {
    Context { at_ms, actor: Actor::Rule("policy".into()), fresh: 0 }
}

/// Decides at a minute and records it; what was recorded.
fn step(state: &mut State, end: i64, readings: Vec<Reading>) -> (Decision, Vec<Event>) {
    let standing = state.decisions.get("shop").map(|record| record.standing.clone());
    let standing = standing.unwrap_or_default();
    let decision = decide(&policy(), &readings, &standing, Minute(end));
    let decided = Decided {
        service: "shop".into(),
        end: Minute(end),
        decision: decision.clone(),
        readings,
        silent: Vec::new(),
        policy: policy(),
        standing,
        unwatched: None,
    };
    let command = Command::Record(Box::new(decided));
    let events = act(state, &command, &context(end * 60_000)).unwrap();
    for event in &events {
        // As the journal keeps it.
        let read = Event::read(&event.to_text()).unwrap();
        assert_eq!(read, *event);
        state.apply(end * 60_000, &read);
    }
    (decision, events)
}

fn verdict(state: &mut State, end: i64, bad: u64) -> Verdict {
    step(state, end, readings(Some(bad))).0.verdict
}

#[test]
fn stabilise_ends_only_with_a_tenth_of_the_budget() {
    use Verdict::{Caution, Ship, Stabilise};
    let mut state = shop();
    // Of 1,000: 0.1 % left, spent, 5 % left, 9.9 % left, 10 % left, 5 % left, 25.1 % left.
    let bad = [999, 1_000, 950, 901, 900, 950, 749];
    let verdicts: Vec<Verdict> =
        (1..).zip(bad).map(|(end, bad)| verdict(&mut state, end, bad)).collect();
    assert_eq!(verdicts, [Caution, Stabilise, Stabilise, Stabilise, Caution, Caution, Ship]);
    let record = &state.decisions["shop"];
    let turns: Vec<_> = record.turns().map(|turn| (turn.minute.0, turn.verdict)).collect();
    assert_eq!(turns, [(1, Caution), (2, Stabilise), (5, Caution), (7, Ship)]);
    let minutes = record.minutes(Span::new(Minute(0), Minute(9)));
    assert_eq!(minutes.map(|(_, minutes)| minutes), [2, 3, 0, 3]);
    let later = record.minutes(Span::new(Minute(3), Minute(6)));
    assert_eq!(later.map(|(_, minutes)| minutes), [0, 1, 0, 2]);
}

#[test]
fn what_says_nothing_new_is_not_recorded() {
    let mut state = shop();
    assert_eq!(step(&mut state, 1, readings(Some(0))).1.len(), 1);
    assert_eq!(step(&mut state, 2, readings(Some(3))).1.len(), 0);
    assert_eq!(step(&mut state, 3, readings(Some(1_000))).1.len(), 1);
    assert_eq!(step(&mut state, 4, readings(Some(1_200))).1.len(), 0);
    assert_eq!(state.entries, 3);
    assert_eq!(state.decisions["shop"].last.entry, 3);
}

#[test]
fn the_order_in_which_spent_budgets_are_read_says_nothing_new() {
    let mut state = shop();
    let mut both = readings(Some(1_000));
    both.extend(
        both.clone().into_iter().map(|reading| Reading { slo: "cart".to_owned(), ..reading }),
    );
    assert_eq!(step(&mut state, 1, both.clone()).1.len(), 1);
    both.reverse();
    assert_eq!(step(&mut state, 2, both.clone()).1.len(), 0);
    // One that is spent in place of another is news.
    both[0].slo = "search".to_owned();
    assert_eq!(step(&mut state, 3, both).1.len(), 1);
}

/// Nobody decided for an hour and a day: that time is unknown, and what stood before does not stand through it.
#[test]
fn time_in_which_nobody_decided_is_unknown() {
    use Verdict::{Ship, Stabilise, Unknown};
    let mut state = shop();
    step(&mut state, 1, readings(Some(0)));
    let decide_after = |state: &mut State, end: i64, until: i64, bad: u64| {
        let readings = readings(Some(bad));
        let standing = state.decisions["shop"].standing.clone();
        let decided = Decided {
            service: "shop".into(),
            end: Minute(end),
            decision: decide(&policy(), &readings, &standing, Minute(end)),
            readings,
            silent: Vec::new(),
            policy: policy(),
            standing,
            unwatched: Some(Span::new(Minute(until), Minute(end))),
        };
        let command = Command::Record(Box::new(decided));
        let events = act(state, &command, &context(end * 60_000)).unwrap();
        for event in &events {
            state.apply(end * 60_000, &Event::read(&event.to_text()).unwrap());
        }
        events.len()
    };
    // A restart takes no longer than five minutes.
    assert_eq!(decide_after(&mut state, 105, 100, 0), 0);
    assert_eq!(decide_after(&mut state, 160, 100, 0), 1);
    // It is said once.
    assert_eq!(decide_after(&mut state, 161, 100, 0), 0);
    assert_eq!(decide_after(&mut state, 161 + DAY, 161, 1_000), 1);
    let record = &state.decisions["shop"];
    let turns: Vec<_> = record.turns().map(|turn| (turn.minute.0, turn.verdict)).collect();
    let due = [(1, Ship), (100, Unknown), (160, Ship), (161, Unknown), (161 + DAY, Stabilise)];
    assert_eq!(turns, due);
    let minutes = record.minutes(Span::new(Minute(1), Minute(171 + DAY)));
    assert_eq!(minutes.map(|(_, minutes)| minutes), [100, 0, 60 + DAY, 10]);
}

#[test]
fn a_budget_that_was_spent_is_not_let_go_by_silence() {
    let mut state = shop();
    step(&mut state, 1, readings(Some(1_000)));
    let (decision, _) = step(&mut state, 2, readings(None));
    assert_eq!(decision.verdict, Verdict::Stabilise);
    assert_eq!(
        decision.reasons[0].text,
        "shop-availability (99 % over 10h): nothing was seen in the window; it was spent, and stabilise stands until \
         10 % is left"
    );
    assert_eq!(verdict(&mut state, 3, 0), Verdict::Ship);
    assert_eq!(step(&mut state, 4, readings(None)).0.verdict, Verdict::Unknown);
}

#[test]
fn after_two_weeks_somebody_above_must_look() {
    let mut state = shop();
    step(&mut state, 1, readings(Some(1_000)));
    let (decision, events) = step(&mut state, 14 * DAY, readings(Some(1_000)));
    assert!(!decision.escalated && events.is_empty());
    let (decision, events) = step(&mut state, 1 + 14 * DAY, readings(Some(1_000)));
    assert!(decision.escalated && events.len() == 1);
    let last = decision.reasons.last().unwrap();
    assert_eq!(
        last.text,
        "stabilise for 14 days: bring it before whoever decides over product and engineering"
    );
    // It began with the first of these decisions, and only recovery ends it.
    assert_eq!(state.decisions["shop"].standing.since, Some(Minute(1)));
    step(&mut state, 2 + 14 * DAY, readings(Some(0)));
    assert_eq!(state.decisions["shop"].standing, Standing::default());
}

fn sign(state: &mut State, end: i64, who: &str, role: Role, left: i64) -> Result<usize, Refusal> {
    sign_by(state, end, who, wish(role, left))
}

fn wish(role: Role, left: i64) -> exit::Wish {
    let budget = BudgetId { slo: slo().name, window: slo().windows.remove(0) };
    exit::Wish {
        service: "shop".to_owned(),
        role,
        reason: "the pool of connections is larger now".to_owned(),
        left: vec![(budget, left)],
    }
}

fn sign_by(state: &mut State, end: i64, who: &str, wish: exit::Wish) -> Result<usize, Refusal> {
    let actor = Actor::Owner { person: PersonId::parse(who).unwrap() };
    let context = Context { at_ms: end * 60_000, actor, fresh: 0 };
    let events = act(state, &Command::SignExit(wish), &context)?;
    for event in &events {
        assert_eq!(Event::read(&event.to_text()).unwrap(), *event);
        state.apply(end * 60_000, event);
    }
    Ok(events.len())
}

#[test]
fn an_exit_that_both_signed_lets_a_spent_budget_go_until_a_further_tenth_is_spent() {
    use Verdict::{Caution, Ship, Stabilise};
    let mut state = shop();
    step(&mut state, 1, readings(Some(0)));
    let nothing = sign(&mut state, 1, "ada", Role::Product, 0).unwrap_err();
    assert_eq!(nothing.what, "shop stands on ship: there is nothing to leave early");
    // 1,500 of 1,000: 50 % more than there was.
    assert_eq!(verdict(&mut state, 2, 1_500), Stabilise);
    // Of another budget something is known; of the spent one nothing.
    let unseen = exit::Wish { left: Vec::new(), ..wish(Role::Product, -500_000_000) };
    let unseen = sign_by(&mut state, 2, "ada", unseen).unwrap_err();
    assert_eq!(unseen.what, "nothing is known now of shop-availability over 10h");
    assert_eq!(sign(&mut state, 2, "ada", Role::Product, -500_000_000), Ok(1));
    let other = exit::Wish { reason: "it rained".to_owned(), ..wish(Role::Product, -500_000_000) };
    let other = sign_by(&mut state, 2, "ada", other).unwrap_err();
    assert_eq!(other.what, "ada signed the exit of shop for product with another reason");
    assert_eq!(other.hint, "what is signed stays: the pool of connections is larger now");
    assert_eq!(sign(&mut state, 2, "ada", Role::Product, -500_000_000), Ok(0));
    let alone = sign(&mut state, 2, "ada", Role::Engineering, -500_000_000).unwrap_err();
    assert_eq!(alone.what, "ada signed the exit of shop for product already");
    assert_eq!(verdict(&mut state, 3, 1_500), Stabilise);
    let seen = exit::Wish {
        reason: "seen under load".to_owned(),
        ..wish(Role::Engineering, -500_000_000)
    };
    assert_eq!(sign_by(&mut state, 3, "bob", seen), Ok(2));
    let again = sign(&mut state, 3, "bob", Role::Engineering, -500_000_000).unwrap_err();
    assert_eq!(again.what, "both signed the exit of shop already");
    assert_eq!(
        state.decisions["shop"].standing.release.as_ref().unwrap().reason,
        "product: the pool of connections is larger now; engineering: seen under load"
    );
    let (decision, _) = step(&mut state, 4, readings(Some(1_500)));
    assert_eq!(decision.verdict, Caution);
    assert_eq!(
        decision.reasons[0].text,
        "shop-availability (99 % over 10h): the budget is spent; 150 % of it was used; an early exit holds, until no \
         more than -60 % is left"
    );
    assert_eq!(verdict(&mut state, 5, 1_599), Caution);
    assert_eq!(verdict(&mut state, 6, 1_600), Stabilise);
    // It is void for good.
    assert_eq!(verdict(&mut state, 7, 1_500), Stabilise);
    assert_eq!(verdict(&mut state, 8, 0), Ship);
    assert_eq!(state.decisions["shop"].standing, Standing::default());
}

#[test]
fn a_decision_from_before_an_exit_does_not_undo_it() {
    let mut state = shop();
    step(&mut state, 1, readings(Some(1_500)));
    let standing = state.decisions["shop"].standing.clone();
    for (who, role) in [("ada", Role::Product), ("bob", Role::Engineering)] {
        sign(&mut state, 2, who, role, -500_000_000).unwrap();
    }
    let late = Decided {
        service: "shop".into(),
        end: Minute(3),
        decision: Decision {
            escalated: true,
            ..decide(&policy(), &readings(Some(1_500)), &standing, Minute(3))
        },
        readings: readings(Some(1_500)),
        silent: Vec::new(),
        policy: policy(),
        standing,
        unwatched: None,
    };
    let command = Command::Record(Box::new(late));
    assert_eq!(act(&state, &command, &context(180_000)), Ok(Vec::new()));
    assert_eq!(verdict(&mut state, 3, 1_500), Verdict::Caution);
}

#[test]
fn of_a_withdrawn_service_nothing_is_recorded_or_kept() {
    let mut state = shop();
    step(&mut state, 1, readings(Some(0)));
    let nothing = Command::Apply {
        set: "shop".to_owned(),
        files: vec![(
            "shop.yaml".to_owned(),
            "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: other}\nspec: {}\n".into(),
        )],
        may_withdraw: true,
        reason: None,
    };
    for event in act(&state, &nothing, &context(0)).unwrap() {
        state.apply(0, &event);
    }
    assert!(state.decisions.is_empty());
    assert_eq!(step(&mut state, 2, readings(Some(0))).1.len(), 0);
}

proptest! {
    /// Against an automaton by hand: spent from 1,000 bad events on, until no more than 900 are known.
    #[test]
    fn hysteresis_never_flaps_and_unknown_never_ships(
        steps in prop::collection::vec(prop::option::of(prop_oneof![0..1_500_u64, 850..1_050_u64]), 1..40),
    ) {
        let mut state = shop();
        let mut is_spent = false;
        for (end, bad) in (1..).zip(steps) {
            let (decision, events) = step(&mut state, end, readings(bad));
            is_spent = match bad {
                Some(bad) => bad >= 1_000 || (is_spent && bad > 900),
                None => is_spent,
            };
            let expected = match bad {
                _ if is_spent => Verdict::Stabilise,
                None => Verdict::Unknown,
                Some(bad) if bad >= 750 => Verdict::Caution,
                Some(_) => Verdict::Ship,
            };
            prop_assert_eq!(decision.verdict, expected);
            // What was recorded can be shown again as it was, from nothing else.
            for event in events {
                let Event::DecisionMade(made) = event else { panic!("{event:?}") };
                let again = decide(&made.policy, &made.readings, &made.standing, made.minute);
                prop_assert_eq!(again, decision.clone());
                prop_assert_eq!(made.reasons, decision.reasons.clone());
            }
        }
    }
}
