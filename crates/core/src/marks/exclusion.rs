//! Exclusions in force: intervals that do not count, such as agreed maintenance.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Interval, Mark, MarkId};
use crate::{
    command::{Actor, Context, Refusal},
    event::Event,
    limits::REASON_BYTES_MAX,
    measure::exclusion::Exclusions,
    state::State,
    text::shortened,
    time::Span,
    words,
};

/// An interval that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Its name.
    pub id: MarkId,
    /// Of what, and when.
    #[serde(flatten)]
    pub interval: Interval,
    /// Why it does not count.
    pub reason: SmolStr,
    /// Who said so.
    pub by: Actor,
    /// When they said so, in milliseconds since 1970.
    pub made_ms: i64,
}

impl Mark for Exclusion {
    const PLURAL: &'static str = "exclusions";

    fn id(&self) -> &MarkId {
        &self.id
    }

    fn interval(&self) -> &Interval {
        &self.interval
    }
}

/// An interval was excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The name of the exclusion.
    pub exclusion: MarkId,
    /// Of what, and when.
    #[serde(flatten)]
    pub interval: Interval,
    /// Why it does not count.
    pub reason: SmolStr,
    /// Who said so.
    pub by: Actor,
}

/// An exclusion was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Which.
    pub exclusion: MarkId,
}

/// What is asked for when an interval is excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of what, and when.
    pub interval: Interval,
    /// Why it is not to count.
    pub reason: String,
}

impl State {
    /// What is taken out of an SLI: by exclusions of its own, and by those of its service.
    pub fn exclusions(&self, sli: &str) -> Exclusions {
        let marks = self.exclusions.about(&self.subjects_of(sli));
        Exclusions::of(marks.into_iter().map(|mark| mark.interval.span()))
    }
}

impl State {
    /// The exclusions in force that take minutes of a span out of an SLI, in the order in which they were made.
    pub fn exclusions_within(&self, sli: &str, span: Span) -> Vec<&Exclusion> {
        let mut marks = self.exclusions.about(&self.subjects_of(sli));
        marks.retain(|mark| !mark.interval.span().intersection(span).is_empty());
        marks
    }
}

/// Excludes an interval.
pub(crate) fn add(state: &State, wish: &Wish, context: &Context) -> Result<Vec<Event>, Refusal> {
    wish.interval.check(state, context)?;
    let reason = words::checked(&wish.reason, "reason", REASON_BYTES_MAX)?;
    let same = context.actor.person().and_then(|person| {
        let mut marks = state.exclusions.of(&wish.interval);
        marks.find(|mark| mark.by.person() == Some(person))
    });
    if let Some(known) = same {
        let (id, of) = (&known.id.0, &wish.interval.of);
        return Err(Refusal::conflict(
            format!("you excluded these minutes of {of} already: {id}"),
            format!("nothing is left to do; plimsoll exclusion undo {id} takes it back"),
        ));
    }
    state.exclusions.check_room(&wish.interval.of, context)?;
    Ok(vec![Event::ExclusionAdded(Added {
        exclusion: MarkId(context.fresh_id("x", 0)),
        interval: wish.interval.clone(),
        reason,
        by: context.actor.clone(),
    })])
}

/// Takes an exclusion back.
pub(crate) fn undo(state: &State, id: &str) -> Result<Vec<Event>, Refusal> {
    let exclusion = MarkId(id.into());
    if !state.exclusions.contains(&exclusion) {
        return Err(Refusal::not_found(
            format!("there is no exclusion {:?} in force", shortened(id)),
            "plimsoll exclusion list shows them",
        ));
    }
    Ok(vec![Event::ExclusionUndone(Undone { exclusion })])
}

pub(crate) fn apply_added(state: &mut State, at_ms: i64, event: &Added) {
    let Added { exclusion: id, interval, reason, by } = event.clone();
    state.exclusions.add(Exclusion { id, interval, reason, by, made_ms: at_ms });
}

pub(crate) fn apply_undone(state: &mut State, event: &Undone) {
    state.exclusions.remove(&event.exclusion);
}
