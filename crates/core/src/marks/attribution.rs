//! Attributions in force: what the budget that an interval spent is put down to.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Interval, Mark, MarkId};
use crate::{
    command::{Actor, Context, Refusal},
    deliver::attribution::{self, Account, Attributions},
    event::Event,
    limits::{ACCOUNT_NAME_BYTES_MAX, REASON_BYTES_MAX},
    state::State,
    text::shortened,
    time::Span,
    words,
};

/// An interval and its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// Its name.
    pub id: MarkId,
    /// Of what, and when.
    #[serde(flatten)]
    pub interval: Interval,
    /// What it is put down to.
    pub account: Cause,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Who put it down to that.
    pub by: Actor,
    /// When they did, in milliseconds since 1970.
    pub made_ms: i64,
}

/// The accounts that people name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "name")]
pub enum Cause {
    /// An incident, by its name.
    Incident(SmolStr),
    /// A change, by its name.
    Change(SmolStr),
    /// Agreed work on the system, by its name.
    Maintenance(SmolStr),
}

impl Cause {
    /// The account of a kind (`incident`, `change` or `maintenance`) and a name.
    ///
    /// # Errors
    /// A refusal that says what is allowed.
    pub fn parse(kind: &str, name: &str) -> Result<Self, Refusal> {
        let make = match kind {
            "incident" => Cause::Incident,
            "change" => Cause::Change,
            "maintenance" => Cause::Maintenance,
            _ => {
                return Err(Refusal::invalid(
                    format!("{:?} is no kind of account", shortened(kind)),
                    "write incident, change or maintenance, and its name",
                ));
            }
        };
        words::checked(name, "name of the account", ACCOUNT_NAME_BYTES_MAX).map(make)
    }

    /// Its kind, as people write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Cause::Incident(_) => "incident",
            Cause::Change(_) => "change",
            Cause::Maintenance(_) => "maintenance",
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        let (Cause::Incident(name) | Cause::Change(name) | Cause::Maintenance(name)) = self;
        name
    }

    /// The account in a statement.
    fn account(&self) -> Account {
        match self {
            Cause::Incident(name) => Account::Incident(name.to_string()),
            Cause::Change(name) => Account::Change(name.to_string()),
            Cause::Maintenance(name) => Account::Maintenance(name.to_string()),
        }
    }
}

impl Mark for Attribution {
    const PLURAL: &'static str = "attributions";

    fn id(&self) -> &MarkId {
        &self.id
    }

    fn interval(&self) -> &Interval {
        &self.interval
    }
}

/// An interval was put down to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The name of the attribution.
    pub attribution: MarkId,
    /// Of what, and when.
    #[serde(flatten)]
    pub interval: Interval,
    /// What it is put down to.
    pub account: Cause,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Who put it down to that.
    pub by: Actor,
}

/// An attribution was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Which.
    pub attribution: MarkId,
}

/// What is asked for when an interval is put down to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of what, and when.
    pub interval: Interval,
    /// The kind of its account; see [`Cause::parse`].
    pub kind: String,
    /// The name of its account.
    pub name: String,
    /// Why, where there is more to say.
    pub reason: Option<String>,
}

impl State {
    /// The attributions in force of minutes of a span of an SLI, in the order in which they were made.
    pub fn attributions_within(&self, sli: &str, span: Span) -> Vec<&Attribution> {
        let mut marks = self.attributions.about(&self.subjects_of(sli));
        marks.retain(|mark| !mark.interval.span().intersection(span).is_empty());
        marks
    }

    /// What the minutes of an SLI are put down to: by attributions of its own and of its service, the later before
    /// the earlier.
    pub fn attributions(&self, sli: &str) -> Attributions {
        let marks = self.attributions.about(&self.subjects_of(sli));
        Attributions::of(marks.into_iter().map(|mark| attribution::Attribution {
            span: mark.interval.span(),
            account: mark.account.account(),
        }))
    }
}

/// Puts an interval down to an account.
pub(crate) fn add(state: &State, wish: &Wish, context: &Context) -> Result<Vec<Event>, Refusal> {
    wish.interval.check(state, context)?;
    let account = Cause::parse(&wish.kind, &wish.name)?;
    let reason = wish.reason.as_ref();
    let reason = reason.map(|text| words::checked(text, "reason", REASON_BYTES_MAX)).transpose()?;
    state.attributions.check_room(&wish.interval.of, context)?;
    Ok(vec![Event::AttributionAdded(Added {
        attribution: MarkId(context.fresh_id("a", 0)),
        interval: wish.interval.clone(),
        account,
        reason,
        by: context.actor.clone(),
    })])
}

/// Takes an attribution back. Its minutes go to what stood before.
pub(crate) fn undo(state: &State, id: &str) -> Result<Vec<Event>, Refusal> {
    let attribution = MarkId(id.into());
    if !state.attributions.contains(&attribution) {
        return Err(Refusal::not_found(
            format!("there is no attribution {:?} in force", shortened(id)),
            "plimsoll attribution list shows them",
        ));
    }
    Ok(vec![Event::AttributionUndone(Undone { attribution })])
}

pub(crate) fn apply_added(state: &mut State, at_ms: i64, event: &Added) {
    let Added { attribution: id, interval, account, reason, by } = event.clone();
    state.attributions.add(Attribution { id, interval, account, reason, by, made_ms: at_ms });
}

pub(crate) fn apply_undone(state: &mut State, event: &Undone) {
    state.attributions.remove(&event.attribution);
}
