//! The state as a snapshot keeps it: what is restored is what was saved, wherever in the journal that was, and it can
//! be decided on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::{
    catalog::Object,
    command::{Actor, Command, Context},
    decide::decide,
    event::Event,
    marks::{Interval, Subject, exclusion},
    state::State,
    time::Minute,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(state) = serde_json::from_slice::<State>(data) {
        assert_eq!(restored(&state), state);
        ask(&state, 0);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let events: Vec<Event> = text.lines().filter_map(|line| Event::read(line).ok()).collect();
    let mut whole = State::default();
    let mut resumed = State::default();
    for (number, event) in events.iter().enumerate() {
        // Somebody saves and restores at an entry of the middle.
        if number == events.len() / 2 {
            resumed = restored(&whole);
        }
        whole.apply(number as i64 * 1000, event);
        resumed.apply(number as i64 * 1000, event);
    }
    assert_eq!(resumed, whole, "a snapshot changed what the journal folds to");
    assert_eq!(restored(&whole), whole);
    let now_ms = events.len() as i64 * 1000;
    ask(&whole, now_ms);
    decide_on(&whole, now_ms);
});

/// Saves and restores.
fn restored(state: &State) -> State {
    let saved = serde_json::to_vec(state).expect("a state can be saved");
    let restored: State = serde_json::from_slice(&saved).expect("what was saved can be restored");
    assert_eq!(serde_json::to_vec(&restored).expect("it can be saved again"), saved);
    restored
}

/// Asks of it what the server asks.
fn ask(state: &State, at_ms: i64) {
    for (id, declared) in &state.objects {
        let _marks = (state.exclusions(&id.name), state.attributions(&id.name));
        if let Object::Slo(slo) = &declared.object {
            for window in &slo.windows {
                let _place = (window.to_string(), window.at(Minute::of_second(at_ms / 1000)));
            }
        }
    }
}

/// Decides commands on it.
fn decide_on(state: &State, at_ms: i64) {
    let actor = Actor::Rule("fuzz".into());
    for (fresh, command) in commands(state).into_iter().enumerate() {
        let context = Context { at_ms, actor: actor.clone(), fresh: fresh as u128 };
        let mut next = state.clone();
        for event in decide(state, &command, &context).unwrap_or_default() {
            assert_eq!(Event::read(&event.to_text()).as_ref(), Ok(&event), "{}", event.to_text());
            next.apply(at_ms, &event);
        }
        assert_eq!(restored(&next), next);
    }
}

/// A command about each of the first few things there are.
fn commands(state: &State) -> Vec<Command> {
    let people = state.people.keys().take(4).map(|id| Command::ErasePerson(id.to_string()));
    let tokens = state.tokens.keys().take(4).map(|id| Command::RevokeToken(id.to_string()));
    let exclusions = state.exclusions.iter().take(4);
    let exclusions = exclusions.map(|mark| Command::UndoExclusion(mark.id.to_string()));
    let attributions = state.attributions.iter().take(4);
    let attributions = attributions.map(|mark| Command::UndoAttribution(mark.id.to_string()));
    let exclude = state.objects.keys().take(8).map(|id| {
        let of = Subject::Sli(id.name.clone());
        let interval = Interval::new(of, Minute(-60), Minute(-1));
        Command::Exclude(exclusion::Wish { interval, reason: "fuzz".to_owned() })
    });
    let sets = state.objects.values().take(4).map(|declared| Command::Apply {
        set: declared.owner.set.clone(),
        files: Vec::new(),
        may_withdraw: true,
        reason: Some("fuzzing".to_owned()),
    });
    let add = Command::AddPerson("ada".to_owned());
    people
        .chain(tokens)
        .chain(exclusions)
        .chain(attributions)
        .chain(exclude)
        .chain(sets)
        .chain([add])
        .collect()
}
