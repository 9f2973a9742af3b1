//! Pushed slots: where they belong, and whether they may come.

use crate::{
    catalog::object::{Feed, Kind, Measure, Object, ObjectId},
    command::Refusal,
    limits::BATCH_SLOTS_MAX,
    measure::slot::Slot,
    spec::UNKNOWN_TYPE,
    state::State,
    text::shortened,
    time::{Minute, Span},
};

/// Where pushed slots are kept, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The source.
    pub source: u32,
    /// The SLI.
    pub sli: u32,
}

/// Where slots of an SLI belong, from a source if one is named.
///
/// `kept` spans the minutes that may be measured: from the oldest that is kept to the newest that has begun.
///
/// # Errors
/// A refusal, when there is no such SLI, when it is not pushed or not from there, and when a minute is too old, or has
/// not begun yet.
pub fn place(
    state: &State,
    sli: &str,
    source: Option<&str>,
    slots: &[(Minute, Slot)],
    kept: Span,
) -> Result<Place, Refusal> {
    let place = pushed_place(state, sli, source)?;
    if slots.len() > BATCH_SLOTS_MAX {
        let what = format!("{} minutes are too many at once", slots.len());
        return Err(Refusal::invalid(what, format!("send at most {BATCH_SLOTS_MAX}")));
    }
    let early = slots.iter().map(|(minute, _)| *minute).min().filter(|minute| *minute < kept.from);
    if let Some(minute) = early {
        let what = format!("{minute} is before {}, the oldest minute that is kept", kept.from);
        return Err(Refusal::invalid(what, "leave older minutes out"));
    }
    let late = slots.iter().map(|(minute, _)| *minute).max().filter(|minute| *minute >= kept.to);
    if let Some(minute) = late {
        let what = format!("{minute} has not begun yet: here it is {}", kept.to.plus(-1));
        return Err(Refusal::invalid(what, "look at the clocks of both machines"));
    }
    Ok(place)
}

fn pushed_place(state: &State, sli: &str, source: Option<&str>) -> Result<Place, Refusal> {
    let id = |kind, name: &str| ObjectId { kind, name: name.into() };
    let known = state.objects.get(&id(Kind::Sli, sli));
    let Some((Object::Sli { source: declared, measure, .. }, Some(key), set)) =
        known.map(|known| (&known.object, known.key, &known.owner.set))
    else {
        let what = format!("there is no SLI {:?}", shortened(sli));
        return Err(Refusal::not_found(what, "plimsoll sli list shows them; apply declares them"));
    };
    let feeds = |name: &String| match state.objects.get(&id(Kind::Source, name)) {
        Some(known) => matches!(known.object, Object::Source(Feed::Push)),
        None => true,
    };
    if *measure != Measure::Pushed || !declared.as_ref().is_none_or(feeds) {
        return Err(not_pushed(sli, measure, set));
    }
    match (source, declared) {
        (Some(given), Some(declared)) if given != declared => {
            let what = format!(
                "the SLI {sli} gets its counts from {declared}, not from {:?}",
                shortened(given)
            );
            Err(Refusal::conflict(what, "name that source, or none"))
        }
        (Some(given), None) => {
            let what = format!("the SLI {sli} has no source, and {:?} is named", shortened(given));
            Err(Refusal::conflict(what, "leave the source out"))
        }
        _ => {
            let source = declared.as_ref().and_then(|name| state.keys.get(&id(Kind::Source, name)));
            // Numbers of sources and SLIs never meet, so an SLI without a source is its own.
            Ok(Place { source: source.copied().unwrap_or(key), sli: key })
        }
    }
}

/// That an SLI gets its counts otherwise, or that the source it names is none of its set.
fn not_pushed(sli: &str, measure: &Measure, set: &str) -> Refusal {
    if matches!(measure, Measure::Other { kind } if kind == UNKNOWN_TYPE) {
        let what = format!(
            "the SLI {sli} is not pushed: its document names no data source that its set {set} declares"
        );
        let hint = format!(
            "declare a DataSource of type push in the set {set}, and name it; those of other sets are not found"
        );
        return Refusal::conflict(what, hint);
    }
    let what = format!("the SLI {sli} is not pushed: its document says where its counts come from");
    Refusal::conflict(what, "give it a source of type push to send counts yourself")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::{
        catalog::{
            plan,
            tests::{apply, slo},
        },
        command::{Actor, Context, RefusalKind},
        decide::decide,
    };

    const SOURCES: &str = "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: counter}\nspec: {type: push, connectionDetails: {}}\n";

    fn state() -> State {
        let mut state = State::default();
        let web = slo("web", "0.99");
        let command = apply("set", &[("a.yaml", SOURCES), ("b.yaml", &web)], false);
        let context = Context { at_ms: 1, actor: Actor::Rule("test".into()), fresh: 0 };
        for event in decide(&state.clone(), &command, &context).unwrap() {
            state.apply(1, &event);
        }
        state
    }

    const KEPT: Span = Span { from: Minute(100), to: Minute(200) };

    fn ask(
        sli: &str,
        source: Option<&str>,
        minutes: &[i64],
    ) -> Result<Place, (RefusalKind, String)> {
        let slots: Vec<_> = minutes.iter().map(|m| (Minute(*m), Slot::NoTraffic)).collect();
        place(&state(), sli, source, &slots, KEPT).map_err(|refusal| (refusal.kind, refusal.what))
    }

    #[test]
    fn pushed_slots_belong_to_the_numbers_of_their_documents() {
        let place = Ok(Place { source: 0, sli: 1 });
        assert_eq!(ask("web-answers", None, &[100, 199]), place);
        assert_eq!(ask("web-answers", Some("counter"), &[]), place);
    }

    #[test]
    fn a_source_of_another_set_is_told_by_the_plan_and_by_the_push() {
        let mut state = State::default();
        let context = Context { at_ms: 1, actor: Actor::Rule("test".into()), fresh: 0 };
        let web = slo("web", "0.99");
        let text = vec![("web.yaml".to_owned(), web.clone().into_bytes())];
        let codes = |state: &State| -> Vec<&str> {
            plan(state, "shop", &text).problems.iter().map(|problem| problem.code).collect()
        };
        // Nobody declares it; it may live elsewhere.
        assert_eq!(codes(&state), ["unresolved-reference"; 2]);
        for command in [
            apply("shared", &[("a.yaml", SOURCES)], false),
            apply("shop", &[("web.yaml", &web)], false),
        ] {
            for event in decide(&state.clone(), &command, &context).unwrap() {
                state.apply(1, &event);
            }
        }
        assert_eq!(codes(&state), ["source-elsewhere"; 2]);
        let problem = plan(&state, "shop", &text).problems.remove(0);
        expect![[r#"
            web.yaml:11:47: warning[source-elsewhere] spec.indicator.spec.ratioMetric.bad.metricSource.metricSourceRef: the DataSource "counter" is declared in the set shared, and an indicator finds only those of its own set
              hint: declare a DataSource in the set shop under another name, or move this one there"#]].assert_eq(&problem.to_string());
        let refusal = place(&state, "web-answers", None, &[], KEPT).unwrap_err();
        expect!["the SLI web-answers is not pushed: its document names no data source that its set shop declares; declare a DataSource of type push in the set shop, and name it; those of other sets are not found"].assert_eq(&refusal.to_string());
    }

    #[test]
    fn what_does_not_belong_is_refused_with_its_reason() {
        let kind = |answer: Result<Place, (RefusalKind, String)>| answer.unwrap_err();
        assert_eq!(kind(ask("other", None, &[])).0, RefusalKind::NotFound);
        let (refused, what) = kind(ask("web-answers", Some("else"), &[]));
        assert_eq!(refused, RefusalKind::Conflict);
        assert_eq!(what, "the SLI web-answers gets its counts from counter, not from \"else\"");
        let (refused, what) = kind(ask("web-answers", None, &[150, 99]));
        assert_eq!(refused, RefusalKind::Invalid);
        assert_eq!(
            what,
            "1970-01-01T01:39:00Z is before 1970-01-01T01:40:00Z, the oldest minute that is kept"
        );
        let (_, what) = kind(ask("web-answers", None, &[200]));
        assert_eq!(what, "1970-01-01T03:20:00Z has not begun yet: here it is 1970-01-01T03:19:00Z");
    }
}
